"""One seed, independent streams."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.entropy import MAX_SEED, Seed
from simulators.errors import ConfigurationError

seeds = st.integers(0, MAX_SEED)


@given(seeds, st.text())
def test_the_same_seed_and_name_give_the_same_octets(number: int, name: str) -> None:
    assert Seed(number).stream(name).randbytes(32) == Seed(number).stream(name).randbytes(32)


@given(seeds, st.text(), st.text())
def test_another_name_or_seed_gives_others(number: int, one: str, other: str) -> None:
    first = Seed(number).stream(one).randbytes(16)
    assert first != Seed((number + 1) % MAX_SEED).stream(one).randbytes(16)
    assert (first == Seed(number).stream(other).randbytes(16)) == (one == other)


def test_drawing_more_from_one_stream_does_not_shift_another() -> None:
    seed = Seed(7)
    greedy, calm = seed.stream("phones"), seed.stream("pbx")
    greedy.randbytes(10_000)
    assert calm.randbytes(8) == Seed(7).stream("pbx").randbytes(8)


@pytest.mark.parametrize("number", [-1, MAX_SEED + 1])
def test_a_seed_out_of_range_is_refused(number: int) -> None:
    with pytest.raises(ConfigurationError, match="whole number"):
        Seed(number)
    assert Seed(MAX_SEED).number == MAX_SEED


@pytest.mark.parametrize("text", ["", "seven", "1.5", "-3"])
def test_what_is_no_seed_says_what_one_is(text: str) -> None:
    with pytest.raises(ConfigurationError, match="whole number"):
        Seed.parse(text)
    assert repr(Seed.parse("42")) == "Seed(42)"
