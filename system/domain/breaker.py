"""The circuit breaker in front of one MBG, as a table and pure functions.

While it is closed operations call the MBG. Several failures of access in a row open it: nothing
calls until a pause is over, which doubles with each opening. Then it is half open: one probe
decides. A single extension's own failure (a missing ICP, a taken name) is none of its business.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from system.domain.credentials import Entropy
from system.domain.operations import retry_delay_s


class State(StrEnum):
    """Whether the MBG is called."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


class Event(StrEnum):
    """What happens to a breaker."""

    WORKED = "a call worked"
    FAILED = "a call failed"
    TRIPPED = "too many calls failed"
    PAUSE_OVER = "pause over"
    RELEASED = "a person changed or asked something"


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.CLOSED: {
        Event.WORKED: State.CLOSED,
        Event.FAILED: State.CLOSED,
        Event.TRIPPED: State.OPEN,
        Event.RELEASED: State.CLOSED,
    },
    State.OPEN: {
        # Calls that were under way when it opened; only the probe after the pause counts.
        Event.WORKED: State.OPEN,
        Event.FAILED: State.OPEN,
        Event.PAUSE_OVER: State.HALF_OPEN,
        Event.RELEASED: State.HALF_OPEN,
    },
    State.HALF_OPEN: {
        Event.WORKED: State.CLOSED,
        Event.TRIPPED: State.OPEN,
        Event.RELEASED: State.HALF_OPEN,
    },
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How many failures in a row open it, and the bounds of its pause in seconds."""

    failures: int
    first_s: float
    longest_s: float


@dataclass(frozen=True, slots=True)
class Breaker:
    """One breaker; ``open_until`` (epoch seconds) is set while it is open."""

    state: State = State.CLOSED
    failures: int = 0
    """Failures in a row while closed."""
    openings: int = 0
    """Openings in a row without a success in between."""
    open_until: float | None = None

    @property
    def closed(self) -> bool:
        """Whether operations go through."""
        return self.state is State.CLOSED


_AT_REST = Breaker()


def at(breaker: Breaker, now: float) -> Breaker:
    """The breaker as of ``now``: one whose pause is over is half open."""
    over = breaker.open_until is None or now >= breaker.open_until
    if breaker.state is State.OPEN and over:
        return _moved(breaker, Event.PAUSE_OVER, open_until=None)
    return breaker


def worked(breaker: Breaker) -> Breaker:
    """After a call that the MBG has answered as it should."""
    if breaker == _AT_REST:
        return breaker  # as after nearly every call
    moved = _moved(breaker, Event.WORKED)
    return replace(moved, failures=0, openings=0) if moved.closed else moved


def failed(
    breaker: Breaker,
    now: float,
    limits: Limits,
    entropy: Entropy,
    *,
    asked_s: float = 0.0,
    at_once: bool = False,
) -> Breaker:
    """After a call that failed for all.

    ``asked_s`` is what the MBG's ``Retry-After`` asks for (0 for nothing): it opens at once and for
    at least so long. So does ``at_once``, for a failed probe of the whole access.
    """
    if breaker.state is State.OPEN:
        return _moved(breaker, Event.FAILED)
    failures = breaker.failures + 1
    trips = at_once or asked_s > 0 or failures >= limits.failures
    if not trips and breaker.closed:
        return _moved(breaker, Event.FAILED, failures=failures)
    openings = breaker.openings + 1
    pause_s = retry_delay_s(openings, limits.first_s, limits.longest_s, entropy)
    return _moved(
        breaker,
        Event.TRIPPED,
        failures=0,
        openings=openings,
        open_until=now + max(pause_s, asked_s),
    )


def released(breaker: Breaker) -> Breaker:
    """After a change that may be what was missing, or when a person asks for a try."""
    return _moved(breaker, Event.RELEASED, open_until=None)


def _moved(breaker: Breaker, event: Event, **changes: object) -> Breaker:
    state = TRANSITIONS[breaker.state][event]
    return replace(breaker, state=state, **changes)  # type: ignore[arg-type]
