"""What the processes of a node and their parent tell each other, pure: messages and their octets.

An extension is *owned* by at most one process at a time, which alone may bind it; the parent knows
which. What is said in one turn travels as one line of JSON, a list of [word, field, ...], and is
about many extensions at once: each that is named alone would cost more than its REGISTER's reading.
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
    """A process wants to decide REGISTERs of extensions that it does not own."""

    extensions: Sequence[str]


class Kept(NamedTuple):
    """What was granted was decided, and the extensions are registered."""

    extensions: Sequence[str]


class Released(NamedTuple):
    """The extensions are not registered (any more); the process owns them no longer."""

    extensions: Sequence[str]


class HandedOver(NamedTuple):
    """The answer to `Recall`: an extension's bindings, the one heard of last at the end."""

    extension: str
    rows: Sequence[Row]


class Grant(NamedTuple):
    """The answer to `Claim`: the process owns the extensions, and each has a Cat-F licence."""

    extensions: Sequence[str]


class GrantUnlicensed(NamedTuple):
    """The same where no licence is free: they may be decided, but not bound."""

    extensions: Sequence[str]


class GrantBound(NamedTuple):
    """The same with the bindings that another process handed over, and their licence."""

    extension: str
    rows: Sequence[Row]


class Recall(NamedTuple):
    """Another process wants the extensions: hand them over."""

    extensions: Sequence[str]


FromProcess = Ready | Claim | Kept | Released | HandedOver
FromParent = Grant | GrantUnlicensed | GrantBound | Recall
Message = FromProcess | FromParent

KINDS: dict[str, Callable[..., Message]] = {
    "ready": Ready,
    "claim": Claim,
    "kept": Kept,
    "released": Released,
    "handed over": HandedOver,
    "grant": Grant,
    "grant unlicensed": GrantUnlicensed,
    "grant bound": GrantBound,
    "recall": Recall,
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
