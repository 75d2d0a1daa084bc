"""The worker: takes due operations in passes, and sleeps until work comes or a time is due.

A pass takes a batch. It asks the breaker, then the MBG whether it may be used (PRE-1, PRE-2); what
fails for one reason is put off together. Then all of the batch is looked up, noted in one unit of
work, written in parallel, and what came of it is recorded as it comes. Another process may work on
the same queue: a batch is taken for a lease, which is renewed before writes (decision 0028).
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from system.clock import Clock, wait_for_work
from system.domain import pace
from system.errors import DatabaseUnusable, McsError, NotReady
from system.mbg.access import MbgAccess
from system.mbg.client import MbgClient
from system.provisioning.batch import Batch
from system.provisioning.executor import Executor
from system.provisioning.gate import Gate
from system.provisioning.inventory import WORTH_A_LIST, Inventory, is_new
from system.provisioning.plan import Job
from system.provisioning.records import Records
from system.provisioning.steps import Failed

log = logging.getLogger("mcs.provisioning")

_TAKEN_EACH = 8
"""Where several MCS are at work each takes its share of what is due, but so many at least for each
one that it carries out at the same time: few near the end, when the others would stand idle."""

_UNREADABLE = McsError(
    "stored_password_unreadable",
    "A stored password of this extension cannot be decrypted: mcs.db is damaged. Put mcs.db and "
    "secret.key back from one backup.",
)


class Feeder(Protocol):
    """Something that stores further operations while the worker has room for them."""

    async def feed(self, a_pass: int) -> bool:
        """Store some, ``a_pass`` at most; whether there may be more to do at once."""
        ...


class Worker:
    """Carries the stored queue out. ``work`` is set by whoever stores or releases operations."""

    def __init__(
        self,
        records: Records,
        access: MbgAccess,
        gate: Gate,
        clock: Clock,
        work: asyncio.Event,
        *,
        parallel: int,
        pause_after_mistake_s: float,
        feeder: Feeder | None = None,
        look_every_s: float | None = None,
    ) -> None:
        self._records = records
        self._access = access
        self._gate = gate
        self._clock = clock
        self._work = work
        self._parallel = parallel
        self._pause_s = pause_after_mistake_s
        self._feeder = feeder
        self._look_every_s = look_every_s
        """How often to look for what other MCS have stored or left; ``None`` where none can be."""
        self._inventory: Inventory | None = None
        self._size = pace.FIRST
        """Operations that a pass takes."""

    async def run(self) -> None:
        """Work for ever; ends by being cancelled, which is safe at any point."""
        while True:
            try:
                wait_s = await self.step()
            except Exception:
                log.exception("provisioning: a mistake of ours; going on")
                wait_s = self._pause_s
            await wait_for_work(self._clock, self._work, wait_s)

    async def forget_leases(self) -> None:
        """At the start, where no other MCS can be: whoever had taken something is gone."""
        await self._records.forget_leases()

    async def step(self) -> float | None:
        """One pass; seconds until the next one, ``None`` when only a change can bring one."""
        fed = await self._feeder.feed(self._size) if self._feeder is not None else False
        worked = await self.one_pass()
        if fed and worked:
            return 0.0
        next_at = await self._records.next_due_at()
        wait_s = None if next_at is None else next_at - self._clock.now()
        if self._look_every_s is None:
            return wait_s
        return self._look_every_s if wait_s is None else min(wait_s, self._look_every_s)

    async def one_pass(self) -> bool:
        """Try a batch of the operations that are due, once; whether the MBG was written to."""
        sharers = await self._records.at_work()
        due = await self._records.due(sharers * self._size)
        if not due:
            return False
        closed_until = await self._gate.enter()
        if closed_until is not None:
            until, message = closed_until
            await self._records.hold(due, message, until)
            return False
        try:
            client = await self._access.checked_client()
        except McsError as error:
            log.info("provisioning waits, %d operations: %s", len(due), error.message)
            if not isinstance(error, NotReady):
                await self._gate.failed(error, probe=True)
            await self._records.put_off(due, error, self._gate.open_until)
            return False
        await self._gate.worked()
        # Now only, for what nobody may call for is not taken from others.
        taken = await self._records.take(self._share(len(due), sharers))
        if not taken:
            return False
        began = self._clock.now()
        jobs = await self._jobs(taken)
        executor = Executor(client, self._records, await self._inventory_for(client, jobs))
        group = pace.group(self._size)
        batch = Batch(executor, self._records, self._gate, self._access, self._parallel, group)
        await batch.run(jobs)
        self._size = pace.next_size(self._size, len(jobs), self._clock.now() - began)
        return True

    def _share(self, due: int, sharers: int) -> int:
        """How many operations to take of those that are due, of which so many MCS take some."""
        if sharers == 1:
            return self._size
        return max(self._parallel * _TAKEN_EACH, min(self._size, due // sharers))

    async def _jobs(self, due: Sequence[int]) -> list[Job]:
        try:
            return await self._records.jobs(due)
        except DatabaseUnusable:
            return await self._readable_jobs(due)

    async def _readable_jobs(self, due: Sequence[int]) -> list[Job]:
        """One by one: an unreadable password must not hold up the other extensions."""
        jobs = []
        for operation_id in due:
            try:
                jobs += await self._records.jobs([operation_id])
            except DatabaseUnusable:
                log.error("operation %d: %s", operation_id, _UNREADABLE.message)
                await self._records.note([Failed(operation_id, _UNREADABLE)])
        return jobs

    async def _inventory_for(self, client: MbgClient, jobs: Sequence[Job]) -> Inventory | None:
        if sum(map(is_new, jobs)) < WORTH_A_LIST:
            return None
        now = self._clock.now()
        if self._inventory is None or not self._inventory.fresh(now):
            try:
                self._inventory = Inventory.of(await client.devices(), now)
            except McsError as error:
                # Each operation finds out for itself, and says so.
                log.info("the MBG's list of devices cannot be read: %s", error.message)
                self._inventory = None
        return self._inventory
