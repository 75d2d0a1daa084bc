"""Where faults of the gateway act: between a message and its connection. Pure.

A disturber says, message by message, what goes out instead and when. `simulators/faults/oai_*.py`
are the faults that can be switched on; without them each message goes out as one whole frame.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from simulators.core import Address
from simulators.pbx import oai


class Cut(Enum):
    """What goes out is nothing more: the connection is reset."""

    CUT = "cut"


CUT = Cut.CUT

Piece = tuple[float, bytes | Cut]
"""After how many seconds (counted from the piece before), and which octets go out."""


class Disturber(Protocol):
    """Decides what becomes of the gateway's messages."""

    def disturb(self, payload: bytes, client: Address) -> Sequence[Piece]:
        """What goes out to `client` instead of this payload's frame; nothing: it is swallowed."""


def undisturbed(payload: bytes) -> Sequence[Piece]:
    """The payload's frame, at once."""
    return ((0.0, oai.frame(payload)),)
