"""TLS between octets and octets, without a socket.

asyncio's own TLS keeps a quarter of a megabyte for each connection, says nothing of one before its
handshake is done, and limits the handshake by real time. Here a connection costs nothing before its
first octet, and is counted and timed like any other.
"""

import ssl

CHUNK = 65_536


class TlsChannel:
    """One end of one TLS connection.

    Args:
        name: the host name or IP address that the server's certificate must have; None makes this
            the server's end.
    """

    def __init__(self, context: ssl.SSLContext, name: str | None = None) -> None:
        self.ready = False
        """Whether the handshake is done."""
        self.over = False
        """Whether the far end has said that no more comes."""
        self._context = context
        self._name = name
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object: ssl.SSLObject | None = None

    def receive(self, data: bytes) -> bytes:
        """Take what came (nothing yet: begin as a client); returns what it says in plain text.

        Raises:
            ssl.SSLError: it is no TLS, or the two can't agree; an alert may be left to send.
        """
        if self._object is None:
            self._object = self._context.wrap_bio(
                self._incoming, self._outgoing, self._name is None, self._name
            )
        self._incoming.write(data)
        plain = bytearray()
        try:
            if not self.ready:
                self._object.do_handshake()
                self.ready = True
            while chunk := self._object.read(CHUNK):
                plain += chunk
            self.over = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.over = True
        return bytes(plain)

    def protect(self, data: bytes) -> None:
        """Encrypt; only after the handshake. `to_send` has the result."""
        if self._object is not None:
            self._object.write(data)

    def to_send(self) -> bytes:
        """Octets for the far end, once."""
        return self._outgoing.read()
