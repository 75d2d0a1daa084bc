"""What the processes of a node and their parent tell each other, pure: messages and their octets.

An extension is *owned* by one process at a time, which alone may bind it: by its default owner
(`dealing`), until another process claims it. What is said in one turn travels as one line of JSON,
a list of [word, field, ...], and may be about many extensions at once.
"""

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

from simulators.errors import LocalProtocolError

Row = Sequence[str | int | float]
"""A contact binding on its way: contact, Call-ID, CSeq, seconds that are left, host, port,
transport. Each process has its own time base, so its end is told as what is left."""


class Ready(NamedTuple):
    """A process reads its socket."""


class Claim(NamedTuple):
    """A process wants to own extensions, to decide REGISTERs."""

    extensions: Sequence[str]


class Registered(NamedTuple):
    """News: extensions of this process are registered."""

    extensions: Sequence[str]


class Unregistered(NamedTuple):
    """News: extensions of this process are registered no longer."""

    extensions: Sequence[str]


class HandedOver(NamedTuple):
    """The answer to `Recall`: an extension's bindings, if any, the one heard of last at the end.

    With bindings goes their Cat-F licence.
    """

    extension: str
    rows: Sequence[Row]


class LicencesWanted(NamedTuple):
    """A process has no free Cat-F licence, and needs so many."""

    licences: int


class LicencesSpared(NamedTuple):
    """The answer to `LicencesAsked`: the process gives up all that it has free, or none."""

    licences: int


class Grant(NamedTuple):
    """The answer to `Claim`: the process owns the extensions, which are not registered."""

    extensions: Sequence[str]


class GrantBound(NamedTuple):
    """The same with the bindings that another process handed over, and their licence."""

    extension: str
    rows: Sequence[Row]


class Recall(NamedTuple):
    """Another process wants the extensions: hand them over."""

    extensions: Sequence[str]


class LicencesGranted(NamedTuple):
    """The answer to `LicencesWanted`: so many more; fewer than wanted where no more are free."""

    licences: int


class LicencesAsked(NamedTuple):
    """Another process needs licences: give up what is free."""


News = Registered | Unregistered
"""What nobody waits for."""
FromProcess = Ready | Claim | News | HandedOver | LicencesWanted | LicencesSpared
FromParent = Grant | GrantBound | Recall | LicencesGranted | LicencesAsked
Message = FromProcess | FromParent

KINDS: dict[str, Callable[..., Message]] = {
    "ready": Ready,
    "claim": Claim,
    "registered": Registered,
    "unregistered": Unregistered,
    "handed over": HandedOver,
    "licences wanted": LicencesWanted,
    "licences spared": LicencesSpared,
    "grant": Grant,
    "grant bound": GrantBound,
    "recall": Recall,
    "licences granted": LicencesGranted,
    "licences asked": LicencesAsked,
}
WORDS = {kind: word for word, kind in KINDS.items()}


def encode(messages: Sequence[Message]) -> bytes:
    """One line of them, with its end."""
    return json.dumps([(WORDS[type(each)], *each) for each in messages]).encode() + b"\n"


def decode(line: bytes) -> list[Message]:
    """The messages of a line.

    Raises:
        LocalProtocolError: it holds something else.
    """
    try:
        return [KINDS[fields[0]](*fields[1:]) for fields in json.loads(line)]
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise LocalProtocolError(
            f"expected messages of a process of the same node, got {line[:60]!r}"
        ) from error
