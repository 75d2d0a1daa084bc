"""The one source of time of the MCS.

Everything that reads the time or waits is given a ``Clock``. A clock handed in by a caller may
leap (a year within a moment): sleeps then end at once, and whoever slept looks at ``now()`` again
instead of adding up what it slept.
"""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Calendar time and waiting."""

    def now(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return once ``now()`` has moved on by ``seconds``."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(seconds)


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
