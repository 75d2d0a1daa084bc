"""What a driver and its ports know of each other.

A port is one side's socket (UDP) or listener with its connections (TCP, TLS). It gives the driver
whole messages, and the driver gives it messages to send.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from simulators.clock import Clock
from simulators.core import Address
from simulators.journal import Journal
from simulators.network import Network
from simulators.sip.framing import HEAD_LIMIT, MESSAGE_LIMIT

NO_ADDRESS = "expected an IPv4 address and a port from 1 to 65535"
"""Why nothing is sent to a host name, or to a port that there can't be."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all ports of a driver share."""

    clock: Clock
    network: Network
    journal: Journal


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How much a side bears from the peers of its streams.

    Args:
        connections: at the same time on a side; more are cut at once.
        opening_s: for an accepted connection to bring its first whole message, for one of ours to
            be connected; the TLS handshake included. Seconds of the clock.
        idle_s: without a whole message either way, seconds of the clock.
        unsent: octets that a peer may leave unread before the next message cuts it.
        head: octets of a message's start line and headers.
        message: octets of a message.
    """

    connections: int = 20_000
    opening_s: float = 10.0
    idle_s: float = 900.0
    unsent: int = 256 * 1024
    head: int = HEAD_LIMIT
    message: int = MESSAGE_LIMIT


@dataclass(frozen=True, slots=True)
class Secrets:
    """The TLS contexts of a side: one shown to who connects, one for connections of its own."""

    server: ssl.SSLContext | None = None
    client: ssl.SSLContext | None = None


class Port(Protocol):
    """One side over one transport."""

    side: str
    transport: str
    local: Address

    def send(self, data: bytes, to: Address) -> None:
        """Send one message, or lose it as the network would."""

    def close(self) -> None:
        """Close all its sockets without a word."""

    async def wait_closed(self) -> None:
        """After `close`: return when the address is free for others."""


Receive = Callable[[bytes, Address, float, str, str], None]
"""The `receive` of a core."""


class Owner(Protocol):
    """The driver as its ports see it."""

    def straight(self) -> Receive | None:
        """What takes messages where nobody else looks at them; None: `arrived` does.

        True until the next `pump`.
        """

    def arrived(self, data: bytes, peer: Address, local: Address, port: Port) -> None:
        """A whole message came from `peer` to the socket `local`; `pump` is to follow."""

    def pump(self) -> None:
        """Carry out what came of the messages that arrived."""

    def ended(self, peer: Address, port: Port) -> None:
        """There is no connection with `peer` any more."""
