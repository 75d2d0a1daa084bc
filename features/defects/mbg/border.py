"""An MBG's SIP border: registrations upstream and calls (EXT-3, PHN-7, ADR-5)."""

from typing import Any

from features.defects.defect import Defect

REGISTRATIONS = "simulators.mbg.sip_border.set_registrations:SetRegistrations"
SOFTPHONE = "Phone Manager"


def _desk_phones_alone(original: Any) -> Any:
    def accept(self: Any, device_id: str, pending: Any, now: float) -> None:
        if SOFTPHONE not in pending.received.request.headers.get("user-agent"):
            original(self, device_id, pending, now)
            return
        self._withdraw(device_id, pending)
        self._refuse(pending.received, pending.username, 403, "Not a desk phone", now)

    return accept


DEFECTS = (
    Defect(
        "adr-5-desk-phones-alone", "MBG", ("ADR-5", "ADR-7"),
        "Softphones are refused: only 6900 sets are taken for teleworkers.",
        f"{REGISTRATIONS}._accept",
        _desk_phones_alone,
    ),
)  # fmt: skip
