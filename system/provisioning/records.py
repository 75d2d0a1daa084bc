"""What the worker reads and writes about operations, each in its own unit of work.

What has happened on the MBG is recorded even when the operation was replaced meanwhile, so that no
device is ever forgotten.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from system.audit.trail import SYSTEM, add
from system.clock import Clock
from system.domain.credentials import Entropy
from system.domain.operations import ACTIVE, Event, Kind, State, next_state, retry_delay_s
from system.errors import MbgBusy, McsError, NotReady
from system.provisioning import queue
from system.provisioning.plan import Job, event_for
from system.storage.database import Database
from system.storage.models import Extension, Operation, PhoneSystem


class Replaced(Exception):
    """The operation is not ours (any more): a newer wish, or another MCS, has taken it over."""


@dataclass(frozen=True, slots=True)
class RetryTimes:
    """Bounds of the wait between two tries, in seconds."""

    first_s: float
    longest_s: float


class Records:
    """The worker's view of the database."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        entropy: Entropy,
        retry: RetryTimes,
        *,
        lease_s: float,
    ) -> None:
        self._own_name = entropy(8).hex()
        """Who we are among several MCS on one database."""
        self._lease_s = lease_s
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._retry = retry

    async def due(self) -> list[int]:
        """Ids of the operations to try now."""
        async with self._database.read() as session:
            return await queue.due(session, self._clock.now())

    async def take(self, at_most: int) -> list[int]:
        """Take due operations, so that no other MCS does; they are ours for the lease."""
        now = self._clock.now()
        lease = queue.Lease(self._own_name, now + self._lease_s)
        async with self._database.write() as session:
            return await queue.take(session, now, lease, at_most)

    async def forget_leases(self) -> None:
        """At the start, where no other MCS can be: whoever had taken something is gone."""
        async with self._database.write() as session:
            await queue.forget_leases(session)

    async def still_ours(self, job: Job) -> None:
        """Before something is done on the MBG: renew the lease.

        Raises:
            Replaced: the operation is not wanted any more, or another MCS has it.
        """
        async with self._database.write() as session:
            await self._still_wanted(session, job)

    async def next_due_at(self) -> float | None:
        """Epoch seconds of the next try; ``None`` when only a change can bring one."""
        async with self._database.read() as session:
            return await queue.next_due_at(session)

    async def job(self, operation_id: int) -> Job | None:
        """The operation with what it needs; ``None`` when it was replaced."""
        async with self._database.read() as session:
            statement = (
                select(Operation, PhoneSystem.ct_gateway_release)
                .join(Extension, Extension.id == Operation.extension_id)
                .join(PhoneSystem, PhoneSystem.id == Extension.phone_system_id)
                .where(Operation.id == operation_id, Operation.state.in_(ACTIVE))
                .options(joinedload(Operation.extension).joinedload(Extension.node))
            )
            row = (await session.execute(statement)).one_or_none()
        return None if row is None else _job(row[0], row[1])

    async def taken_by_others(self, job: Job, device_ids: Collection[str]) -> set[str]:
        """Those of the devices that belong to other extensions of this MCS."""
        async with self._database.read() as session:
            statement = select(Extension.mbg_device_id).where(
                Extension.mbg_device_id.in_(device_ids), Extension.id != job.extension_id
            )
            return {found for found in await session.scalars(statement) if found is not None}

    async def about_to_create(self, job: Job) -> None:
        """Note the create before it is sent: its answer may be lost.

        Raises:
            Replaced: the operation is not wanted any more.
        """
        async with self._database.write() as session:
            extension = await _locked_extension(session, job.extension_id)
            await self._still_wanted(session, job)
            extension.mbg_device_id = extension.mbg_device_name = None
            extension.mbg_unanswered_name = job.remote_name

    async def about_to_replace(self, job: Job, device_id: str, own_name: str | None) -> None:
        """Note which device is overwritten before that is sent: its answer may be lost.

        ``own_name`` is the set-side name that it has so far, if it has it from us.

        Raises:
            Replaced: the operation is not wanted any more.
        """
        async with self._database.write() as session:
            extension = await _locked_extension(session, job.extension_id)
            await self._still_wanted(session, job)
            extension.mbg_device_id, extension.mbg_device_name = device_id, own_name
            extension.mbg_unanswered_name = job.remote_name

    async def write_refused(self, job: Job) -> None:
        """The MBG has answered with a refusal, so what was there before is there still."""
        async with self._database.write() as session:
            extension = await _locked_extension(session, job.extension_id)
            extension.mbg_unanswered_name = None
            if extension.mbg_device_name is None:
                extension.mbg_device_id = None

    async def provisioned(self, job: Job, device_id: str) -> None:
        """The MBG has confirmed the device."""
        async with self._database.write() as session:
            extension = await _locked_extension(session, job.extension_id)
            self._audit(session, job, "SIP device provisioned", {"mbg_device_id": device_id})
            extension.mbg_device_id, extension.mbg_device_name = device_id, job.remote_name
            extension.mbg_unanswered_name = None
            if extension.use_remote_credentials:
                extension.mbg_name, extension.mbg_password = job.remote_name, job.remote_password
            if await queue.is_active(session, job.operation_id):
                await self._finish(session, job, extension, "provisioned", None)
            elif not extension.use_remote_credentials and extension.provisioning_state == "off":
                # It was unchecked while the MBG was being told, when no id was known (EXT-3).
                await queue.enqueue(session, extension, Kind.REMOVE, self._clock.now())

    async def removed(self, job: Job, message: str | None) -> None:
        """The device is gone from the MBG, or there was none of ours."""
        async with self._database.write() as session:
            extension = await _locked_extension(session, job.extension_id)
            facts = {"mbg_device_id": extension.mbg_device_id, "message": message}
            self._audit(session, job, "SIP device removed", facts)
            extension.mbg_device_id = extension.mbg_device_name = None
            extension.mbg_unanswered_name = None
            if await queue.is_active(session, job.operation_id):
                await self._finish(session, job, extension, "off", message)

    async def put_off(self, due: Collection[int], error: McsError, failures: int) -> None:
        """Access as a whole failed for the ``failures``-th time running: all wait for one time.

        What was due is told why. What waits for a later time moves along, so that however many
        operations there are, they come back as one pass. What came meanwhile stays due.
        """
        next_at = self._next_attempt_at(failures, error)
        now = self._clock.now()
        async with self._database.write() as session:
            await queue.lock_extensions_of(session, due)
            # Another MCS on the same database may just have put them off.
            still_due = set(await queue.due(session, now))
            await queue.move_waiting(session, now, next_at)
            for operation_id in (number for number in due if number in still_due):
                await _note_failure(
                    session,
                    operation_id,
                    error,
                    lambda _: next_at,
                    own_name=self._own_name,
                    now=now,
                )

    async def failed(self, operation_id: int, error: McsError) -> None:
        """Note why an operation did not succeed, and when it is tried again."""
        async with self._database.write() as session:
            await _note_failure(
                session,
                operation_id,
                error,
                lambda tries: self._next_attempt_at(tries, error),
                own_name=self._own_name,
                now=self._clock.now(),
            )

    async def _still_wanted(self, session: AsyncSession, job: Job) -> None:
        now = self._clock.now()
        lease = queue.Lease(self._own_name, now + self._lease_s)
        if not await queue.renew(session, job.operation_id, lease, now):
            raise Replaced

    async def _finish(
        self,
        session: AsyncSession,
        job: Job,
        extension: Extension,
        state: str,
        message: str | None,
    ) -> None:
        operation = await session.get_one(Operation, job.operation_id)
        operation.attempts += 1
        operation.state = next_state(State(operation.state), Event.SUCCEEDED)
        operation.message, operation.next_attempt_at = message, None
        operation.taken_by = operation.taken_until = None
        extension.provisioning_state, extension.provisioning_message = state, message
        extension.provisioning_attempts = operation.attempts

    def _audit(
        self, session: AsyncSession, job: Job, action: str, facts: dict[str, str | None]
    ) -> None:
        resource = f"/extensions/{job.extension}"
        add(session, self._clock.now(), SYSTEM, action, resource, None, facts)

    def _next_attempt_at(self, attempts: int, error: McsError) -> float | None:
        if isinstance(error, NotReady):
            return None  # only a change of settings helps, and each of those makes it due
        first_s, longest_s = self._retry.first_s, self._retry.longest_s
        if event_for(error) is Event.NEEDS_A_PERSON:
            first_s = longest_s
        delay_s = retry_delay_s(attempts, first_s, longest_s, self._entropy)
        asked_s = error.retry_after_s if isinstance(error, MbgBusy) else 0.0
        return self._clock.now() + max(delay_s, asked_s)


async def _locked_extension(session: AsyncSession, extension_id: int) -> Extension:
    """The extension, locked before its operation is: everywhere in this order (PostgreSQL)."""
    return await session.get_one(Extension, extension_id, with_for_update=True)


async def _note_failure(
    session: AsyncSession,
    operation_id: int,
    error: McsError,
    next_attempt_at: Callable[[int], float | None],
    *,
    own_name: str,
    now: float,
) -> None:
    """``next_attempt_at`` tells from the number of tries so far when the next one is."""
    found = await session.get(Operation, operation_id)
    if found is None:
        return
    # Not by loading the extension: one whose columns cannot be read has to be marked as well.
    await session.execute(
        select(Extension.id).where(Extension.id == found.extension_id).with_for_update()
    )
    # Read anew: a newer wish may have replaced it while we waited for the extension.
    operation = await session.scalar(
        select(Operation)
        .where(Operation.id == operation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if operation is None or State(operation.state) not in ACTIVE:
        return
    if queue.is_taken_by_other(operation, own_name, now):
        return
    event = event_for(error)
    attempts = operation.attempts + 1
    operation.attempts, operation.message = attempts, error.message
    operation.state = next_state(State(operation.state), event)
    operation.next_attempt_at = next_attempt_at(attempts)
    operation.taken_by = operation.taken_until = None
    shown = {
        "provisioning_attempts": attempts,
        "provisioning_message": error.message,
        "provisioning_state": _shown_state(Kind(operation.kind), event),
    }
    await session.execute(
        update(Extension).where(Extension.id == operation.extension_id).values(shown)
    )


def _shown_state(kind: Kind, event: Event) -> str:
    if event is Event.NEEDS_A_PERSON:
        return "failed"
    return "waiting" if kind is Kind.PROVISION else "removing"


def _job(operation: Operation, ct_gateway_release: str | None) -> Job:
    extension, node = operation.extension, operation.extension.node
    return Job(
        operation_id=operation.id,
        kind=Kind(operation.kind),
        extension_id=extension.id,
        extension=extension.extension,
        name=extension.name,
        node_name=node.name,
        node_address=node.address,
        node_release=node.release,
        ct_gateway_release=ct_gateway_release,
        internal_auth_name=extension.internal_auth_name,
        internal_auth_password=extension.internal_auth_password,
        remote_name=extension.remote_name,
        remote_password=extension.remote_password,
        device_id=extension.mbg_device_id,
        device_name=extension.mbg_device_name,
        unanswered_name=extension.mbg_unanswered_name,
    )
