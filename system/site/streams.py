"""The open streams of live parts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from system.site.inner import Refused

MOST_STREAMS = 200


class Streams:
    """The open streams, so that an MCS that stops does not wait for them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def one_more(self) -> AsyncIterator[None]:
        """While a stream is open; ``close`` ends it as if the browser had gone.

        Raises:
            Refused: 503, too many are open.
        """
        if len(self._tasks) >= MOST_STREAMS:
            raise Refused(503, "too_many_streams", "Too many pages are open at once.")
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            yield
        finally:
            self._tasks.discard(task)

    async def close(self, _app: web.Application) -> None:
        """Signal handler: end them all."""
        for task in tuple(self._tasks):
            task.cancel()
