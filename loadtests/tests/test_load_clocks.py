"""A worker's clock beside its master's, from exchanges of messages (RFC 5905 section 8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.machines.clocks import Clock, Exchange, clock

WAY = st.floats(0, 0.5)
AHEAD = st.floats(-1e5, 1e5)


def exchange(
    ahead: float, there: float, back: float, at: float = 0.0, busy: float = 0.0
) -> Exchange:
    """Of a master whose clock is so far ahead; the two ways take so long."""
    received = at + there + ahead
    return Exchange(at, received, received + busy, at + there + busy + back)


@given(ahead=AHEAD, way=WAY, busy=WAY, at=st.floats(0, 2e9))
def test_equal_ways_give_the_very_offset(ahead: float, way: float, busy: float, at: float) -> None:
    found = clock([exchange(ahead, way, way, at, busy)])
    assert found.offset_s == pytest.approx(ahead, abs=1e-5)
    assert found.round_trip_s == pytest.approx(2 * way, abs=1e-5)


@given(ahead=AHEAD, ways=st.lists(st.tuples(WAY, WAY), min_size=1, max_size=8))
def test_the_offset_is_never_worse_than_it_says(
    ahead: float, ways: list[tuple[float, float]]
) -> None:
    """However unequal the ways are: by half of the least round trip at most."""
    found = clock([exchange(ahead, there, back) for there, back in ways])
    assert found.round_trip_s == pytest.approx(min(there + back for there, back in ways), abs=1e-6)
    assert abs(found.offset_s - ahead) <= found.within_s + 1e-6


def test_who_waited_in_a_queue_is_not_believed() -> None:
    queued = exchange(1.0, 0.2, 0.001)
    assert abs(queued.offset_s - 1.0) > 0.09
    assert clock([queued, exchange(1.0, 0.001, 0.001)]).offset_s == pytest.approx(1.0)


@given(ahead=AHEAD, at=st.floats(0, 2e9))
def test_moments_go_there_and_back(ahead: float, at: float) -> None:
    found = Clock(ahead, 0.001)
    assert found.to_master(at) == at + ahead
    assert found.from_master(found.to_master(at)) == pytest.approx(at, abs=1e-5)


def test_it_is_told_and_warned_of() -> None:
    assert "12.00 ms behind the master's, within 0.50 ms" in str(Clock(0.012, 0.001))
    assert "12.00 ms ahead of the master's" in str(Clock(-0.012, 0.001))
    assert Clock(3600.0, 0.01).is_good, "whatever the offset is, it is corrected for"
    assert not Clock(0.0, 0.0101).is_good
