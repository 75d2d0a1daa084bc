"""The life of a bulk switch, and of one extension in it, as tables."""

from enum import StrEnum


class State(StrEnum):
    """Where a bulk switch stands."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"


class Event(StrEnum):
    """What happens to a bulk switch."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    FINISHED = "all extensions have come to an end"


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.RUNNING: {
        Event.PAUSE: State.PAUSED,
        Event.RESUME: State.RUNNING,
        Event.CANCEL: State.CANCELLED,
        Event.FINISHED: State.DONE,
    },
    State.PAUSED: {
        Event.PAUSE: State.PAUSED,
        Event.RESUME: State.RUNNING,
        Event.CANCEL: State.CANCELLED,
    },
    State.CANCELLED: {Event.CANCEL: State.CANCELLED},
    State.DONE: {},
}


class Item(StrEnum):
    """Where one extension of a bulk switch stands."""

    PENDING = "pending"
    IN_PROGRESS = "in progress"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


LIVE = (State.RUNNING, State.PAUSED)
"""States that a bulk switch can still be moved from."""

CHUNK = 1000
"""Extensions that are switched in one unit of work, at most."""

WINDOW = 2 * CHUNK
"""Extensions whose operations may wait at once: a pause takes effect within so many."""


def room(in_progress: int, pending: int, a_pass: int) -> int:
    """How many more extensions may be switched now, where a pass takes up to ``a_pass``."""
    return max(0, min(CHUNK, a_pass, min(WINDOW, 2 * a_pass) - in_progress, pending))
