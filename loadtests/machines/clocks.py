"""How far a worker's clock is from its master's, from a few exchanges of messages. Pure.

As NTP does (RFC 5905 section 8): four time stamps give offset and round trip of an exchange, and
the exchange with the least round trip is believed, since the others have waited in some queue. The
offset can't be wrong by more than half of that round trip, however unequal the two ways are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WORSE_THAN_S = 0.005
"""An error beyond this is told as a warning: moments of phones are off by so much."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A worker asks its master for the time; Unix time of both.

    Args:
        asked, heard: by the worker's clock: when it asked, and when it had the answer (T1, T4).
        received, answered: by the master's clock (T2, T3).
    """

    asked: float
    received: float
    answered: float
    heard: float

    @property
    def offset_s(self) -> float:
        """What is to be added to the worker's clock to have the master's."""
        return ((self.received - self.asked) + (self.answered - self.heard)) / 2

    @property
    def round_trip_s(self) -> float:
        """On the way, there and back."""
        return (self.heard - self.asked) - (self.answered - self.received)


@dataclass(frozen=True, slots=True)
class Clock:
    """A worker's clock beside its master's."""

    offset_s: float = 0.0
    round_trip_s: float = 0.0

    @property
    def within_s(self) -> float:
        """The most by which the offset can be wrong."""
        return self.round_trip_s / 2

    @property
    def is_good(self) -> bool:
        """Whether nobody needs to be warned."""
        return self.within_s <= WORSE_THAN_S

    def to_master(self, at: float) -> float:
        """A moment of the worker's clock by the master's."""
        return at + self.offset_s

    def from_master(self, at: float) -> float:
        """A moment of the master's clock by the worker's."""
        return at - self.offset_s

    def __str__(self) -> str:
        way = "behind" if self.offset_s > 0 else "ahead of"
        return (
            f"its clock is {abs(self.offset_s) * 1000:.2f} ms {way} the master's, within "
            f"{self.within_s * 1000:.2f} ms (round trip {self.round_trip_s * 1000:.2f} ms), and "
            "is corrected for"
        )


def clock(exchanges: Sequence[Exchange]) -> Clock:
    """The worker's clock, by the best of the exchanges; there must be one."""
    best = min(exchanges, key=lambda exchange: exchange.round_trip_s)
    return Clock(best.offset_s, max(0.0, best.round_trip_s))
