"""Throttles against guessing: a bucket of tries for each key, refilled with time. Pure.

Only guesses take from a bucket: a MAC that nobody knows, a bound phone's MAC without its token. So
a thousand phones of one office behind one SNAT address take nothing, and a guesser among them runs
dry alone: then whoever comes from there without a token waits, those with one do not.
"""

from collections import OrderedDict
from dataclasses import dataclass

MOST_KEYS = 10_000
"""Buckets kept at the same time; the one longest not used goes first."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket's size, and how many tries come back in a second."""

    burst: float
    per_s: float


class Throttle:
    """One bucket for each key, such as a source address or a MAC."""

    def __init__(self, rate: Rate, most_keys: int = MOST_KEYS) -> None:
        self._rate = rate
        self._most_keys = most_keys
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def is_empty(self, key: str, now: float) -> bool:
        """Whether no try is left."""
        return self._level(key, now) < 1

    def take(self, key: str, now: float) -> None:
        """Count one guess."""
        self._levels[key] = (max(0.0, self._level(key, now) - 1), now)
        self._levels.move_to_end(key)
        if len(self._levels) > self._most_keys:
            self._levels.popitem(last=False)

    def wait_s(self, key: str, now: float) -> float:
        """Seconds until a try is left again."""
        return max(0.0, (1 - self._level(key, now)) / self._rate.per_s)

    def _level(self, key: str, now: float) -> float:
        level, at = self._levels.get(key, (self._rate.burst, now))
        return min(self._rate.burst, level + max(0.0, now - at) * self._rate.per_s)
