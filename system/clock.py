"""The one source of time of the MCS.

Everything that reads the time or waits is given a ``Clock``. A clock handed in by a caller may
leap (a year within a moment): sleeps then end at once, and whoever slept looks at ``now()`` again
instead of adding up what it slept.
"""

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

Result = TypeVar("Result")
END_LIMIT_S = 5.0
"""How long what has to be ended in order may take, once its caller was cancelled."""


class Clock(Protocol):
    """Calendar time and waiting."""

    def now(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return once ``now()`` has moved on by ``seconds``."""
        ...

    def busy(self) -> AbstractContextManager[None]:
        """While inside, a clock that can leap should not: a time stamp is on its way."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(seconds)

    def busy(self) -> AbstractContextManager[None]:
        """Nothing to do: this one never leaps."""
        return contextlib.nullcontext()


def iso_utc(seconds: float | None) -> str | None:
    """``2026-11-23T12:00:00Z`` for epoch seconds; ``None`` stays ``None`` (``docs/wire.md``)."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_iso_utc(text: str) -> float:
    """Epoch seconds of an ISO 8601 time; a time without zone is taken as UTC.

    Raises:
        ValueError: the text is no ISO 8601 time.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()


async def wait_for_work(clock: Clock, work: asyncio.Event, at_most_s: float | None) -> None:
    """Return when ``work`` is set or ``at_most_s`` seconds of ``clock`` have passed.

    ``None`` waits for work alone. The event is cleared, so a set that comes after the return is
    seen by the next call.
    """
    if at_most_s is None:
        await work.wait()
    elif at_most_s > 0:
        waits = {asyncio.ensure_future(work.wait()), asyncio.ensure_future(clock.sleep(at_most_s))}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            # Not "suppress(CancelledError): await wait": that would swallow our own cancel too.
            await asyncio.gather(*waits, return_exceptions=True)
        for wait in done:
            wait.result()
    work.clear()


async def end_task(task: asyncio.Task[None]) -> None:
    """Cancel a task and return when it has ended; one that lets a cancel slip gets another."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=1)


async def to_the_end(work: Coroutine[Any, Any, Result]) -> Result:
    """Do all of ``work``; a cancel of the caller is raised after it, at most ``END_LIMIT_S`` later.

    For what must not be left half done, such as a commit or the opening of a port.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        limit = asyncio.get_running_loop().call_later(END_LIMIT_S, task.cancel)
        while not task.done():
            with contextlib.suppress(asyncio.CancelledError):  # another one changes nothing
                await asyncio.wait([task])
        limit.cancel()
        if not task.cancelled():
            task.exception()  # nobody asks for it any more
        raise
    return task.result()
