"""Copying all tables from one database to another, encrypted values as they are.

So a backup has one form whatever it was made from: an SQLite file with the schema of this version.
"""

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from system.storage.models import Base

_ROWS_AT_ONCE = 1000


async def copy_tables(source: AsyncConnection, target: AsyncConnection) -> int:
    """Copy every row of every table, parents first; how many rows that were.

    Both need the same schema, and the target no rows; both engines a ``RawBox``.
    """
    copied = 0
    for table in Base.metadata.sorted_tables:
        result = await source.stream(select(table).order_by(*table.primary_key.columns))
        async for rows in result.mappings().partitions(_ROWS_AT_ONCE):
            await target.execute(insert(table), [dict(row) for row in rows])
            copied += len(rows)
    if target.dialect.name == "postgresql":
        await _continue_numbers(target)
    return copied


async def has_rows(connection: AsyncConnection) -> bool:
    """Whether any table holds anything."""
    for table in Base.metadata.sorted_tables:
        if (await connection.execute(select(table.primary_key.columns[0]).limit(1))).first():
            return True
    return False


async def _continue_numbers(target: AsyncConnection) -> None:
    """PostgreSQL counts ids by itself: go on after the highest that was copied."""
    for table in Base.metadata.sorted_tables:
        counted = table.autoincrement_column
        if counted is None:
            continue
        # Names of our own tables, no input; a table without a sequence has none to set.
        await target.execute(
            text(
                f"SELECT setval(sequence, (SELECT coalesce(max({counted.name}), 0) + 1 "
                f"FROM {table.name}), false) FROM pg_get_serial_sequence('{table.name}', "
                f"'{counted.name}') AS sequence WHERE sequence IS NOT NULL"
            )
        )
