"""How a change gets to a phone: what may count at once does, the rest needs a restart. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from system.phones.configuration import Parameter, RenderedFile


class Way(StrEnum):
    """What a phone has to be told."""

    NOTHING = "nothing"
    CONFIGURATION = "configuration"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Known:
    """What the MCS knows of the file that a phone holds; ``None`` where it knows nothing."""

    revision: str | None
    static: str | None
    names: frozenset[str]
    offered: str | None


def holds(known: Known, wanted: RenderedFile) -> bool:
    """Whether the phone is known to hold exactly this file, and was told no other since."""
    return known == Known(wanted.revision, wanted.static, wanted.live_names, None)


def way_to(wanted: RenderedFile, at_phone: str, known: Known) -> Way:
    """How the phone gets from revision ``at_phone`` to the wanted file.

    A phone that comes again with the old revision after it was told the new one does not obey such
    objects, or lost its power before it could poll: it has to restart.
    """
    if at_phone == wanted.revision:
        return Way.NOTHING
    is_known = at_phone in (known.revision, known.offered) and known.static == wanted.static
    refused = known.offered == wanted.revision
    return Way.CONFIGURATION if is_known and not refused else Way.RESTART


def items_for(wanted: RenderedFile, held_names: Iterable[str]) -> list[Parameter]:
    """The items that make a running phone's live parameters those of the wanted file."""
    unwanted = sorted(set(held_names) - wanted.live_names)
    return [*((name, "") for name in unwanted), *wanted.live]
