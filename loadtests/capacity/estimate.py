"""What all bursts of a search together say of the capacity: an estimate with its interval. Pure.

Near the edge the same rate holds once and breaks the next time, so a burst is a trial whose chance
to hold falls with the rate: a logistic curve in the logarithm of the rate, as psychometrics fits to
answers near a threshold. The capacity is where the curve is at one half. A few bursts break for
other reasons, at any rate (`LAPSE`). What is known beforehand is little: every capacity in the
range, and every width of the edge between `NARROWEST` and `WIDEST`, is equally likely on a
logarithmic scale. The interval is the middle `CONFIDENCE` of what is then known afterwards (Bayes,
on a grid). That the rates were chosen by what came before does not matter to it: the chance of an
answer, given the curve, is the same.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95
LAPSE = 0.03
NARROWEST, WIDEST = 0.01, 0.5
"""Width of the edge: so far above the capacity (natural logarithm) one burst in 1 + e holds."""
PLACES, WIDTHS = 100, 6
MARGIN = math.log(1.5)
"""So far beyond the range the capacity may lie, too."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One burst that was judged."""

    rate: float
    held: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """Rates per second: the median, and the interval that holds the capacity with `CONFIDENCE`."""

    middle: float
    low: float
    high: float


def estimate(trials: Sequence[Trial], lowest: float, highest: float) -> Estimate:
    """Estimate the capacity.

    Args:
        lowest, highest: of the rates between which was searched.
    """
    start, end = math.log(lowest) - MARGIN, math.log(highest) + MARGIN
    places = [start + (end - start) * (at + 0.5) / PLACES for at in range(PLACES)]
    # Finer where the answer lies: a second grid around what the first one leaves possible.
    coarse = _afterwards(trials, places)
    step = (end - start) / PLACES
    first, last = _quantile(places, coarse, 1e-4), _quantile(places, coarse, 1 - 1e-4)
    start, end = first - step, last + step
    fine = [start + (end - start) * (at + 0.5) / PLACES for at in range(PLACES)]
    weights = _afterwards(trials, fine)
    tail = (1 - CONFIDENCE) / 2
    low, middle, high = (_quantile(fine, weights, at) for at in (tail, 0.5, 1 - tail))
    return Estimate(math.exp(middle), math.exp(low), math.exp(high))


def _afterwards(trials: Sequence[Trial], places: Sequence[float]) -> list[float]:
    """The weight of each place (logarithm of a rate), all widths together; their sum is 1."""
    counted: dict[float, list[int]] = {}
    for trial in trials:
        counted.setdefault(math.log(trial.rate), [0, 0])[0 if trial.held else 1] += 1
    factor = (WIDEST / NARROWEST) ** (1 / (WIDTHS - 1))
    widths = [NARROWEST * factor**at for at in range(WIDTHS)]
    likely = [[_log_likelihood(counted, place, width) for width in widths] for place in places]
    most = max(max(row) for row in likely)
    weights = [sum(math.exp(value - most) for value in row) for row in likely]
    total = sum(weights)
    return [weight / total for weight in weights]


def _log_likelihood(counted: dict[float, list[int]], place: float, width: float) -> float:
    found = 0.0
    for at, (held, broken) in counted.items():
        share = (1 - LAPSE) / (1 + math.exp(max(-500.0, min(500.0, (at - place) / width))))
        share = max(share, 1e-9)
        found += held * math.log(share) + broken * math.log1p(-share)
    return found


def _quantile(places: Sequence[float], weights: Sequence[float], share: float) -> float:
    reached = 0.0
    for place, weight in zip(places, weights, strict=True):
        reached += weight
        if reached >= share:
            return place
    return places[-1]
