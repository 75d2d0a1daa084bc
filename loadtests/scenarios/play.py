"""How an engine and what it plays speak with each other. Pure.

The engine knows moments, shares, books and limits; a play knows sockets and protocols. There is
one play in an engine, and each scenario has one kind of play.
"""

from collections.abc import Collection
from typing import Protocol

from loadtests.batches import Held, Wire


def patience_s(items: int) -> float:
    """How long `restore` may take, from silence to the slowest that is still worth waiting for."""
    return 100.0 + 0.2 * items


OVER_LIMIT = "no end within the time limit of the burst"


class Books(Protocol):
    """What an engine offers to its play; moments are `time.monotonic()`."""

    def ended(self, index: int, at: float, reason: str = "") -> None:
        """Item `index` has ended: well, or for a `reason` (a kind of failure, no single case).

        Only the first end of an item that has started counts.
        """

    def refreshed(self) -> None:
        """A phone renewed its registration by itself, which was nobody's item."""

    def lost(self) -> None:
        """A registered phone has lost its registration, apart from its item."""


class Play(Protocol):
    """What becomes of one engine's share of the items."""

    @property
    def retransmissions(self) -> int:
        """SIP requests sent again so far, which are no new ones."""

    @property
    def send_errors(self) -> int:
        """Datagrams that the system refused to send so far."""

    @property
    def wire(self) -> Wire:
        """Datagrams, TLS connections and octets so far."""

    @property
    def drops(self) -> int:
        """Datagrams that came and found no room, so far."""

    async def open(self) -> None:
        """Open sockets, and do what comes before the first moment.

        Raises:
            BenchError: it can't be done; one sentence says why.
        """

    async def restore(self) -> None:
        """In place of a burst: bring all items back to where the scenario begins, a few at a time.

        For a target that runs already, on which bursts leave their marks.

        Raises:
            BenchError: it can't be done; one sentence says why.
        """

    def begin(self, began: float) -> None:
        """The first moment is at `began`."""

    def start(self, index: int, now: float) -> None:
        """Item `index` begins now; it never waits for others."""

    def held(self) -> Held | None:
        """What the phones hold now; None where items are no phones. Asked at the end."""

    def finish(self, given_up: Collection[int]) -> None:
        """The burst is over, with these items open: what there is to keep is written."""

    async def close(self) -> None:
        """Close all; may be called again."""
