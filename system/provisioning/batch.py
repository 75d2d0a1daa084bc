"""One batch of operations: look all up, note them in one unit of work, write them in parallel."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from system.errors import MbgRefused, McsError
from system.mbg.access import MbgAccess
from system.provisioning.executor import Executor
from system.provisioning.gate import Gate
from system.provisioning.plan import Job
from system.provisioning.recorder import Recorder
from system.provisioning.records import Records
from system.provisioning.steps import Create, Failed, Outcome, Provisioned, Replace, Step

log = logging.getLogger("mcs.provisioning")

OUR_MISTAKE = McsError("internal_error", "MCS made a mistake; its log says more.")

Item = TypeVar("Item")


class Batch:
    """Carries jobs out; nothing is called any more once the breaker has opened."""

    def __init__(
        self,
        executor: Executor,
        records: Records,
        gate: Gate,
        access: MbgAccess,
        parallel: int,
        group: int = 1,
    ) -> None:
        """``parallel`` calls at a time, ``group`` outcomes recorded together."""
        self._executor = executor
        self._records = records
        self._gate = gate
        self._access = access
        self._parallel = parallel
        self._recorder = Recorder(self._record, group)
        self._steps: list[Step] = []
        self._ours: set[int] = set()
        """Operations whose lease is good, as of ``_renewed_at``."""
        self._renewed_at = 0.0
        self._one_renews = asyncio.Lock()
        self._held: list[int] = []
        self._last_error: McsError | None = None

    async def run(self, jobs: Sequence[Job]) -> None:
        """All of them, each to its outcome or to its next try."""
        async with self._recorder:
            await self._in_parallel(jobs, self._prepare)
            self._renewed_at = self._records.clock.now()
            going = await self._records.about_to(self._steps) if self._steps else []
            self._ours = {step.job.operation_id for step in going}
            if len(going) < len(self._steps):
                log.info("%d operations: newer ones go first", len(self._steps) - len(going))
            await self._in_parallel(going, self._write)
        if self._held and self._last_error is not None:
            message, until = self._last_error.message, self._gate.open_until
            log.warning("the MBG is left alone, %d operations wait: %s", len(self._held), message)
            await self._records.hold(self._held, message, until)

    async def _prepare(self, job: Job) -> None:
        if not self._gate.closed:
            self._held.append(job.operation_id)
            return
        try:
            self._steps.append(await self._executor.prepare(job))
        except McsError as error:
            await self._failed(Failed.of(job, error))
        except Exception:
            # One operation that trips us must not hold up the others.
            log.exception("operation %d: a mistake of ours", job.operation_id)
            self._recorder.put(Failed.of(job, OUR_MISTAKE))

    async def _write(self, step: Step) -> None:
        if not self._gate.closed:
            self._held.append(step.job.operation_id)
            return
        if not await self._is_ours(step.job.operation_id):
            log.info("operation %d is not ours any more", step.job.operation_id)
            return
        try:
            outcome: Outcome | None = await self._executor.carry_out(step)
            if isinstance(outcome, Failed) and _outdated(step, outcome.error):
                outcome = await self._look_and_write(step.job)
        except Exception:
            log.exception("operation %d: a mistake of ours", step.job.operation_id)
            outcome = Failed.of(step.job, OUR_MISTAKE)
        if isinstance(outcome, Failed):
            await self._failed(outcome)
        elif outcome is not None:
            self._recorder.put(outcome)
            await self._gate.worked()

    async def _is_ours(self, operation_id: int) -> bool:
        """Before each write: the batch may take longer than its lease, and then others have it."""
        if self._lease_is_old():
            async with self._one_renews:
                if self._lease_is_old():  # still, after waiting for another one
                    now = self._records.clock.now()
                    self._ours = await self._records.renew(self._ours)
                    self._renewed_at = now
        return operation_id in self._ours

    def _lease_is_old(self) -> bool:
        return self._records.clock.now() - self._renewed_at >= self._records.lease_s / 3

    async def _look_and_write(self, job: Job) -> Outcome | None:
        """Once more, from a look of its own; ``None`` when a newer wish has come."""
        try:
            step = await self._executor.prepare(job, look=True)
        except McsError as error:
            return Failed.of(job, error, refused=job)
        going = await self._records.about_to([step])
        return await self._executor.carry_out(step) if going else None

    async def _failed(self, outcome: Failed) -> None:
        error = outcome.error
        log.warning("operation %d: %s", outcome.operation_id, error.message)
        self._recorder.put(outcome)
        await self._gate.failed(error)
        if not self._gate.closed:
            self._last_error = self._last_error or error
        await self._access.note_failure_of_call(error)

    async def _record(self, outcomes: Sequence[Outcome]) -> None:
        await self._records.note(outcomes)
        # One line for all: a line of its own for each would cost as much as signing its call.
        told = [
            f"{one.job.extension} (SIP device {one.device_id} "
            f"{'created' if one.created else 'overwritten'})"
            for one in outcomes
            if isinstance(one, Provisioned)
        ]
        if told:
            log.info("provisioned on the MBG: %s", ", ".join(told))

    async def _in_parallel(
        self, items: Iterable[Item], act: Callable[[Item], Awaitable[None]]
    ) -> None:
        rest = iter(items)

        async def one_after_the_other() -> None:
            for item in rest:
                await act(item)

        async with asyncio.TaskGroup() as group:
            for _ in range(self._parallel):
                group.create_task(one_after_the_other())


def _outdated(step: Step, error: McsError) -> bool:
    """Whether what was looked up has changed since, so that another look may settle it."""
    if not isinstance(error, MbgRefused):
        return False
    if isinstance(step, Create):
        return step.from_inventory and error.http_status == 409
    return isinstance(step, Replace) and error.http_status == 404
