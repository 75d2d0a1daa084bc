"""The SQLite driver's threads, and waiting until they have ended.

aiosqlite runs each connection on a thread of its own. One that failed, or whose user was cancelled,
is ended by a word to that thread without waiting, and the thread answers to the event loop when it
is done: if the loop is closed by then, it dies of that. So whoever closes waits for the threads.
"""

import asyncio
from threading import Thread
from typing import Any

import aiosqlite

END_LIMIT_S = 5.0


class DriverThreads:
    """Makes the connections of one engine and knows their threads."""

    def __init__(self) -> None:
        self._threads: list[Thread] = []

    def connect(self, *arguments: Any, **options: Any) -> aiosqlite.Connection:
        """What SQLAlchemy calls as its `async_creator_fn`."""
        connection = aiosqlite.connect(*arguments, **options)
        thread = connection._thread  # the driver tells of it under this name only
        thread.daemon = True  # as SQLAlchemy does: a forgotten connection must not keep us alive
        self._threads = [known for known in self._threads if known.is_alive()]
        self._threads.append(thread)
        return connection

    async def ended(self) -> None:
        """Return when all have ended; call it after the engine is disposed of."""
        threads, self._threads = self._threads, []
        for thread in threads:
            if thread.ident is not None:  # else it was never started
                await asyncio.to_thread(thread.join, END_LIMIT_S)
