"""One connection of a side over TCP or TLS, accepted or opened by us.

It frames what comes, answers pings, queues what is to go until it can, and ends itself where the
far end goes too far. There is no task for it: all happens in callbacks.
"""

import asyncio
import ssl
from typing import Protocol, cast

from simulators.core import Address
from simulators.sip.framing import PONG, Framer, Ping
from simulators.sockets.ports import StreamLimits
from simulators.sockets.tls import TlsChannel

RECEIVE_SIZE = 65_536


class Keeper(Protocol):
    """The port as its connections see it."""

    limits: StreamLimits

    def admits(self, connection: "Connection") -> bool:
        """Whether a connection that was just made may stay."""

    def opened(self, connection: "Connection") -> None:
        """It can carry messages now."""

    def heard(self, connection: "Connection", message: bytes) -> None:
        """A whole message came."""

    def lives(self, connection: "Connection") -> None:
        """Something whole came or went, if only a ping."""

    def leaves(self, connection: "Connection", message: bytes) -> None:
        """A message goes out now."""

    def refuses(self, connection: "Connection", reason: str) -> None:
        """The connection is being ended for this reason."""

    def gone(self, connection: "Connection") -> None:
        """The connection is closed."""


class Connection(asyncio.Protocol):
    """A stream with `peer`.

    Args:
        peer: the far end, for a connection of ours; None for an accepted one.
        tls: what protects it, for TLS.

    Attributes:
        local: our end, once connected.
        file: the number of its file in this process, once connected. The system gives the lowest
            that is free, so it says how many files are open.
        used: whether a message has passed, or was to.
    """

    def __init__(self, keeper: Keeper, peer: Address | None, tls: TlsChannel | None) -> None:
        self.accepted = peer is None
        self.peer: Address = peer or ("", 0)
        self.local: Address = ("", 0)
        self.used = peer is not None
        self.file = 0
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.queue: list[bytes] = []
        self._keeper = keeper
        self._tls = tls
        self._framer = Framer(keeper.limits.head, keeper.limits.message)
        self._socket: asyncio.Transport | None = None
        self._ready = False
        self._ended = False

    def send(self, message: bytes) -> None:
        """Send a message, as soon as the connection is up."""
        if self._ended:
            return  # its end is told in a moment
        self.used = True
        if self._unsent() > self._keeper.limits.unsent:
            self.end(f"{self._unsent()} octets wait for a peer that does not read")
        elif not self._ready:
            self.queue.append(message)
        else:
            self._keeper.leaves(self, message)
            self._write(message)

    def end(self, reason: str = "") -> None:
        """Cut the connection; with a reason if that needs to be told."""
        if self._ended:
            return
        self._ended = True
        if reason:
            self._keeper.refuses(self, reason)
        if self._socket is None:
            self._finish()
        else:
            self._socket.abort()

    # From asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._socket = cast(asyncio.Transport, transport)
        far, near = (transport.get_extra_info(name) for name in ("peername", "sockname"))
        if self._ended or not far or not near:  # cut already, by us or by a quick peer
            self._ended = True
            self._socket.abort()
            return
        self.local = (near[0], near[1])
        self.file = transport.get_extra_info("socket").fileno()
        if self.accepted:
            self.peer = (far[0], far[1])
        if hasattr(transport, "max_size"):
            transport.max_size = RECEIVE_SIZE
        if not self._keeper.admits(self):
            self._ended = True
            self._socket.abort()
        elif self._tls is None:
            self._open()
        elif not self.accepted:
            self.data_received(b"")  # the client speaks first

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        if self._tls is not None:
            try:
                data = self._tls.receive(data)
            except ssl.SSLError as error:
                self._flush()  # the alert
                self.end(f"TLS failed: {error.reason or error}")
                return
            self._flush()
            if self._tls.ready and not self._ready:
                self._open()
        for message in self._framer.feed(data):
            if isinstance(message, Ping):
                if self.accepted:  # whoever opened the flow keeps it alive (RFC 5626 section 3.5)
                    self._pong()
            else:
                self.used = True
                self._keeper.heard(self, message)
            if self._ended:
                return
        if self._framer.refused:
            self.end(self._framer.refused)
        elif self._tls is not None and self._tls.over:
            self.end()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._finish()

    # Within

    def _open(self) -> None:
        self._ready = True
        self._keeper.opened(self)
        queue, self.queue = self.queue, []
        for message in queue:
            self._keeper.leaves(self, message)
            self._write(message)

    def _pong(self) -> None:
        self._keeper.lives(self)
        if self._unsent() > self._keeper.limits.unsent:
            self.end(f"{self._unsent()} octets wait for a peer that does not read")
        else:
            self._write(PONG)

    def _write(self, octets: bytes) -> None:
        if self._tls is not None:
            self._tls.protect(octets)
            self._flush()
        elif self._socket is not None:
            self._socket.write(octets)

    def _flush(self) -> None:
        octets = self._tls.to_send() if self._tls is not None else b""
        if octets and self._socket is not None:
            self._socket.write(octets)

    def _unsent(self) -> int:
        buffered = 0 if self._socket is None else self._socket.get_write_buffer_size()
        return buffered + sum(map(len, self.queue))

    def _finish(self) -> None:
        if not self.closed.done():
            self.closed.set_result(None)
            self._keeper.gone(self)
