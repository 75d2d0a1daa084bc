"""An MBG's teleworker licences (PRV-3)."""

from typing import Any

from features.defects.defect import Defect
from simulators.mbg.sip_border.set_registrations import Ending

POOL = "simulators.mbg.sip_border.licences:LicencePool"
REGISTRATIONS = "simulators.mbg.sip_border.set_registrations:SetRegistrations"


def _not_counted(original: Any) -> Any:
    def take(self: Any, device_id: str) -> bool:
        self._holders.add(device_id)
        return True

    return take


def _holders_asked_again(original: Any) -> Any:
    return lambda self, device_id: self.available and original(self, device_id)


def _kept_when_silent(original: Any) -> Any:
    def end(self: Any, device_id: str, ending: Ending, now: float) -> None:
        held = self._licences.holds(device_id)
        original(self, device_id, ending, now)
        if held and ending in (Ending.IDLE, Ending.EXPIRED):
            self._licences.take(device_id)

    return end


def _kept_when_refused(original: Any) -> Any:
    def withdraw(self: Any, device_id: str, pending: Any) -> None:
        original(self, device_id, pending)
        self._licences.take(device_id)

    return withdraw


def _like_a_password(original: Any) -> Any:
    def refuse(self: Any, received: Any, name: str, status: int, text: str, now: float) -> None:
        original(self, received, name, 401 if "licence" in text else status, text, now)

    return refuse


def _without_a_reason(original: Any) -> Any:
    def refuse(self: Any, received: Any, name: str, status: int, text: str, now: float) -> None:
        text = "Registration refused" if "licence" in text else text
        original(self, received, name, status, text, now)

    return refuse


DEFECTS = (
    Defect(
        "prv-3-not-counted", "MBG", ("PRV-3",),
        "More sets are registered than there are teleworker licences.",
        f"{POOL}.take",
        _not_counted,
    ),
    Defect(
        "prv-3-lost-without-the-server", "MBG", ("PRV-3",),
        "While the licence server is away, sets that hold a licence lose it at their next refresh.",
        "simulators.faults.licence_server_away:SupervisedPool.take",
        _holders_asked_again,
    ),
    Defect(
        "prv-3-kept-when-silent", "MBG", ("PRV-3",),
        "The licence of a set that has fallen silent is not given back.",
        f"{REGISTRATIONS}.end",
        _kept_when_silent,
    ),
    Defect(
        "prv-3-kept-when-refused", "MBG", ("PRV-3",),
        "A set that the ICP refuses keeps the licence that was taken for the attempt.",
        f"{REGISTRATIONS}._withdraw",
        _kept_when_refused,
    ),
    Defect(
        "prv-3-refused-like-a-password", "MBG", ("PRV-3",),
        "Without a free licence a set hears 401, as if its password were wrong.",
        f"{REGISTRATIONS}._refuse",
        _like_a_password,
    ),
    Defect(
        "prv-3-reason-kept-back", "MBG", ("PRV-3",),
        "Without a free licence a set hears 403 without a word about licences.",
        f"{REGISTRATIONS}._refuse",
        _without_a_reason,
    ),
)  # fmt: skip
