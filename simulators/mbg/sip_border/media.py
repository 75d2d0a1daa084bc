"""Where the border sends a media packet: one session a stream, two ends, pure.

Each end of a session is a pair of ports of the border (RTP, and RTCP one above). What comes in at
one end leaves at the other, to where that side wants to hear it: first the address of its session
description, then, since homes lie behind NAT, wherever its own packets come from (symmetric RTP,
RFC 4961). The first sender at an end keeps it until a new description comes: a stranger who finds
the port can't turn the voice to himself.
"""

from dataclasses import dataclass, field
from typing import Protocol

from simulators.core import Address

FIRST_PORT, LAST_PORT = 20_000, 30_999
"""The range that the MBG keeps for voice."""

RTP, RTCP = 0, 1
LAST_UDP_PORT = 65_535

ON_HOLD = "0.0.0.0"
"""The address that says: send me nothing (RFC 3264 section 8.4)."""


@dataclass(frozen=True, slots=True)
class PortPair:
    """The border's RTP ports of one stream on its two sides; RTCP is one above each."""

    outside: int
    inside: int


class MediaPorts(Protocol):
    """What calls need of whoever opens media ports; nothing here waits."""

    def open(self, call: str, streams: int) -> list[PortPair] | None:
        """Ports for as many streams of a call, those it has already included; None: none left."""

    def aim(self, call: str, side: str, where: list[Address | None]) -> None:
        """A description of `side` says where it wants to hear each stream; None: not at all."""

    def close(self, call: str) -> None:
        """The call is over; none of that name is fine."""


class NoPorts:
    """A border that carries no media."""

    def open(self, call: str, streams: int) -> list[PortPair] | None:
        """None are left, ever."""
        return None

    def aim(self, call: str, side: str, where: list[Address | None]) -> None:
        """Nothing to aim."""

    def close(self, call: str) -> None:
        """Nothing to close."""


@dataclass(slots=True)
class Flow:
    """One end's view: where to send to, where from something came, and how much."""

    described: Address | None = None
    heard_from: Address | None = None
    packets: int = 0
    octets: int = 0

    @property
    def target(self) -> Address | None:
        """Where this end hears us."""
        if self.described is None or self.described[0] == ON_HOLD:
            return None
        return self.heard_from or self.described


@dataclass(slots=True)
class MediaSession:
    """One stream between the sides `outside` and `inside`; RTP and RTCP apart."""

    ports: PortPair
    flows: dict[tuple[str, int], Flow] = field(default_factory=dict)

    def aim(self, side: str, where: Address | None) -> None:
        """Take what a description of this side says; who was heard before must be heard again."""
        for kind in (RTP, RTCP):
            flow = self.flow(side, kind)
            at = None if where is None else (where[0], where[1] + kind)
            flow.described = at if at is not None and at[1] <= LAST_UDP_PORT else None
            flow.heard_from = None

    def route(self, side: str, other: str, kind: int, peer: Address, size: int) -> Address | None:
        """Where a packet that came in at `side` from `peer` goes on the `other` side, if at all."""
        here, there = self.flow(side, kind), self.flow(other, kind)
        if here.described is None:
            return None  # nothing was agreed with this side
        if here.heard_from is None:
            here.heard_from = peer
        elif here.heard_from != peer:
            return None
        here.packets += 1
        here.octets += size
        return there.target

    def flow(self, side: str, kind: int) -> Flow:
        """The flow of one end."""
        return self.flows.setdefault((side, kind), Flow())
