"""Patience with many at once: who is not heard of for so long is ended.

All wait equally long, so who was touched first falls due first: an ordered dict and one timer of
the clock do for any number.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from simulators.clock import Clock, Timer

T = TypeVar("T")


class Deadlines(Generic[T]):
    """Calls `end` with each member that was not touched for `wait_s` seconds of the clock.

    Who has been ended is no member any more.
    """

    def __init__(self, clock: Clock, wait_s: float, end: Callable[[T], None]) -> None:
        self._clock = clock
        self._wait_s = wait_s
        self._end = end
        self._due: dict[T, float] = {}
        self._timer: Timer | None = None

    def touch(self, member: T) -> None:
        """Wait for this one from now on, also if it waits already."""
        self._due.pop(member, None)
        self._due[member] = at = self._clock.steady() + self._wait_s
        if self._timer is None:
            self._timer = self._clock.call_at_steady(at, self._on_timer)

    def drop(self, member: T) -> None:
        """Wait for this one no longer."""
        self._due.pop(member, None)

    def close(self) -> None:
        """Wait for nobody any more."""
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_timer(self) -> None:
        self._timer = None
        now = self._clock.steady()
        late = []
        for member, at in self._due.items():
            if at > now:
                self._timer = self._clock.call_at_steady(at, self._on_timer)
                break
            late.append(member)
        for member in late:
            del self._due[member]
        for member in late:
            self._end(member)
