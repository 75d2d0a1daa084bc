"""Arrivals as pure functions: what holds for every shape, and what makes each its own."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.entropy import Seed
from simulators.errors import ConfigurationError
from simulators.phone.crowd.arrivals import (
    BOOT_SPREAD_S,
    STEPS,
    TEETH,
    Shape,
    arrivals,
    read_moments,
)

COUNTS = st.integers(0, 2000)
RATES = st.floats(0.1, 10_000)
SHAPES = st.sampled_from(list(Shape))


def times(shape: Shape, count: int, rate: float, seed: int = 1) -> list[float]:
    recorded = [index / (rate or 1.0) for index in range(count)]
    return arrivals(shape, count, rate, Seed(seed).stream("arrivals").randbytes, recorded)


@given(SHAPES, COUNTS, RATES, st.integers(0, 99))
def test_all_come_in_order_and_none_before_the_beginning(
    shape: Shape, count: int, rate: float, seed: int
) -> None:
    found = times(shape, count, rate, seed)
    assert len(found) == count
    assert found == sorted(found)
    assert all(at >= 0 for at in found)
    assert found == times(shape, count, rate, seed), "the same seed, the same times"


@given(st.sampled_from([Shape.POISSON, Shape.POWER_RETURN, Shape.FAILOVER]))
def test_another_seed_is_another_chance(shape: Shape) -> None:
    assert times(shape, 100, 10.0, 1) != times(shape, 100, 10.0, 2)


@given(st.integers(2, 2000), RATES)
def test_steady_keeps_its_distance(count: int, rate: float) -> None:
    found = times(Shape.STEADY, count, rate)
    assert found[1] - found[0] == pytest.approx(1 / rate)
    assert found[-1] == pytest.approx((count - 1) / rate)


@given(st.integers(1, 2000), RATES)
def test_a_ramp_has_a_quarter_of_them_in_its_first_half(count: int, rate: float) -> None:
    found = times(Shape.RAMP, count, rate)
    half = count / rate
    assert sum(at < half for at in found) == pytest.approx(count / 4, abs=1.5)
    assert found[-1] <= 2 * count / rate


@given(st.integers(30, 2000), RATES)
def test_a_staircase_rises_step_by_step(count: int, rate: float) -> None:
    found = times(Shape.STAIRCASE, count, rate)
    step_s = 2 * count / (rate * (STEPS + 1))
    on_steps = [
        sum(number * step_s <= at < (number + 1) * step_s for at in found)
        for number in range(STEPS)
    ]
    for number, came in enumerate(on_steps):
        assert came == pytest.approx(count * (number + 1) / 15, abs=2)


def test_poisson_has_its_rate_and_is_not_even() -> None:
    found = times(Shape.POISSON, 20_000, 100.0)
    assert found[-1] == pytest.approx(200, rel=0.05)
    gaps = [after - before for before, after in pairwise(found)]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    assert variance == pytest.approx(mean**2, rel=0.1), "exponential distances"


def test_a_failover_is_noticed_within_one_refresh() -> None:
    found = times(Shape.FAILOVER, 10_000, 100.0)
    assert found[-1] <= 100
    assert sum(at < 50 for at in found) == pytest.approx(5000, rel=0.05)


def test_power_returns_in_heaps() -> None:
    """Within the spread of one boot there are far more than an even flow would bring, or none."""
    found = times(Shape.POWER_RETURN, 1000, 2.0)
    windows = [0] * (int(found[-1] / BOOT_SPREAD_S) + 1)
    for at in found:
        windows[int(at / BOOT_SPREAD_S)] += 1
    assert max(windows) >= 20 and 0 in windows


@given(st.integers(50, 2000), RATES)
def test_each_tooth_of_a_saw_is_a_ramp_and_falls_at_once(count: int, rate: float) -> None:
    found = times(Shape.SAW_TOOTH, count, rate)
    tooth_s = 2 * count / (rate * TEETH)
    for number in range(TEETH):
        mine = [at - number * tooth_s for at in found if int(at / tooth_s + 1e-9) == number]
        assert len(mine) == pytest.approx(count / TEETH, abs=2)
        first_half = sum(at < tooth_s / 2 for at in mine)
        assert first_half == pytest.approx(count / TEETH / 4, abs=2)
    assert found[-1] <= TEETH * tooth_s * (1 + 1e-9)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=100), st.randoms(use_true_random=False))
def test_a_record_is_read_in_any_order_and_begins_with_its_first(
    moments: list[float], chance: Random
) -> None:
    shuffled = list(moments)
    chance.shuffle(shuffled)
    found = read_moments([repr(at) + "\n" for at in shuffled] + ["\n"], "record")
    assert found == [at - min(moments) for at in sorted(moments)]
    assert times_of(found, len(found)) == found
    assert times_of(found, 1) == [0.0]


def times_of(recorded: list[float], count: int) -> list[float]:
    return arrivals(Shape.RECORDED, count, 1.0, Seed(1).stream("x").randbytes, recorded)


def test_a_journal_is_a_record() -> None:
    lines = [
        '{"seq": 2, "time": "2026-11-28T00:00:01.500+00:00"}',
        '{"seq": 1, "time": "2026-11-28T01:00:01+01:00"}',
    ]
    assert read_moments(lines, "run.jsonl") == [0.0, 0.5]


@pytest.mark.parametrize(
    "line", ["soon", "NaN", "Infinity", "true", '"1"', "[1]", "{}", '{"time": 5}', '{"time": "x"}']
)
def test_a_line_that_is_no_moment_is_named(line: str) -> None:
    with pytest.raises(ConfigurationError, match="rec, line 3: expected a number of seconds"):
        read_moments(["0", "", line, "2"], "rec")


def test_a_record_that_is_too_short_is_said() -> None:
    with pytest.raises(ConfigurationError, match="2 moments are recorded, 3 arrivals"):
        times_of([0.0, 1.0], 3)


@pytest.mark.parametrize(("count", "rate"), [(-1, 1.0), (1, 0.0), (1, float("inf"))])
def test_no_such_arrivals(count: int, rate: float) -> None:
    with pytest.raises(ConfigurationError, match="expected 0 or more arrivals"):
        times(Shape.STEADY, count, rate)
