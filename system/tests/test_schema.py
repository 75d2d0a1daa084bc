"""The schema: all revisions in turn make what the models say, and what a new database gets."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from system.errors import DatabaseUnusable
from system.storage import schema
from system.storage.models import Base
from system.tests.postgres import Cluster


@pytest.fixture(params=["sqlite", "postgresql"])
async def engines(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[tuple[AsyncEngine, AsyncEngine]]:
    """Two empty databases of a kind."""
    if request.param == "sqlite":
        urls = [f"sqlite+aiosqlite:///{tmp_path / name}" for name in ("one", "two")]
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        urls = [cluster.new_database(), cluster.new_database()]
    made = [create_async_engine(url) for url in urls]
    yield made[0], made[1]
    for engine in made:
        await engine.dispose()


def described(connection: Connection) -> dict[str, Any]:
    """Each table as the database has it; the order of columns and of constraints left out.

    Defaults are not looked at: those of the models are given with each row, those of a revision
    filled what was there when it added a column.
    """
    inspector = inspect(connection)

    def sorted_by_name(found: Any) -> list[str]:
        return sorted(repr(sorted(item.items(), key=lambda pair: pair[0])) for item in found)

    return {
        table: {
            "columns": sorted(
                (c["name"], repr(c["type"]), c["nullable"]) for c in inspector.get_columns(table)
            ),
            "key": sorted(inspector.get_pk_constraint(table)["constrained_columns"]),
            "foreign keys": sorted_by_name(inspector.get_foreign_keys(table)),
            "indexes": sorted_by_name(inspector.get_indexes(table)),
            "unique": sorted_by_name(inspector.get_unique_constraints(table)),
            "checks": sorted_by_name(inspector.get_check_constraints(table)),
        }
        for table in inspector.get_table_names()
    }


def migrate(connection: Connection) -> None:
    command.upgrade(schema.alembic_config(connection), "head")


async def differences(connection: AsyncConnection) -> list[object]:
    return await connection.run_sync(
        lambda plain: list(compare_metadata(MigrationContext.configure(plain), Base.metadata))
    )


async def test_a_new_database_gets_what_all_revisions_make(
    engines: tuple[AsyncEngine, AsyncEngine],
) -> None:
    one, two = engines
    async with one.begin() as new, two.begin() as migrated:
        await new.run_sync(schema.bring_up_to_date)
        await migrated.run_sync(migrate)
        made, expected = await new.run_sync(described), await migrated.run_sync(described)
        assert sorted(made) == sorted(expected)
        for table, found in made.items():
            assert found == expected[table], table
        assert await new.run_sync(schema.revisions) == await migrated.run_sync(schema.revisions)


async def test_revisions_make_the_schema_of_the_models(
    engines: tuple[AsyncEngine, AsyncEngine],
) -> None:
    async with engines[0].begin() as connection:
        await connection.run_sync(migrate)
        assert await differences(connection) == []
        before = await connection.run_sync(described)
        await connection.exec_driver_sql("ALTER TABLE users DROP COLUMN language")
        assert len(await differences(connection)) == 1, "a difference would be seen"
        assert await connection.run_sync(described) != before


def test_the_newest_revision_is_the_one_that_is_named() -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        config = schema.alembic_config(connection)
        assert ScriptDirectory.from_config(config).get_heads() == [schema.NEWEST]
    engine.dispose()


async def test_an_older_database_is_migrated_and_keeps_its_rows(
    engines: tuple[AsyncEngine, AsyncEngine],
) -> None:
    def old(connection: Connection) -> None:
        command.upgrade(schema.alembic_config(connection), "0001")
        connection.exec_driver_sql("INSERT INTO administrators VALUES ('ada', 'hash')")

    async with engines[0].begin() as connection:
        await connection.run_sync(old)
        await connection.run_sync(schema.bring_up_to_date)
        await connection.run_sync(schema.check_current)
        found = await connection.exec_driver_sql("SELECT username FROM users")
        assert found.scalars().all() == ["ada"]


async def test_one_of_a_newer_program_is_refused_and_left_alone(
    engines: tuple[AsyncEngine, AsyncEngine],
) -> None:
    async with engines[0].begin() as connection:
        await connection.run_sync(schema.make)
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(DatabaseUnusable) as caught:
            await connection.run_sync(schema.bring_up_to_date)
        assert (caught.value.code, "9999" in caught.value.message) == ("database_too_new", True)
        assert await connection.run_sync(schema.revisions) == {"9999"}


async def test_tables_of_somebody_else_are_not_taken_for_an_empty_database(
    engines: tuple[AsyncEngine, AsyncEngine],
) -> None:
    async with engines[0].begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE phones (theirs INTEGER)")
    with pytest.raises(Exception, match="phones"):
        async with engines[0].begin() as connection:
            await connection.run_sync(schema.bring_up_to_date)
