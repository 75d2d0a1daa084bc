"""The stored queue: one active operation per extension at most, newest wish wins.

All functions work in the caller's unit of work, so that an operation is stored together with the
wish that it carries out. Where several MCS share a database, rows are locked in one order
everywhere, or two would wait for each other: the breaker, extensions by id, operations by id.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from system.domain.operations import ACTIVE, UNFINISHED, Event, Kind, State, next_state
from system.provisioning import gate
from system.storage.models import Extension, Operation
from system.storage.rows import among, in_chunks, insert_each, table_of

_EXTENSIONS, _OPERATIONS = table_of(Extension), table_of(Operation)
_FINISHED = (State.DONE, State.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class Lease:
    """An operation taken by one MCS, until an epoch second."""

    by: str
    until: float


def shown_at_first(kind: Kind) -> dict[str, Any]:
    """What an extension shows whose operation was just stored, by column."""
    return {
        "provisioning_state": "waiting" if kind is Kind.PROVISION else "removing",
        "provisioning_message": None,
        "provisioning_attempts": 0,
    }


async def enqueue(session: AsyncSession, extension: Extension, kind: Kind, now: float) -> None:
    """Store a new operation, due at once; it takes the place of an active one."""
    for name, value in shown_at_first(kind).items():
        setattr(extension, name, value)
    await session.flush()
    await store_each(session, [extension.id], now, kind)


async def drop_active(session: AsyncSession, extension_ids: Sequence[int]) -> None:
    """Mark the extensions' active operations as superseded; forget finished ones before them."""
    unfinished: list[int] = []
    for some in in_chunks(extension_ids):
        theirs = among(session, _OPERATIONS.c.extension_id, some)
        await session.execute(delete(_OPERATIONS).where(theirs, _OPERATIONS.c.state.in_(_FINISHED)))
        found = select(_OPERATIONS.c.id).where(theirs, _OPERATIONS.c.state.in_(UNFINISHED))
        unfinished += (await session.scalars(found)).all()
    # Who holds the extensions decides about these, so they may be locked afterwards, in order.
    for some in in_chunks(sorted(unfinished)):
        ours = among(session, _OPERATIONS.c.id, some) & _OPERATIONS.c.state.in_(UNFINISHED)
        await session.execute(
            select(_OPERATIONS.c.id).where(ours).order_by(_OPERATIONS.c.id).with_for_update()
        )
        await session.execute(
            update(_OPERATIONS)
            .where(ours)
            .values(state=next_state(State.WAITING, Event.REPLACED), next_attempt_at=None)
        )


async def enqueue_all_remote(session: AsyncSession, now: float) -> int:
    """An operation for every extension with remote credentials that has none active (PRV-1)."""
    busy = select(Operation.extension_id).where(Operation.state.in_(ACTIVE))
    wanted = select(Extension).where(
        Extension.use_remote_credentials.is_(True), Extension.id.not_in(busy)
    )
    ids = await ids_in_order(session, wanted)
    await enqueue_each(session, ids, now)
    return len(ids)


async def ids_in_order(session: AsyncSession, wanted: Select[Extension]) -> list[int]:
    """Ids of extensions, which are locked in the one order."""
    return list((await session.scalars(in_order(wanted).with_only_columns(Extension.id))).all())


def in_order(statement: Select[Extension]) -> Select[Extension]:
    """The extensions locked, in the one order."""
    return statement.order_by(Extension.id).with_for_update(of=Extension)


def locked(statement: Select[Operation]) -> Select[Operation]:
    """The operations locked as they are now, in the one order."""
    statement = statement.order_by(Operation.id).with_for_update(of=Operation)
    return statement.execution_options(populate_existing=True)


async def enqueue_each(
    session: AsyncSession, extension_ids: Sequence[int], now: float, kind: Kind = Kind.PROVISION
) -> list[int]:
    """One operation for each extension, due at once; their ids, in the same order."""
    ids = await store_each(session, extension_ids, now, kind)
    for some in in_chunks(extension_ids):
        theirs = among(session, _EXTENSIONS.c.id, some)
        await session.execute(update(_EXTENSIONS).where(theirs).values(shown_at_first(kind)))
    return ids


async def store_each(
    session: AsyncSession, extension_ids: Sequence[int], now: float, kind: Kind
) -> list[int]:
    """As ``enqueue_each``, for extensions that show already what is wanted."""
    if not extension_ids:
        return []
    await drop_active(session, extension_ids)
    new = {"kind": kind, "state": State.WAITING, "attempts": 0, "failures": 0}
    times = {"created_at": now, "next_attempt_at": now}
    operations = [{"extension_id": number, **new, **times} for number in extension_ids]
    await insert_each(session, _OPERATIONS, operations)
    made: dict[int, int] = {}
    for some in in_chunks(extension_ids):
        # What was active before is not any more, so that these are the new ones.
        theirs = among(session, _OPERATIONS.c.extension_id, some)
        statement = select(_OPERATIONS.c.extension_id, _OPERATIONS.c.id)
        found = statement.where(theirs, _OPERATIONS.c.state.in_(UNFINISHED))
        made |= {row.extension_id: row.id for row in await session.execute(found)}
    return [made[number] for number in extension_ids]


async def due(session: AsyncSession, now: float, limit: int | None = None) -> dict[int, float]:
    """The operations whose time has come and that nobody has, longest waiting first: id -> time."""
    columns = (_OPERATIONS.c.id, _OPERATIONS.c.next_attempt_at)
    statement = select(*columns).where(_is_due(now)).order_by(*_TURN).limit(limit)
    return {row.id: row.next_attempt_at for row in await session.execute(statement)}


async def take(session: AsyncSession, now: float, lease: Lease, at_most: int) -> list[int]:
    """Due operations, taken for the lease; what another MCS is just taking is passed over."""
    statement = (
        select(_OPERATIONS.c.id)
        .where(_is_due(now))
        .order_by(*_TURN)
        .limit(at_most)
        .with_for_update(skip_locked=True)
    )
    taken = list((await session.scalars(statement)).all())
    await _lease(session, taken, lease)
    return taken


async def renew(
    session: AsyncSession, operation_ids: Collection[int], lease: Lease, now: float
) -> set[int]:
    """Those operations that are to be carried out still and that no other MCS has."""
    statement = (
        select(_OPERATIONS.c.id, _OPERATIONS.c.taken_by, _OPERATIONS.c.taken_until)
        .where(among(session, _OPERATIONS.c.id, operation_ids), _OPERATIONS.c.state.in_(ACTIVE))
        .order_by(_OPERATIONS.c.id)
        .with_for_update()
    )
    rows = (await session.execute(statement)).all()
    ours = [row.id for row in rows if not is_taken_by_other(row, lease.by, now)]
    await _lease(session, ours, lease)
    return set(ours)


async def _lease(session: AsyncSession, operation_ids: Collection[int], lease: Lease) -> None:
    await session.execute(
        update(_OPERATIONS)
        .where(among(session, _OPERATIONS.c.id, operation_ids))
        .values(taken_by=lease.by, taken_until=lease.until)
    )


class Taken(Protocol):
    """An operation, as far as its lease goes."""

    @property
    def taken_by(self) -> str | None:
        """Name of the MCS that has it."""
        ...

    @property
    def taken_until(self) -> float | None:
        """Epoch second at which the lease ends."""
        ...


def is_taken_by_other(operation: Taken, own_name: str, now: float) -> bool:
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


async def make_all_due(session: AsyncSession, now: float, *, release: bool = True) -> None:
    """Whatever is active is tried now: settings have changed, or access works again (TOK-8).

    ``release`` lets it also try an MBG that is left alone by the breaker.
    """
    if release:
        await gate.release(session)
    await _lock_active(session)
    before = Operation.next_attempt_at
    just_due = before.between(now - _JUST_S, now)
    due = case((just_due, before - _A_MOMENT_S), else_=now)
    await session.execute(
        update(Operation).where(Operation.state.in_(ACTIVE)).values(next_attempt_at=due)
    )


def due_anew(before: float | None, now: float) -> float:
    """Now, but another time than before: who has begun it sees so that something has changed.

    Of what is just due it is a moment earlier each time, so that two changes don't bring back the
    time from before the first.
    """
    if before is None or not now - _JUST_S <= before <= now:
        return now
    return before - _A_MOMENT_S


async def retry_dead(session: AsyncSession, now: float) -> int:
    """All dead letters wait again and are due now; how many that were."""
    await gate.release(session)
    dead = select(Operation).where(Operation.state == State.DEAD)
    operations = (await session.scalars(locked(dead))).all()
    for operation in operations:
        operation.state = next_state(State.DEAD, Event.RETRY_ASKED)
        operation.next_attempt_at, operation.failures = now, 0
    return len(operations)


async def move_waiting(session: AsyncSession, now: float, next_at: float | None) -> None:
    """All that is active and not due by ``now`` is tried at ``next_at``, for one common reason."""
    await _lock_active(session)
    await session.execute(
        update(Operation)
        .where(Operation.state.in_(ACTIVE), Operation.next_attempt_at > now)
        .values(next_attempt_at=next_at)
    )


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


_A_MOMENT_S = 1e-6
"""More than what an epoch second of a database is rounded to."""
_JUST_S = 1.0
"""Less than any wait of an operation, and more moments than there are changes in it."""
_TURN = (Operation.next_attempt_at, Operation.id)


def _is_due(now: float) -> ColumnElement[bool]:
    free = or_(Operation.taken_until.is_(None), Operation.taken_until <= now)
    return Operation.state.in_(ACTIVE) & (Operation.next_attempt_at <= now) & free
