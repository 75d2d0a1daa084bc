"""What comes of what a person does in the menu."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Saved:
    """Values that were saved in a form; they become local ones."""

    values: Mapping[str, str] = field(default_factory=dict)
    what: str = "configuration server"


@dataclass(frozen=True, slots=True)
class Erased:
    """All local values, and the user certificates, are to be forgotten."""


@dataclass(frozen=True, slots=True)
class FactoryDefault:
    """All that is stored but the firmware is to be forgotten."""


@dataclass(frozen=True, slots=True)
class RestartAsked:
    """The person said yes to a restart."""

    reason: str


Outcome = Saved | Erased | FactoryDefault | RestartAsked
