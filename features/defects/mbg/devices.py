"""An MBG's SIP devices: records, and the credentials of their sets (PRV-2, PRV-4, EXT-3, PHN-7)."""

from dataclasses import replace
from typing import Any

from features.defects.defect import Defect
from simulators.mbg.sip_border.border_terms import DeviceRefused
from simulators.sip.authenticator import Verdict
from simulators.sip.plain import Plain

STORE = "simulators.mbg.records.devices:DeviceStore"
SET_SIDE = "simulators.mbg.sip_border.set_side:SetSide"


def _old_password_stays(original: Any) -> Any:
    def overwrite(self: Any, device_id: str, values: dict[str, object]) -> Any:
        return original(
            self, device_id, values | {"set_password": self.get(device_id).set_password}
        )

    return overwrite


def _not_by_icp_names(original: Any) -> Any:
    def find(self: Any, **asked: Any) -> Any:
        return [] if asked.get("icp_username") else original(self, **asked)

    return find


def _in_lower_case(original: Any) -> Any:
    def add(self: Any, **values: object) -> Any:
        password = str(values["set_password"]).lower()
        return original(self, **(values | {"set_password": password}))

    return add


def _credentials(received: Any) -> object:
    """What a request brings, whichever way it was read."""
    if isinstance(received, Plain):
        return received.authorization
    return received.request.headers.get("authorization")


def _asked_again(original: Any) -> Any:
    def authenticated(self: Any, received: Any, name: str, now: float) -> Any:
        if self._store.by_set_username(name) is not None:
            return original(self, received, name, now)
        challenges = self._authenticator.challenges(now)
        headers = [("WWW-Authenticate", challenge) for challenge in challenges]
        self._uas.answer(received, 401, now, headers=headers)
        if _credentials(received):
            self._events.append(DeviceRefused(name, 401, Verdict.WRONG_PASSWORD.value))
        return None

    return authenticated


def _first_one_kept(original: Any) -> Any:
    def password(self: Any, username: str) -> str | None:
        known: dict[str, str | None] = vars(self).setdefault("known_passwords", {})
        return known.setdefault(username, original(self, username))

    return password


def _as_before(original: Any) -> Any:
    return lambda self: original(replace(self, enabled=True))


DEFECTS = (
    Defect(
        "prv-2-password-not-overwritten", "MBG", ("PRV-2",),
        "Overwriting a SIP user through REST changes everything but its set-side password.",
        f"{STORE}.replace",
        _old_password_stays,
    ),
    Defect(
        "prv-2-icp-names-not-found", "MBG", ("PRV-2",),
        "Nothing is found when SIP users are asked for by their ICP-side name.",
        f"{STORE}.find",
        _not_by_icp_names,
    ),
    Defect(
        "prv-4-passwords-in-lower-case", "MBG", ("PRV-4",),
        "A password typed on the page SIP devices is kept in lower case.",
        "simulators.mbg.administration:Administration.add_device",
        _in_lower_case,
    ),
    Defect(
        "ext-3-deleted-asked-again", "MBG", ("EXT-3",),
        "A set whose SIP user was deleted is asked for its password again instead of refused.",
        f"{SET_SIDE}.authenticated",
        _asked_again,
    ),
    Defect(
        "phn-7-first-password-kept", "MBG", ("PHN-7",),
        "A set-side password that was changed counts from the next start of the MBG on.",
        f"{SET_SIDE}._password",
        _first_one_kept,
    ),
    Defect(
        "phn-7-disabled-not-shown", "MBG", ("PHN-7",),
        "The page SIP devices shows a disabled device as if it were not.",
        "simulators.mbg.records.device_records:Device.shown_status",
        _as_before,
    ),
)  # fmt: skip
