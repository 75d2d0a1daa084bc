"""A phone's way to one HTTP server: a connection that carries one GET, or several in turn.

It goes out from the phone's address by a port that is known before the request, since the journal
tells who said what by it. A server may end a kept connection at any time; the next GET makes
another one then, and so does one that was lost on the way (RFC 9112 section 9.3.1).
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import AddrInfoType, ClientResponse, ClientSession, TCPConnector
from yarl import URL

from simulators.core import Address

OnWay = Callable[[Address], None]

UNLIMITED = aiohttp.ClientTimeout(total=None, sock_connect=None)

TURNS = 5
"""Of the loop, in which a transport sees that its socket has ended, and ends."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where a connection leads and who is believed there; the same way may share a connection."""

    scheme: str
    host: str
    port: int
    context: ssl.SSLContext


class HttpConnection:
    """GETs to one server, one after the other.

    Nothing here ends a GET that takes too long: whoever asks has a limit of its own.

    Args:
        kept: whether it stays open after a GET.
        on_way: called with the port's address just before a GET goes out by it; twice where a kept
            connection turns out to be lost. None where nobody wants to know.

    Raises:
        OSError: the machine does not have the address.
    """

    def __init__(self, home: str, way: Way, *, kept: bool, on_way: OnWay | None) -> None:
        self.way = way
        self.on_way = on_way
        self._home = home
        self._source: Address = (home, 0)
        self._waiting = [_bound(home)]
        self._made = list(self._waiting)
        traces = []
        if on_way is not None:
            traces.append(aiohttp.TraceConfig())
            traces[0].on_connection_reuseconn.append(self._reused)
        self._session = ClientSession(
            connector=TCPConnector(
                socket_factory=self._socket,
                family=socket.AF_INET,
                ssl=way.context,
                force_close=not kept,
            ),
            timeout=UNLIMITED,
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=traces,
        )

    @property
    def source(self) -> Address:
        """The port by which the last GET went out."""
        return self._source

    @asynccontextmanager
    async def get(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[ClientResponse]:
        """One GET; what it raises is what aiohttp does."""
        whole = False
        try:
            request = self._session.get(
                URL(url, encoded=True), headers=headers, allow_redirects=False
            )
            async with request as response:
                yield response
            whole = True
        finally:
            if not whole:
                await self._abandon()

    async def close(self) -> None:
        """End it; the server hears no more than that the connection is gone."""
        await self._session.close()
        for unused in self._waiting:
            unused.close()

    # Inside

    def _socket(self, _: AddrInfoType) -> socket.socket:
        if not self._waiting:
            self._waiting.append(_bound(self._home))
            self._made = [*(m for m in self._made if m.fileno() != -1), self._waiting[0]]
        made = self._waiting.pop()
        self._source = made.getsockname()
        if self.on_way is not None:
            self.on_way(self._source)
        return made

    async def _reused(self, *_: object) -> None:
        if self.on_way is not None:
            self.on_way(self._source)

    async def _abandon(self) -> None:
        """Close the sockets of a GET that came to nothing.

        One that is connected is its transport's, which sees it end and closes it; a TLS transport
        would politely wait for the server's last word else. Of another one, uvloop closes the
        descriptor at once, but lets the socket object believe that it still has it: once collected,
        that would close whoever got the number next.
        """
        left, self._made = self._made, []
        loose = []
        for made in left:
            try:
                made.shutdown(socket.SHUT_RDWR)
            except OSError:
                made.close()
                loose.append(made)
        try:
            for _ in range(TURNS):
                await asyncio.sleep(0)
        finally:
            for made in loose:
                if made.fileno() != -1:
                    made.detach()


def _bound(home: str) -> socket.socket:
    """A socket bound to the home's address, so that its port is known before it connects."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setblocking(False)
    try:
        made.bind((home, 0))
    except OSError:
        made.close()
        raise
    return made
