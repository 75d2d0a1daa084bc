"""Rows that somebody else may be inserting at the same moment."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from system.storage.models import Base


async def insert_missing(
    session: AsyncSession, table: type[Base], rows: Sequence[dict[str, Any]]
) -> None:
    """Insert the rows whose key is not there yet; one that is there stays as it is.

    Give rows in the order of their key: two that insert the same ones then can't block each other.
    """
    if not rows:
        return
    # The two dialects have a class each for one and the same clause.
    dialect = session.get_bind().dialect.name
    statement: Any = (
        postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    ).on_conflict_do_nothing()
    await session.execute(statement, list(rows))
