"""The clock: order, the two bases, the skip of steady repetition, and waiting for answers."""

import asyncio
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.clock import END, PASSES, STALE_PASSES, Clock
from simulators.errors import ConfigurationError, NotOffered

DAY_S = 86_400.0
YEAR_S = 365 * DAY_S


async def test_advance_fires_in_order_whichever_base() -> None:
    clock, fired = Clock(start=0), list[str]()
    clock.call_at_steady(clock.steady() + 20, lambda: fired.append("steady 20"))
    clock.call_at(clock.now() + 10, lambda: fired.append("calendar 10"))
    clock.call_at(clock.now() + 30, lambda: fired.append("calendar 30"))
    clock.call_at_steady(clock.steady() + 5, lambda: fired.append("steady 5"))
    await clock.advance(25)
    assert fired == ["steady 5", "calendar 10", "steady 20"]
    await clock.advance(10)
    assert fired[3:] == ["calendar 30"]


async def test_calendar_time_starts_where_told_and_moves_as_advanced() -> None:
    clock = Clock(start=1_000.0)
    await clock.advance(minutes=1, hours=2, days=3)
    moved = 60 + 2 * 3600 + 3 * 86_400
    assert clock.now() == pytest.approx(1_000 + moved, abs=5)


async def test_a_long_advance_skips_steady_repetition_and_says_so() -> None:
    clock, ticks, ended = Clock(start=0), list[float](), list[float]()

    def tick() -> None:
        ticks.append(clock.steady())
        clock.call_at_steady(clock.steady() + 600, tick)

    tick()
    clock.call_at(clock.now() + YEAR_S / 2, lambda: ended.append(clock.now()))
    advance = await clock.advance(YEAR_S)
    assert (advance.moved_s, advance.skipped_s) == (YEAR_S, YEAR_S - 3600)
    assert len(ticks) in (6, 7)  # an hour's worth, not 52,560
    assert ended == [pytest.approx(YEAR_S / 2, abs=5)]


def daily(clock: Clock, ticks: list[float]) -> None:
    """Something that repeats daily, and notes when it did."""

    def tick() -> None:
        ticks.append(clock.now())
        clock.call_repeating(DAY_S, tick)

    clock.call_repeating(DAY_S, tick)


async def test_a_year_runs_its_first_and_last_week_of_what_repeats_daily() -> None:
    clock, ticks, calendar = Clock(start=0), list[float](), list[float]()
    daily(clock, ticks)
    clock.call_at(clock.now() + YEAR_S / 2, lambda: daily(clock, ticks))  # begun in the middle
    for month in range(1, 12):
        clock.call_later(month * 30 * DAY_S, lambda: calendar.append(clock.now()))
    await clock.advance(YEAR_S)
    days = [round(tick / DAY_S, 1) for tick in ticks]
    first, last = [float(n) for n in range(1, 8)], [float(n) for n in range(358, 365)]
    begun_later = [day for day in days if day % 1 == 0.5]
    assert [day for day in days if day % 1 == 0] in (first + last, [*first, *last, 365.0])
    assert begun_later == [day + 0.5 for day in last]
    assert len(calendar) == 11, "what repeats monthly is not put off"
    ticks.clear()
    await clock.advance(days=2)
    assert len(ticks) in (4, 5), "after it, each day counts again"


@pytest.mark.parametrize("days", [1, 3, 14])
async def test_in_a_fortnight_each_day_counts(days: int) -> None:
    clock, ticks = Clock(start=0), list[float]()
    daily(clock, ticks)
    await clock.advance(days=days, minutes=1)
    assert len(ticks) == days


async def test_what_repeats_hourly_or_more_often_is_steady() -> None:
    clock, ticks = Clock(start=0), list[int]()
    clock.call_repeating(600, lambda: ticks.append(1))
    await clock.advance(minutes=11)
    assert ticks == [1]


async def test_up_to_an_hour_nothing_is_skipped() -> None:
    clock, ticks = Clock(start=0), list[int]()

    def tick() -> None:
        ticks.append(1)
        clock.call_at_steady(clock.steady() + 60, tick)

    clock.call_at_steady(clock.steady() + 60, tick)
    advance = await clock.advance(hours=1)
    assert advance.skipped_s == 0
    assert len(ticks) in (59, 60)


async def test_a_cancelled_timer_does_not_fire_and_its_twin_does() -> None:
    clock, fired = Clock(start=0), list[str]()
    clock.call_later(10, lambda: fired.append("cancelled")).cancel()
    clock.call_later(10, lambda: fired.append("twin"))
    await clock.advance(11)
    assert fired == ["twin"]


async def test_sleep_ends_by_an_advance_and_not_before() -> None:
    clock = Clock(start=0)
    for seconds in (100.0, 86_400.0):
        sleeper = asyncio.ensure_future(clock.sleep(seconds))
        await asyncio.sleep(0)
        await clock.advance(seconds / 2)
        assert not sleeper.done()
        await clock.advance(seconds)
        await asyncio.wait_for(sleeper, 5)


async def test_time_passes_by_itself_too() -> None:
    await asyncio.wait_for(Clock(start=0).sleep(0.01), 5)


async def test_an_advance_lets_an_answer_come_in_between_two_timers() -> None:
    clock, order = Clock(start=0), list[str]()
    tasks: list[asyncio.Task[None]] = []

    async def exchange() -> None:
        with clock.busy():
            for _ in range(20):  # more turns of the loop than an advance waits for nobody
                await asyncio.sleep(0)
            order.append("answer")

    clock.call_later(10, lambda: tasks.append(asyncio.ensure_future(exchange())))
    clock.call_later(20, lambda: order.append("next timer"))
    await clock.advance(30)
    assert order == ["answer", "next timer"]


async def test_a_machine_that_is_slow_does_not_cut_an_answer_off() -> None:
    """An advance counts passes of the loop, not seconds in which others had the processor."""
    clock, order = Clock(start=0), list[str]()
    tasks: list[asyncio.Task[None]] = []

    async def exchange() -> None:
        with clock.busy():
            for _ in range(10):
                time.sleep(0.03)
                await asyncio.sleep(0)
            order.append("answer")

    clock.call_later(10, lambda: tasks.append(asyncio.ensure_future(exchange())))
    clock.call_later(20, lambda: order.append("next timer"))
    await clock.advance(30)
    assert order == ["answer", "next timer"]


async def test_who_stays_busy_can_not_stop_an_advance() -> None:
    clock = Clock(start=0)
    clock.hold()
    clock.call_later(10, lambda: None)
    await asyncio.wait_for(clock.advance(20), 5)
    clock.release()


async def test_who_waits_in_vain_is_waited_for_less_until_somebody_begins_something(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passes = 0

    def counting(seconds: float) -> asyncio.Timeout:
        nonlocal passes
        passes += 1
        return asyncio.Timeout(asyncio.get_running_loop().time() + min(seconds, 0.0001))

    monkeypatch.setattr("simulators.clock.asyncio.timeout", counting)
    clock, seen = Clock(start=0), list[int]()
    clock.hold()
    for _ in range(3):
        await clock.advance(0)
        seen.append(passes)
        passes = 0
    assert seen == [PASSES, STALE_PASSES, STALE_PASSES]
    clock.hold()  # somebody new may be at work
    await clock.advance(0)
    assert passes == PASSES
    clock.release()
    clock.release()


async def test_a_callback_that_fails_does_not_stop_the_clock() -> None:
    clock, failures, later = Clock(start=0), list[object](), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: failures.append(context["exception"]))

    def fail() -> None:
        raise RuntimeError("planted")

    clock.call_at_steady(clock.steady(), fail)
    clock.call_at_steady(clock.steady() + 0.01, later.set)
    await asyncio.wait_for(later.wait(), 5)
    assert [str(failure) for failure in failures] == ["planted"]


@settings(max_examples=40, deadline=None)
@given(
    timers=st.lists(st.tuples(st.booleans(), st.integers(1, 500)), max_size=15, unique=True),
    steps=st.lists(st.integers(1, 200), min_size=1, max_size=6),
)
def test_timers_fire_once_in_order_and_only_when_due(
    timers: list[tuple[bool, int]], steps: list[int]
) -> None:
    fired: list[int] = []

    async def run() -> None:
        clock = Clock(start=0)
        for steady, whole in timers:
            when = whole + 0.5  # half-way between whole seconds: real time creeps on meanwhile
            add = clock.call_at_steady if steady else clock.call_at
            add(when, lambda at=whole: fired.append(at))  # type: ignore[misc]
        for step in steps:
            await clock.advance(step)

    asyncio.run(run())
    assert fired == sorted(whole for _, whole in timers if whole + 0.5 < sum(steps))


@pytest.mark.parametrize("total_s", [100.0, YEAR_S])
async def test_a_timer_that_raises_in_an_advance_costs_nobody_else_anything(total_s: float) -> None:
    clock, fired, later = Clock(start=0), list[str](), asyncio.Event()

    def fail(text: str) -> None:
        raise RuntimeError(text)

    clock.call_at(clock.now() + total_s / 4, lambda: fail("first"))
    clock.call_at(clock.now() + total_s / 4, lambda: fired.append("same time"))
    clock.call_at(clock.now() + total_s / 2, lambda: fail("second"))
    clock.call_at(clock.now() + total_s * 3 / 4, lambda: fired.append("later"))
    clock.call_at(clock.now() + total_s + 0.05, later.set)
    before = clock.now()
    with pytest.raises(RuntimeError, match="first"):
        await clock.advance(total_s)
    assert fired == ["same time", "later"]
    assert clock.now() - before >= total_s
    await asyncio.wait_for(later.wait(), 5)  # and time passes by itself again


async def test_what_is_overdue_on_both_bases_fires_in_the_order_it_was_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, clock, fired = 1_000.0, Clock(start=0), list[str]()
    clock._zero = real
    monkeypatch.setattr("simulators.clock.time.monotonic", lambda: real)
    clock.call_at_steady(1.5, lambda: fired.append("steady 1.5"))
    clock.call_at(0.5, lambda: fired.append("calendar 0.5"))
    clock.call_at_steady(0.2, lambda: fired.append("steady 0.2"))
    clock.call_at(1.0, lambda: fired.append("calendar 1.0"))
    clock.call_at(9.0, lambda: fired.append("calendar 9.0"))
    real = 1_003.0  # the loop was held up for three seconds
    clock._fire()
    assert fired == ["steady 0.2", "calendar 0.5", "calendar 1.0", "steady 1.5"]


@pytest.mark.parametrize("seconds", [-5.0, float("nan")])
async def test_time_does_not_go_back(seconds: float) -> None:
    clock = Clock(start=0)
    with pytest.raises(ConfigurationError, match="0 or more seconds"):
        await clock.advance(seconds)
    assert (await clock.advance(0)).moved_s == 0


def test_no_hypothesis_test_of_the_simulators_has_a_deadline() -> None:
    assert settings().deadline is None


async def test_the_clock_ends_before_dates_do() -> None:
    clock = Clock(start=END - 100)
    with pytest.raises(ConfigurationError, match="before the year 9000"):
        await clock.advance(101)
    with pytest.raises(ConfigurationError, match="before the year 9000"):
        await clock.advance(float("inf"))
    assert (await clock.advance(50)).moved_s == 50


async def test_time_that_somebody_else_keeps_is_not_moved() -> None:
    clock = Clock()
    clock.stays_real("the MBG is a real one")
    before = clock.now()
    with pytest.raises(NotOffered, match="the MBG is a real one"):
        await clock.advance(days=1)
    assert clock.now() - before < 86_400
