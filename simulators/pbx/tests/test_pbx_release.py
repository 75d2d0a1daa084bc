"""Releases compare by their parts (PRE-5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.errors import ConfigurationError
from simulators.pbx.release import (
    FIRST_GATEWAY_WITH_CREDENTIALS,
    FIRST_WITH_CREDENTIALS,
    Release,
)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("6.3", "6.3 SP1"),
        ("6.3 SP1", "6.3 SP2"),
        ("6.3 SP2", "6.3 SP10"),
        ("6.3 SP9", "6.10"),
        ("5.0.64", "5.0.100"),
        ("6.3 SP1", "6.3.1"),
        ("9.9.9", "10"),
    ],
)
def test_by_parts_and_not_as_text(older: str, newer: str) -> None:
    assert Release.parse(older) < Release.parse(newer)
    assert not Release.parse(newer) < Release.parse(older)
    assert Release.parse(older) != Release.parse(newer)


@pytest.mark.parametrize(("one", "other"), [("6.3", "6.3.0"), ("6.3SP1", "6.3 sp1"), (" 6 ", "6")])
def test_ways_to_write_the_same(one: str, other: str) -> None:
    assert Release.parse(one) == Release.parse(other)
    assert hash(Release.parse(one)) == hash(Release.parse(other))


def test_it_is_shown_as_it_was_written() -> None:
    assert str(Release.parse("6.3 SP1")) == "6.3 SP1"
    assert str(Release.parse("6.3.0")) == "6.3.0"


@pytest.mark.parametrize("text", ["", "six", "6.", ".6", "6.3 SP", "6.3 PR1", "6,3", "-1", "٣.1"])
def test_what_is_no_release(text: str) -> None:
    with pytest.raises(ConfigurationError, match="expected a release"):
        Release.parse(text)


@pytest.mark.parametrize(
    ("text", "has"), [("6.2 SP9", False), ("6.3", False), ("6.3 SP1", True), ("6.10", True)]
)
def test_pre_3(text: str, has: bool) -> None:
    assert (Release.parse(text) >= FIRST_WITH_CREDENTIALS) is has


@pytest.mark.parametrize(
    ("text", "has"), [("4.9.99", False), ("5.0.63", False), ("5.0.64", True), ("5.0.100", True)]
)
def test_pre_4(text: str, has: bool) -> None:
    assert (Release.parse(text) >= FIRST_GATEWAY_WITH_CREDENTIALS) is has


numbers = st.lists(st.integers(0, 999), min_size=1, max_size=4)


@given(numbers, numbers, st.integers(0, 20), st.integers(0, 20))
def test_the_order_is_that_of_the_parts(
    one: list[int], other: list[int], sp_one: int, sp_other: int
) -> None:
    def release(parts: list[int], service_pack: int) -> Release:
        return Release.parse(".".join(map(str, parts)) + f" SP{service_pack}")

    def key(parts: list[int], service_pack: int) -> tuple[list[int], int]:
        return parts + [0] * (4 - len(parts)), service_pack

    assert (release(one, sp_one) < release(other, sp_other)) == (
        key(one, sp_one) < key(other, sp_other)
    )
