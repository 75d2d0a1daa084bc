"""Plots of a burst as positioned lines: a percentile plot and two time series. Pure.

Units are SVG user units; a plot is ``WIDTH`` by ``HEIGHT``. A missing value interrupts its line,
and a lone value between two gaps stays visible as a dot.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reports.load import Burst, Latency, Sample
from reports.text import number

Scale = Callable[[float], float]
"""From a value to its place on an axis."""

WIDTH, HEIGHT = 560.0, 280.0

# left: "15,000" in the larger letters of narrow windows, beside the axis's name
_LEFT, _RIGHT, _TOP, _BOTTOM = 84.0, 16.0, 14.0, 46.0
_PERCENTILES = (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999))
_MAX_NINES = 4.0  # place of the maximum, right of p99.9 at 3
_TINY = 1e-6  # spans below are drawn as if they were 1
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: its place along the axis and its label."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """A named curve: SVG points lists, one per unbroken piece, and dots with what they show."""

    name: str
    style: str
    pieces: tuple[str, ...]
    dots: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """A whole plot with its frame (left, top, right, bottom); ``summary`` says it in words.

    ``mark`` is a place on the x axis where a line stands, ``band`` those between which it may be.
    """

    title: str
    x_label: str
    y_label: str
    frame: tuple[float, float, float, float]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    summary: str
    mark: float | None = None
    band: tuple[float, float] | None = None


FRAME = (_LEFT, _TOP, WIDTH - _RIGHT, HEIGHT - _BOTTOM)


def percentile_points(latency: Latency) -> tuple[tuple[str, float, float | None], ...]:
    """Return (name, nines, milliseconds) per percentile, nines being -log10(1 - p), 4 for max."""
    values = (latency.p50, latency.p90, latency.p95, latency.p99, latency.p99_9)
    named = [
        (name, -math.log10(1 - share), value)
        for (name, share), value in zip(_PERCENTILES, values, strict=True)
    ]
    return (*named, ("max", _MAX_NINES, latency.max))


def percentile_plot(burst: Burst) -> Plot | None:
    """Return latency over percentile, the high ones spread out; None if nothing was measured."""
    points = percentile_points(burst.latency_ms)
    known = [value for _, _, value in points if value is not None]
    if not known:
        return None
    y_ticks, top = axis(max(known), _TOP, HEIGHT - _BOTTOM)
    across = scale(points[0][1], _MAX_NINES, _LEFT + 14, WIDTH - _RIGHT - 14)
    up = scale(0, top, HEIGHT - _BOTTOM, _TOP)
    drawn = line("latency", "a", [(across(nines), value) for _, nines, value in points], up)
    dots = tuple(
        (across(nines), up(value), f"{name}: {number(value, 'ms')}")
        for name, nines, value in points
        if value is not None
    )
    said = ", ".join(f"{name} {number(value, 'ms')}" for name, _, value in points)
    return Plot(
        title="Latency by percentile",
        x_label="percentile, from the scheduled time",
        y_label="milliseconds",
        frame=FRAME,
        x_ticks=tuple(Tick(across(nines), name) for name, nines, _ in points),
        y_ticks=y_ticks,
        lines=(Line(drawn.name, drawn.style, drawn.pieces, dots),),
        summary=f"Latency of {burst.request}s: {said}.",
    )


def rate_plot(burst: Burst) -> Plot | None:
    """Return items started, completed and failed per interval; None without a series."""
    totals = [sum(getattr(s, name) for s in burst.series) for name in ("started", "registered")]
    return _series_plot(
        burst.series,
        f"{burst.request.capitalize()}s over time",
        "per interval",
        [
            ("started", "b", lambda sample: sample.started),
            (burst.done, "a", lambda sample: sample.registered),
            ("failed", "c", lambda sample: sample.failed),
        ],
        f"{totals[0]:,} {burst.request}s started and {totals[1]:,} completed in the series.",
    )


def latency_plot(burst: Burst) -> Plot | None:
    """Return the median and the 99th percentile per interval; None without a series."""
    worst = max((s.p99_ms for s in burst.series if s.p99_ms is not None), default=None)
    return _series_plot(
        burst.series,
        "Latency over time",
        "milliseconds",
        [
            ("p50", "a", lambda sample: sample.p50_ms),
            ("p99", "b", lambda sample: sample.p99_ms),
        ],
        f"The highest 99th percentile of an interval is {number(worst, 'ms')}.",
    )


_Curve = tuple[str, str, Callable[[Sample], float | None]]


def _series_plot(
    series: Sequence[Sample], title: str, y_label: str, curves: Sequence[_Curve], summary: str
) -> Plot | None:
    values = [read(sample) for _, _, read in curves for sample in series]
    known = [value for value in values if value is not None]
    if not known:
        return None
    first, last = series[0].t_s, series[-1].t_s
    span = last - first if last - first > _TINY else 1.0
    y_ticks, top = axis(max(known), _TOP, HEIGHT - _BOTTOM)
    across = scale(0, span, _LEFT, WIDTH - _RIGHT)
    up = scale(0, top, HEIGHT - _BOTTOM, _TOP)
    step = _step(span, 7)
    marks = [step * at for at in range(math.ceil(first / step), math.floor(last / step) + 1)]
    return Plot(
        title=title,
        x_label="seconds since the start",
        y_label=y_label,
        frame=FRAME,
        x_ticks=tuple(Tick(across(mark - first), number(mark)) for mark in marks),
        y_ticks=y_ticks,
        lines=tuple(
            line(name, style, [(across(sample.t_s - first), read(sample)) for sample in series], up)
            for name, style, read in curves
        ),
        summary=summary,
    )


def scale(low: float, high: float, start: float, end: float) -> Scale:
    """Return the map that takes low to start and high to end."""
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _step(span: float, ticks: int) -> float:
    """Return a round step that makes at most about ``ticks`` of a span above 0."""
    power = 10.0 ** math.floor(math.log10(span / ticks))
    return next(power * step for step in _STEPS if power * step * ticks >= span * 0.999)


def log_axis(values: Sequence[float], start: float, end: float) -> tuple[tuple[Tick, ...], Scale]:
    """Return the ticks of a logarithmic axis (1, 2, 5, 10, ...) around values above 0, and its map.

    Lines that are too close to each other keep the powers of ten alone.
    """
    low, high = math.log10(min(values)), math.log10(max(values))
    low, high = (low - 0.1, high + 0.1) if high - low < 0.2 else (low, high)
    across = scale(low, high, start, end)
    powers = range(math.floor(low), math.ceil(high) + 1)
    steps = (1, 2, 5) if high - low < 2.5 else (1,)
    marks = [step * 10.0**power for power in powers for step in steps]
    inside = [mark for mark in marks if low - 1e-9 <= math.log10(mark) <= high + 1e-9]
    inside = inside if len(inside) > 1 else [10**low, 10**high]
    every = max(1, -(-len(inside) // 8))
    ticks = tuple(Tick(across(math.log10(mark)), number(mark)) for mark in inside[::every])
    return ticks, lambda value: across(math.log10(value))


def axis(highest: float, top: float, bottom: float) -> tuple[tuple[Tick, ...], float]:
    """Return the ticks of a vertical axis that begins at 0, and the value at its upper end."""
    step = _step(highest if highest > _TINY else 1.0, 5)
    count = max(1, math.ceil(highest / step - 1e-9))
    height = bottom - top
    ticks = tuple(Tick(bottom - height * at / count, number(step * at)) for at in range(count + 1))
    return ticks, step * count


def line(
    name: str,
    style: str,
    points: Sequence[tuple[float, float | None]],
    up: Scale,
) -> Line:
    """Return a curve through points (place on the x axis, value), broken where one is missing."""
    pieces: list[list[tuple[float, float, str]]] = [[]]
    for x, value in points:
        if value is not None:
            pieces[-1].append((x, up(value), f"{name}: {number(value)}"))
        elif pieces[-1]:
            pieces.append([])
    return Line(
        name,
        style,
        tuple(" ".join(f"{x:.1f},{y:.1f}" for x, y, _ in piece) for piece in pieces if piece[1:]),
        tuple(piece[0] for piece in pieces if len(piece) == 1),
    )
