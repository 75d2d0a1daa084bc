"""Rows written many at a time, past the ORM: one statement, values for each row.

The ORM's share of a thousand updates is several times that of the database. Whoever changes what
phones are told this way has to say so (``changes.note_extensions``), and has flushed before what
the session still holds of the same rows.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Insert,
    Table,
    Text,
    Update,
    any_,
    bindparam,
    func,
    insert,
    select,
    update,
)
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


def among(
    session: AsyncSession, column: ColumnElement[Item], values: Collection[Item]
) -> ColumnElement[bool]:
    """``column IN (values)``, with all values in one parameter.

    However many there are, the statement is the same: SQLAlchemy writes it once and the database
    reads it once.
    """
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(bindparam(None, list(values), ARRAY(column.type)))
    listed = func.json_each(bindparam(None, json.dumps(list(values)), Text)).table_valued("value")
    return column.in_(select(listed.c.value))


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
        await _execute_each(session, table, statement, (_KEY, *columns), rows)


async def insert_each(
    session: AsyncSession, table: Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Add rows; each names the same columns."""
    if rows:
        columns = tuple(rows[0])
        await _execute_each(session, table, insert(table).inline(), columns, rows)


async def _execute_each(
    session: AsyncSession,
    table: Table,
    statement: Insert | Update,
    names: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Execute a statement with the values of each row, which the columns' types convert.

    SQLAlchemy's own way with many rows makes a dictionary of each and asks for each what is in it.
    """
    connection = await session.connection()
    dialect = connection.dialect
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    convert = {
        column.name: column.type.dialect_impl(dialect).bind_processor(dialect)
        for column in table.columns
    }
    order = [(name, convert.get(name)) for name in compiled.positiontup or ()]
    values = [
        tuple(row[name] if change is None else change(row[name]) for name, change in order)
        for row in rows
    ]
    await connection.exec_driver_sql(compiled.string, values)
