"""Rows written many at a time, past the ORM: one statement, values for each row.

The ORM's share of a thousand updates is several times that of the database. Whoever changes what
phones are told this way has to say so (``changes.note_extensions``), and has flushed before what
the session still holds of the same rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import Table, bindparam, insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from system.storage.models import Base

IN_ONE_STATEMENT = 500
"""Values of one ``IN``; databases take a bounded number of parameters."""

_KEY = "key_of_row"
Item = TypeVar("Item")


def table_of(model: type[Base]) -> Table:
    """The table of a model, for statements without the ORM."""
    return cast(Table, model.__table__)


def in_chunks(values: Sequence[Item], most: int = IN_ONE_STATEMENT) -> Iterator[Sequence[Item]]:
    """The values in order, not too many for one statement at a time."""
    for start in range(0, len(values), most):
        yield values[start : start + most]


async def update_each(
    session: AsyncSession, table: Table, changes: Mapping[int, Mapping[str, Any]]
) -> None:
    """Change rows by their ``id``: one statement for all that change the same columns.

    Args:
        changes: id -> column -> value; rows are written in this order.
    """
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for number, values in changes.items():
        if values:
            alike.setdefault(tuple(values), []).append({_KEY: number, **values})
    for columns, rows in alike.items():
        statement = (
            update(table)
            .where(table.c.id == bindparam(_KEY))
            .values({name: bindparam(name) for name in columns})
        )
        await session.execute(statement, rows)


async def insert_each(
    session: AsyncSession, table: Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Add rows; each names the same columns."""
    if rows:
        await session.execute(insert(table), list(rows))
