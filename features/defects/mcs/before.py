"""Before anything: releases and modes that are not looked at, or looked at wrongly."""

from typing import Any

from features.defects.defect import Defect


def _any_mode_will_do(original: Any) -> Any:
    return lambda release, _mode: original(release, "gateway")


def _mode_not_named(original: Any) -> Any:
    def gate(release: str | None, mode: str | None) -> Any:
        closed = original(release, mode)
        if closed is not None and closed.requirement == "PRE-2":
            closed.message = "The MBG cannot be used."
        return closed

    return gate


def _as_text(_original: Any) -> Any:
    return lambda self, other: str(self) >= str(other)


def _two_parts(_original: Any) -> Any:
    return lambda self, other: self.numbers[:2] >= other.numbers[:2]


def _at_least(*numbers: int) -> Any:
    return lambda needed: type(needed)(numbers)


DEFECTS = (
    Defect(
        "pre-1-release-not-checked", "MCS", ("PRE-1",),
        "An MBG of any release is used.",
        "system.domain.gates:MBG_NEEDS",
        _at_least(0),
    ),
    Defect(
        "pre-2-mode-not-checked", "MCS", ("PRE-2",),
        "An MBG in server-only mode is used, though no phone at home can reach MCS through it.",
        "system.mbg.access:mbg_gate",
        _any_mode_will_do,
    ),
    Defect(
        "pre-2-mode-not-named", "MCS", ("PRE-2",),
        "An MBG in server-only mode is not used, and MCS does not say that it is for its mode.",
        "system.mbg.access:mbg_gate",
        _mode_not_named,
    ),
    Defect(
        "pre-3-release-not-checked", "MCS", ("PRE-3",),
        "A PBX of any release is provisioned, though it has no random credentials.",
        "system.domain.gates:PBX_NEEDS",
        _at_least(0),
    ),
    Defect(
        "pre-3-service-pack-not-checked", "MCS", ("PRE-3",),
        "A PBX of 6.3 without SP1 passes for one that has random credentials.",
        "system.domain.gates:PBX_NEEDS",
        _at_least(6, 3),
    ),
    Defect(
        "pre-4-release-not-checked", "MCS", ("PRE-4",),
        "A CT Gateway of any release passes for one that hands credentials over.",
        "system.domain.gates:CT_GATEWAY_NEEDS",
        _at_least(0),
    ),
    Defect(
        "pre-5-compared-as-text", "MCS", ("PRE-5", "PRE-1"),
        "Releases are compared as text: 6.10 comes before 6.3, and 9.4 after 10.",
        "system.domain.versions:Version.__ge__",
        _as_text,
    ),
    Defect(
        "pre-5-third-part-ignored", "MCS", ("PRE-5", "PRE-3"),
        "Only the first two parts of a release are compared: 5.0.9 passes for 5.0.64, 6.3 for SP1.",
        "system.domain.versions:Version.__ge__",
        _two_parts,
    ),
)  # fmt: skip
