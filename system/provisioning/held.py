"""Operations and their extensions as the worker changes them: read locked, written back together.

Rows without the ORM, which would take most of the time of a bulk switch. The passwords of
extensions are not read: one that cannot be decrypted is marked as well.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncSession

from system.domain.credentials import Sealed
from system.domain.operations import ACTIVE
from system.storage.models import Extension, Operation
from system.storage.rows import among, table_of, update_rows

EXTENSIONS, OPERATIONS = table_of(Extension), table_of(Operation)


@dataclass(slots=True)
class ExtensionRow:
    """Columns of an extension that outcomes change."""

    id: int
    use_remote_credentials: bool
    mbg_device_id: str | None
    mbg_device_name: str | None
    mbg_unanswered_name: str | None
    mbg_created_at: float | None
    mbg_written_at: float | None
    provisioning_state: str
    provisioning_message: str | None
    provisioning_attempts: int


@dataclass(slots=True)
class OperationRow:
    """An active operation, without its times of the past."""

    id: int
    extension_id: int
    kind: str
    state: str
    attempts: int
    failures: int
    message: str | None
    next_attempt_at: float | None
    taken_by: str | None
    taken_until: float | None


async def extensions_of(session: AsyncSession, operation_ids: Collection[int]) -> set[int]:
    """Ids of the extensions that these operations are about."""
    if not operation_ids:
        return set()
    about = select(OPERATIONS.c.extension_id).where(among(session, OPERATIONS.c.id, operation_ids))
    return set(await session.scalars(about))


async def lock(session: AsyncSession, extension_ids: Collection[int]) -> None:
    """Lock extensions that need not be read, in the one order, before their operations.

    SQLite has one writer, so that there is nothing to lock.
    """
    if session.get_bind().dialect.name != "sqlite":
        statement = select(EXTENSIONS.c.id).where(among(session, EXTENSIONS.c.id, extension_ids))
        await session.execute(statement.order_by(EXTENSIONS.c.id).with_for_update())


async def extensions(session: AsyncSession, ids: Collection[int]) -> dict[int, ExtensionRow]:
    """Extensions by id, locked; to be read before their operations, for the order of locks."""
    statement = (
        select(*_columns(ExtensionRow, EXTENSIONS))
        .where(among(session, EXTENSIONS.c.id, ids))
        .order_by(EXTENSIONS.c.id)
        .with_for_update()
    )
    return {row.id: ExtensionRow(*row) for row in await session.execute(statement)}


async def operations(session: AsyncSession, ids: Collection[int]) -> dict[int, OperationRow]:
    """Those of the operations that are active, locked."""
    statement = (
        select(*_columns(OperationRow, OPERATIONS))
        .where(among(session, OPERATIONS.c.id, ids), OPERATIONS.c.state.in_(ACTIVE))
        .order_by(OPERATIONS.c.id)
        .with_for_update()
    )
    return {row.id: OperationRow(*row) for row in await session.execute(statement)}


async def pairs(
    session: AsyncSession, operation_ids: Collection[int]
) -> list[tuple[OperationRow, ExtensionRow]]:
    """Active operations with their extensions, both locked."""
    known = await extensions(session, await extensions_of(session, operation_ids))
    active = await operations(session, operation_ids)
    return [(operation, known[operation.extension_id]) for operation in active.values()]


async def write_back(
    session: AsyncSession,
    extensions: Iterable[ExtensionRow] = (),
    operations: Iterable[OperationRow] = (),
    confirmed: Mapping[int, tuple[str | None, Sealed | None]] = MappingProxyType({}),
) -> None:
    """Store rows as they are now.

    Args:
        confirmed: extension id -> ``mbg_name`` and ``mbg_password``, which are never read here.
    """
    others, with_credentials = [], []
    for row in extensions:
        if credentials := confirmed.get(row.id):
            with_credentials.append(_extension_values(row) + credentials)
        else:
            others.append(_extension_values(row))
    await update_rows(session, EXTENSIONS, _EXTENSION_COLUMNS, others)
    columns = (*_EXTENSION_COLUMNS, "mbg_name", "mbg_password")
    await update_rows(session, EXTENSIONS, columns, with_credentials)
    changed = [_operation_values(row) for row in operations]
    await update_rows(session, OPERATIONS, _OPERATION_COLUMNS, changed)


_FIXED = frozenset({"id", "extension_id", "kind", "use_remote_credentials"})
"""What outcomes never change."""
_EXTENSION_COLUMNS, _OPERATION_COLUMNS = (
    tuple(field.name for field in fields(row) if field.name not in _FIXED)
    for row in (ExtensionRow, OperationRow)
)
_extension_values = attrgetter("id", *_EXTENSION_COLUMNS)
_operation_values = attrgetter("id", *_OPERATION_COLUMNS)


def _columns(row: type[ExtensionRow] | type[OperationRow], table: Table) -> list[Any]:
    return [table.c[field.name] for field in fields(row)]
