"""Sets of numbers as text: what went in comes out, in little room, and nothing else is taken."""

import base64
import zlib
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.bitmaps import MOST, pack, unpack


@settings(deadline=None)
@given(st.sets(st.integers(0, 60_000), max_size=200))
def test_what_is_packed_is_unpacked(numbers: set[int]) -> None:
    assert unpack(pack(numbers)) == numbers


def test_the_ends_of_the_range() -> None:
    assert (pack([]), unpack("")) == ("", frozenset())
    assert unpack(pack([0, MOST - 1])) == {0, MOST - 1}
    for wrong in ([-1], [MOST]):
        with pytest.raises(ValueError, match="numbers from 0"):
            pack(wrong)


@pytest.mark.parametrize(
    ("numbers", "room"),
    [
        (range(60_000), 60),
        (range(0, 60_000, 2), 60),
        (set(range(60_000)) - {7, 59_000}, 100),
        (Random(1).sample(range(60_000), 30_000), 10_100),  # no pattern
    ],
)
def test_sixty_thousand_phones_need_little_room(numbers: list[int], room: int) -> None:
    assert len(pack(numbers)) <= room


def bomb() -> str:
    """A bitmap of more octets than there are numbers."""
    return base64.b64encode(zlib.compress(bytes(MOST))).decode()


@pytest.mark.parametrize("text", ["*", "AAAA", pack([1, 5])[:-4], pack([1, 5]) + pack([2]), bomb()])
def test_what_is_no_bitmap_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        unpack(text)
