"""An MBG's SIP border: registrations upstream and calls (EXT-3, PHN-7, ADR-5)."""

from typing import Any

from features.defects.changes import ignoring
from features.defects.defect import Defect
from simulators.sip.plain import Plain

REGISTRATIONS = "simulators.mbg.sip_border.set_registrations:SetRegistrations"
SOFTPHONE = b"Phone Manager"


def _answers_at_once(original: Any) -> Any:
    def wait(self: Any, device_id: str, pending: Any, now: float) -> None:
        self._accept(device_id, pending, now)

    return wait


def _by_name_alone(original: Any) -> Any:
    return lambda self, kept, device: kept.account.username == device.icp_username


def _taken_for_a_challenge(original: Any) -> Any:
    def refused(self: Any, device_id: str, response: Any, now: float) -> None:
        pending = self._pending.get(device_id)
        if pending is None or response is None or response.status != 401:
            original(self, device_id, response, now)
            return
        del self._pending[device_id]
        self._withdraw(device_id, pending)
        self._refuse(pending.received, pending.username, 401, "Unauthorized", now)

    return refused


def _desk_phones_alone(original: Any) -> Any:
    def receive(
        self: Any, data: bytes, peer: Any, now: float, side: str = "", transport: str = "UDP"
    ) -> None:
        if not data.startswith(b"REGISTER ") or SOFTPHONE not in data:
            original(self, data, peer, now, side, transport)
            return
        _accept_no_softphone(self._registrations)
        self._sets.receive(data, peer, now, side, transport)  # by the way that keeps all headers
        self._work(now)

    return receive


def _accept_no_softphone(registrations: Any) -> None:
    """From now on, once credentials, licence and ICP have been asked."""
    if "_accept" in vars(registrations):
        return
    accept = registrations._accept

    def desk_phones(device_id: str, pending: Any, now: float) -> None:
        received = pending.received
        by_name = "" if isinstance(received, Plain) else received.request.headers.get("user-agent")
        if SOFTPHONE.decode() not in by_name:
            accept(device_id, pending, now)
            return
        registrations._withdraw(device_id, pending)
        registrations._refuse(received, pending.username, 403, "Not a desk phone", now)

    registrations._accept = desk_phones


def _set_may_not_call(original: Any) -> Any:
    def from_set(self: Any, received: Any, device: Any, now: float) -> None:
        offered = self._offered("outside", received, now)
        self._refuse("outside", offered, 403, "Calls are not allowed", now)

    return from_set


DEFECTS = (
    Defect(
        "ext-3-deleted-stays-registered", "MBG", ("EXT-3",),
        "When a SIP user is deleted, its set stays registered at the PBX.",
        "simulators.mbg.sip_border.border:Border.device_removed",
        ignoring,
    ),
    Defect(
        "phn-7-answers-before-the-icp", "MBG", ("PHN-7", "PRV-3"),
        "A set is told that it is registered before the ICP has said so.",
        f"{REGISTRATIONS}._wait",
        _answers_at_once,
    ),
    Defect(
        "phn-7-old-icp-password-used", "MBG", ("PHN-7",),
        "A changed ICP-side password is not used as long as the old registration stands.",
        "simulators.mbg.sip_border.upstream:Upstream._is_for",
        _by_name_alone,
    ),
    Defect(
        "phn-7-icp-refusal-as-401", "MBG", ("PHN-7",),
        "A wrong ICP-side password is passed on to the set as 401, as if its own were wrong.",
        f"{REGISTRATIONS}._refused_by_icp",
        _taken_for_a_challenge,
    ),
    Defect(
        "phn-7-sets-may-not-call", "MBG", ("PHN-7",),
        "Calls reach the sets, but none of a set's own calls is put through.",
        "simulators.mbg.sip_border.calls:BorderCalls.from_set",
        _set_may_not_call,
    ),
    Defect(
        "adr-5-desk-phones-alone", "MBG", ("ADR-5", "ADR-7"),
        "Softphones are refused: only 6900 sets are taken for teleworkers.",
        "simulators.mbg.sip_border.border:Border.receive",
        _desk_phones_alone,
    ),
)  # fmt: skip
