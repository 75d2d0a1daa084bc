"""Several MCS on one PostgreSQL: advisory locks that end with their connection.

``RUNNING`` is held together by every MCS that runs, and alone by maintenance (key rotation,
restore), so neither starts while the other is there. ``STARTING`` lets one at a time migrate. Over
the same connection an MCS hears that another one has stored work for all (LISTEN and NOTIFY). On
SQLite nothing of this is needed: the data folder's lock keeps everybody else out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from system.errors import DatabaseUnusable

RUNNING = 0x4D435301
STARTING = 0x4D435302
WORK = "mcs_work"
"""Channel on which MCS tell each other of work."""


def is_shared(engine: AsyncEngine) -> bool:
    """Whether other processes may work on this database at the same time."""
    return engine.dialect.name == "postgresql"


def wait_for_turn(connection: Connection) -> None:
    """In this transaction, be the only one that starts; nothing to do on SQLite."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": STARTING})


async def at_work(session: AsyncSession) -> int:
    """How many processes hold a place on this database now; 1 or fewer is nobody but us."""
    if session.get_bind().dialect.name != "postgresql":
        return 1
    # A key of 64 bits is in two halves there, and marked by objsubid 1.
    found = await session.scalar(
        text(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND "
            "database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND "
            "classid = 0 AND objid = CAST(:lock AS bigint) AND objsubid = 1"
        ),
        {"lock": RUNNING},
    )
    return int(found)


@dataclass(frozen=True, slots=True)
class Place:
    """A connection that stands for this process being at work; close it when it ends."""

    connection: AsyncConnection
    name: str
    """What the server calls the connection: whoever tells of something is told of it as well."""

    async def listen(self, heard: Callable[[], None]) -> None:
        """From now on call ``heard`` when another MCS has told of work. It must not wait.

        What is told while the connection is broken is not heard: look now and then as well.
        """

        def told(_connection: object, _pid: int, _channel: str, by: object) -> None:
            if by != self.name:
                heard()

        await (await _driver(self.connection)).add_listener(WORK, told)

    async def tell(self, session: AsyncSession) -> None:
        """Tell the others of work, once this unit of work is committed."""
        by = {"channel": WORK, "by": self.name}
        await session.execute(text("SELECT pg_notify(:channel, :by)"), by)

    async def close(self) -> None:
        """Be at work no more."""
        await self.connection.close()


async def hold_place(engine: AsyncEngine, *, alone: bool) -> Place | None:
    """The place of this process among those that are at work; ``None`` where there is one only.

    Args:
        alone: nobody else may be at work.

    Raises:
        DatabaseUnusable: others are at work, or one that has to be alone is.
    """
    if not is_shared(engine):
        return None
    connection = await engine.connect()
    try:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        how = "pg_try_advisory_lock" if alone else "pg_try_advisory_lock_shared"
        held = await connection.scalar(text(f"SELECT {how}(:lock)"), {"lock": RUNNING})
        name = str((await _driver(connection)).get_server_pid())
    except BaseException:
        await connection.close()
        raise
    if held:
        return Place(connection, name)
    await connection.close()
    raise DatabaseUnusable(
        "database_in_use",
        "Another MCS works on this database. Stop every MCS on it first."
        if alone
        else "The database is under maintenance (key rotation or restore). Start after it.",
    )


async def _driver(connection: AsyncConnection) -> Any:
    """asyncpg's own connection, which listens; SQLAlchemy has no word for that."""
    return (await connection.get_raw_connection()).driver_connection
