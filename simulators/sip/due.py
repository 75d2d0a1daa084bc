"""When to look at what again: the timers of many keys in one heap, without an object for each.

A key has one entry at most that counts, whatever number of timers it has: its owner looks, does
what has fallen due, and enters the key again. An earlier time overtakes the entry there is.
"""

import heapq
from collections.abc import Iterator
from typing import Protocol

NEVER = float("inf")


class Timed(Protocol):
    """What has timers: when to act next, when to end, and the entry that stands for both."""

    key: str
    retry_at: float
    ends_at: float
    queued_at: float


class Due:
    """A heap of (when, order, key): plain values, so that the garbage collector passes them by."""

    __slots__ = ("_heap", "_order")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, str]] = []
        self._order = 0

    def watch(self, timed: Timed) -> None:
        """See to it that `timed` is looked at when its next time comes."""
        when = timed.retry_at if timed.retry_at < timed.ends_at else timed.ends_at
        if when < timed.queued_at:
            timed.queued_at = when
            self._order += 1
            heapq.heappush(self._heap, (when, self._order, timed.key))

    def at(self) -> float | None:
        """The earliest entry, or None; it may be one that was overtaken."""
        return self._heap[0][0] if self._heap else None

    def by(self, now: float) -> Iterator[tuple[float, str]]:
        """Take out, in order, what is due by `now`, also what is entered meanwhile."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            when, _, key = heapq.heappop(heap)
            yield when, key
