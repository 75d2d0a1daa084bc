"""The stored queue: one active operation per extension at most, newest wish wins.

All functions work in the caller's unit of work, so that an operation is stored together with the
wish that it carries out. Where several MCS share a database, rows are locked in one order
everywhere, or two would wait for each other: extensions by id, then operations by id.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from system.domain.operations import ACTIVE, Event, Kind, State, next_state
from system.storage.models import Extension, Operation


@dataclass(frozen=True, slots=True)
class Lease:
    """An operation taken by one MCS, until an epoch second."""

    by: str
    until: float


_EXTENSION_STATE = {Kind.PROVISION: "waiting", Kind.REMOVE: "removing"}


async def enqueue(session: AsyncSession, extension: Extension, kind: Kind, now: float) -> Operation:
    """Store a new operation, due at once; it takes the place of an active one."""
    await drop_active(session, extension)
    operation = Operation(
        kind=kind,
        extension_id=extension.id,
        state=State.WAITING,
        attempts=0,
        created_at=now,
        next_attempt_at=now,
    )
    session.add(operation)
    extension.provisioning_state = _EXTENSION_STATE[kind]
    extension.provisioning_message = None
    extension.provisioning_attempts = 0
    await session.flush()
    return operation


async def drop_active(session: AsyncSession, extension: Extension) -> None:
    """Mark the extension's active operation as superseded; forget finished ones before it."""
    finished = [State.DONE, State.SUPERSEDED]
    await session.execute(
        delete(Operation).where(
            Operation.extension_id == extension.id, Operation.state.in_(finished)
        )
    )
    for operation in await _active_of(session, extension.id):
        operation.state = next_state(State(operation.state), Event.REPLACED)
        operation.next_attempt_at = None


async def enqueue_all_remote(session: AsyncSession, now: float) -> int:
    """An operation for every extension with remote credentials that has none active (PRV-1)."""
    busy = select(Operation.extension_id).where(Operation.state.in_(ACTIVE))
    wanted = select(Extension).where(
        Extension.use_remote_credentials.is_(True), Extension.id.not_in(busy)
    )
    extensions = (await session.scalars(in_order(wanted))).all()
    await enqueue_each(session, extensions, now)
    return len(extensions)


def in_order(statement: Select[Extension]) -> Select[Extension]:
    """The extensions locked, in the one order."""
    return statement.order_by(Extension.id).with_for_update(of=Extension)


async def enqueue_each(session: AsyncSession, extensions: Iterable[Extension], now: float) -> None:
    """One provisioning operation for each extension."""
    for extension in extensions:
        await enqueue(session, extension, Kind.PROVISION, now)


async def due(session: AsyncSession, now: float) -> list[int]:
    """Ids of the operations whose time has come and that nobody has, longest waiting first."""
    statement = (
        select(Operation.id)
        .where(Operation.state.in_(ACTIVE), Operation.next_attempt_at <= now, _free(now))
        .order_by(Operation.next_attempt_at, Operation.id)
    )
    return list((await session.scalars(statement)).all())


async def take(session: AsyncSession, now: float, lease: Lease, at_most: int) -> list[int]:
    """Due operations, taken for the lease; what another MCS is just taking is passed over."""
    statement = (
        select(Operation)
        .where(Operation.state.in_(ACTIVE), Operation.next_attempt_at <= now, _free(now))
        .order_by(Operation.next_attempt_at, Operation.id)
        .limit(at_most)
        .with_for_update(skip_locked=True)
    )
    taken = (await session.scalars(statement)).all()
    for operation in taken:
        operation.taken_by, operation.taken_until = lease.by, lease.until
    return [operation.id for operation in taken]


async def renew(session: AsyncSession, operation_id: int, lease: Lease, now: float) -> bool:
    """Go on with an operation that is to be carried out still and that no other MCS has."""
    operation = await session.get(Operation, operation_id, with_for_update=True)
    if operation is None or State(operation.state) not in ACTIVE:
        return False
    if is_taken_by_other(operation, lease.by, now):
        return False
    operation.taken_by, operation.taken_until = lease.by, lease.until
    return True


def is_taken_by_other(operation: Operation, own_name: str, now: float) -> bool:
    """Whether another MCS has the operation, and its lease has not ended."""
    return (
        operation.taken_by not in (None, own_name)
        and operation.taken_until is not None
        and operation.taken_until > now
    )


async def forget_leases(session: AsyncSession) -> None:
    """All operations are free."""
    await session.execute(
        update(Operation)
        .where(Operation.taken_by.is_not(None))
        .values(taken_by=None, taken_until=None)
    )


async def next_due_at(session: AsyncSession) -> float | None:
    """When the next operation is due; ``None`` when none waits for its time.

    One that is taken is due when its lease ends: whoever has it may have died.
    """
    due_at = case(
        (Operation.taken_until > Operation.next_attempt_at, Operation.taken_until),
        else_=Operation.next_attempt_at,
    )
    statement = select(func.min(due_at)).where(
        Operation.state.in_(ACTIVE), Operation.next_attempt_at.is_not(None)
    )
    found: float | None = await session.scalar(statement)
    return found


async def make_all_due(session: AsyncSession, now: float) -> None:
    """Whatever is active is tried now: settings have changed, or access works again (TOK-8)."""
    await _lock_active(session)
    await session.execute(
        update(Operation).where(Operation.state.in_(ACTIVE)).values(next_attempt_at=now)
    )


async def move_waiting(session: AsyncSession, now: float, next_at: float | None) -> None:
    """All that is active and not due by ``now`` is tried at ``next_at``, for one common reason."""
    await _lock_active(session)
    await session.execute(
        update(Operation)
        .where(Operation.state.in_(ACTIVE), Operation.next_attempt_at > now)
        .values(next_attempt_at=next_at)
    )


async def is_active(session: AsyncSession, operation_id: int) -> bool:
    """Whether the operation is still to be carried out; a newer one may have replaced it."""
    operation = await session.get(Operation, operation_id)
    return operation is not None and State(operation.state) in ACTIVE


async def lock_extensions_of(session: AsyncSession, operation_ids: Collection[int]) -> None:
    """Lock the extensions that these operations are about, before the operations are."""
    about = select(Operation.extension_id).where(Operation.id.in_(operation_ids))
    await session.execute(
        select(Extension.id).where(Extension.id.in_(about)).order_by(Extension.id).with_for_update()
    )


async def _lock_active(session: AsyncSession) -> None:
    """Lock all that is active in one order: two MCS that do so must not block each other."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(
            select(Operation.id)
            .where(Operation.state.in_(ACTIVE))
            .order_by(Operation.id)
            .with_for_update()
        )


def _free(now: float) -> ColumnElement[bool]:
    return or_(Operation.taken_until.is_(None), Operation.taken_until <= now)


async def _active_of(session: AsyncSession, extension_id: int) -> list[Operation]:
    statement = select(Operation).where(
        Operation.extension_id == extension_id,
        Operation.state.in_(ACTIVE),
    )
    return list((await session.scalars(statement)).all())
