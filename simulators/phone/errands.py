"""The tasks of one handset: all are known, hold the clock while they run, end with the power."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from simulators.clock import Clock, Timer
from simulators.journal import Journal


@contextmanager
def not_busy(clock: Clock) -> Iterator[None]:
    """Inside a task that holds the clock: let it advance while this part waits for it."""
    clock.release()
    try:
        yield
    finally:
        clock.hold()


class Errands:
    """Starts, delays and cancels a handset's tasks.

    Args:
        role: their name, and the handset's in the journal.
    """

    def __init__(self, role: str, clock: Clock, journal: Journal) -> None:
        self._role = role
        self._clock = clock
        self._journal = journal
        self._tasks: set[asyncio.Task[None]] = set()
        self._parting: set[asyncio.Task[None]] = set()
        self._pause: Timer | None = None
        self._wakes: dict[str, Timer] = {}

    def start(self, work: Coroutine[Any, Any, None], *, parting: bool = False) -> None:
        """Start a task; a `parting` one (an action URI's) may outlive a restart, not the power."""
        # held from here on, so that an advancing clock sees a boot as one piece of work
        self._clock.hold()
        task = asyncio.create_task(work, name=self._role)
        self._tasks.add(task)
        if parting:
            self._parting.add(task)
        task.add_done_callback(self._over)

    def later(self, delay_s: float, callback: Callable[[], None]) -> None:
        """Call back after a delay of the run's clock; there is one such delay at a time."""
        if self._pause is not None:
            self._pause.cancel()
        if delay_s > 0:
            self._pause = self._clock.call_later(delay_s, callback)
        else:
            self.start(_calling(callback))

    def wake(
        self, name: str, delay_s: float, callback: Callable[[], None], repeats: bool = False
    ) -> None:
        """Call back after a delay of the run's clock; there is one such delay of each name."""
        if name in self._wakes:
            self._wakes.pop(name).cancel()
        begin = self._clock.call_repeating if repeats else self._clock.call_later
        self._wakes[name] = begin(delay_s, callback)

    def cancel(self, *, parting: bool) -> None:
        """Cancel the delay and the tasks, those that may outlive a restart only if `parting`."""
        if self._pause is not None:
            self._pause.cancel()
        for timer in self._wakes.values():
            timer.cancel()
        self._wakes.clear()
        for task in self._tasks if parting else self._tasks - self._parting:
            if task is not asyncio.current_task():
                task.cancel()

    async def ended(self) -> None:
        """Wait until the cancelled tasks are over."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        await asyncio.gather(*tasks, return_exceptions=True)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._parting.discard(task)
        self._clock.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            self._journal.happened(self._role, "phone failed", error=repr(error))
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"{self._role} failed", "exception": error, "task": task}
            )


async def _calling(callback: Callable[[], None]) -> None:
    """A task that calls back, so that a restart doesn't run inside what caused it."""
    callback()
