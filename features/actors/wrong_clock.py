"""A clock that is wrong: what one role takes for the time, while the run's own goes right."""

from typing import Any, cast

from simulators.clock import Clock


class _Wrong:
    """Shows another calendar time than the clock behind it; all else is that one's."""

    def __init__(self, right: Clock, off_s: float) -> None:
        self.right = right
        self._off_s = off_s

    def now(self) -> float:
        return self.right.now() + self._off_s

    def __getattr__(self, name: str) -> Any:
        return getattr(self.right, name)


def wrong(clock: Clock, off_s: float) -> Clock:
    """This clock, wrong by so many seconds."""
    return cast(Clock, _Wrong(clock, off_s))


def put_right(clock: Clock) -> Clock:
    """The clock behind a wrong one."""
    return clock.right if isinstance(clock, _Wrong) else clock
