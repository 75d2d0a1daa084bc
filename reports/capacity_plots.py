"""Plots of a capacity search: latency and share held by rate, both rates logarithmic. Pure.

Bursts at one rate are joined into their median; a burst that was not judged is left out, as its
numbers are those of the generator.
"""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from reports.load import Capacity, CapacityBurst, LevelState
from reports.plots import FRAME, Plot, Scale, axis, line, log_axis, scale
from reports.text import number

_PERCENTILES = (("p50", "a"), ("p99", "b"), ("max", "c"))
_LEAST_MS = 0.1  # a logarithmic axis has no zero; what is faster is drawn here


def latency_by_rate(capacity: Capacity) -> Plot | None:
    """Return percentiles over the rate, both axes logarithmic; None if nothing was judged."""
    by_rate = _by_rate(capacity)
    curves: list[tuple[str, str, list[tuple[float, float | None]]]] = []
    for name, style in _PERCENTILES:
        points = [
            (rate, _median([getattr(burst.latency_ms, name) for burst in bursts]))
            for rate, bursts in by_rate
        ]
        curves.append((name, style, points))
    known = [value for _, _, points in curves for _, value in points if value is not None]
    if not known:
        return None
    left, top, right, bottom = FRAME
    x_ticks, across = log_axis([rate for rate, _ in by_rate], left + 10, right - 10)
    y_ticks, up = log_axis([max(_LEAST_MS, value) for value in known], bottom, top)
    return _marked(
        Plot(
            title="Latency by rate",
            x_label=f"{capacity.noun} per second",
            y_label="milliseconds",
            frame=FRAME,
            x_ticks=x_ticks,
            y_ticks=y_ticks,
            lines=tuple(
                line(
                    name,
                    style,
                    [(across(rate), value) for rate, value in points],
                    lambda value: up(max(_LEAST_MS, value)),
                )
                for name, style, points in curves
            ),
            summary=f"{len(by_rate)} rates; the capacity is marked: {capacity.sentence}.",
        ),
        capacity,
        across,
    )


def held_by_rate(capacity: Capacity) -> Plot | None:
    """Return the share of items in time and of bursts that held over the rate, in percent."""
    by_rate = _by_rate(capacity)
    if not by_rate:
        return None
    left, top, right, bottom = FRAME
    x_ticks, across = log_axis([rate for rate, _ in by_rate], left + 10, right - 10)
    y_ticks, height = axis(100.0, top, bottom)
    up = scale(0, height, bottom, top)
    held = [
        (across(rate), 100.0 * sum(b.state is LevelState.HELD for b in bursts) / len(bursts))
        for rate, bursts in by_rate
    ]
    within = [(across(rate), _median([100 * b.within for b in bursts])) for rate, bursts in by_rate]
    in_time = line(f"{capacity.noun} in time", "a", within, up)
    bursts_line = line("bursts that held", "b", held, up)
    dots = tuple((x, up(value), f"{number(value, '%')} of the bursts held") for x, value in held)
    return _marked(
        Plot(
            title="Share held by rate",
            x_label=f"{capacity.noun} per second",
            y_label="percent",
            frame=FRAME,
            x_ticks=x_ticks,
            y_ticks=y_ticks,
            lines=(in_time, replace(bursts_line, dots=dots)),
            summary=f"Share of the {capacity.noun} {capacity.done} in time, and of the bursts "
            "that held.",
        ),
        capacity,
        across,
    )


def _by_rate(capacity: Capacity) -> list[tuple[float, list[CapacityBurst]]]:
    found: dict[float, list[CapacityBurst]] = {}
    for burst in capacity.bursts:
        if burst.state is not LevelState.NOT_JUDGED:
            found.setdefault(burst.rate_per_s, []).append(burst)
    return sorted(found.items())


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _marked(plot: Plot, capacity: Capacity, across: Scale) -> Plot:
    """The plot with the answer as a line, and its interval as a band, as far as they are in it."""
    left, _, right, _ = plot.frame

    def inside(rate: float) -> float:
        return min(right, max(left, across(rate)))

    low, high = capacity.low_per_s, capacity.high_per_s
    band = None if not low or not high else (inside(low), inside(high))
    mark = inside(capacity.rate_per_s) if capacity.rate_per_s else None
    return replace(plot, mark=mark, band=band)
