"""Rows written many at a time, past the ORM: one statement, values for each row.

The ORM's share of a thousand updates is several times that of the database. Whoever changes what
phones are told this way has to say so (``changes.note_extensions``), and has flushed before what
the session still holds of the same rows.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, cast
from weakref import WeakKeyDictionary

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
from sqlalchemy.engine import Dialect
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
    alike: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for number, values in changes.items():
        if values:
            alike.setdefault(tuple(values), []).append((number, *values.values()))
    for columns, rows in alike.items():
        await update_rows(session, table, columns, rows)


async def update_rows(
    session: AsyncSession, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Change these columns of rows: each has its ``id``, then the values in the same order."""
    await _execute_each(session, table, Update, (_KEY, *columns), rows)


async def insert_each(
    session: AsyncSession, table: Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Add rows; each names the same columns in the same order."""
    if rows:
        values = [tuple(row.values()) for row in rows]
        await _execute_each(session, table, Insert, tuple(rows[0]), values)


class _Written(NamedTuple):
    """A statement as the driver takes it."""

    sql: str
    order: tuple[tuple[int, Callable[[Any], Any] | None], ...]
    """Which value of a row each parameter is, and what its column's type makes of it."""


_written: WeakKeyDictionary[Dialect, dict[Any, _Written]] = WeakKeyDictionary()


async def _execute_each(
    session: AsyncSession,
    table: Table,
    kind: type[Insert] | type[Update],
    names: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
) -> None:
    """Execute a statement with the values of each row, which the columns' types convert.

    SQLAlchemy's own way with many rows makes a dictionary of each and asks for each what is in it,
    and writes a statement anew each time that it is to be had as text.
    """
    if not rows:
        return
    connection = await session.connection()
    known = _written.setdefault(connection.dialect, {})
    written = known.get((kind, table, names))
    if written is None:
        written = known[kind, table, names] = _write(connection.dialect, table, kind, names)
    # Column by column: most of them need no conversion.
    given = list(zip(*rows, strict=True))
    values: list[Iterable[Any]] = [
        given[place] if convert is None else map(convert, given[place])
        for place, convert in written.order
    ]
    await connection.exec_driver_sql(written.sql, list(zip(*values, strict=True)))


def _write(
    dialect: Dialect, table: Table, kind: type[Insert] | type[Update], names: tuple[str, ...]
) -> _Written:
    statement: Insert | Update = insert(table).inline()
    if kind is Update:
        values: dict[str, Any] = {name: bindparam(name) for name in names if name != _KEY}
        statement = update(table).where(table.c.id == bindparam(_KEY)).values(values)
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    convert = {
        column.name: column.type.dialect_impl(dialect).bind_processor(dialect)
        for column in table.columns
    }
    order = [(names.index(name), convert.get(name)) for name in compiled.positiontup or ()]
    return _Written(compiled.string, tuple(order))
