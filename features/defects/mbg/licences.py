"""An MBG's teleworker licences (PRV-3)."""

from typing import Any

from features.defects.defect import Defect

REGISTRATIONS = "simulators.mbg.sip_border.set_registrations:SetRegistrations"


def _without_a_reason(original: Any) -> Any:
    def refuse(self: Any, received: Any, name: str, status: int, text: str, now: float) -> None:
        text = "Registration refused" if "licence" in text else text
        original(self, received, name, status, text, now)

    return refuse


DEFECTS = (
    Defect(
        "prv-3-reason-kept-back", "MBG", ("PRV-3",),
        "Without a free licence a set hears 403 without a word about licences.",
        f"{REGISTRATIONS}._refuse",
        _without_a_reason,
    ),
)  # fmt: skip
