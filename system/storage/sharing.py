"""Several MCS on one PostgreSQL: advisory locks that end with their connection.

``RUNNING`` is held together by every MCS that runs, and alone by maintenance (key rotation,
restore), so neither starts while the other is there. ``STARTING`` lets one at a time migrate. On
SQLite nothing of this is needed: the data folder's lock keeps everybody else out.
"""

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from system.errors import DatabaseUnusable

RUNNING = 0x4D435301
STARTING = 0x4D435302


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


async def hold_place(engine: AsyncEngine, *, alone: bool) -> AsyncConnection | None:
    """A connection that stands for this process being at work; close it when it ends.

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
    except BaseException:
        await connection.close()
        raise
    if held:
        return connection
    await connection.close()
    raise DatabaseUnusable(
        "database_in_use",
        "Another MCS works on this database. Stop every MCS on it first."
        if alone
        else "The database is under maintenance (key rotation or restore). Start after it.",
    )
