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
"""Extensions whose operations may wait at once, for each MCS: a pause takes effect within so many.
"""


def room(in_progress: int, pending: int, a_pass: int, at_work: int = 1) -> int:
    """How many more extensions may be switched now.

    Args:
        in_progress: those whose operations wait, or are carried out by whichever MCS.
        pending: those that are left.
        a_pass: operations that a pass of this MCS takes at most.
        at_work: how many MCS carry them out.
    """
    window = at_work * min(WINDOW, 2 * a_pass)
    return max(0, min(CHUNK, a_pass, window - in_progress, pending))
