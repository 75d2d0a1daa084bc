"""The clock, moved by a button: one advance at a time, in the background, for all to see."""

import asyncio

from simulators.clock import Clock
from simulators.errors import BenchError, ConfigurationError


class Mover:
    """Moves a run's clock; `said` is what came of the latest move, "" before the first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._from = self._to = 0.0
        self.said = ""

    def begin(self, seconds: float) -> None:
        """Begin to move.

        Raises:
            ConfigurationError: it is being moved already.
        """
        if self._task is not None and not self._task.done():
            raise ConfigurationError("the clock is being moved: wait until it is there")
        self._from = self._clock.now()
        self._to = self._from + seconds
        self.said = ""
        self._task = asyncio.create_task(self._move(seconds), name="map: move the clock")

    def document(self) -> dict[str, object]:
        """Where it is, epoch seconds; `from` and `to` while it is being moved."""
        moving = self._task is not None and not self._task.done()
        span = {"from": self._from, "to": self._to} if moving else {}
        return {"now": self._clock.now(), "said": self.said, **span}

    async def stop(self) -> None:
        """End a move where it is; may be called again."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _move(self, seconds: float) -> None:
        try:
            moved = await self._clock.advance(seconds)
        except BenchError as error:
            self.said = f"Not moved as asked: {error}"
        except Exception as error:  # noqa: BLE001 - what a timer raised is news, not our end
            self.said = f"Moved, but what fell due failed: {error!r}"
        else:
            skipped = f", {moved.skipped_s:,.0f} s of them without repetition"
            self.said = f"Moved by {seconds:,.0f} s{skipped if moved.skipped_s else ''}."
