"""Merged histograms say what one histogram of all values would."""

from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.engine_core.histogram import COARSE, FINE, LONGEST_US, Histogram

UNHURRIED = settings(deadline=None)  # on a busy machine an example may take long

LATENCIES = st.lists(st.floats(0, 100), max_size=60)
PERCENTS = (50.0, 90.0, 95.0, 99.0, 99.9, 100.0)


def of(values: list[float], digits: int = FINE) -> Histogram:
    histogram = Histogram(digits)
    for value in values:
        histogram.record(value)
    return histogram


@UNHURRIED
@given(parts=st.lists(LATENCIES, min_size=1, max_size=5), digits=st.sampled_from([FINE, COARSE]))
def test_percentiles_of_merged_are_those_of_the_union(
    parts: list[list[float]], digits: int
) -> None:
    merged = Histogram(digits)
    for part in parts:
        merged.add(of(part, digits).encode())
    union = of([value for part in parts for value in part], digits)
    assert merged.count == union.count
    assert merged.max_ms == union.max_ms
    assert [merged.percentile_ms(p) for p in PERCENTS] == [union.percentile_ms(p) for p in PERCENTS]


@UNHURRIED
@given(values=st.lists(st.floats(0.001, 100), min_size=1, max_size=60))
def test_a_percentile_is_within_a_thousandth_of_the_exact_one(values: list[float]) -> None:
    middle = sorted(values)[max(1, int(0.5 * len(values) + 0.5)) - 1] * 1000
    found = of(values).percentile_ms(50)
    assert found is not None
    assert abs(found - middle) <= middle * 0.001 + 0.001


def test_averaging_percentiles_would_have_been_wrong() -> None:
    """The negative control: what the merge is there to avoid gives another number."""
    calm, slow = [0.001] * 990, [1.0] * 10
    both, averaged = of(calm + slow), of(calm).percentile_ms(99.5)
    slow_part = of(slow).percentile_ms(99.5)
    assert averaged is not None and slow_part is not None
    assert both.percentile_ms(99.5) != (averaged + slow_part) / 2


def test_nothing_recorded_has_no_percentile() -> None:
    empty = Histogram()
    empty.add(Histogram().encode())
    assert (empty.count, empty.max_ms, empty.percentile_ms(99)) == (0, None, None)


def test_values_out_of_range_are_counted_at_the_edge() -> None:
    histogram = of([-1.0, 0.0, 1e6])
    assert histogram.count == 3
    assert histogram.max_ms == LONGEST_US / 1000
