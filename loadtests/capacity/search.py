"""The search for the highest rate that holds: ascending steps, bisection, repeated. Pure.

Bursts are noisy: near the edge the same rate holds once and breaks the next time. Each of the
repeated searches ends between a rate that held and one that did not; the answer is the median of
them, so that one search that was led astray is outvoted. The interval comes from all bursts
together (`estimate`).

A burst in which the generator was the bottleneck is played again; where it stays so, that rate is a
limit of the search and never an answer.
"""

import math
from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum

from loadtests.capacity.estimate import Trial, estimate
from simulators.errors import ConfigurationError

PATIENCE = 3
"""Times that a rate is tried while the generator is the bottleneck."""
MOST_REPEATS = 50


class Ended(Enum):
    """What became of one burst."""

    HELD = "held"
    BROKEN = "broken"
    NOT_JUDGED = "not judged"


class Kind(Enum):
    """What the answer says."""

    FOUND = "found"
    AT_LEAST = "at least"
    BELOW = "below"
    NOT_JUDGED = "not judged"


class Limit(Enum):
    """What stands above the highest rate that held."""

    LEVELS = "a level was broken"
    GENERATOR = "the generator was the bottleneck"
    RANGE = "the range ends there"


@dataclass(frozen=True, slots=True)
class Edge:
    """Where one search ended: places on the grid, -1 below its first; what stands above."""

    held: int
    limit: Limit


@dataclass(frozen=True, slots=True)
class Answer:
    """The capacity.

    Args:
        rate: median of the searches' highest rates that held; the lowest rate of the range where
            the answer is that it lies below or could not be judged.
        low, high: hold with `CONFIDENCE` the rate at which half of the bursts hold; None: not known
            on that side.
        limit: what stood above in the middle search.
    """

    kind: Kind
    rate: float
    low: float | None
    high: float | None
    limit: Limit


class Search:
    """Ask for `rate`, play a burst, `tell` how it ended, until `rate` is None.

    Args:
        lowest, highest: rates per second between which is searched.
        repeats: how many searches.
        step: between neighbouring rates, such as 0.05 for 5 %.

    Raises:
        ConfigurationError: a range or number that is none.
    """

    def __init__(self, lowest: float, highest: float, repeats: int, step: float = 0.05) -> None:
        if not 0 < lowest <= highest < math.inf:
            raise ConfigurationError(
                f"expected rates above 0, the first at most the second, got {lowest:g} and "
                f"{highest:g}: choose other ones with --from and --to"
            )
        if not 1 <= repeats <= MOST_REPEATS:
            raise ConfigurationError(
                f"expected 1 to {MOST_REPEATS} repeats, got {repeats}: choose another number"
            )
        if not 0.001 <= step <= 1:
            raise ConfigurationError(f"expected a step from 0.001 to 1, got {step:g}")
        self.rates = grid(lowest, highest, step)
        self.edges: list[Edge] = []
        self.trials: list[Trial] = []
        self._repeats = repeats
        self._doubling = max(1, round(math.log(2) / math.log1p(step)))
        self._plays = self._play()
        self._at: int | None = next(self._plays)

    @property
    def rate(self) -> float | None:
        """The rate of the next burst; None when the search is over."""
        return None if self._at is None else self.rates[self._at]

    @property
    def number(self) -> int:
        """Which of the repeated searches this is, from 1."""
        return min(len(self.edges) + 1, self._repeats)

    def tell(self, ended: Ended) -> None:
        """How the burst at `rate` ended."""
        if self._at is None:
            return
        if ended is not Ended.NOT_JUDGED:
            self.trials.append(Trial(self.rates[self._at], ended is Ended.HELD))
        try:
            self._at = self._plays.send(ended)
        except StopIteration:
            self._at = None

    def answer(self) -> Answer:
        """What the searches that ended came to; at least one of them must have."""
        edges = sorted(self.edges, key=lambda edge: (edge.held, edge.limit is not Limit.LEVELS))
        middle = edges[(len(edges) - 1) // 2]
        found = estimate(self.trials, self.rates[0], self.rates[-1])
        bounded = all(edge.limit is Limit.LEVELS for edge in edges)
        above = self.rates[min(middle.held + 1, len(self.rates) - 1)]
        high = max(found.high, above) if bounded else None
        if middle.held < 0:
            judged = middle.limit is Limit.LEVELS
            kind = Kind.BELOW if judged else Kind.NOT_JUDGED
            return Answer(kind, self.rates[0], None, high, middle.limit)
        kind = Kind.FOUND if middle.limit is Limit.LEVELS else Kind.AT_LEAST
        rate = self.rates[middle.held]
        return Answer(kind, rate, min(found.low, rate), high, middle.limit)

    def _play(self) -> Generator[int, Ended, None]:
        """All searches: the first climbs from the lowest rate, the others begin at its edge."""
        first = yield from self._climb()
        self.edges.append(first)
        while len(self.edges) < self._repeats:
            edge = yield from self._around(max(0, first.held))
            self.edges.append(edge)

    def _climb(self) -> Generator[int, Ended, Edge]:
        """Ascending steps, each twice the rate of the one before, then bisection."""
        held, at, last = -1, 0, len(self.rates) - 1
        while True:
            limit = yield from self._limit_at(at)
            if limit is not None:
                return (yield from self._bisect(held, at, limit))
            if at == last:
                return Edge(last, Limit.RANGE)
            held, at = at, min(last, at + self._doubling)

    def _around(self, start: int) -> Generator[int, Ended, Edge]:
        """From `start` outwards in growing strides until the edge lies between, then bisection.

        Nothing of earlier searches decides here but where it begins.
        """
        last, stride = len(self.rates) - 1, 1
        limit = yield from self._limit_at(start)
        at = start
        while limit is None:
            if at == last:
                return Edge(last, Limit.RANGE)
            held, at = at, min(last, at + stride)
            limit = yield from self._limit_at(at)
            stride *= 2
            if limit is not None:
                return (yield from self._bisect(held, at, limit))
        while at > 0:
            above, at = at, max(0, at - stride)
            lower = yield from self._limit_at(at)
            stride *= 2
            if lower is None:
                return (yield from self._bisect(at, above, limit))
            limit = lower
        return Edge(-1, limit)

    def _bisect(self, held: int, above: int, limit: Limit) -> Generator[int, Ended, Edge]:
        while above - held > 1:
            middle = (held + above) // 2
            found = yield from self._limit_at(middle)
            if found is None:
                held = middle
            else:
                above, limit = middle, found
        return Edge(held, limit)

    def _limit_at(self, at: int) -> Generator[int, Ended, Limit | None]:
        """None: it held there."""
        for _ in range(PATIENCE):
            ended = yield at
            if ended is not Ended.NOT_JUDGED:
                return None if ended is Ended.HELD else Limit.LEVELS
        return Limit.GENERATOR


def grid(lowest: float, highest: float, step: float) -> list[float]:
    """Rates from the lowest to the highest, each at most `step` above the one before."""
    steps = math.ceil(math.log(highest / lowest) / math.log1p(step) - 1e-9)
    return [lowest * (highest / lowest) ** (at / max(1, steps)) for at in range(steps)] + [highest]
