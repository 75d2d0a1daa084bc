"""The life of a stored operation as a table: state -> event -> next state.

An operation is one idempotent act on the MBG for one extension. ``waiting`` and ``failed`` are both
tried again; ``failed`` says that a person has to act first, so it is tried at the slow pace, and
after a bounded number of such tries it is a dead letter: kept, and tried again when a person asks.
A pair that is not in the table is a mistake of ours and raises.
"""

from enum import StrEnum

from system.domain.credentials import Entropy


class Kind(StrEnum):
    """What an operation does on the MBG."""

    PROVISION = "provision"
    REMOVE = "remove"


class State(StrEnum):
    """Where an operation stands."""

    WAITING = "waiting"
    FAILED = "failed"
    DEAD = "dead"
    DONE = "done"
    SUPERSEDED = "superseded"


class Event(StrEnum):
    """What happens to an operation."""

    SUCCEEDED = "succeeded"
    PUT_OFF = "put off"
    NEEDS_A_PERSON = "needs a person"
    GIVEN_UP = "needs a person, too often"
    RETRY_ASKED = "retry asked"
    REPLACED = "replaced"


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.WAITING: {
        Event.SUCCEEDED: State.DONE,
        Event.PUT_OFF: State.WAITING,
        Event.NEEDS_A_PERSON: State.FAILED,
        Event.GIVEN_UP: State.DEAD,
        Event.RETRY_ASKED: State.WAITING,
        Event.REPLACED: State.SUPERSEDED,
    },
    State.FAILED: {
        Event.SUCCEEDED: State.DONE,
        Event.PUT_OFF: State.WAITING,
        Event.NEEDS_A_PERSON: State.FAILED,
        Event.GIVEN_UP: State.DEAD,
        Event.RETRY_ASKED: State.WAITING,
        Event.REPLACED: State.SUPERSEDED,
    },
    State.DEAD: {
        Event.RETRY_ASKED: State.WAITING,
        Event.REPLACED: State.SUPERSEDED,
    },
    State.DONE: {},
    State.SUPERSEDED: {},
}

ACTIVE = (State.WAITING, State.FAILED)
"""States in which an operation is still to be carried out, at its time."""

UNFINISHED = (*ACTIVE, State.DEAD)
"""States in which what was wanted has not happened yet."""


class IllegalTransition(Exception):
    """The table has no such move."""


def next_state(state: State, event: Event) -> State:
    """Look the move up.

    Raises:
        IllegalTransition: the pair is not in the table.
    """
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalTransition(f"an operation that is {state} cannot be {event}") from None


def retry_delay_s(attempts: int, first_s: float, longest_s: float, entropy: Entropy) -> float:
    """Seconds until the next try after ``attempts`` (1 or more) failed ones.

    It doubles from ``first_s``; up to a quarter is taken off at random, so that operations which
    failed together do not come back together. Always within ``first_s`` and ``longest_s``.
    """
    # 2**32 is far past any limit; without a cap the power of a long outage would overflow a float.
    full = min(longest_s, first_s * 2.0 ** min(attempts - 1, 32))
    jitter = int.from_bytes(entropy(2), "big") / 65536
    return max(first_s, full * (1 - jitter / 4))
