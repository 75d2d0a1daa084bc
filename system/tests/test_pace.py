"""The size of a pass follows the pace of the one before, within bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.domain import bulk
from system.domain.pace import FEWEST, FIRST, MOST, PASS_S, next_size

SIZES = st.integers(FEWEST, MOST)


@pytest.mark.parametrize(
    ("size", "done", "took_s", "following"),
    [
        (FIRST, FIRST, 0.4, 2 * FIRST),  # 500 a second: twice as many, not five times at once
        (800, 800, 1.6, MOST),
        (MOST, MOST, 5.0, 400),  # 200 a second
        (FIRST, 100, 5.0, 40),  # part of a pass tells the pace as well
        (FIRST, FIRST, 1000.0, FEWEST),
        (FEWEST, FEWEST, 2.0, FEWEST),
    ],
)
def test_as_many_as_the_last_pace_carries_out_in_time(
    size: int, done: int, took_s: float, following: int
) -> None:
    assert next_size(size, done, took_s) == following


@given(SIZES, st.integers(0, FEWEST - 1), st.floats(0, 1000))
def test_few_operations_tell_nothing(size: int, done: int, took_s: float) -> None:
    assert next_size(size, done, took_s) == size


@given(SIZES, st.integers(0, MOST), st.floats(-1e9, 0))
def test_a_clock_that_stood_or_was_set_back_tells_nothing(
    size: int, done: int, took_s: float
) -> None:
    assert next_size(size, done, took_s) == size


@given(SIZES, st.integers(FEWEST, MOST), st.floats(1e-9, 1e9))
def test_a_pass_at_the_same_pace_is_no_longer_than_it_may_be(
    size: int, done: int, took_s: float
) -> None:
    following = next_size(size, done, took_s)
    assert FEWEST <= following <= min(MOST, 2 * size)
    assert following == FEWEST or following * took_s / done <= PASS_S * 1.001


@given(SIZES, st.floats(0.001, 10))
def test_it_comes_to_rest_at_the_pace(size: int, each_s: float) -> None:
    for _ in range(10):
        size = next_size(size, size, size * each_s)
    assert size == max(FEWEST, min(MOST, int(size / (size * each_s) * PASS_S)))


@given(st.integers(0, 6000), st.integers(0, 3000), SIZES, st.integers(1, 4))
def test_no_more_is_switched_than_two_passes_of_each_take(
    in_progress: int, pending: int, a_pass: int, at_work: int
) -> None:
    room = bulk.room(in_progress, pending, a_pass, at_work)
    assert 0 <= room <= min(pending, a_pass)
    assert not room or in_progress + room <= 2 * a_pass * at_work
