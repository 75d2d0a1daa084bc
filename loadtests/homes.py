"""The UDP sockets of homes: datagrams in batches, in both directions. No SIP in it.

A socket that can be read is read until it is empty or its turn is over, so that a busy one costs
one look at the event loop for many datagrams. What the system drops for want of room in a socket's
buffer is counted by the system, and asked for here.
"""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable, Iterable
from time import monotonic

from loadtests.batches import Wire
from simulators.core import Address
from simulators.errors import ConfigurationError
from simulators.phone.crowd.crowd import Outgoing
from simulators.traffic import dropped

MOST_AT_A_TURN = 64
"""Datagrams read from a socket before others get their turn."""

SINGLES = 16
"""Turns that read one datagram each, after one in which there was no second: to look for it costs
an exception, which is as much as a turn. What they leave in a socket has its turn at once."""

LONGEST = 65_535
ROOM = 4 << 20
"""Octets wished for in a receive buffer; the system may grant less."""

Received = Callable[[bytes, Address, float, str], None]


class Homes:
    """Sockets, each with the name of its side.

    Args:
        received: takes each datagram: octets, who sent it, when it was read, side.
        turn_over: called after each batch.
    """

    def __init__(self, received: Received, turn_over: Callable[[], None]) -> None:
        self.send_errors = 0
        self.refused = 0
        self._sent = self._sent_octets = self._read = self._read_octets = 0
        self._received = received
        self._turn_over = turn_over
        self._sockets: dict[str, socket.socket] = {}
        self._senders: dict[str, Callable[[bytes], int] | None] = {}
        self._dropped = 0
        self._singles = 0

    def __len__(self) -> int:
        return len(self._sockets)

    def open(self, place: Address, side: str, peer: Address | None = None) -> Address:
        """Open a socket; returns its real address.

        Args:
            peer: who alone is spoken with. The system then looks the way up once, and keeps
                strangers out, as the NAT of a home does.

        Raises:
            OSError: the address is taken, or open files ran out.
        """
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            made.setblocking(False)
            _make_room(made)
            made.bind(place)
            if peer is not None:
                made.connect(peer)
        except OSError:
            made.close()
            raise
        self._sockets[side] = made
        self._senders[side] = made.send if peer is not None else None
        asyncio.get_running_loop().add_reader(made, self._readable, made, side, peer)
        host, port = made.getsockname()
        return str(host), int(port)

    def send(self, outgoing: Iterable[Outgoing]) -> None:
        """Send each from its side; what the system refuses is counted and lost."""
        senders = self._senders
        for data, to, side in outgoing:
            try:
                send = senders[side]
                if send is None:
                    self._sockets[side].sendto(data, to)
                else:
                    send(data)
                self._sent += 1
                self._sent_octets += len(data)
            except ConnectionRefusedError:  # said of what was sent before: nobody listens there
                self._again(data, to, side)
            except (OSError, KeyError):  # a full buffer, no route, or closed meanwhile
                self.send_errors += 1

    def _again(self, data: bytes, to: Address, side: str) -> None:
        """Send what the news of an earlier refusal has kept from being sent."""
        send = self._senders[side]
        with contextlib.suppress(OSError):
            if send is None:
                self._sockets[side].sendto(data, to)
            else:
                send(data)
            self._sent += 1
            self._sent_octets += len(data)

    @property
    def wire(self) -> Wire:
        """Datagrams and octets that were sent and read so far."""
        return Wire(self._sent, self._sent_octets, self._read, self._read_octets)

    @property
    def drops(self) -> int:
        """Datagrams that came, and found no room in their socket's buffer."""
        return self._dropped + sum(map(dropped, self._sockets.values()))

    def close(self) -> None:
        """Close all; may be called again."""
        self._dropped = self.drops
        loop = asyncio.get_running_loop()
        for made in self._sockets.values():
            loop.remove_reader(made)
            made.close()
        self._sockets.clear()
        self._senders.clear()

    def _readable(self, made: socket.socket, side: str, peer: Address | None) -> None:
        received = self._received
        read = 0
        most = MOST_AT_A_TURN
        if self._singles:
            self._singles -= 1
            most = 1
        try:
            while read < most:
                if peer is None:
                    data, source = made.recvfrom(LONGEST)
                else:
                    data, source = made.recv(LONGEST), peer
                read += 1
                self._read_octets += len(data)
                received(data, source, monotonic(), side)
        except BlockingIOError:
            if read < 2:
                self._singles = SINGLES
        except OSError:  # nobody listened where something was sent (ICMP): the timers see to it
            self.refused += 1
        self._read += read
        self._turn_over()


def check_own(address: str) -> None:
    """Refuse an address that is not this machine's; no socket stays open.

    Raises:
        ConfigurationError: the message says what to do.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        try:
            made.bind((address, 0))
        except OSError as error:
            raise ConfigurationError(why_closed((address, 0), error, 0)) from error


def why_closed(place: Address, error: OSError, opened: int) -> str:
    """Why a home could not be opened there, and what to do; `opened` have been before."""
    host, port = place
    if error.errno == errno.EADDRNOTAVAIL:
        return (
            f"this machine has no address {host} for a home: add it (ip addr add {host}/32 dev "
            "INTERFACE; a whole network: ip route add local NETWORK dev lo), or name others with "
            "--source"
        )
    if error.errno in (errno.EINVAL, errno.ENETUNREACH, errno.EHOSTUNREACH):
        return f"no way leads from {host} to the target: give other addresses with --source"
    return (
        f"can't open UDP {host}:{port} for a home ({error.strerror or error}; {opened} are open): "
        "stop another burst that uses it, give other addresses with --source, or put more phones "
        "into a home with --phones-per-home"
    )


def _make_room(made: socket.socket) -> None:
    """Ask for a larger buffer: beyond the usual limit where we may, else up to it."""
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
    with contextlib.suppress(OSError, AttributeError):
        made.setsockopt(socket.SOL_SOCKET, 33, ROOM)  # SO_RCVBUFFORCE
