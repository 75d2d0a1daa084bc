"""An MBG's SIP devices: records, and the credentials of their sets (PRV-2, PRV-4, EXT-3, PHN-7)."""

from typing import Any

from features.defects.defect import Defect

STORE = "simulators.mbg.records.devices:DeviceStore"


def _old_password_stays(original: Any) -> Any:
    def overwrite(self: Any, device_id: str, values: dict[str, object]) -> Any:
        return original(
            self, device_id, values | {"set_password": self.get(device_id).set_password}
        )

    return overwrite


def _in_lower_case(original: Any) -> Any:
    def add(self: Any, **values: object) -> Any:
        password = str(values["set_password"]).lower()
        return original(self, **(values | {"set_password": password}))

    return add


DEFECTS = (
    Defect(
        "prv-2-password-not-overwritten", "MBG", ("PRV-2",),
        "Overwriting a SIP user through REST changes everything but its set-side password.",
        f"{STORE}.replace",
        _old_password_stays,
    ),
    Defect(
        "prv-4-passwords-in-lower-case", "MBG", ("PRV-4",),
        "A password typed on the page SIP devices is kept in lower case.",
        "simulators.mbg.administration:Administration.add_device",
        _in_lower_case,
    ),
)  # fmt: skip
