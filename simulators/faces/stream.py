"""Streams of server-sent events over aiohttp: one per open page.

    async with streams.open(request) as stream:      # answers the request
        stream.put(Event("state", whole()))
        while await stream.is_read():                # goes on at least every `tick_s`
            stream.put(Event("counters", now()), key="counters")
    return stream.response

Nobody waits for a reader: `put` only fills an outbox (see `Outbox`). `is_read` writes what waits,
and is where a slow reader holds up its own page and nothing else. A reader that is gone, or takes
nothing for `patience_s`, ends the loop; so does `close` at the server's end. Times here are real
ones: a person looks, and the bench's clock may jump.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from simulators.faces.events import KEEP_ALIVE, MOST_WAITING, Event, Outbox
from simulators.http_api.refused import Refused

TICK_S = 0.5
KEEP_ALIVE_S = 15.0
PATIENCE_S = 30.0
MOST_READERS = 32
WRITE_BUFFER = 65_536
"""Octets that may wait in the socket's buffer before a reader counts as slow."""


class Stream:
    """The events of one open page; `response` is the answer that carries them."""

    def __init__(self, request: web.Request, tick_s: float, patience_s: float, most: int) -> None:
        self.response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
        )
        self._request = request
        self._tick_s = tick_s
        self._patience_s = patience_s
        self._outbox = Outbox(most)
        self._news = asyncio.Event()
        self._closed = False
        self._quiet_since = asyncio.get_running_loop().time()

    @property
    def last_id(self) -> str:
        """Id of the last event that the page saw before it came again; "" at its first time."""
        return self._request.headers.get("Last-Event-ID", "")

    def put(self, event: Event, key: str | None = None) -> None:
        """Have an event sent; with a key it replaces one that still waits under it."""
        self._outbox.put(event, key)
        self._news.set()

    def close(self) -> None:
        """End the stream at its next turn."""
        self._closed = True
        self._news.set()

    async def is_read(self, wait_s: float | None = None) -> bool:
        """Write what waits, then return after the next `put` or `wait_s` (default: one tick).

        False: the reader is gone or was given up, and nothing more can be sent.
        """
        if not await self._write_waiting():
            return False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._tick_s if wait_s is None else wait_s):
                await self._news.wait()
        return await self._write_waiting()

    async def prepare(self) -> None:
        """Send the head of the answer."""
        await self.response.prepare(self._request)
        if (transport := self._request.transport) is not None:
            transport.set_write_buffer_limits(high=WRITE_BUFFER)

    async def _write_waiting(self) -> bool:
        self._news.clear()
        now = asyncio.get_running_loop().time()
        octets = b"".join(event.octets() for event in self._outbox.take())
        if not octets and now - self._quiet_since >= KEEP_ALIVE_S:
            octets = KEEP_ALIVE
        if octets and self._is_open:
            self._quiet_since = now
            try:
                async with asyncio.timeout(self._patience_s):
                    await self.response.write(octets)
            except TimeoutError:
                self._give_up()
            except ConnectionError:
                self._closed = True
        return self._is_open

    @property
    def _is_open(self) -> bool:
        transport = self._request.transport
        return not self._closed and transport is not None and not transport.is_closing()

    def _give_up(self) -> None:
        """Cut a reader off that takes nothing: what it did not read would stay in memory."""
        self._closed = True
        if (transport := self._request.transport) is not None:
            transport.abort()


class Streams:
    """All open streams of a face.

    Args:
        tick_s: seconds after which an idle stream looks whether its reader is still there.
        patience_s: seconds that a write may take before the reader is cut off.
        most_readers: at the same time; one more is refused with 503.
        most_waiting: events that wait for one reader.
    """

    def __init__(
        self,
        *,
        tick_s: float = TICK_S,
        patience_s: float = PATIENCE_S,
        most_readers: int = MOST_READERS,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._tick_s = tick_s
        self._patience_s = patience_s
        self._most_readers = most_readers
        self._most_waiting = most_waiting
        self._open: set[Stream] = set()

    def __len__(self) -> int:
        return len(self._open)

    @contextlib.asynccontextmanager
    async def open(self, request: web.Request) -> AsyncIterator[Stream]:
        """Answer a request with a stream; leave the block when `is_read` says False.

        Raises:
            Refused: 503, as many pages as there may be are open.
        """
        if len(self._open) >= self._most_readers:
            raise Refused(
                503, "too_many_readers",
                f"{self._most_readers} pages with live parts are open: close one",
            )  # fmt: skip
        stream = Stream(request, self._tick_s, self._patience_s, self._most_waiting)
        self._open.add(stream)
        try:
            await stream.prepare()
            yield stream
        except ConnectionError:
            pass  # it left between two looks
        finally:
            self._open.discard(stream)

    async def close(self) -> None:
        """End all of them, for the server's end."""
        for stream in self._open:
            stream.close()
