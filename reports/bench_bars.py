"""The bench as bars: ratios to peers, and aims, on one logarithmic axis. Pure.

Units are those of an SVG of ``WIDTH`` by ``ROW``. A bar goes from 1, where both are equal, to the
median ratio; a thin line spans the rounds. What has no peer is drawn by its share of the aim.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.plots import Scale, Tick, log_axis

WIDTH, ROW = 560.0, 26.0
_EDGE = 16.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of bench.json; numbers are None where they are not known.

    ``aim`` is a bound of the ratio, or of ``ours`` where it is ``absolute``; ``held`` is None where
    nothing can be said. ``not_measured`` says why, such as a peer that is not installed.
    """

    name: str
    ours: float | None
    peer: float | None
    ratio: float | None
    aim: float | None
    command: str
    held: bool | None
    aim_text: str
    absolute: bool
    less_is_better: bool
    measured_in: str
    peer_name: str
    headline_refused: str
    not_measured: str
    lowest: float | None
    highest: float | None

    @property
    def place(self) -> float | None:
        """Where its bar ends: the ratio, or its share of an absolute aim."""
        if self.absolute:
            return self.ours / self.aim if self.ours and self.aim else None
        return self.ratio or None

    @property
    def aim_place(self) -> float | None:
        """Where the mark of its aim stands."""
        return 1.0 if self.absolute and self.aim else self.aim or None

    @property
    def state(self) -> str:
        """``held``, ``missed``, ``no aim``, ``no headline`` or ``not measured``."""
        if self.not_measured:
            return "not measured"
        if self.held is not None:
            return "held" if self.held else "missed"
        return "no headline" if self.headline_refused else "no aim"


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure with the places of its bar (left, width), its rounds (from, to) and its aim."""

    figure: Figure
    bar: tuple[float, float] | None
    rounds: tuple[float, float] | None
    aim: float | None


@dataclass(frozen=True, slots=True)
class Bars:
    """All bars on their common axis; ``one`` is the place of equal."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    one: float


def draw(figures: Sequence[Figure]) -> Bars:
    """Return the bars of all figures, in their order."""
    values = [1.0]
    for figure in figures:
        values += [v for v in (figure.place, figure.aim_place) if v]
        if not figure.absolute:
            values += [v for v in (figure.lowest, figure.highest) if v]
    low, high = min(*values, 0.5), max(*values, 2.0)
    ticks, across = log_axis([low, high], _EDGE, WIDTH - _EDGE)
    return Bars(tuple(_bar(figure, across) for figure in figures), ticks, across(1.0))


def _bar(figure: Figure, across: Scale) -> Bar:
    bar = rounds = None
    if figure.place:
        ends = sorted((across(1.0), across(figure.place)))
        bar = ends[0], max(1.5, ends[1] - ends[0])
        if not figure.absolute and figure.lowest and figure.highest:
            rounds = across(figure.lowest), across(figure.highest)
    return Bar(figure, bar, rounds, across(figure.aim_place) if figure.aim_place else None)
