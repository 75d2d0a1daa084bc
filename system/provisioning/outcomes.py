"""Recording what came of operations: on the operation, and on the extension that shows it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from system.audit.trail import SYSTEM, add
from system.domain.credentials import Entropy
from system.domain.operations import (
    ACTIVE,
    UNFINISHED,
    Event,
    Kind,
    State,
    next_state,
    retry_delay_s,
)
from system.errors import MbgBusy, McsError, NotReady
from system.provisioning import queue
from system.provisioning.plan import Job, event_for
from system.provisioning.steps import Failed, Outcome, Provisioned, Removed
from system.storage.models import Extension, Operation

__all__ = ["RetryTimes", "event_for"]

GIVEN_UP = "MCS has stopped trying after {count} tries; retry it by hand once this is put right."


@dataclass(frozen=True, slots=True)
class RetryTimes:
    """Bounds of the wait between two tries in seconds, and how many may need a person."""

    first_s: float
    longest_s: float
    failures: int = 60

    def slow_s(self, entropy: Entropy) -> float:
        """The pace for what a person has to put right."""
        return retry_delay_s(1, self.longest_s, self.longest_s, entropy)


@dataclass(frozen=True, slots=True)
class Turn:
    """When and by whom outcomes are recorded."""

    now: float
    own_name: str
    """Who we are among several MCS on one database."""
    retry: RetryTimes
    entropy: Entropy


async def extensions(session: AsyncSession, ids: Collection[int]) -> dict[int, Extension]:
    """Extensions by id, locked before their operations are.

    They come without their passwords: one that cannot be read is marked as well.
    """
    statement = queue.in_order(select(Extension).where(Extension.id.in_(ids))).options(
        load_only(
            Extension.use_remote_credentials,
            Extension.provisioning_state,
            Extension.mbg_device_id,
            Extension.mbg_device_name,
            Extension.mbg_unanswered_name,
            Extension.mbg_created_at,
        )
    )
    return {extension.id: extension for extension in await session.scalars(statement)}


async def pairs(
    session: AsyncSession, operation_ids: Collection[int]
) -> list[tuple[Operation, Extension]]:
    """Active operations with their extensions, both locked."""
    known = await _with_extensions(session, operation_ids, ())
    return await _active(session, operation_ids, known)


async def _with_extensions(
    session: AsyncSession, operation_ids: Collection[int], also: Collection[int]
) -> dict[int, Extension]:
    """The extensions of operations and some others, in one go for the order of locks."""
    about = select(Operation.extension_id).where(Operation.id.in_(operation_ids))
    return await extensions(session, {*(await session.scalars(about)), *also})


async def _active(
    session: AsyncSession, operation_ids: Collection[int], known: dict[int, Extension]
) -> list[tuple[Operation, Extension]]:
    statement = select(Operation).where(
        Operation.id.in_(operation_ids), Operation.state.in_(ACTIVE)
    )
    operations = (await session.scalars(queue.locked(statement))).all()
    return [(operation, known[operation.extension_id]) for operation in operations]


async def note(session: AsyncSession, results: Sequence[Outcome], turn: Turn) -> None:
    """Record all of it in the caller's unit of work."""
    now, numbers = turn.now, [_operation_id(result) for result in results]
    known = await _with_extensions(session, numbers, list(_extension_ids(results)))
    found = await _active(session, numbers, known)
    operations = {operation.id: operation for operation, _ in found}
    for result in results:
        operation = operations.get(_operation_id(result))
        match result:
            case Provisioned(job):
                extension = known[job.extension_id]
                facts: dict[str, str | None] = {"mbg_device_id": result.device_id}
                _audit(session, job, now, "SIP device provisioned", facts)
                _provisioned(extension, result, now)
                if operation is not None:
                    _finish(operation, extension, "provisioned", None)
                elif await _left_over(session, extension):
                    # It was unchecked while the MBG was being told, when no id was known (EXT-3).
                    await queue.enqueue(session, extension, Kind.REMOVE, now)
            case Removed(job, message):
                extension = known[job.extension_id]
                facts = {"mbg_device_id": extension.mbg_device_id, "message": message}
                _audit(session, job, now, "SIP device removed", facts)
                _forget_device(extension)
                if operation is not None:
                    _finish(operation, extension, "off", message)
            case Failed(_, error, refused):
                if refused is not None:
                    _write_refused(known[refused.extension_id])
                if operation is not None and not queue.is_taken_by_other(
                    operation, turn.own_name, now
                ):
                    _failed(operation, known[operation.extension_id], error, turn)


def mark_failed(
    operation: Operation,
    extension: Extension,
    message: str | None,
    event: Event,
    next_at: float | None,
) -> None:
    """Let an operation, and its extension, say why it is not done and when it is tried again."""
    operation.state = next_state(State(operation.state), event)
    operation.message, operation.next_attempt_at = message, next_at
    operation.taken_by = operation.taken_until = None
    extension.provisioning_message = message
    extension.provisioning_attempts = operation.attempts
    extension.provisioning_state = _shown_state(Kind(operation.kind), event)


def _failed(operation: Operation, extension: Extension, error: McsError, turn: Turn) -> None:
    event, message = event_for(error), error.message
    operation.attempts += 1
    if event is Event.NEEDS_A_PERSON:
        operation.failures += 1
        if operation.failures >= turn.retry.failures:
            event = Event.GIVEN_UP
            message = f"{message} {GIVEN_UP.format(count=operation.failures)}"
    next_at = _next_attempt_at(operation.attempts, error, event, turn)
    mark_failed(operation, extension, message, event, next_at)


def _next_attempt_at(attempts: int, error: McsError, event: Event, turn: Turn) -> float | None:
    now, retry, entropy = turn.now, turn.retry, turn.entropy
    if isinstance(error, NotReady) or event is Event.GIVEN_UP:
        return None  # only a change helps, or a person; each of those makes it due
    if event is Event.NEEDS_A_PERSON:
        return now + retry.slow_s(entropy)
    delay_s = retry_delay_s(attempts, retry.first_s, retry.longest_s, entropy)
    asked_s = error.retry_after_s if isinstance(error, MbgBusy) else 0.0
    return now + max(delay_s, asked_s)


def _provisioned(extension: Extension, result: Provisioned, now: float) -> None:
    job = result.job
    if result.created or extension.mbg_created_at is None:
        extension.mbg_created_at = now
    extension.mbg_device_id, extension.mbg_device_name = result.device_id, job.remote_name
    extension.mbg_unanswered_name = None
    extension.mbg_written_at = now
    if extension.use_remote_credentials:
        extension.mbg_name, extension.mbg_password = job.remote_name, job.remote_password


def _write_refused(extension: Extension) -> None:
    """What was there before is there still."""
    extension.mbg_unanswered_name = None
    if extension.mbg_device_name is None:
        extension.mbg_device_id = None


def _forget_device(extension: Extension) -> None:
    extension.mbg_device_id = extension.mbg_device_name = None
    extension.mbg_unanswered_name = None
    extension.mbg_created_at = extension.mbg_written_at = None


async def _left_over(session: AsyncSession, extension: Extension) -> bool:
    if extension.use_remote_credentials:
        return False
    unfinished = select(Operation.id).where(
        Operation.extension_id == extension.id, Operation.state.in_(UNFINISHED)
    )
    return await session.scalar(unfinished) is None


def _audit(
    session: AsyncSession, job: Job, now: float, action: str, facts: dict[str, str | None]
) -> None:
    add(session, now, SYSTEM, action, f"/extensions/{job.extension}", None, facts)


def _finish(operation: Operation, extension: Extension, state: str, message: str | None) -> None:
    operation.attempts += 1
    operation.state = next_state(State(operation.state), Event.SUCCEEDED)
    operation.message, operation.next_attempt_at = message, None
    operation.taken_by = operation.taken_until = None
    extension.provisioning_state, extension.provisioning_message = state, message
    extension.provisioning_attempts = operation.attempts


def _shown_state(kind: Kind, event: Event) -> str:
    if event in (Event.NEEDS_A_PERSON, Event.GIVEN_UP):
        return "failed"
    return "waiting" if kind is Kind.PROVISION else "removing"


def _operation_id(result: Outcome) -> int:
    return result.operation_id if isinstance(result, Failed) else result.job.operation_id


def _extension_ids(results: Iterable[Outcome]) -> Iterable[int]:
    for result in results:
        if not isinstance(result, Failed):
            yield result.job.extension_id
        elif result.refused is not None:
            yield result.refused.extension_id
