"""A side over UDP: one socket, read until it is empty each time something came.

asyncio's own datagram transport reads one datagram per turn of the loop, which costs more than to
answer it.
"""

import asyncio
import ctypes
import socket
import struct
from collections.abc import Sequence

from simulators.core import UDP, Address
from simulators.errors import ConfigurationError
from simulators.hosts import is_destination
from simulators.sockets.ports import NO_ADDRESS, Owner, Surroundings
from simulators.sockets.sip_journal import first_word, record_sip

RECEIVE_SIZE = 65_536
"""Octets of the longest datagram."""

ATTACH_FILTER = 51
"""SO_ATTACH_REUSEPORT_CBPF of asm-generic/socket.h, which Python does not name."""

AT_A_TURN = 64
"""Datagrams that are taken before the loop sees to others."""

BUFFER = 4 << 20
"""Octets that may wait to be read or to leave, as far as the kernel allows.

Its usual 208 KiB hold some 200 messages, and a thousand phones that come back at once would
retransmit what was dropped.
"""


class DatagramPort:
    """One UDP socket of a driver; opened by `open`."""

    transport = UDP

    def __init__(self, side: str, owner: Owner, around: Surroundings) -> None:
        self.side = side
        self.local: Address = ("", 0)
        self._owner = owner
        self._clock = around.clock
        self._network = around.network
        self._journal = around.journal
        self._traffic = around.network.traffic
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None

    async def open(self, address: Address, bound: socket.socket | None = None) -> None:
        """Bind; `local` is the real address afterwards.

        Args:
            bound: a socket that is bound already, to be used instead of a new one.

        Raises:
            ConfigurationError: the address is taken or not allowed.
        """
        made = bound or bind(address)
        made.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            made.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        self.local = made.getsockname()
        self._socket = made
        if self._traffic is not None:
            self._traffic.opened(made)
        self._loop.add_reader(made, self._read)
        self._journal.listens(self.local)

    def send(self, data: bytes, to: Address) -> None:
        if self._socket is None:
            return
        if not is_destination(to):
            what = first_word(data)
            self._journal.lost(self.local, to, transport=UDP, reason=NO_ADDRESS, what=what)
            return
        network, traffic = self._network, self._traffic
        if self._journal.enabled or not network.allows(self.local[0], to[0]):
            if not network.passes(self.local, to, UDP, first_word(data)):
                return
            if not self._journal.is_recorded_at(to):
                record_sip(self._journal, self.local, to, data)
        network.leaves(self.local, to)
        try:
            self._socket.sendto(data, to)
        except OSError:  # no route, too long, no room: on UDP that is silence
            if traffic is not None:
                traffic.send_errors += 1
        else:
            if traffic is not None:
                traffic.sent += 1
                traffic.sent_octets += len(data)

    def close(self) -> None:
        if self._socket is not None:
            if self._traffic is not None:
                self._traffic.closing(self._socket)
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = None
            self._journal.falls_silent(self.local)

    async def wait_closed(self) -> None:
        """The address was free at once."""

    def _read(self) -> None:
        """Take what waits; the driver sends and tells when a few have been taken."""
        owner, network, local, traffic = self._owner, self._network, self.local, self._traffic
        straight = owner.straight()
        try:
            for _ in range(AT_A_TURN):
                if self._socket is None:  # closed by what the last one brought about
                    return
                try:
                    data, peer = self._socket.recvfrom(RECEIVE_SIZE)
                except (BlockingIOError, InterruptedError):
                    return
                except OSError:
                    continue  # a peer's port is closed (ICMP): on UDP that is silence
                if traffic is not None:
                    traffic.received += 1
                    traffic.received_octets += len(data)
                # A sender of ours has journaled what can't pass as lost; a stranger gets silence.
                if not network.arrives(peer, local):
                    continue
                if straight is not None:
                    straight(data, peer, self._clock.steady(), self.side, UDP)
                    continue
                owner.arrived(data, peer, local, self)
                if self._journal.enabled:
                    owner.pump()  # what came and what it brought about, side by side
        finally:
            owner.pump()


def bind(address: Address, *, shared: bool = False) -> socket.socket:
    """A UDP socket at an address.

    Args:
        shared: other sockets may be bound to the same address in the same way (SO_REUSEPORT).

    Raises:
        ConfigurationError: the address is taken or not allowed.
    """
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(address)
    except OSError as error:
        made.close()
        raise ConfigurationError(
            f"can't open UDP {address[0]}:{address[1]} ({error.strerror or error}): stop what "
            "uses it, or give another address"
        ) from error
    return made


def bind_shared(address: Address, count: int) -> list[socket.socket]:
    """So many sockets at one address (port 0: any); the kernel deals the datagrams out to them.

    By sender and destination: what comes from one address and port comes to one socket, as long as
    the sockets stay as many as they are (socket(7), SO_REUSEPORT).

    Raises:
        ConfigurationError: the address is taken, by sockets that share it as well, or not allowed.
    """
    alone = bind(address)  # whoever shares an address would be joined without a word
    place = alone.getsockname()
    alone.close()
    made: list[socket.socket] = []
    try:
        while len(made) < count:
            made.append(bind(place, shared=True))
    except ConfigurationError:
        for each in made:
            each.close()
        raise
    return made


def deal_by(shared: socket.socket, program: Sequence[tuple[int, int, int, int]]) -> bool:
    """Let a filter in classic BPF deal out what comes to all sockets that share this one's address.

    Args:
        program: its instructions (code, skipped if true, skipped if false, constant); it returns
            the index of a socket, in the order in which they were bound. For one that there is not
            the kernel deals by itself.

    Returns:
        whether the kernel takes it: Linux from 4.5 on does, if `net.core.optmem_max` has room.
    """
    octets = b"".join([struct.pack("HBBI", *instruction) for instruction in program])
    held = ctypes.create_string_buffer(octets, len(octets))
    try:
        shared.setsockopt(
            socket.SOL_SOCKET,
            ATTACH_FILTER,
            struct.pack("HP", len(program), ctypes.addressof(held)),
        )
    except OSError:
        return False
    return True
