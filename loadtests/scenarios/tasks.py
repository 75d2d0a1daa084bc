"""The items of a play that wait for answers by themselves, each a task; or some at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


async def side_by_side(
    items: Iterable[T], act: Callable[[T], Awaitable[None]], at_a_time: int
) -> None:
    """Do it to each, so many at a time; the first error ends it."""
    waiting = list(items)[::-1]

    async def one_after_the_other() -> None:
        while waiting:
            await act(waiting.pop())

    await asyncio.gather(*(one_after_the_other() for _ in range(at_a_time)))


class Tasks:
    """Begun without waiting; what still runs at the end is cancelled."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it from now on."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def end(self) -> None:
        """Cancel what still runs, and wait for it."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
