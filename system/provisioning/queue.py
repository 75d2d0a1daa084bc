"""The stored queue: one active operation per extension at most, newest wish wins.

All functions work in the caller's unit of work, so that an operation is stored together with the
wish that it carries out.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from system.domain.operations import ACTIVE, UNFINISHED, Event, Kind, State, next_state
from system.provisioning import gate
from system.storage.models import Extension, Operation

_EXTENSION_STATE = {Kind.PROVISION: "waiting", Kind.REMOVE: "removing"}


async def enqueue(session: AsyncSession, extension: Extension, kind: Kind, now: float) -> Operation:
    """Store a new operation, due at once; it takes the place of an active one."""
    (operation_id,) = await enqueue_each(session, [extension], now, kind)
    return await session.get_one(Operation, operation_id)


async def drop_active(session: AsyncSession, extension: Extension) -> None:
    """Mark the extension's active operation as superseded; forget finished ones before it."""
    await _drop_active(session, [extension.id])


async def _drop_active(session: AsyncSession, extension_ids: Collection[int]) -> None:
    finished = [State.DONE, State.SUPERSEDED]
    await session.execute(
        delete(Operation).where(
            Operation.extension_id.in_(extension_ids), Operation.state.in_(finished)
        )
    )
    active = select(Operation).where(
        Operation.extension_id.in_(extension_ids), Operation.state.in_(UNFINISHED)
    )
    for operation in await session.scalars(active):
        operation.state = next_state(State(operation.state), Event.REPLACED)
        operation.next_attempt_at = None


async def enqueue_all_remote(session: AsyncSession, now: float) -> int:
    """An operation for every extension with remote credentials that has none active (PRV-1)."""
    busy = select(Operation.extension_id).where(Operation.state.in_(ACTIVE))
    wanted = select(Extension).where(
        Extension.use_remote_credentials.is_(True), Extension.id.not_in(busy)
    )
    extensions = (await session.scalars(wanted)).all()
    await enqueue_each(session, extensions, now)
    return len(extensions)


async def enqueue_each(
    session: AsyncSession,
    extensions: Sequence[Extension],
    now: float,
    kind: Kind = Kind.PROVISION,
) -> list[int]:
    """One operation for each extension, due at once; their ids, in the same order."""
    if not extensions:
        return []
    await _drop_active(session, [extension.id for extension in extensions])
    new = {"kind": kind, "state": State.WAITING, "attempts": 0, "failures": 0}
    times = {"created_at": now, "next_attempt_at": now}
    values = [{"extension_id": extension.id, **new, **times} for extension in extensions]
    made = insert(Operation).returning(Operation.id, sort_by_parameter_order=True)
    ids = list((await session.scalars(made, values)).all())
    for extension in extensions:
        extension.provisioning_state = _EXTENSION_STATE[kind]
        extension.provisioning_message = None
        extension.provisioning_attempts = 0
    await session.flush()
    return ids


async def due(session: AsyncSession, now: float, limit: int | None = None) -> list[int]:
    """Ids of the operations whose time has come, longest waiting first."""
    statement = (
        select(Operation.id)
        .where(Operation.state.in_(ACTIVE), Operation.next_attempt_at <= now)
        .order_by(Operation.next_attempt_at, Operation.id)
        .limit(limit)
    )
    return list((await session.scalars(statement)).all())


async def next_due_at(session: AsyncSession) -> float | None:
    """When the next operation is due; ``None`` when none waits for its time."""
    statement = select(func.min(Operation.next_attempt_at)).where(Operation.state.in_(ACTIVE))
    return await session.scalar(statement)


async def make_all_due(session: AsyncSession, now: float, *, release: bool = True) -> None:
    """Whatever is active is tried now: settings have changed, or access works again (TOK-8).

    ``release`` lets it also try an MBG that is left alone by the breaker.
    """
    if release:
        await gate.release(session)
    await session.execute(
        update(Operation).where(Operation.state.in_(ACTIVE)).values(next_attempt_at=now)
    )


async def retry_dead(session: AsyncSession, now: float, operation_id: int | None = None) -> int:
    """All dead letters, or one, wait again and are due now; how many that were."""
    await gate.release(session)
    dead = select(Operation).where(Operation.state == State.DEAD)
    if operation_id is not None:
        dead = dead.where(Operation.id == operation_id)
    operations = (await session.scalars(dead)).all()
    for operation in operations:
        operation.state = next_state(State.DEAD, Event.RETRY_ASKED)
        operation.next_attempt_at, operation.failures = now, 0
    return len(operations)


async def move_waiting(session: AsyncSession, now: float, next_at: float | None) -> None:
    """All that is active and not due by ``now`` is tried at ``next_at``, for one common reason."""
    await session.execute(
        update(Operation)
        .where(Operation.state.in_(ACTIVE), Operation.next_attempt_at > now)
        .values(next_attempt_at=next_at)
    )


async def is_active(session: AsyncSession, operation_id: int) -> bool:
    """Whether the operation is still to be carried out; a newer one may have replaced it."""
    operation = await session.get(Operation, operation_id)
    return operation is not None and State(operation.state) in ACTIVE
