"""Arrivals as pure functions: what holds for every shape, and what makes each its own."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.entropy import Seed
from simulators.errors import ConfigurationError
from simulators.phone.crowd.arrivals import BOOT_SPREAD_S, STEPS, Shape, arrivals

COUNTS = st.integers(0, 2000)
RATES = st.floats(0.1, 10_000)
SHAPES = st.sampled_from(list(Shape))


def times(shape: Shape, count: int, rate: float, seed: int = 1) -> list[float]:
    return arrivals(shape, count, rate, Seed(seed).stream("arrivals").randbytes)


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


@pytest.mark.parametrize(("count", "rate"), [(-1, 1.0), (1, 0.0), (1, float("inf"))])
def test_no_such_arrivals(count: int, rate: float) -> None:
    with pytest.raises(ConfigurationError, match="expected 0 or more arrivals"):
        times(Shape.STEADY, count, rate)
