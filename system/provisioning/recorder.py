"""Group commit: outcomes share a unit of work, many of them while many are coming."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType

from system.clock import end_task
from system.provisioning.steps import Outcome


class Recorder:
    """Takes outcomes and records them in groups; leaving it waits until all are stored.

    Left by an exception, it drops what is not stored: that is then looked up, as after a crash.
    """

    def __init__(self, note: Callable[[Sequence[Outcome]], Awaitable[None]], group: int) -> None:
        """``group`` outcomes are recorded together; fewer at the end only."""
        self._note = note
        self._group = group
        self._waiting: list[Outcome] = []
        self._more = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Recorder":
        self._task = asyncio.create_task(self._run(), name="provisioning-recorder")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        assert self._task is not None
        self._closing = True
        self._more.set()
        if kind is None:
            await self._task
        else:
            await end_task(self._task)

    def put(self, outcome: Outcome) -> None:
        """Have it recorded."""
        self._waiting.append(outcome)
        if len(self._waiting) >= self._group:
            self._more.set()

    async def _run(self) -> None:
        while self._waiting or not self._closing:
            if len(self._waiting) < self._group and not self._closing:
                await self._more.wait()
                self._more.clear()
                continue
            taken, self._waiting = self._waiting, []
            await self._note(taken)
