"""Geometry of the plots."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reports.capacity import read_capacity
from reports.capacity_plots import held_by_rate, latency_by_rate
from reports.catalogue import load_catalogue
from reports.fields import Row
from reports.load import Burst, Capacity, Latency, Sample
from reports.plots import HEIGHT, WIDTH, Plot, latency_plot, log_axis, percentile_plot, rate_plot
from reports.run import read_run
from reports.tests import sample, sample_load


@pytest.fixture
def burst(tmp_path: Path) -> Burst:
    found = read_run(sample.write_burst(tmp_path), load_catalogue()).burst
    assert found is not None
    return found


def points(plot: Plot) -> list[tuple[float, float]]:
    return [
        (float(x), float(y))
        for line in plot.lines
        for piece in line.pieces
        for x, y in (point.split(",") for point in piece.split())
    ]


def test_every_point_lies_in_the_frame(burst: Burst) -> None:
    for plot in (percentile_plot(burst), rate_plot(burst), latency_plot(burst)):
        assert plot is not None
        left, top, right, bottom = plot.frame
        assert 0 < left < right < WIDTH and 0 < top < bottom < HEIGHT
        assert all(
            left - 0.1 <= x <= right + 0.1 and top - 0.1 <= y <= bottom + 0.1
            for x, y in points(plot)
        )


def test_percentiles_spread_to_the_right_and_rise(burst: Burst) -> None:
    plot = percentile_plot(burst)
    assert plot is not None
    assert [tick.label for tick in plot.x_ticks] == ["p50", "p90", "p95", "p99", "p99.9", "max"]
    xs, ys = zip(*points(plot), strict=True)
    assert list(xs) == sorted(xs) and list(ys) == sorted(ys, reverse=True)
    assert plot.y_ticks[0].label == "0" and plot.y_ticks[-1].label == "600"
    assert "p99 212.7 ms" in plot.summary


def test_a_gap_interrupts_a_line_and_a_lone_value_is_a_dot(burst: Burst) -> None:
    values = [1.0, 2.0, None, 3.0, None, 4.0, 5.0]
    series = tuple(Sample(float(at), 1, 1, 0, value, value) for at, value in enumerate(values))
    plot = latency_plot(replace(burst, series=series))
    assert plot is not None
    assert len(plot.lines[0].pieces) == 2 and len(plot.lines[0].dots) == 1


def test_nothing_measured_is_no_plot(burst: Burst) -> None:
    empty = replace(burst, series=(), latency_ms=Latency(None, None, None, None, None, None))
    assert (
        percentile_plot(empty) is None and rate_plot(empty) is None and latency_plot(empty) is None
    )


@pytest.mark.parametrize("value", [0.0, 5e-324, 0.3, 7.0, 1e15])
def test_any_height_and_any_time_can_be_drawn(burst: Burst, value: float) -> None:
    series = (Sample(value, 0, 0, 0, value, value), Sample(value + 1, 5, 0, 0, None, None))
    for one in (series, series[:1]):
        changed = replace(
            burst, series=one, latency_ms=Latency(value, None, None, None, None, None)
        )
        for plot in (percentile_plot(changed), rate_plot(changed), latency_plot(changed)):
            assert plot is not None
            assert len(plot.x_ticks) < 12 and len(plot.y_ticks) < 12


def capacity(**changed: object) -> Capacity:
    document = sample_load.capacity_document()
    return read_capacity(Row(document | changed, "capacity.json"))


def test_a_capacity_is_drawn_over_rates_on_a_logarithmic_axis() -> None:
    plot = latency_by_rate(capacity())
    assert plot is not None and plot.mark is not None and plot.band is not None
    assert plot.band[0] < plot.mark < plot.band[1]
    xs = [float(pair.split(",")[0]) for pair in plot.lines[0].pieces[0].split()]
    assert xs == sorted(xs) and len(xs) == 8, "the burst that was not judged is left out"
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=0.2), "a doubling is a doubling"
    assert plot.lines[2].pieces == (), "nothing was measured"


def test_a_capacity_is_drawn_in_the_words_of_its_scenario() -> None:
    for plot in (latency_by_rate(capacity()), held_by_rate(capacity())):
        assert plot is not None and plot.x_label == "phones per second"
    searched = capacity(noun="consumers", done="given a token")
    for plot in (latency_by_rate(searched), held_by_rate(searched)):
        assert plot is not None and plot.x_label == "consumers per second"
    assert plot is not None
    assert plot.lines[0].name == "consumers in time"
    assert plot.summary.startswith("Share of the consumers given a token in time,")


def test_bursts_at_one_rate_share_a_point() -> None:
    plot = held_by_rate(capacity())
    assert plot is not None
    shown = [label for _, _, label in plot.lines[1].dots]
    assert shown.count("50 % of the bursts held") == 1, "436 a second held once and broke once"


def test_a_search_without_a_judged_burst_is_no_plot() -> None:
    found: Any = sample_load.capacity_document()["bursts"]
    bursts = [row | {"state": "not judged"} for row in found]
    assert latency_by_rate(capacity(bursts=bursts)) is None
    assert held_by_rate(capacity(bursts=bursts)) is None


@pytest.mark.parametrize("values", [[1e-9], [7.0, 7.0], [0.3, 1e15], [90, 110]])
def test_a_logarithmic_axis_has_few_ticks_inside(values: list[float]) -> None:
    ticks, across = log_axis(values, 100, 500)
    assert 1 <= len(ticks) <= 9
    assert all(99 <= tick.at <= 501 for tick in ticks)
    assert all(99 <= across(value) <= 501 for value in values)
