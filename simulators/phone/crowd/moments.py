"""When to look at which of many lines again: a queue for each usual delay. Pure.

Thousands of timers have the same few delays (T1, T2, the renewal of the same granted time), and
those of one delay fall due in the order in which they were set. So a queue each does what a heap
does, and costs no comparisons. Delays that are rare share a heap. A line has one moment that
counts; earlier ones are passed over when their time comes.
"""

import heapq
from collections import deque
from collections.abc import Iterator
from typing import Protocol

MOST_QUEUES = 24


class Awaited(Protocol):
    """Who is looked at; `mark` tells the moment that counts from those before it."""

    mark: int


Moment = tuple[float, int, int, Awaited]
"""When, which in order, the mark it had, who."""


class Moments:
    """The moments of many; time only grows."""

    def __init__(self) -> None:
        self._queues: dict[float, deque[Moment]] = {}
        self._heap: list[Moment] = []
        self._order = 0

    def set(self, who: Awaited, now: float, delay_s: float) -> None:
        """Let `who` be looked at after a delay, and at no moment that was set before."""
        who.mark = mark = who.mark + 1
        at = now + delay_s
        self._order = order = self._order + 1
        queue = self._queues.get(delay_s)
        if queue is None:
            if len(self._queues) >= MOST_QUEUES:
                heapq.heappush(self._heap, (at, order, mark, who))
                return
            queue = self._queues[delay_s] = deque()
        if queue and queue[-1][0] > at:
            heapq.heappush(self._heap, (at, order, mark, who))
        else:
            queue.append((at, order, mark, who))

    def clear(self, who: Awaited) -> None:
        """No moment of `who` counts any more."""
        who.mark += 1

    def first(self) -> float | None:
        """The earliest moment that counts, or None."""
        found: float | None = None
        for queue in self._queues.values():
            while queue and queue[0][2] != queue[0][3].mark:
                queue.popleft()
            if queue and (found is None or queue[0][0] < found):
                found = queue[0][0]
        heap = self._heap
        while heap and heap[0][2] != heap[0][3].mark:
            heapq.heappop(heap)
        return heap[0][0] if heap and (found is None or heap[0][0] < found) else found

    def by(self, now: float) -> Iterator[tuple[float, Awaited]]:
        """Take out what is due by `now`, the earliest first, also what is set meanwhile."""
        while True:
            at = self.first()
            if at is None or at > now:
                return
            if self._heap and self._heap[0][0] == at:
                due: list[Moment] = [heapq.heappop(self._heap)]
            else:
                queue = next(q for q in self._queues.values() if q and q[0][0] == at)
                due = [queue.popleft()]
                # Those of one queue that come before all others: `first` looks at each queue.
                limit = min(now, self._second(queue))
                while queue and queue[0][0] <= limit:
                    due.append(queue.popleft())
            for moment in due:
                who = moment[3]
                if moment[2] == who.mark:
                    yield moment[0], who

    def _second(self, first: deque[Moment]) -> float:
        """The earliest moment outside of a queue."""
        heads = [queue[0][0] for queue in self._queues.values() if queue and queue is not first]
        if self._heap:
            heads.append(self._heap[0][0])
        return min(heads, default=float("inf"))
