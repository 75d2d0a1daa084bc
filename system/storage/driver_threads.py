"""The SQLite driver's threads: few words with them, and waiting until they have ended.

aiosqlite runs each connection on a thread of its own and asks it one by one for a cursor, the
execution, the rows and the end of the cursor. Waking a thread and being woken by it takes longer
than most statements, so here one word does all four, and the BEGIN before the first statement
of a transaction; a transaction without a statement needs none (decision 80).

One connection that failed, or whose user was cancelled, is ended by a word to that thread without
waiting, and the thread answers to the event loop when it is done: if the loop is closed by then, it
dies of that. So whoever closes waits for the threads.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from threading import Thread
from typing import Any, Self

import aiosqlite

END_LIMIT_S = 5.0
ROWS_AT_ONCE = 1000
"""Rows that come with the statement itself, and with each further word to the thread."""
_PRAGMAS = ("busy_timeout=5000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON")
"""Of each connection, when it is opened; the time-out in milliseconds."""


class WholeCursor:
    """A cursor whose ``execute`` brings the rows along; what SQLAlchemy asks of one, no more.

    A result longer than ``ROWS_AT_ONCE`` stays open, so that whoever streams a table never has all
    of it in memory.
    """

    def __init__(self, connection: "WholeConnection") -> None:
        self._connection = connection
        self._open: sqlite3.Cursor | None = None
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        """Nothing is asked of the thread before there is a statement."""
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> Self:
        """Execute a statement and take its first rows, mostly all of them."""
        await self._connection.worked(self._run, sqlite3.Cursor.execute, sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Self:
        """Execute a statement once for each of the parameters."""
        await self._connection.worked(self._run, sqlite3.Cursor.executemany, sql, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        """All rows that nobody has taken yet."""
        while self._open is not None:
            await self._connection.asked(self._take)
        rows, self._rows = self._rows, []
        return rows

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """Up to so many more rows, ``arraysize`` unless told; fewer at the end alone."""
        most = self.arraysize if size is None else size
        while len(self._rows) < most and self._open is not None:
            await self._connection.asked(self._take)
        rows, self._rows = self._rows[:most], self._rows[most:]
        return rows

    async def fetchone(self) -> Any:
        """The next row, or ``None``."""
        rows = await self.fetchmany(1)
        return rows[0] if rows else None

    async def close(self) -> None:
        """Leave the rest of a long result; a short one is closed already."""
        if self._open is not None:
            await self._connection.asked(self._end)

    def _run(self, execute: Callable[..., object], sql: str, parameters: Iterable[Any]) -> None:
        """On the driver's thread, as the following ones."""
        if self._open is not None:
            self._end()
        self._connection.begin_if_due()
        self._open = self._connection.driver.cursor()
        try:
            execute(self._open, sql, parameters)
            self.description, self._rows = self._open.description, []
            self._take()
        except BaseException:
            self._end()
            raise

    def _take(self) -> None:
        assert self._open is not None
        more = self._open.fetchmany(ROWS_AT_ONCE) if self.description else []
        self._rows += more
        # Of INSERT ... RETURNING they are known once all rows were taken.
        self.rowcount, self.lastrowid = self._open.rowcount, self._open.lastrowid
        if len(more) < ROWS_AT_ONCE:
            self._end()

    def _end(self) -> None:
        cursor, self._open = self._open, None
        if cursor is not None:
            cursor.close()


class WholeConnection(aiosqlite.Connection):
    """A connection whose cursors are ``WholeCursor``; the driver's inner names are used here."""

    _due = False
    """Whether BEGIN comes before the next statement."""
    _touched = False
    """Whether there was a statement since the last end of a transaction, done or not: who asked
    for it may have been cancelled meanwhile."""

    def cursor(self) -> WholeCursor:  # type: ignore[override]
        """What SQLAlchemy asks for before each statement."""
        return WholeCursor(self)

    @property
    def driver(self) -> sqlite3.Connection:
        """The connection of the standard library; for its own thread alone."""
        return self._conn

    @property
    def thread(self) -> Thread:
        """The thread that all of its work is done on."""
        return self._thread

    def begin(self) -> None:
        """A transaction begins with the next statement."""
        self._due = True

    def begin_if_due(self) -> None:
        """On the driver's thread, before a statement."""
        if self._due:
            self.driver.execute("BEGIN")
            self._due = False

    async def commit(self) -> None:
        """Commit what was done since ``begin``."""
        await self._ended(super().commit)

    async def rollback(self) -> None:
        """Take back what was done since ``begin``."""
        await self._ended(super().rollback)

    async def worked(self, work: Callable[..., None], *arguments: Any) -> None:
        """Have a statement done by the thread."""
        self._touched = True
        await self.asked(work, *arguments)

    async def asked(self, work: Callable[..., None], *arguments: Any) -> None:
        """Have ``work`` done by the thread."""
        await self._execute(work, *arguments)  # type: ignore[no-untyped-call]

    async def _ended(self, end: Callable[[], Awaitable[None]]) -> None:
        if self._touched:
            await end()
        # Not before: a COMMIT that failed leaves a transaction to be rolled back.
        self._due = self._touched = False


def _opened(database: str, **options: Any) -> sqlite3.Connection:
    # The driver's own BEGIN would come too late, not before a SELECT.
    driver: sqlite3.Connection = sqlite3.connect(database, isolation_level=None, **options)
    try:
        for pragma in _PRAGMAS:
            driver.execute(f"PRAGMA {pragma}")
    except BaseException:
        driver.close()
        raise
    return driver


class DriverThreads:
    """Makes the connections of one engine and knows their threads."""

    def __init__(self) -> None:
        self._threads: list[Thread] = []

    def connect(self, database: str, **options: Any) -> WholeConnection:
        """What SQLAlchemy calls as its `async_creator_fn`."""
        made = partial(_opened, database, **options)
        connection = WholeConnection(made, ROWS_AT_ONCE)
        thread = connection.thread
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
