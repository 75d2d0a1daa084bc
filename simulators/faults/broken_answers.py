"""Answers that break on their way out: cut short, reset, dripping, or never sent.

Each takes the place of a whole answer and holds all of it, so that whoever journals it sees what
was meant.
"""

import asyncio
import socket
import struct
from abc import abstractmethod

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from simulators.clock import Clock

NO_LINGER = struct.pack("ii", 1, 0)
"""Close with a reset (SO_LINGER on, 0 s)."""


class BrokenAnswer(web.Response):
    """A copy of an answer; how it breaks, its subclasses say."""

    def __init__(self, whole: web.StreamResponse) -> None:
        body = whole.body if isinstance(whole, web.Response) else None
        self.octets = body if isinstance(body, bytes) else b""
        super().__init__(
            body=self.octets, status=whole.status, reason=whole.reason, headers=whole.headers
        )
        for key in whole:
            self[key] = whole[key]
        self._transport: asyncio.Transport | None = None

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        self._transport = request.transport
        return await super().prepare(request)

    async def write_eof(self, data: bytes = b"") -> None:
        await self.broken()

    @abstractmethod
    async def broken(self) -> None:
        """Send what is left of the body; the headers are on their way."""

    def hang_up(self, *, reset: bool) -> None:
        """End the connection, after what was written or (reset) at once."""
        if self._transport is not None:
            hang_up(self._transport, reset=reset)


class CutAnswer(BrokenAnswer):
    """Half of the body, then the end of the connection."""

    def __init__(self, whole: web.StreamResponse, *, reset: bool) -> None:
        super().__init__(whole)
        self._reset = reset

    async def broken(self) -> None:
        await self.write(self.octets[: len(self.octets) // 2])
        self.hang_up(reset=self._reset)


class DrippingAnswer(BrokenAnswer):
    """The body octet by octet."""

    def __init__(self, whole: web.StreamResponse, clock: Clock, gap_s: float) -> None:
        super().__init__(whole)
        self._clock = clock
        self._gap_s = gap_s

    async def broken(self) -> None:
        for octet in self.octets:
            await self._clock.sleep(self._gap_s)
            await self.write(bytes([octet]))
        await web.StreamResponse.write_eof(self)


class LostAnswer(BrokenAnswer):
    """Nothing at all, and a reset."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        if request.transport is not None:
            hang_up(request.transport, reset=True)
        raise ConnectionResetError("this answer is lost on purpose")

    async def broken(self) -> None:
        """Never asked for: there is no header either."""


def hang_up(transport: asyncio.Transport, *, reset: bool) -> None:
    """End a connection, after what was written or (reset) at once."""
    if not reset:
        transport.close()
        return
    own = transport.get_extra_info("socket")
    if own is not None:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()
