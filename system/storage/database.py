"""The database: engine, schema, and the unit of work.

SQLite by default (WAL, synchronous=NORMAL, foreign keys on); PostgreSQL by its URL, where several
MCS may share one. ``open`` checks that it is a database, that no newer MCS has written it and that
the key file belongs to it, then migrates. Anything else ends in one ``DatabaseUnusable`` with
nothing left open.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import asyncpg
from sqlalchemy import Connection, event, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from system.clock import to_the_end
from system.errors import DatabaseUnusable
from system.storage import compiled, schema, secrets
from system.storage.changes import Changes, WatchedSession
from system.storage.driver_threads import DriverThreads, WholeConnection
from system.storage.engine_models import MbgBreaker
from system.storage.models import SINGLETON, ClientLocation, Installation, MbgSettings
from system.storage.people import AuditSettings
from system.storage.sharing import Place, hold_place, is_shared, wait_for_turn

_DRIVER_ERRORS = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
UNUSABLE = (*_DRIVER_ERRORS, ValueError, TypeError)
"""Drivers hand on what they meet: an unreachable server, an option that they do not know."""
_KEY_MARK = "this key file belongs to this database"


class Database:
    """Units of work on one open database. Made by ``open_database``."""

    def __init__(
        self,
        engine: AsyncEngine,
        threads: DriverThreads,
        box: secrets.SecretBox,
        place: Place | None,
    ) -> None:
        self._engine = engine
        self._threads = threads
        self._place = place
        self.box = box
        self.changes = Changes()
        """Tells of what was committed in this process."""
        self.kind = engine.dialect.name
        """``sqlite`` or ``postgresql``."""
        self.shared = is_shared(engine)
        """Whether other MCS may work on it at the same time: then nothing may be kept at hand."""
        self._sessions = async_sessionmaker(
            engine, expire_on_commit=False, sync_session_class=WatchedSession
        )
        # SQLite has one writer. Waiting here is fair and quick; waiting in SQLite is polling.
        self._one_writer = asyncio.Lock() if _is_sqlite(engine) else contextlib.nullcontext()

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session to read with; what it is made to change is rolled back."""
        async with self._session() as session:
            yield session

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A unit of work: committed at the end of the block, rolled back if the block raises."""
        async with self._one_writer, self._session() as session:
            yield session
            await to_the_end(self._commit(session))

    async def _commit(self, session: AsyncSession) -> None:
        await session.commit()
        self.changes.committed(session.sync_session)

    @contextlib.asynccontextmanager
    async def _session(self) -> AsyncIterator[AsyncSession]:
        """A session whose connection is given back in order, whoever is cancelled meanwhile."""
        session = self._sessions()
        try:
            yield session
        finally:
            await to_the_end(session.close())

    async def tell_others(self, session: AsyncSession) -> None:
        """Once this unit of work is committed, have other MCS look for work at once."""
        if self._place is not None:
            await self._place.tell(session)

    async def hear_others(self, heard: Callable[[], None]) -> None:
        """Call ``heard`` from now on when another MCS has told of work."""
        if self._place is not None:
            await self._place.listen(heard)

    async def close(self) -> None:
        """Close all connections; may be called again."""
        place, self._place = self._place, None
        if place is not None:
            with contextlib.suppress(*_DRIVER_ERRORS):  # it may be gone with the server
                await place.close()
        await self._engine.dispose()
        await self._threads.ended()
        compiled.keep(self._engine.sync_engine)


async def open_database(
    url: str, box: secrets.SecretBox, *, alone: bool = False, new: bool = False
) -> Database:
    """Open and migrate the database at ``url``.

    Args:
        alone: no other MCS may be at work on it (it matters where several may share one).
        new: do not make the rows that every database has: they are about to be copied in.

    Raises:
        DatabaseUnusable: damaged, unreachable, from a newer MCS, or without its key file.
    """
    threads = DriverThreads()
    engine = make_engine(url, box, threads)
    place = None
    try:
        place = await hold_place(engine, alone=alone)
        async with engine.begin() as connection:
            await connection.run_sync(schema.bring_up_to_date)
        database = Database(engine, threads, box, place)
        if not new:
            await _ensure_single_rows(database, box)
    except BaseException as error:
        if place is not None:
            await place.close()
        await engine.dispose()
        await threads.ended()
        if isinstance(error, UNUSABLE):
            raise unusable(url, error) from error
        raise
    return database


def unusable(url: str, error: Exception) -> DatabaseUnusable:
    """What a driver met, as one sentence without the password."""
    return DatabaseUnusable(
        "database_unusable",
        f"The database {_shown(url)} cannot be used: {_reason(error)}. Restore it from a "
        "backup or name another one.",
    )


async def _ensure_single_rows(database: Database, box: secrets.SecretBox) -> None:
    async with database.write() as session:
        await (await session.connection()).run_sync(wait_for_turn)
        # Reading the mark decrypts it: with the wrong key file this raises, before anything runs.
        if await session.get(Installation, SINGLETON) is None:
            box.keep()
            session.add(Installation(id=SINGLETON, key_mark=_KEY_MARK))
        if await session.get(MbgSettings, SINGLETON) is None:
            session.add(MbgSettings(id=SINGLETON))
        if await session.get(MbgBreaker, SINGLETON) is None:
            session.add(MbgBreaker(id=SINGLETON, failures=0, openings=0))
        if await session.get(ClientLocation, "remote") is None:
            session.add(ClientLocation(name="remote"))
        if await session.get(AuditSettings, SINGLETON) is None:
            session.add(AuditSettings(id=SINGLETON))


def make_engine(url: str, box: secrets.Box, threads: DriverThreads) -> AsyncEngine:
    """An engine whose encrypted columns use ``box``.

    Raises:
        DatabaseUnusable: the URL cannot be used.
    """
    try:
        place = make_url(url)
        own = place.drivername == "sqlite+aiosqlite"
        options = {"async_creator_fn": threads.connect} if own else {}
        # Statements in errors would otherwise carry their values, passwords among them (API-1).
        # A server that was restarted is found out by the ping before a connection is used.
        engine = create_async_engine(
            place, hide_parameters=True, connect_args=options, pool_pre_ping=not own
        )
    except (SQLAlchemyError, ImportError, ValueError) as error:
        raise DatabaseUnusable(
            "database_url_unusable",
            f"The database URL cannot be used: {_reason(error)}.",
            field="database_url",
        ) from error
    compiled.go_on(engine.sync_engine)
    secrets.attach(engine.sync_engine.dialect, box)
    if own:
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    driver = connection.connection.driver_connection
    assert isinstance(driver, WholeConnection)
    driver.begin()


def _is_sqlite(engine: AsyncEngine) -> bool:
    return engine.dialect.name == "sqlite"


def _shown(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)


def _reason(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    lines = str(cause).splitlines() or [type(cause).__name__]
    return lines[0].rstrip(".")
