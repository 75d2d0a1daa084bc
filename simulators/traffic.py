"""What the phones and clients of a load generator send and receive, counted where it passes.

A `Traffic` is kept by a network (`Network.traffic`) whose sockets are to be counted; where there is
none, nothing is. SIP datagrams are counted as their UDP socket sends and reads them. TLS is counted
between OpenSSL and the transport: a `MeteredContext` looks at the two memory buffers of each of its
connections at each call, so that handshakes, record headers, padding, alerts and all that HTTP says
are in it, on any event loop, to the octet. The kernel's own count (TCP_INFO) is gone by the time a
connection has said its last word. TCP and IP headers are not in it. An alert over a refused
certificate (7 octets) is counted where the event loop cuts it off, too.
"""

import socket
import ssl
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

SO_MEMINFO = 55
DROPS_AT = 8
"""Of the numbers that SO_MEMINFO gives (Linux sock_diag), which is the count of drops."""


class Traffic:
    """Counts since it was made; whoever sends or reads adds to them.

    Attributes:
        sent, sent_octets, received, received_octets: datagrams of SIP over UDP, and their octets
            without IP and UDP headers.
        send_errors: datagrams that the system refused to send.
        connections: TLS connections that were begun.
        tls_sent_octets, tls_received_octets: of their records.
    """

    __slots__ = (
        "_dropped", "_open", "connections", "received", "received_octets", "send_errors", "sent",
        "sent_octets", "tls_received_octets", "tls_sent_octets",
    )  # fmt: skip

    def __init__(self) -> None:
        self.sent = self.sent_octets = self.received = self.received_octets = 0
        self.send_errors = 0
        self.connections = self.tls_sent_octets = self.tls_received_octets = 0
        self._open: set[socket.socket] = set()
        self._dropped = 0

    def opened(self, made: socket.socket) -> None:
        """A UDP socket was opened, whose drops the system counts from now on."""
        self._open.add(made)

    def closing(self, made: socket.socket) -> None:
        """It is about to be closed, and the system's count with it."""
        self._open.discard(made)
        self._dropped += dropped(made)

    @property
    def drops(self) -> int:
        """Datagrams that came and found no room in their socket's buffer."""
        return self._dropped + sum(map(dropped, self._open))


def dropped(made: socket.socket) -> int:
    """How many datagrams a socket had no room for, as the system counts (0 where it does not)."""
    try:
        found = made.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 4 * (DROPS_AT + 1))
    except OSError:
        return 0
    numbers = struct.unpack(f"{len(found) // 4}I", found)
    return int(numbers[DROPS_AT]) if len(numbers) > DROPS_AT else 0


class MeteredObject(ssl.SSLObject):
    """A TLS connection that counts what passes its buffers; without a `Traffic` it doesn't.

    What came is what has been added to the one buffer since the last call, read or not; what was
    sent is what a call has added to the other.
    """

    traffic: Traffic | None = None
    _incoming: ssl.MemoryBIO
    _outgoing: ssl.MemoryBIO
    _unread = 0

    def meter(self, traffic: Traffic, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> None:
        """Count from now on."""
        self.traffic, self._incoming, self._outgoing = traffic, incoming, outgoing
        traffic.connections += 1

    def do_handshake(self) -> None:
        waiting = self._came()
        try:
            super().do_handshake()
        finally:
            self._went(waiting)

    def read(self, len: int = 1024, buffer: "WriteableBuffer | None" = None) -> bytes:
        waiting = self._came()
        try:
            return super().read(len, buffer)
        finally:
            self._went(waiting)

    def write(self, data: "ReadableBuffer") -> int:
        waiting = self._came()
        try:
            return super().write(data)
        finally:
            self._went(waiting)

    def unwrap(self) -> None:
        waiting = self._came()
        try:
            super().unwrap()
        finally:
            self._went(waiting)

    def _came(self) -> int:
        """Count what has come; returns how many octets wait to leave."""
        if self.traffic is None:
            return 0
        self.traffic.tls_received_octets += self._incoming.pending - self._unread
        return self._outgoing.pending

    def _went(self, waiting: int) -> None:
        """Count what is to leave now beyond `waiting`."""
        if self.traffic is not None:
            self._unread = self._incoming.pending
            self.traffic.tls_sent_octets += self._outgoing.pending - waiting


class MeteredContext(ssl.SSLContext):
    """A TLS context whose connections are counted, where `traffic` is set."""

    traffic: Traffic | None = None
    sslobject_class = MeteredObject

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """What asyncio, uvloop and `TlsChannel` make a connection with."""
        made = super().wrap_bio(incoming, outgoing, server_side, server_hostname, session)
        if self.traffic is not None and isinstance(made, MeteredObject):
            made.meter(self.traffic, incoming, outgoing)
        return made


def client_context(traffic: Traffic | None) -> ssl.SSLContext:
    """A client's context, counted where there is a `Traffic`; it trusts nobody yet."""
    if traffic is None:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = MeteredContext(ssl.PROTOCOL_TLS_CLIENT)
    context.traffic = traffic
    return context
