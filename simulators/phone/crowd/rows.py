"""The states of a registration, as rows that are looked up by attribute. Pure.

They are made from `TRANSITIONS` of `simulators.sip.registration`, the one table there is: a look-up
in it hashes two members of an `Enum`, which for thousands of lines is most of what a move costs.
"""

from simulators.errors import LocalProtocolError
from simulators.sip.registration import TRANSITIONS, Event, State


class Row:
    """One state; each event is the row that it leads to, or None where it may not happen."""

    __slots__ = (
        "accepted",
        "challenged",
        "due",
        "leaves",
        "no_answer",
        "refused",
        "start",
        "state",
        "stop",
    )

    def __init__(self, state: State) -> None:
        self.state = state
        self.leaves = state is State.UNREGISTERING
        self.start: Row | None = None
        self.challenged: Row | None = None
        self.accepted: Row | None = None
        self.refused: Row | None = None
        self.no_answer: Row | None = None
        self.due: Row | None = None
        self.stop: Row | None = None


ROWS = {state: Row(state) for state in State}
for _state, _row in ROWS.items():
    for _event, _after in TRANSITIONS[_state].items():
        setattr(_row, _event.name.lower(), ROWS[_after])

UNREGISTERED = ROWS[State.UNREGISTERED]
REGISTERED = ROWS[State.REGISTERED]
REFRESHING = ROWS[State.REFRESHING]


def moved(row: Row, event: Event) -> Row:
    """The row that an event leads to.

    Raises:
        LocalProtocolError: it may not happen in this state.
    """
    found: Row | None = getattr(row, event.name.lower())
    if found is None:
        raise LocalProtocolError(
            f"a registration that is {row.state.value} can't take '{event.value}'"
        )
    return found
