"""An MBG's consumers and what they may do (TOK-2, TOK-9)."""

from dataclasses import replace
from typing import Any

from features.defects.changes import returning
from features.defects.defect import Defect

MAY = "simulators.mbg.services.consumers:Consumer.may"


def _inactive_ones_served(original: Any) -> Any:
    def check(signed: Any, consumers: Any, *args: Any) -> Any:
        active = {name: replace(each, active=True) for name, each in consumers.items()}
        return original(signed, active, *args)

    return check


def _granted(permission: str, *needed: str) -> Any:
    """The permission is there, whatever the consumer has."""

    def change(original: Any) -> Any:
        def may(self: Any, asked: str, wanted: str) -> bool:
            return (asked == permission and wanted in needed) or original(self, asked, wanted)

        return may

    return change


def _reading_is_writing(original: Any) -> Any:
    return lambda self, permission, _needed: original(self, permission, "read")


def _names_another(original: Any) -> Any:
    return lambda _permission, _needed: original("Base/managetoken", "write")


DEFECTS = (
    Defect(
        "tok-2-inactive-served", "MBG", ("TOK-2", "TOK-6"),
        "A consumer whose Active is No is served like any other.",
        "simulators.mbg.services.signatures:check",
        _inactive_ones_served,
    ),
    Defect(
        "tok-2-one-secret-for-all", "MBG", ("TOK-2",),
        "Every new consumer gets the same shared secret.",
        "simulators.mbg.services.consumers:new_secret",
        returning("YWx3YXlzIHRoZSBzYW1lIQ=="),
    ),
    Defect(
        "tok-9-icps-for-everybody", "MBG", ("TOK-9",),
        "The list of ICPs is given to a consumer without the permission MBG/v1/icps.",
        MAY,
        _granted("MBG/v1/icps", "read"),
    ),
    Defect(
        "tok-9-devices-for-everybody", "MBG", ("TOK-9",),
        "SIP devices are shown to a consumer without the permission MBG/v1/devices.",
        MAY,
        _granted("MBG/v1/devices", "read"),
    ),
    Defect(
        "tok-9-reading-is-writing", "MBG", ("TOK-9",),
        "A consumer that may read SIP devices may make and change them, too.",
        MAY,
        _reading_is_writing,
    ),
    Defect(
        "tok-9-another-one-named", "MBG", ("TOK-9",),
        "The refusal for want of a permission names another one than is missing.",
        "simulators.mbg.services.web_services:permission_denied",
        _names_another,
    ),
)  # fmt: skip
