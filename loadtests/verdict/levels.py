"""Service levels: what a burst has to hold, in one line each, and whether it did. Pure.

    99.9 % registered within 2 s     of the attempted phones, from their scheduled moments on
    p99 <= 500 ms                    also p50, p99.9, max; of those that registered
    failed <= 0.1 %                  or a count: failed <= 3; also registered, lost

A scenario has a word of its own in place of `registered`: `99 % booted within 10 s`. `<=`, `<`,
`>=` and `>` compare, with `at most` and `at least` as words for the first and third. Durations are
in us, ms, s or min. Percentiles and counts within a time come from the merged histograms, whose
buckets (a thousandth wide) are rounded up: in doubt a level is broken.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NoReturn

from loadtests.engine_core.totals import Totals
from simulators.errors import ConfigurationError

UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "min": 60_000.0}
WELL = ("registered",)
_NUMBER = r"(\d{1,12}(?:\.\d{1,12})?)"
_SIGN = r"(<=|<|>=|>|at most|at least)"
_WITHIN = re.compile(rf"{_NUMBER} ?% ([a-z ]+) within {_NUMBER} ?([a-z]+)", re.ASCII)
_LATENCY = re.compile(rf"(max|p{_NUMBER}) ?{_SIGN} ?{_NUMBER} ?([a-z]+)", re.ASCII)
_COUNT = re.compile(rf"([a-z ]+?) ?{_SIGN} ?{_NUMBER} ?(%?)", re.ASCII)
_SIGNS = {"at most": "<=", "at least": ">="}


class State(Enum):
    """What became of a level."""

    HELD = "held"
    BROKEN = "broken"
    NOT_JUDGED = "not judged"


class Measure(Enum):
    """What a level is about."""

    WITHIN = "percent that ended well within a time"
    LATENCY = "a percentile of the latency, in ms"
    COUNT = "a count of items"
    SHARE = "percent of the attempted items"


@dataclass(frozen=True, slots=True)
class Level:
    """One service level.

    Args:
        text: as it was given, blanks tidied.
        sign: `<=`, `<`, `>=` or `>`: measured on the left, bound on the right.
        bound: percent, milliseconds or items, as `measure` says.
        within_ms: for `WITHIN` alone.
        percent: which percentile, for `LATENCY`; 100 is the maximum.
        what: which count, for `COUNT` and `SHARE`: `registered` whatever the scenario's word is,
            `failed` or `lost`.
    """

    text: str
    measure: Measure
    sign: str
    bound: float
    within_ms: float = 0.0
    percent: float = 0.0
    what: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A level with what was measured, in words, and what follows; `reason` where not judged."""

    level: Level
    actual: str
    state: State
    reason: str = ""


def examples(word: str = WELL[0]) -> str:
    """Some levels, for whoever has to write one."""
    return f'"99.9 % {word} within 2 s", "p99 <= 500 ms" or "failed <= 0.1 %"'


def parse_level(text: str, well: Sequence[str] = WELL) -> Level:
    """Read a level.

    Args:
        well: words for an item that ended well, each as good as the other.

    Raises:
        ConfigurationError: it is none; the message says what is wrong with it.
    """
    tidy = " ".join(text.split())
    if found := _WITHIN.fullmatch(tidy):
        share, word, time, unit = found.groups()
        if word not in well:
            _refuse(tidy, f"{' or '.join(well)} before 'within', got {word!r}")
        return Level(
            tidy, Measure.WITHIN, ">=", _percent(share, tidy), within_ms=_ms(time, unit, tidy)
        )
    if found := _LATENCY.fullmatch(tidy):
        name, percent, sign, time, unit = found.groups()
        at = 100.0 if name == "max" else _percent(percent, tidy)
        return Level(
            tidy, Measure.LATENCY, _SIGNS.get(sign, sign), _ms(time, unit, tidy), percent=at
        )
    if found := _COUNT.fullmatch(tidy):
        what, sign, number, percent_sign = found.groups()
        counts = (*well, "failed", "lost")
        if what not in counts:
            _refuse(tidy, f"one of {', '.join(counts)} before {sign!r}, got {what!r}")
        what = WELL[0] if what in well else what
        measure = Measure.SHARE if percent_sign else Measure.COUNT
        bound = _percent(number, tidy) if percent_sign else float(number)
        return Level(tidy, measure, _SIGNS.get(sign, sign), bound, what=what)
    _refuse(tidy, f"a level such as {examples(well[0])}")


def judge(
    levels: tuple[Level, ...], totals: Totals, registered: int, refused: str | None
) -> list[Verdict]:
    """Judge each level by the merged books of a burst.

    Args:
        registered: phones that are, by the lowest of all counts.
        refused: why the numbers say nothing about the target; then nothing is judged.
    """
    return [_Books(totals, registered).judged(level, refused) for level in levels]


def held(verdicts: list[Verdict]) -> bool:
    """Whether every level was judged and holds."""
    return all(verdict.state is State.HELD for verdict in verdicts)


def document(verdicts: list[Verdict]) -> list[dict[str, object]]:
    """The verdicts as burst.json holds them."""
    return [
        {
            "level": verdict.level.text,
            "actual": verdict.actual,
            "state": verdict.state.value,
            "reason": verdict.reason or None,
        }
        for verdict in verdicts
    ]


@dataclass(frozen=True, slots=True)
class _Books:
    """What a burst came to, as far as levels ask for it."""

    totals: Totals
    registered: int

    def judged(self, level: Level, refused: str | None) -> Verdict:
        value = self._measured(level)
        shown = "nothing was measured" if value is None else self._shown(level, value)
        if refused:
            return Verdict(level, shown, State.NOT_JUDGED, refused)
        if value is None:  # nobody registered: no latency holds any bound
            return Verdict(level, shown, State.BROKEN)
        holds = {
            "<=": value <= level.bound,
            "<": value < level.bound,
            ">=": value >= level.bound,
            ">": value > level.bound,
        }[level.sign]
        return Verdict(level, shown, State.HELD if holds else State.BROKEN)

    def _measured(self, level: Level) -> float | None:
        if level.measure is Measure.LATENCY:
            return self.totals.latency.percentile_ms(level.percent)
        count = self._count(level)
        if level.measure is Measure.COUNT:
            return float(count)
        return 100.0 * count / self.totals.started if self.totals.started else None

    def _count(self, level: Level) -> int:
        if level.measure is Measure.WITHIN:
            return self.totals.latency.count_within(level.within_ms)
        counts = {
            "registered": self.registered,
            "failed": self.totals.failed,
            "lost": self.totals.lost,
        }
        return counts[level.what]

    def _shown(self, level: Level, value: float) -> str:
        if level.measure is Measure.LATENCY:
            return f"{value:.1f} ms"
        shown = f"{self._count(level):,} of {self.totals.started:,}"
        return shown if level.measure is Measure.COUNT else f"{shown} ({value:.4g} %)"


def _percent(text: str, level: str) -> float:
    if float(text) > 100:
        _refuse(level, f"a share from 0 to 100 %, got {text}")
    return float(text)


def _ms(text: str, unit: str, level: str) -> float:
    if unit not in UNITS_MS:
        _refuse(level, f"a time in {', '.join(UNITS_MS)}, got {text} {unit}")
    return float(text) * UNITS_MS[unit]


def _refuse(level: str, expected: str) -> NoReturn:
    raise ConfigurationError(f"can't judge by the level {level!r}: expected {expected}")
