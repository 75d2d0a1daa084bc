"""One due time for each key, in a heap: set, moved and cleared at little cost, pure.

To move a time later costs nothing but a dictionary entry: the heap's own entry stays where it is
and is pushed again when it comes up. So a key that is refreshed again and again, as registrations
are, has one entry in the heap and not one for each refresh.
"""

import heapq


class Deadlines:
    """Due times by key, seconds on the caller's base."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}
        self._queued: dict[str, float] = {}  # the earliest entry of each key in the heap
        self._heap: list[tuple[float, str]] = []

    def set(self, key: str, at: float) -> None:
        """`key` is due at `at`, and no longer when it was before."""
        self._at[key] = at
        queued = self._queued.get(key)
        if queued is None or at < queued:
            self._push(key, at)

    def clear(self, key: str) -> None:
        """`key` is never due; unknown ones are fine."""
        self._at.pop(key, None)

    def first(self) -> float | None:
        """When `due` wants to be called; never after the first due time, perhaps before it."""
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> list[str]:
        """The keys that are due by `now`, in order of their entries; they are cleared."""
        found = []
        while self._heap and self._heap[0][0] <= now:
            queued, key = heapq.heappop(self._heap)
            if self._queued.get(key) != queued:
                continue  # overtaken by an earlier entry
            del self._queued[key]
            at = self._at.get(key)
            if at is None:
                continue
            if at > now:
                self._push(key, at)
            else:
                del self._at[key]
                found.append(key)
        return found

    def __len__(self) -> int:
        return len(self._at)

    def _push(self, key: str, at: float) -> None:
        self._queued[key] = at
        heapq.heappush(self._heap, (at, key))
