"""Each revision with rows in every table: there and back again, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from cryptography.fernet import Fernet
from sqlalchemy import Boolean, Connection, Float, Integer, MetaData, Table, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from system.storage.database import make_engine
from system.storage.driver_threads import DriverThreads
from system.storage.schema import alembic_config, check_current
from system.storage.secrets import SecretBox
from system.tests.postgres import Cluster

Rows = dict[str, list[dict[str, Any]]]
ACCOUNTS = {"administrators", "users"}
"""Accounts move from one to the other between 0002 and 0010."""
LOG_INS = {"api_sessions", "log_ins"}
"""Log-ins end with that change: nobody's is kept."""


@pytest.fixture(params=["sqlite", "postgresql"])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'mcs.db'}"
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        url = cluster.new_database()
    threads = DriverThreads()
    made = make_engine(url, SecretBox([Fernet.generate_key()]), threads)
    yield made
    await made.dispose()
    await threads.ended()


def revisions() -> list[str]:
    """All of them, the first one first."""
    scripts = ScriptDirectory(str(Path(__file__).parents[1] / "storage" / "migrations"))
    return [script.revision for script in scripts.walk_revisions()][::-1]


def fill(connection: Connection) -> None:
    """One row in each table that has none, every column of it with something in it."""
    metadata = MetaData()
    metadata.reflect(connection)
    for table in metadata.sorted_tables:
        if table.name != "alembic_version" and not connection.execute(select(table)).first():
            connection.execute(insert(table).values(_row(table)))


def _row(table: Table) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for number, column in enumerate(table.columns):
        if column.foreign_keys:
            (target,) = column.foreign_keys
            row[column.name] = "K" if not isinstance(target.column.type, Integer) else 1
        elif isinstance(column.type, Boolean):
            row[column.name] = True
        elif isinstance(column.type, Integer):
            row[column.name] = 1 if column.primary_key else number
        elif isinstance(column.type, Float):
            row[column.name] = float(number)
        elif str(column.type) == "JSON":
            row[column.name] = ["x"]
        else:
            row[column.name] = "K" if column.primary_key else f"v{number}"
    return row


def content(connection: Connection) -> Rows:
    """All rows of all tables that the revisions keep as they are."""
    metadata = MetaData()
    metadata.reflect(connection)
    return {
        table.name: [dict(row._mapping) for row in connection.execute(select(table))]
        for table in metadata.sorted_tables
        if table.name not in {"alembic_version", *ACCOUNTS, *LOG_INS}
    }


def accounts(connection: Connection) -> list[tuple[str, str]]:
    """User name and hash of each account, wherever they are at this revision."""
    metadata = MetaData()
    metadata.reflect(connection)
    (name,) = ACCOUNTS & set(metadata.tables)
    rows = connection.execute(text(f"SELECT username, password_hash FROM {name}"))
    return [(row[0], row[1]) for row in rows]


def kept(before: Rows, after: Rows) -> Rows:
    """What is there afterwards of the columns that were there before."""
    return {
        name: [
            {column: value for column, value in row.items() if column in rows[0]}
            for row in after[name]
        ]
        for name, rows in before.items()
        if name in after
    }


@pytest.mark.parametrize("revision", revisions())
async def test_rows_survive_the_way_to_the_newest_and_back(
    engine: AsyncEngine, revision: str
) -> None:
    def there_and_back(connection: Connection) -> None:
        config = alembic_config(connection)
        command.upgrade(config, revision)
        fill(connection)
        before, who = content(connection), accounts(connection)
        assert all(len(rows) == 1 for rows in before.values())
        command.upgrade(config, "head")
        check_current(connection)
        newest = content(connection)
        assert set(before) <= set(newest)
        assert kept(before, newest) == before
        assert accounts(connection) == who
        fill(connection)
        command.downgrade(config, revision)
        assert content(connection) == before
        assert accounts(connection) == who
        command.upgrade(config, "head")
        assert kept(before, content(connection)) == before
        command.downgrade(config, "base")
        left = MetaData()
        left.reflect(connection)
        assert set(left.tables) == {"alembic_version"}

    async with engine.begin() as connection:
        await connection.run_sync(there_and_back)


async def test_a_row_that_is_lost_on_the_way_is_noticed(engine: AsyncEngine) -> None:
    """Negative control: the comparison itself."""

    def lose_one(connection: Connection) -> None:
        command.upgrade(alembic_config(connection), "head")
        fill(connection)
        before = content(connection)
        connection.execute(text("DELETE FROM phone_events"))
        assert kept(before, content(connection)) != before

    async with engine.begin() as connection:
        await connection.run_sync(lose_one)
