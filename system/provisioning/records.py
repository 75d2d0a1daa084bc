"""What the worker reads and writes about operations, many of them in each unit of work.

What has happened on the MBG is recorded even when the operation was replaced meanwhile, so that no
device is ever forgotten.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import contains_eager, load_only

from system.clock import Clock
from system.domain.credentials import Entropy
from system.domain.operations import ACTIVE, Event, Kind
from system.errors import McsError, NotReady
from system.provisioning import outcomes, queue
from system.provisioning.outcomes import RetryTimes
from system.provisioning.plan import Job
from system.provisioning.steps import Create, Outcome, Remove, Replace, Step
from system.storage.database import Database
from system.storage.models import Extension, Node, Operation, PhoneSystem

__all__ = ["Records", "RetryTimes"]


@dataclass(frozen=True, slots=True)
class Records:
    """The worker's view of the database."""

    database: Database
    clock: Clock
    entropy: Entropy
    retry: RetryTimes
    own_name: str
    """Who we are among several MCS on one database."""
    lease_s: float

    async def due(self, limit: int | None = None) -> list[int]:
        """Ids of the operations to try now, ``limit`` of them at most."""
        async with self.database.read() as session:
            return await queue.due(session, self.clock.now(), limit)

    async def take(self, at_most: int) -> list[int]:
        """Take due operations, so that no other MCS does; they are ours for the lease."""
        now = self.clock.now()
        async with self.database.write() as session:
            return await queue.take(session, now, self._lease(now), at_most)

    async def renew(self, operation_ids: Collection[int]) -> set[int]:
        """Those operations that are still wanted and still ours; they are so for another lease."""
        now = self.clock.now()
        async with self.database.write() as session:
            return await queue.renew(session, operation_ids, self._lease(now), now)

    async def forget_leases(self) -> None:
        """At the start, where no other MCS can be: whoever had taken something is gone."""
        async with self.database.write() as session:
            await queue.forget_leases(session)

    async def next_due_at(self) -> float | None:
        """Epoch seconds of the next try; ``None`` when only a change can bring one."""
        async with self.database.read() as session:
            return await queue.next_due_at(session)

    async def jobs(self, operation_ids: Collection[int]) -> list[Job]:
        """The operations with what they need; those that were replaced are left out.

        Raises:
            DatabaseUnusable: a stored password of one of them cannot be decrypted.
        """
        async with self.database.read() as session:
            rows = (await session.execute(_jobs(operation_ids))).all()
        return [_job(operation, release) for operation, release in rows]

    async def taken_by_others(self, job: Job, device_ids: Collection[str]) -> set[str]:
        """Those of the devices that belong to other extensions of this MCS."""
        async with self.database.read() as session:
            statement = select(Extension.mbg_device_id).where(
                Extension.mbg_device_id.in_(device_ids), Extension.id != job.extension_id
            )
            return {found for found in await session.scalars(statement) if found is not None}

    async def about_to(self, steps: Sequence[Step]) -> list[Step]:
        """Note what will be written before it is sent, for its answer may be lost.

        Returns:
            Those steps that are still wanted and ours, for another lease; a newer wish, or another
            MCS, has taken the place of the others.
        """
        now = self.clock.now()
        async with self.database.write() as session:
            extensions = await outcomes.extensions(session, [s.job.extension_id for s in steps])
            numbers = [step.job.operation_id for step in steps]
            wanted = await queue.renew(session, numbers, self._lease(now), now)
            going = [step for step in steps if step.job.operation_id in wanted]
            writing = [step for step in going if not isinstance(step, Remove)]
            for step in writing:
                _note(extensions[step.job.extension_id], step)
        return going

    async def note(self, results: Sequence[Outcome]) -> None:
        """Record what came of operations, in one unit of work."""
        async with self.database.write() as session:
            turn = outcomes.Turn(self.clock.now(), self.own_name, self.retry, self.entropy)
            await outcomes.note(session, results, turn)

    async def put_off(
        self, due: Collection[int], error: McsError, open_until: float | None
    ) -> None:
        """Access as a whole failed: all wait for one time, ``open_until`` where the breaker says.

        What was due is told why. What waits for a later time moves along, so that however many
        operations there are, they come back as one pass. What came meanwhile stays due.
        """
        now, next_at = self.clock.now(), open_until
        if next_at is None and not isinstance(error, NotReady):
            next_at = now + self.retry.slow_s(self.entropy)
        event = outcomes.event_for(error)
        async with self.database.write() as session:
            await queue.lock_extensions_of(session, due)
            # Another MCS on the same database may just have put them off.
            still_due = set(due) & set(await queue.due(session, now))
            await queue.move_waiting(session, now, next_at)
            for operation, extension in await outcomes.pairs(session, still_due):
                operation.attempts += 1
                # It may be "failed" now, but no dead letter: this is not about one extension.
                outcomes.mark_failed(operation, extension, error.message, event, next_at)

    async def hold(self, due: Collection[int], message: str | None, until: float | None) -> None:
        """The breaker is open: these wait until it is tried again, and none counts as tried."""
        now = self.clock.now()
        async with self.database.write() as session:
            for operation, extension in await outcomes.pairs(session, due):
                if not queue.is_taken_by_other(operation, self.own_name, now):
                    outcomes.mark_failed(operation, extension, message, Event.PUT_OFF, until)

    def _lease(self, now: float) -> queue.Lease:
        return queue.Lease(self.own_name, now + self.lease_s)


def _note(extension: Extension, step: Create | Replace) -> None:
    if isinstance(step, Create):
        extension.mbg_device_id = extension.mbg_device_name = None
        extension.mbg_created_at = extension.mbg_written_at = None
    else:
        extension.mbg_device_id, extension.mbg_device_name = step.device_id, step.own_name
    extension.mbg_unanswered_name = step.job.remote_name


def _jobs(operation_ids: Collection[int]) -> Select[Operation, str | None]:
    extension = contains_eager(Operation.extension)
    return (
        select(Operation, PhoneSystem.ct_gateway_release)
        .join(Operation.extension)
        .join(Extension.node)
        .join(PhoneSystem, PhoneSystem.id == Extension.phone_system_id)
        .where(Operation.id.in_(operation_ids), Operation.state.in_(ACTIVE))
        .order_by(Operation.next_attempt_at, Operation.id)
        .options(
            # Not mbg_password: each encrypted column takes its time to read.
            extension.load_only(
                Extension.extension,
                Extension.name,
                Extension.internal_auth_name,
                Extension.internal_auth_password,
                Extension.remote_name,
                Extension.remote_password,
                Extension.mbg_device_id,
                Extension.mbg_device_name,
                Extension.mbg_unanswered_name,
            ),
            extension.contains_eager(Extension.node),
            load_only(Operation.id, Operation.kind, Operation.state),
        )
    )


def _job(operation: Operation, ct_gateway_release: str | None) -> Job:
    extension = operation.extension
    node: Node = extension.node
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
