"""What a phone may do wrong."""

from typing import Any

from features.defects.changes import ignoring, returning
from features.defects.defect import Defect

LINES = "simulators.phone.files.lines:_line"
UPGRADING = "simulators.phone.life.upgrading:Upgrading"


def _stops_at_the_boot_loader(original: Any) -> Any:
    def ask(self: Any) -> None:
        if self._situation.running.kind == "minet":
            original(self)

    return ask


def _standard_port(original: Any) -> Any:
    def line(configuration: Any, *args: Any) -> Any:
        without = {n: v for n, v in configuration.items() if not n.endswith("registrar port")}
        return original(without, *args)

    return line


DEFECTS = (
    Defect(
        "phn-1-stops-at-the-boot-loader", "phone", ("PHN-1",),
        "A new phone takes the boot loader by TFTP, and never asks for SIP firmware.",
        f"{UPGRADING}.ask_tftp",
        _stops_at_the_boot_loader,
    ),
    Defect(
        "phn-6-push-refused", "phone", ("PHN-6",),
        "A phone in the office refuses what MCS pushes, and learns of a change by its poll.",
        "simulators.phone.xml.push:may_send",
        returning(False),
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
        "ext-7-two-extensions", "phone", ("EXT-7",),
        "A phone with another account keeps its old registration beside the new one.",
        "simulators.phone.calls.registrations:LineRegistrations._leave",
        ignoring,
    ),
)  # fmt: skip
