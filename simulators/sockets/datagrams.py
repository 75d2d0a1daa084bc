"""A side over UDP: one socket."""

import asyncio
import contextlib
from socket import SO_RCVBUF, SOL_SOCKET
from typing import cast

from simulators.core import UDP, Address
from simulators.errors import ConfigurationError
from simulators.hosts import is_destination
from simulators.sockets.ports import NO_ADDRESS, Owner, Surroundings
from simulators.sockets.sip_journal import first_word, record_sip

RECEIVE_SIZE = 65_536
"""Below asyncio's own 256 KiB a datagram, which costs a memory map each time."""

RECEIVE_BUFFER = 4 << 20
"""Octets that may wait to be read, as far as the kernel allows: its usual 208 KiB hold some 200
messages, and a thousand phones that come back at once would retransmit what was dropped."""


class DatagramPort(asyncio.DatagramProtocol):
    """One UDP socket of a driver; made by `open`."""

    transport = UDP

    def __init__(self, side: str, owner: Owner, around: Surroundings) -> None:
        self.side = side
        self.local: Address = ("", 0)
        self._owner = owner
        self._network = around.network
        self._journal = around.journal
        self._socket: asyncio.DatagramTransport | None = None
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self, address: Address) -> None:
        """Bind; `local` is the real address afterwards.

        Raises:
            ConfigurationError: the address is taken or not allowed.
        """
        loop = asyncio.get_running_loop()
        try:
            await loop.create_datagram_endpoint(lambda: self, local_addr=address)
        except OSError as error:
            raise ConfigurationError(
                f"can't open UDP {address[0]}:{address[1]} ({error.strerror or error}): stop what "
                "uses it, or give another address"
            ) from error
        self._journal.listens(self.local)

    def send(self, data: bytes, to: Address) -> None:
        if self._socket is None:
            return
        if not is_destination(to):
            what = first_word(data)
            self._journal.lost(self.local, to, transport=UDP, reason=NO_ADDRESS, what=what)
            return
        if self._journal.enabled or not self._network.allows(self.local[0], to[0]):
            if not self._network.passes(self.local, to, UDP, first_word(data)):
                return
            if not self._journal.is_recorded_at(to):
                record_sip(self._journal, self.local, to, data)
        self._network.leaves(self.local, to)
        with contextlib.suppress(OSError):  # no route, or too long: on UDP that is silence
            self._socket.sendto(data, to)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            self._journal.falls_silent(self.local)

    async def wait_closed(self) -> None:
        await self._closed

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._socket = cast(asyncio.DatagramTransport, transport)
        host, port = transport.get_extra_info("sockname")[:2]
        self.local = host, port
        transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER)
        if hasattr(transport, "max_size"):
            transport.max_size = RECEIVE_SIZE

    def datagram_received(self, data: bytes, addr: Address) -> None:
        # A sender of ours has journaled what can't pass as lost; a stranger gets silence.
        if self._socket is not None and self._network.arrives(addr, self.local):
            self._owner.arrived(data, addr, self.local, self)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._closed.done():
            self._closed.set_result(None)

    def error_received(self, exc: Exception) -> None:
        """A peer's port is closed (ICMP): on UDP that is silence."""
