"""One clock for a run: real time that a person may push forward.

Two bases, because a year holds a token's whole life but also 200,000 identical refreshes of one
phone:

- `now()` is calendar time in epoch seconds: tokens, certificates, time stamps, long waits.
- `steady()` is time for what repeats more often than hourly: SIP timers, registrations, refreshes,
  polls.

`advance` moves both and fires what falls due, in order, letting the answers come in between two
timers. An advance of more than `exact_s` runs its first and last half window exactly; in between
only calendar timers fire, and steady time stands still: the steady repetition there is taken to go
on as it did before. That skip is returned, so that a run can state it. What repeats once a day in
every phone (`call_repeating`) is spared the same way: of an advance of more than `daily_s` it
happens in the first and last half of that, and in between it is put off, whole periods at a time.
"""

import asyncio
import heapq
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum

from simulators.errors import ConfigurationError, NotOffered

HOURLY_S = 3600.0
FORTNIGHT_S = 14 * 86_400.0
PASS_S = 0.005
PASSES = 40
"""How long an advance waits for who is busy: so many passes through the loop, of this length.

Passes are counted, and not the time of a machine that may give it to others: in each, all that has
come meanwhile is dealt with.
"""
STALE_PASSES = 8
"""The same for who was waited for in vain before, and nobody has begun or ended anything since: it
waits for time to pass (a request that nobody answers), not for others to work."""
EPSILON_S = 1e-6
END = datetime(9000, 1, 1, tzinfo=UTC).timestamp()
"""No advance goes further: what then falls due years later still has to be a date (up to 9999)."""


@dataclass(order=True)
class Timer:
    """A call that falls due at `when` on one of the two bases; `cancel()` takes it back.

    `every` is the period, seconds, of what repeats and may be put off by whole ones; 0 is none.
    """

    when: float
    number: int
    callback: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)
    every: float = field(default=0.0, compare=False)

    def put_off(self, until: float) -> None:
        """Fall due by as many periods later as needed not to fall due before `until`."""
        if self.every and self.when < until:
            self.when += math.ceil((until - self.when) / self.every) * self.every

    def cancel(self) -> None:
        self.cancelled = True


class Stretch(Enum):
    """What fires in a part of an advance."""

    EXACT = "all"
    DAILY = "calendar timers"
    RARE = "calendar timers, but for what repeats daily"


@dataclass(frozen=True, slots=True)
class Advance:
    """What one `advance` did: seconds moved, and how many of them skipped repetition."""

    moved_s: float
    skipped_s: float


class Clock:
    """Real time plus what was advanced. Made inside a running event loop's thread; not thread-safe.

    Args:
        start: calendar time at which the run begins, epoch seconds; real time when None.
        exact_s: longest advance that is run exactly from end to end, seconds.
        daily_s: longest one in which what repeats daily is not put off.
    """

    def __init__(
        self,
        start: float | None = None,
        exact_s: float = HOURLY_S,
        daily_s: float = FORTNIGHT_S,
    ) -> None:
        self.exact_s = exact_s
        self.daily_s = daily_s
        self._sparing_until = -math.inf
        self._zero = time.monotonic()
        self._start = time.time() if start is None else start
        self._calendar_offset = 0.0
        self._steady_offset = 0.0
        self._timers: dict[bool, list[Timer]] = {True: [], False: []}
        self._numbers = 0
        self._wake: asyncio.TimerHandle | None = None
        self._busy = 0
        self._turns = 0
        self._in_vain = -1
        self._idle = asyncio.Event()
        self._idle.set()
        self._fixed = ""

    def stays_real(self, reason: str) -> None:
        """From now on no `advance`: somebody in the run keeps a time of his own."""
        self._fixed = reason

    def now(self) -> float:
        """Calendar time, epoch seconds."""
        return self._start + self._calendar_offset + time.monotonic() - self._zero

    def steady(self) -> float:
        """Seconds since the run began, without the repetition that advances skipped."""
        return self._steady_offset + time.monotonic() - self._zero

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call back at calendar time `when`."""
        return self._add(False, when, callback)

    def call_at_steady(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call back at steady time `when`."""
        return self._add(True, when, callback)

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call back after `delay` seconds, of calendar time from an hour on, else steady."""
        if delay >= HOURLY_S:
            return self.call_at(self.now() + delay, callback)
        return self.call_at_steady(self.steady() + delay, callback)

    def call_repeating(self, every: float, callback: Callable[[], None]) -> Timer:
        """Call back in `every` seconds, for what is done again and again in this period.

        The caller asks anew each time; a long advance puts it off (see the module).
        """
        if every < HOURLY_S:
            return self.call_later(every, callback)
        return self._add(False, self.now() + every, callback, every)

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of this clock (see `call_later` for the base)."""
        done = asyncio.get_running_loop().create_future()
        timer = self.call_later(seconds, lambda: None if done.done() else done.set_result(None))
        try:
            await done
        finally:
            timer.cancel()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """While inside, an advance waits, for `PASSES` of the loop a timer, before it moves on."""
        self.hold()
        try:
            yield
        finally:
            self.release()

    def hold(self) -> None:
        """Begin to be busy; each `hold` needs its `release`."""
        self._busy += 1
        self._turns += 1
        self._idle.clear()

    def release(self) -> None:
        """End what `hold` began."""
        self._busy -= 1
        self._turns += 1
        if self._busy == 0:
            self._idle.set()

    async def advance(
        self, seconds: float = 0.0, *, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> Advance:
        """Move time forward and fire what falls due, in order.

        A timer that raises does not keep the others from firing; the first error is raised at the
        end.

        Raises:
            ConfigurationError: the sum is negative, for time does not go back; or the year 9000
                would begin.
            NotOffered: `stays_real` was said; the reason.
        """
        if self._fixed:
            raise NotOffered(f"time can't be moved: {self._fixed}")
        total = seconds + 60 * minutes + 3600 * hours + 86400 * days
        if not total >= 0:
            raise ConfigurationError(f"expected to advance by 0 or more seconds, got {total:g}")
        if self.now() + total > END:
            raise ConfigurationError(
                f"expected to stay before the year 9000, got an advance by {total:g} seconds from "
                f"{datetime.fromtimestamp(self.now(), UTC):%Y-%m-%d} on: advance by less, or start "
                "the bench anew"
            )
        if total <= self.exact_s:
            parts = [(total, Stretch.EXACT)]
        else:
            half = self.exact_s / 2
            middle = self._middle(total - self.exact_s)
            parts = [(half, Stretch.EXACT), *middle, (half, Stretch.EXACT)]
        failures: list[Exception] = []
        try:
            for length, stretch in parts:
                self._spare(length if stretch is Stretch.RARE else 0.0)
                await self._run(length, failures, exact=stretch is Stretch.EXACT)
        finally:
            self._spare(0.0)
            self._arm()
        if failures:
            raise failures[0]
        return Advance(total, max(0.0, total - self.exact_s))

    def _middle(self, seconds: float) -> list[tuple[float, "Stretch"]]:
        """What lies between the two exact halves of an advance."""
        if seconds <= self.daily_s:
            return [(seconds, Stretch.DAILY)]
        half = self.daily_s / 2
        rare = seconds - self.daily_s
        return [(half, Stretch.DAILY), (rare, Stretch.RARE), (half, Stretch.DAILY)]

    def _spare(self, seconds: float) -> None:
        """For so long, put off what repeats daily; 0: no longer."""
        self._sparing_until = self.now() + seconds if seconds else -math.inf
        for timer in self._timers[False]:
            timer.put_off(self._sparing_until)
        heapq.heapify(self._timers[False])

    def _add(
        self, steady: bool, when: float, callback: Callable[[], None], every: float = 0.0
    ) -> Timer:
        self._numbers += 1
        timer = Timer(when, self._numbers, callback, every=every)
        timer.put_off(self._sparing_until)
        heapq.heappush(self._timers[steady], timer)
        self._arm()
        return timer

    def _left(self, exact: bool = True) -> float | None:
        """Seconds until the earliest timer, of both bases or (not exact) of calendar time alone."""
        first = self._first(exact)
        return None if first is None else first[0]

    def _first(self, exact: bool) -> tuple[float, bool] | None:
        """The seconds left to the timer that comes first, and whether its base is the steady one.

        What is overdue has less than none left: the longest overdue comes first.
        """
        lefts = []
        for steady in (True, False) if exact else (False,):
            heap = self._timers[steady]
            while heap and heap[0].cancelled:
                heapq.heappop(heap)
            if heap:
                lefts.append((heap[0].when - (self.steady() if steady else self.now()), steady))
        return min(lefts, default=None)

    def _arm(self) -> None:
        left = self._left()
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        if left is not None:
            self._wake = asyncio.get_running_loop().call_later(max(0.0, left), self._on_wake)

    def _on_wake(self) -> None:
        self._wake = None
        try:
            self._fire()
        finally:
            self._arm()  # a callback that fails must not stop the clock for all others

    def _fire(self, exact: bool = True) -> None:
        """Call every timer that was due when this began, the longest overdue first."""
        until = time.monotonic() + EPSILON_S
        while (first := self._first(exact)) is not None:
            left, steady = first
            if time.monotonic() + left > until:
                return
            heapq.heappop(self._timers[steady]).callback()

    async def _run(self, seconds: float, failures: list[Exception], *, exact: bool) -> None:
        remaining = seconds
        await self._settle()  # who was just started gets to say what it waits for
        while remaining > 0:
            left = self._left(exact)
            step = remaining if left is None else min(remaining, max(0.0, left))
            self._calendar_offset += step
            if exact:
                self._steady_offset += step
            remaining -= step
            self._fire_all(exact, failures)
            await self._settle()

    def _fire_all(self, exact: bool, failures: list[Exception]) -> None:
        """Fire although some callbacks may raise; their errors are added to `failures`."""
        while True:
            try:
                return self._fire(exact)
            except Exception as error:  # noqa: BLE001 - whatever it is, the others shall fire
                failures.append(error)

    async def _settle(self) -> None:
        """Let what a timer set off finish: callbacks, then whoever said that it is busy."""
        for _ in range(4):
            await asyncio.sleep(0)
        patience = STALE_PASSES if self._turns == self._in_vain else PASSES
        while self._busy and patience > 0:
            try:
                async with asyncio.timeout(PASS_S):
                    await self._idle.wait()
            except TimeoutError:
                patience -= 1
            else:
                await asyncio.sleep(0)
                return
        if self._busy:
            self._in_vain = self._turns
