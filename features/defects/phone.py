"""What a phone may do wrong."""

from dataclasses import replace
from typing import Any

from features.defects.changes import ignoring, returning
from features.defects.defect import Defect
from simulators.phone.files.firmware import Decision
from simulators.phone.life.states import State

LINES = "simulators.phone.files.lines:_line"
KEYS = "simulators.phone.files.keys"
UPGRADING = "simulators.phone.life.upgrading:Upgrading"


def _stops_at_the_boot_loader(original: Any) -> Any:
    def ask(self: Any) -> None:
        if self._situation.running.kind == "minet":
            original(self)

    return ask


def _any_password(original: Any) -> Any:
    return lambda self, key, _right: original(self, key, True)


def _firmware_kept(original: Any) -> Any:
    def decide(running: Any, image: Any, model: str) -> Decision:
        found: Decision = original(running, image, model)
        return Decision.SAME_VERSION if running.kind == "sip" else found

    return decide


def _own_labels(original: Any) -> Any:
    def key(kind: str, number: int, fields: Any) -> Any:
        made = original(kind, number, fields)
        return replace(made, label=f"L{made.line}") if made.type == "line" else made

    return key


def _one_line_key(original: Any) -> Any:
    def is_shown(kind: str, fields: Any) -> bool:
        return fields.get("line", "1") == "1" and bool(original(kind, fields))

    return is_shown


def _standard_port(original: Any) -> Any:
    def line(configuration: Any, *args: Any) -> Any:
        without = {n: v for n, v in configuration.items() if not n.endswith("registrar port")}
        return original(without, *args)

    return line


DEFECTS = (
    Defect(
        "phn-1-menu-in-minet", "phone", ("PHN-1",),
        "A phone with MiNET firmware takes a configuration server in its menu.",
        "simulators.phone.handset:NO_MENU",
        lambda states: states - {State.MINET},
    ),
    Defect(
        "phn-1-stops-at-the-boot-loader", "phone", ("PHN-1",),
        "A new phone takes the boot loader by TFTP, and never asks for SIP firmware.",
        f"{UPGRADING}.ask_tftp",
        _stops_at_the_boot_loader,
    ),
    Defect(
        "phn-2-any-password", "phone", ("PHN-2",),
        "Advanced opens with any administrator password.",
        "simulators.phone.menu.menu:Menu._at_prompt",
        _any_password,
    ),
    Defect(
        "phn-2-certificate-not-looked-at", "phone", ("PHN-2",),
        "With Cert Validation on, the phone believes any certificate.",
        "simulators.phone.files.server:validates",
        returning(False),
    ),
    Defect(
        "phn-3-firmware-kept", "phone", ("PHN-3",),
        "A phone with SIP firmware fetches other firmware, and does not flash it.",
        "simulators.phone.files.firmware:decide",
        _firmware_kept,
    ),
    Defect(
        "phn-5-own-labels", "phone", ("PHN-5",),
        "Line keys show labels of the phone's own, not Line 1 and Line 2.",
        f"{KEYS}:_key",
        _own_labels,
    ),
    Defect(
        "phn-5-one-line-key", "phone", ("PHN-5",),
        "The phone has a key for the first line alone.",
        f"{KEYS}:_is_shown",
        _one_line_key,
    ),
    Defect(
        "phn-6-push-refused", "phone", ("PHN-6",),
        "A phone in the office refuses what MCS pushes, and learns of a change by its poll.",
        "simulators.phone.xml.push:may_send",
        returning(False),
    ),
    Defect(
        "phn-6-poll-not-obeyed", "phone", ("PHN-6", "EXT-7"),
        "The phone polls, and does nothing of what the answer says.",
        "simulators.phone.life.in_service:wanted",
        returning(()),
    ),
    Defect(
        "adr-5-port-ignored", "phone", ("ADR-5", "ADR-4"),
        "The phone registers at port 5060, whatever port it was told.",
        LINES,
        _standard_port,
    ),
    Defect(
        "prv-3-warning-not-read", "phone", ("PRV-3",),
        "The phone tells of a refused registration its status alone, and not the reason given.",
        "simulators.phone.telephone:warning_text",
        returning(""),
    ),
    Defect(
        "phn-7-absent-is-busy-on-screen", "phone", ("PHN-7",),
        "The phone's screen says Busy of every call that nobody took.",
        "simulators.phone.calls.line_call:TEXTS",
        lambda texts: texts | {480: "Busy"},
    ),
    Defect(
        "ext-7-two-extensions", "phone", ("EXT-7", "PHN-7"),
        "A phone with another account keeps its old registration beside the new one.",
        "simulators.phone.calls.registrations:LineRegistrations._leave",
        ignoring,
    ),
)  # fmt: skip
