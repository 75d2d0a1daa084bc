"""Latencies as an HDR histogram: microseconds, 1 to 3,660 s, exact when merged.

Histograms of the same precision are merged by adding their counts, so the percentiles of a merged
one are those of all its values together. Percentiles themselves are never averaged.
"""

from dataclasses import dataclass

from hdrh.histogram import HdrHistogram

LONGEST_US = 3_660_000_000
"""The longest burst with its minute of grace."""
FINE = 3
"""Significant digits of totals: at most 0.1 % off."""
COARSE = 2
"""Of one second of a series: at most 1 % off, and an eighth of the memory."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A histogram on its way: HdrHistogram V2, compressed, base64; empty when it has no value."""

    hdr: str = ""
    max_us: int = 0


NOTHING = Encoded()


class Histogram:
    """Counts of latencies; `digits` is `FINE` or `COARSE`."""

    def __init__(self, digits: int = FINE) -> None:
        self._counts = HdrHistogram(1, LONGEST_US, digits)
        self._max_us = 0  # the histogram itself knows it to its precision only

    @property
    def count(self) -> int:
        """How many values it holds."""
        return int(self._counts.get_total_count())

    @property
    def max_ms(self) -> float | None:
        """The highest value, exact to the microsecond; None when empty."""
        return self._max_us / 1000 if self.count else None

    def record(self, seconds: float) -> None:
        """Count one value; below 1 us counts as 1 us, above 3,660 s as 3,660 s."""
        us = min(max(1, round(seconds * 1e6)), LONGEST_US)
        self._counts.record_value(us)
        self._max_us = max(self._max_us, us)

    def percentile_ms(self, percent: float) -> float | None:
        """The value that `percent` (0 to 100) of all values do not exceed; None when empty."""
        if not self.count:
            return None
        return float(min(self._counts.get_value_at_percentile(percent), self._max_us)) / 1000

    def count_within(self, limit_ms: float) -> int:
        """How many values are surely at most `limit_ms`; a bucket that reaches beyond is not.

        The bucket of the highest value reaches no further than that value.
        """
        limit_us = limit_ms * 1000
        if self._max_us <= limit_us:
            return self.count
        counts, found = self._counts, 0
        for item in counts.get_recorded_iterator():
            if counts.get_highest_equivalent_value(item.value_iterated_to) > limit_us:
                break
            found += int(item.count_at_value_iterated_to)
        return found

    def encode(self) -> Encoded:
        """For the way to another process."""
        if not self.count:
            return NOTHING
        return Encoded(self._counts.encode().decode("ascii"), self._max_us)

    def add(self, other: Encoded) -> None:
        """Merge a histogram of the same precision."""
        if other.hdr:
            self._counts.decode_and_add(other.hdr)
            self._max_us = max(self._max_us, other.max_us)
