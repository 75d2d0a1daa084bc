"""What the worker reads and writes about operations, many of them in each unit of work.

What has happened on the MBG is recorded even when the operation was replaced meanwhile, so that no
device is ever forgotten.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from system.clock import Clock
from system.domain.credentials import Entropy
from system.domain.operations import ACTIVE, Event, Kind
from system.errors import McsError, NotReady
from system.provisioning import held, outcomes, queue
from system.provisioning.held import ExtensionRow, OperationRow
from system.provisioning.outcomes import RetryTimes
from system.provisioning.plan import Job
from system.provisioning.steps import Create, Outcome, Replace, Step
from system.storage.database import Database
from system.storage.models import Extension, Node, PhoneSystem
from system.storage.rows import among, table_of, update_rows
from system.storage.secrets import SealedText
from system.storage.sharing import at_work

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

    async def due(self, limit: int | None = None) -> dict[int, float]:
        """Ids of the operations to try now, ``limit`` of them at most, and when each was due."""
        async with self.database.read() as session:
            return await queue.due(session, self.clock.now(), limit)

    async def at_work(self) -> int:
        """How many MCS work on the queue just now, this one among them."""
        if not self.database.shared:
            return 1
        async with self.database.read() as session:
            return max(1, await at_work(session))

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
            rows = (await session.execute(_jobs(among(session, _O.c.id, operation_ids)))).all()
        return [_job(row) for row in rows]

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
            await held.lock(session, [step.job.extension_id for step in steps])
            numbers = [step.job.operation_id for step in steps]
            wanted = await queue.renew(session, numbers, self._lease(now), now)
            going = [step for step in steps if step.job.operation_id in wanted]
            await _note(session, going)
        return going

    async def note(self, results: Sequence[Outcome]) -> None:
        """Record what came of operations, in one unit of work."""
        async with self.database.write() as session:
            turn = outcomes.Turn(self.clock.now(), self.own_name, self.retry, self.entropy)
            await outcomes.note(session, results, turn)

    async def put_off(
        self, due: Mapping[int, float], error: McsError, open_until: float | None
    ) -> None:
        """Access as a whole failed: all wait for one time, ``open_until`` where the breaker says.

        What was due is told why. What waits for a later time moves along, so that however many
        operations there are, they come back as one pass. What came meanwhile stays due. Where all
        was made due anew since ``due`` was read, what was missing may be there now: then all is
        tried at once, for whoever brought it does not come again.
        """
        now, next_at = self.clock.now(), open_until
        if next_at is None and not isinstance(error, NotReady):
            next_at = now + self.retry.slow_s(self.entropy)
        event = outcomes.event_for(error)
        async with self.database.write() as session:
            await queue.lock_extensions_of(session, due)
            # Another MCS on the same database may just have put them off.
            times = await queue.due(session, now)
            if any(times.get(number, due[number]) != due[number] for number in due):
                await queue.make_all_due(session, now)
                return
            still_due = due.keys() & times.keys()
            await queue.move_waiting(session, now, next_at)
            pairs = await held.pairs(session, still_due)
            for operation, extension in pairs:
                operation.attempts += 1
                # It may be "failed" now, but no dead letter: this is not about one extension.
                outcomes.mark_failed(operation, extension, error.message, event, next_at)
            await _write_back(session, pairs)

    async def hold(self, due: Collection[int], message: str | None, until: float | None) -> None:
        """The breaker is open: these wait until it is tried again, and none counts as tried."""
        now = self.clock.now()
        async with self.database.write() as session:
            pairs = [
                pair
                for pair in await held.pairs(session, due)
                if not queue.is_taken_by_other(pair[0], self.own_name, now)
            ]
            for operation, extension in pairs:
                outcomes.mark_failed(operation, extension, message, Event.PUT_OFF, until)
            await _write_back(session, pairs)

    def _lease(self, now: float) -> queue.Lease:
        return queue.Lease(self.own_name, now + self.lease_s)


async def _write_back(
    session: AsyncSession, pairs: Sequence[tuple[OperationRow, ExtensionRow]]
) -> None:
    operations = [operation for operation, _ in pairs]
    await held.write_back(session, [extension for _, extension in pairs], operations)


async def _note(session: AsyncSession, steps: Sequence[Step]) -> None:
    """A new device has no past; one that is overwritten keeps its times."""
    made = [
        (step.job.extension_id, step.job.remote_name, None, None, None, None)
        for step in steps
        if isinstance(step, Create)
    ]
    overwritten = [
        (step.job.extension_id, step.job.remote_name, step.device_id, step.own_name)
        for step in steps
        if isinstance(step, Replace)
    ]
    columns = ("mbg_unanswered_name", "mbg_device_id", "mbg_device_name")
    times = ("mbg_created_at", "mbg_written_at")
    await update_rows(session, _E, (*columns, *times), made)
    await update_rows(session, _E, columns, overwritten)


_E, _N, _O = held.EXTENSIONS, table_of(Node), held.OPERATIONS
_COLUMNS = {
    # Not mbg_password: each encrypted column takes its time to read.
    "operation_id": _O.c.id,
    "kind": _O.c.kind,
    "due_at": _O.c.next_attempt_at,
    "extension_id": _E.c.id,
    "extension": _E.c.extension,
    "name": _E.c.name,
    "node_name": _N.c.name,
    "node_address": _N.c.address,
    "node_release": _N.c.release,
    "ct_gateway_release": table_of(PhoneSystem).c.ct_gateway_release,
    "internal_auth_name": _E.c.internal_auth_name,
    "internal_auth_password": _E.c.internal_auth_password,
    "remote_name": _E.c.remote_name,
    "remote_password": _E.c.remote_password,
    "sealed_password": type_coerce(_E.c.remote_password, SealedText),
    "device_id": _E.c.mbg_device_id,
    "device_name": _E.c.mbg_device_name,
    "unanswered_name": _E.c.mbg_unanswered_name,
}
"""What a job is made of, by field."""


def _jobs(wanted: ColumnElement[bool]) -> Select[Any]:
    systems = table_of(PhoneSystem)
    return (
        select(*(_COLUMNS[field.name].label(field.name) for field in fields(Job)))
        .join_from(_O, _E, _E.c.id == _O.c.extension_id)
        .join(_N, _N.c.id == _E.c.node_id)
        .join(systems, systems.c.id == _E.c.phone_system_id)
        .where(wanted, _O.c.state.in_(ACTIVE))
        .order_by(_O.c.next_attempt_at, _O.c.id)
    )


def _job(row: Row[Any]) -> Job:
    operation_id, kind, *others = tuple(row)
    return Job(operation_id, Kind(kind), *others)
