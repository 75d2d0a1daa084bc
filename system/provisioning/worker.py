"""The worker: takes due operations in passes, and sleeps until work comes or a time is due.

Each pass begins by asking the MBG whether it may be used (PRE-1, PRE-2). When that fails, all due
operations are put off together, instead of each running into the same wall.
"""

import asyncio
import logging

from system.clock import Clock, wait_for_work
from system.errors import DatabaseUnusable, McsError
from system.mbg.access import MbgAccess
from system.mbg.client import MbgClient
from system.provisioning.executor import IcpFinder, execute
from system.provisioning.records import Records, Replaced

log = logging.getLogger("mcs.provisioning")

_TAKEN_EACH = 8
"""Operations taken at a time for each one that is carried out at the same time."""
_OUR_MISTAKE = McsError("internal_error", "MCS made a mistake; its log says more.")
_UNREADABLE = McsError(
    "stored_password_unreadable",
    "A stored password of this extension cannot be decrypted: mcs.db is damaged. Put mcs.db and "
    "secret.key back from one backup.",
)


class Worker:
    """Carries the stored queue out. ``work`` is set by whoever stores or releases operations."""

    def __init__(
        self,
        records: Records,
        access: MbgAccess,
        clock: Clock,
        work: asyncio.Event,
        *,
        parallel: int,
        pause_after_mistake_s: float,
        look_every_s: float | None = None,
    ) -> None:
        self._records = records
        self._access = access
        self._clock = clock
        self._work = work
        self._parallel = parallel
        self._pause_s = pause_after_mistake_s
        self._look_every_s = look_every_s
        """How often to look for what other MCS have stored or left; ``None`` where none can be."""
        self._failures = 0
        """How often running access as a whole has failed."""

    async def run(self) -> None:
        """Work for ever; ends by being cancelled, which is safe at any point."""
        while True:
            try:
                await self.one_pass()
                wait_s = await self._wait_s()
            except Exception:
                log.exception("provisioning: a mistake of ours; going on")
                wait_s = self._pause_s
            await wait_for_work(self._clock, self._work, wait_s)

    async def one_pass(self) -> None:
        """Try every operation that is due now, once."""
        due = await self._records.due()
        if not due:
            return
        try:
            client = await self._access.checked_client()
        except McsError as error:
            log.info("provisioning waits, %d operations: %s", len(due), error.message)
            self._failures += 1
            await self._records.put_off(due, error, self._failures)
            return
        self._failures = 0
        icps, slots = IcpFinder(client), asyncio.Semaphore(self._parallel)
        # By and by, so that other MCS on the same database get their part.
        while taken := await self._records.take(self._parallel * _TAKEN_EACH):
            async with asyncio.TaskGroup() as group:
                for operation_id in taken:
                    group.create_task(self._one(client, icps, slots, operation_id))

    async def _one(
        self, client: MbgClient, icps: IcpFinder, slots: asyncio.Semaphore, operation_id: int
    ) -> None:
        async with slots:
            try:
                job = await self._records.job(operation_id)
                if job is not None:
                    await execute(client, icps, job, self._records)
            except Replaced:
                log.info("operation %d is not ours any more", operation_id)
            except DatabaseUnusable:
                log.error("operation %d: %s", operation_id, _UNREADABLE.message)
                await self._records.failed(operation_id, _UNREADABLE)
            except McsError as error:
                log.warning("operation %d: %s", operation_id, error.message)
                await self._access.note_failure_of_call(error)
                await self._records.failed(operation_id, error)
            except Exception:
                # One operation that trips us must not hold up the others.
                log.exception("operation %d: a mistake of ours", operation_id)
                await self._records.failed(operation_id, _OUR_MISTAKE)

    async def _wait_s(self) -> float | None:
        next_at = await self._records.next_due_at()
        wait_s = None if next_at is None else next_at - self._clock.now()
        if self._look_every_s is None:
            return wait_s
        return self._look_every_s if wait_s is None else min(wait_s, self._look_every_s)
