"""The search on made-up systems of known capacity, with noise and without."""

import math
import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.capacity.estimate import CONFIDENCE, Trial, estimate
from loadtests.capacity.search import Answer, Ended, Kind, Limit, Search, grid
from simulators.errors import ConfigurationError

UNHURRIED = settings(deadline=None, max_examples=20)
System = Callable[[float], Ended]


def played(search: Search, system: System, most: int = 2000) -> Answer:
    """Play a search to its end; one that takes more bursts than `most` has lost its way."""
    for _ in range(most):
        if search.rate is None:
            return search.answer()
        search.tell(system(search.rate))
    raise AssertionError("the search does not end")


def sharp(capacity: float, generator: float = math.inf) -> System:
    """A system without noise, and a generator that gets no further."""

    def ends(rate: float) -> Ended:
        if rate > generator:
            return Ended.NOT_JUDGED
        return Ended.HELD if rate <= capacity else Ended.BROKEN

    return ends


def noisy(capacity: float, width: float, chance: random.Random) -> System:
    """Half of the bursts hold at the capacity; a `width` above it, e times fewer do (logistic)."""

    def ends(rate: float) -> Ended:
        share = 1 / (1 + math.exp(min(700.0, math.log(rate / capacity) / width)))
        return Ended.HELD if chance.random() < share else Ended.BROKEN

    return ends


@UNHURRIED
@given(
    capacity=st.floats(10, 5000),
    repeats=st.integers(1, 5),
    step=st.sampled_from([0.01, 0.05, 0.3, 1.0]),
)
def test_without_noise_the_answer_is_within_a_step(
    capacity: float, repeats: int, step: float
) -> None:
    found = played(Search(10, 5000, repeats, step), sharp(capacity))
    assert found.rate <= capacity
    if capacity < 5000:
        assert found.kind is Kind.FOUND and found.limit is Limit.LEVELS
        assert found.low is not None and found.high is not None
        assert capacity < found.rate * (1 + step) * 1.000001
        assert found.low <= capacity <= found.high


@UNHURRIED
@given(capacity=st.floats(5000, 1e9), repeats=st.integers(1, 4))
def test_where_all_hold_the_answer_is_at_least_the_end_of_the_range(
    capacity: float, repeats: int
) -> None:
    found = played(Search(10, 5000, repeats), sharp(capacity))
    assert (found.kind, found.rate, found.limit) == (Kind.AT_LEAST, 5000, Limit.RANGE)
    assert found.high is None


@UNHURRIED
@given(capacity=st.floats(0.1, 9.99), repeats=st.integers(1, 4))
def test_where_none_holds_it_lies_below(capacity: float, repeats: int) -> None:
    found = played(Search(10, 5000, repeats), sharp(capacity))
    assert (found.kind, found.rate, found.low) == (Kind.BELOW, 10, None)


@UNHURRIED
@given(generator=st.floats(10, 900), above=st.floats(1.2, 10), repeats=st.integers(1, 4))
def test_nothing_is_claimed_beyond_what_the_generator_can_do(
    generator: float, above: float, repeats: int
) -> None:
    found = played(Search(10, 10_000, repeats), sharp(generator * above, generator))
    assert (found.kind, found.limit) == (Kind.AT_LEAST, Limit.GENERATOR)
    assert generator / 1.06 <= found.rate <= generator
    assert found.high is None


@UNHURRIED
@given(capacity=st.floats(20, 900), repeats=st.integers(1, 4))
def test_a_generator_that_gets_further_than_the_system_does_not_matter(
    capacity: float, repeats: int
) -> None:
    found = played(Search(10, 10_000, repeats), sharp(capacity, capacity * 1.3))
    assert found.kind is Kind.FOUND
    assert capacity / 1.06 <= found.rate <= capacity


def test_a_generator_that_can_do_nothing_is_said() -> None:
    found = played(Search(10, 100, 2), lambda rate: Ended.NOT_JUDGED)
    assert (found.kind, found.limit) == (Kind.NOT_JUDGED, Limit.GENERATOR)


def test_one_burst_that_was_not_judged_is_played_again() -> None:
    seen: set[float] = set()

    def ends(rate: float) -> Ended:
        first = rate not in seen
        seen.add(rate)
        return Ended.NOT_JUDGED if first else sharp(300)(rate)

    found = played(Search(10, 1000, 1), ends)
    assert found.kind is Kind.FOUND and 285 <= found.rate <= 300


@UNHURRIED
@given(capacity=st.floats(50, 2000), seed=st.integers(0, 2**32))
def test_noise_does_not_lead_it_astray(capacity: float, seed: int) -> None:
    """The edge is blurred over some 10 %; five searches stay within 40 % of it."""
    found = played(Search(10, 10_000, 5), noisy(capacity, 0.05, random.Random(seed)))
    assert found.kind is Kind.FOUND
    assert capacity / 1.4 <= found.rate <= capacity * 1.4


@pytest.mark.parametrize("width", [0.01, 0.05, 0.15])
def test_the_interval_holds_the_capacity_as_often_as_it_says(width: float) -> None:
    """40 searches, always the same ones; three standard deviations of allowance."""
    chance, hits, rounds = random.Random(7), 0, 40
    for _ in range(rounds):
        capacity = math.exp(chance.uniform(math.log(50), math.log(2000)))
        found = played(Search(10, 10_000, 3), noisy(capacity, width, chance))
        assert found.low is not None and found.high is not None
        assert found.low <= found.rate < found.high
        hits += found.low <= capacity <= found.high
    slack = 3 * math.sqrt(CONFIDENCE * (1 - CONFIDENCE) / rounds)
    assert hits / rounds >= CONFIDENCE - slack


def test_more_searches_narrow_the_interval_down() -> None:
    one, five = (played(Search(10, 5000, count), sharp(777)) for count in (1, 5))
    assert one.low is not None and one.high is not None
    assert five.low is not None and five.high is not None
    assert one.low < five.low <= 777 <= five.high < one.high


def test_bursts_that_break_by_chance_do_not_move_the_estimate_far() -> None:
    sane = [Trial(rate, rate <= 300) for rate in (50, 100, 200, 290, 305, 310, 400) * 3]
    quiet, hiccup = (estimate(trials, 10, 1000) for trials in (sane, [*sane, Trial(50, False)]))
    assert 250 < quiet.low < 300 < quiet.high < 320
    assert hiccup.middle == pytest.approx(quiet.middle, rel=0.05)


def test_without_a_trial_the_whole_range_is_possible() -> None:
    found = estimate([], 10, 1000)
    assert found.low < 10 < found.middle < 1000 < found.high
    assert found.middle == pytest.approx(100, rel=0.05)


def test_an_astray_search_is_outvoted() -> None:
    """The negative control of the repeats: one search alone would have said 20."""
    bursts = 0

    def ends(rate: float) -> Ended:
        nonlocal bursts
        bursts += 1
        return Ended.BROKEN if bursts == 3 else sharp(300)(rate)

    assert played(Search(10, 1000, 1), ends).rate < 40
    bursts = 0
    assert 285 <= played(Search(10, 1000, 3), ends).rate <= 300


def test_repeats_are_cheaper_than_the_first_search_and_it_all_ends() -> None:
    search, bursts = Search(10, 5000, 3), 0
    while search.rate is not None:
        bursts += 1
        search.tell(sharp(777)(search.rate))
    assert bursts <= 20
    assert [edge.held for edge in search.edges] == [search.edges[0].held] * 3
    search.tell(Ended.HELD)
    assert search.rate is None, "what is told afterwards changes nothing"


@UNHURRIED
@given(
    lowest=st.floats(0.5, 100), factor=st.floats(1, 1000), step=st.sampled_from([0.01, 0.1, 1.0])
)
def test_the_grid_has_both_ends_and_no_step_too_wide(
    lowest: float, factor: float, step: float
) -> None:
    rates = grid(lowest, lowest * factor, step)
    assert rates[-1] == lowest * factor
    assert rates[0] == pytest.approx(lowest)
    assert all(a < b <= a * (1 + step) * 1.000001 for a, b in pairwise(rates))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((0, 10, 3), "rates above 0"),
        ((20, 10, 3), "the first at most the second"),
        ((1, math.inf, 3), "rates above 0"),
        ((1, 10, 0), "1 to 50 repeats"),
        ((1, 10, 3, 2.0), "a step from"),
    ],
)
def test_a_range_that_is_none_is_refused(arguments: tuple[float, ...], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        Search(*arguments)  # type: ignore[arg-type]
