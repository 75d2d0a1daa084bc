"""Control of the bench's clock.

An estate has one clock: whoever moves it moves it for all roles.
"""

import asyncio

from aiohttp import web
from pydantic import Field

from simulators.clock import Clock
from simulators.control.documents import iso
from simulators.http_api.routes import Answer, Document, Route

FARTHEST_S = 10 * 366 * 86_400.0


class Time(Document):
    """The clock: calendar time, and seconds since the run began without skipped repetition."""

    now: str
    steady_s: float


class Step(Document):
    """How far to move the clock."""

    seconds: float = Field(ge=0, le=FARTHEST_S)


class Stepped(Document):
    """What the clock was moved; `skipped_s` of it only calendar timers fired."""

    now: str
    moved_s: float
    skipped_s: float


class _Clock:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._alone = asyncio.Lock()

    async def read_clock(self, request: web.Request) -> Time:
        return Time(now=iso(self._clock.now()), steady_s=self._clock.steady())

    async def advance_clock(self, request: web.Request, *, body: Step) -> Stepped:
        async with self._alone:
            moved = await self._clock.advance(body.seconds)
        return Stepped(now=iso(self._clock.now()), moved_s=moved.moved_s, skipped_s=moved.skipped_s)


def clock_routes(clock: Clock) -> list[Route]:
    """Read and advance."""
    calls = _Clock(clock)
    return [
        Route(
            "GET", "/clock", "Read the bench's clock", calls.read_clock,
            (Answer(200, "now", Time),),
        ),
        Route(
            "POST", "/clock/advance", "Move time forward; what falls due happens in order",
            calls.advance_clock, (Answer(200, "moved", Stepped),),
        ),
    ]  # fmt: skip
