"""Recording what came of operations: on the operation, and on the extension that shows it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from system.audit.trail import AUDIT_ENTRIES, SYSTEM, entry
from system.domain.credentials import Entropy, Sealed
from system.domain.operations import (
    UNFINISHED,
    Event,
    Kind,
    State,
    next_state,
    retry_delay_s,
)
from system.errors import MbgBusy, McsError, NotReady
from system.provisioning import held, queue
from system.provisioning.held import ExtensionRow, OperationRow
from system.provisioning.plan import Job, event_for
from system.provisioning.steps import Failed, Outcome, Provisioned, Removed
from system.storage.changes import note_extensions
from system.storage.models import Operation
from system.storage.rows import among, insert_each

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


async def note(session: AsyncSession, results: Sequence[Outcome], turn: Turn) -> None:
    """Record all of it in the caller's unit of work."""
    numbers = [_operation_id(result) for result in results]
    # What failed may be somebody else's by now; its operation tells whose.
    failed = [result.operation_id for result in results if isinstance(result, Failed)]
    about = await held.extensions_of(session, failed) | set(_extension_ids(results))
    writing = _Writing(
        turn,
        await held.extensions(session, about),
        await held.operations(session, numbers),
    )
    for result in results:
        writing.take_in(result)
    await writing.store(session)


class _Writing:
    """Outcomes taken in one by one, and stored together."""

    def __init__(
        self,
        turn: Turn,
        extensions: dict[int, ExtensionRow],
        operations: dict[int, OperationRow],
    ) -> None:
        self._turn = turn
        self._extensions = extensions
        self._operations = operations
        self._audit: list[dict[str, Any]] = []
        self._confirmed: dict[int, tuple[str | None, Sealed | None]] = {}
        self._perhaps_left_over: list[int] = []

    def take_in(self, result: Outcome) -> None:
        """Change the rows as the outcome says."""
        operation = self._operations.get(_operation_id(result))
        match result:
            case Provisioned(job):
                extension = self._extensions[job.extension_id]
                self._told(job, "SIP device provisioned", {"mbg_device_id": result.device_id})
                self._provisioned(extension, result)
                if operation is not None:
                    _finish(operation, extension, "provisioned", None)
                elif not extension.use_remote_credentials:
                    self._perhaps_left_over.append(extension.id)
            case Removed(job, message):
                extension = self._extensions[job.extension_id]
                facts = {"mbg_device_id": extension.mbg_device_id, "message": message}
                self._told(job, "SIP device removed", facts)
                _forget_device(extension)
                if operation is not None:
                    _finish(operation, extension, "off", message)
            case Failed(_, error, refused, due_at):
                if refused is not None:
                    _write_refused(self._extensions[refused.extension_id])
                if operation is not None and not queue.is_taken_by_other(
                    operation, self._turn.own_name, self._turn.now
                ):
                    extension = self._extensions[operation.extension_id]
                    _failed(operation, extension, error, due_at, self._turn)

    async def store(self, session: AsyncSession) -> None:
        """Write it all."""
        rows = self._extensions.values(), self._operations.values()
        await held.write_back(session, *rows, self._confirmed)
        note_extensions(session, self._confirmed)
        await insert_each(session, AUDIT_ENTRIES, self._audit)
        left = await _left_over(session, self._perhaps_left_over)
        # Unchecked while the MBG was being told, when no id was known (EXT-3).
        await queue.enqueue_each(session, left, self._turn.now, Kind.REMOVE)

    def _provisioned(self, extension: ExtensionRow, result: Provisioned) -> None:
        job, now = result.job, self._turn.now
        if result.created or extension.mbg_created_at is None:
            extension.mbg_created_at = now
        extension.mbg_device_id, extension.mbg_device_name = result.device_id, job.remote_name
        extension.mbg_unanswered_name = None
        extension.mbg_written_at = now
        if extension.use_remote_credentials:
            self._confirmed[extension.id] = job.remote_name, job.sealed_password

    def _told(self, job: Job, action: str, facts: dict[str, str | None]) -> None:
        resource = f"/extensions/{job.extension}"
        self._audit.append(entry(self._turn.now, SYSTEM, action, resource, None, facts))


def mark_failed(
    operation: OperationRow,
    extension: ExtensionRow,
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


def _failed(
    operation: OperationRow,
    extension: ExtensionRow,
    error: McsError,
    due_at: float | None,
    turn: Turn,
) -> None:
    event, message = event_for(error), error.message
    operation.attempts += 1
    # Made due anew since it was begun: what was missing may be there now, and whoever brought it
    # does not come again.
    changed = due_at is not None and operation.next_attempt_at != due_at
    if event is Event.NEEDS_A_PERSON:
        operation.failures += 1
        if operation.failures >= turn.retry.failures and not changed:
            event = Event.GIVEN_UP
            message = f"{message} {GIVEN_UP.format(count=operation.failures)}"
    if changed:
        next_at = operation.next_attempt_at
    else:
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


def _write_refused(extension: ExtensionRow) -> None:
    """What was there before is there still."""
    extension.mbg_unanswered_name = None
    if extension.mbg_device_name is None:
        extension.mbg_device_id = None


def _forget_device(extension: ExtensionRow) -> None:
    extension.mbg_device_id = extension.mbg_device_name = None
    extension.mbg_unanswered_name = None
    extension.mbg_created_at = extension.mbg_written_at = None


async def _left_over(session: AsyncSession, extension_ids: Sequence[int]) -> list[int]:
    """Those of the extensions for which nothing is wanted any more."""
    if not extension_ids:
        return []
    unfinished = select(Operation.extension_id).where(
        among(session, held.OPERATIONS.c.extension_id, extension_ids),
        Operation.state.in_(UNFINISHED),
    )
    wanted = set(await session.scalars(unfinished))
    return [number for number in extension_ids if number not in wanted]


def _finish(
    operation: OperationRow, extension: ExtensionRow, state: str, message: str | None
) -> None:
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
