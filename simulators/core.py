"""What every pure core shares: addresses, datagrams, and where randomness comes from.

A core never opens a socket, reads a clock or draws a random number. Time comes in as `now`
(seconds), randomness as an `Entropy`, octets through `receive`, and what it wants sent is fetched
with `to_send`. The five verbs (`receive`, `events`, `to_send`, `timer_at`, `handle_timer`) are the
same for all cores, so one driver serves asyncio and the load engine alike.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

Address = tuple[str, int]
"""IPv4 address and port."""

UDP, TCP, TLS = "UDP", "TCP", "TLS"
"""Transports, as a Via names them (RFC 3261 section 20.42)."""

STREAMS = (TCP, TLS)

Entropy = Callable[[int], bytes]
"""Gives n random octets; in a run it is a stream of the run's seed."""


class Datagram(NamedTuple):
    """Octets to send to `to` from the socket `side` (a core with one socket leaves it empty).

    Over a stream (`TCP`, `TLS`) they are one whole message; the driver finds the connection that
    has `to` at its far end, or opens one.
    """

    data: bytes
    to: Address
    side: str = ""
    transport: str = UDP


class DatagramCore(Protocol):
    """A core that speaks in whole messages. `now` is in seconds on a base that only grows."""

    def receive(
        self, data: bytes, peer: Address, now: float, side: str = "", transport: str = UDP
    ) -> None:
        """Take one message that arrived from `peer` on the socket `side`.

        Over a stream, `peer` is the far end of the connection: answers to it take the same one.
        """

    def events(self) -> list[object]:
        """Hand out, once, what happened since the last call, in order."""

    def to_send(self) -> list[Datagram]:
        """Hand out, once, what is to be sent, in order."""

    def timer_at(self) -> float | None:
        """When `handle_timer` wants to be called, or None."""

    def handle_timer(self, now: float) -> None:
        """Do what has fallen due by `now`."""

    def waiting(self) -> bool:
        """Whether a peer's answer is outstanding (an advancing clock lets it come in)."""


class StreamCore(DatagramCore, Protocol):
    """A core that is told, too, when a connection ends or can't be opened."""

    def lost(self, peer: Address, now: float, side: str = "", transport: str = TCP) -> None:
        """There is no connection with `peer` any more; what waits for it will get no answer."""
