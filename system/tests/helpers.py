"""Small tools of the tests: a clock moved by hand, repeatable entropy, waiting without sleeping."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable

LOCAL_PHONE = "127.0.0.9"
"""Source address of the tests' local phone."""


class HandClock:
    """Time stands still until ``advance``; whoever slept into the past wakes up."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + seconds, future))
        await future

    def busy(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def next_wake_s(self) -> float:
        """Seconds until the first of those who sleep wakes up; infinite when nobody does."""
        waits = [at - self._now for at, future in self._sleepers if not future.done()]
        return min(waits, default=float("inf"))

    def advance(self, seconds: float) -> None:
        self._now += seconds
        due = [future for at, future in self._sleepers if at <= self._now]
        self._sleepers = [sleeper for sleeper in self._sleepers if sleeper[0] > self._now]
        for future in due:
            if not future.done():
                future.set_result(None)


def seeded_entropy(seed: int) -> Callable[[int], bytes]:
    """The same bytes in every run."""
    return random.Random(seed).randbytes


async def eventually(check: Callable[[], Awaitable[bool]], what: str) -> None:
    """Ask again and again, giving way to the loop in between; a real second limit ends it."""
    try:
        async with asyncio.timeout(60):
            while not await check():
                await asyncio.sleep(0)
    except TimeoutError:
        raise AssertionError(f"it never came true: {what}") from None
