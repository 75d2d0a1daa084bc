"""The states of a client's session with the CT Gateway, as a table. Pure.

A session begins when a connection comes. A gateway that was just started knows its nodes only after
a while (60 s at most); who logs in before that waits. `RS` then `RD` greet a client that is ready.
"""

from collections.abc import Mapping
from enum import Enum

from simulators.errors import LocalProtocolError


class State(Enum):
    CONNECTED = "connected"
    HELD = "held until the nodes are known"
    READY = "ready"
    MONITORING = "monitoring"
    CLOSED = "closed"


class Event(Enum):
    LOG_IN = "right password"
    EARLY_LOG_IN = "right password, but the nodes are not known yet"
    WRONG_PASSWORD = "wrong password"
    NO_LOG_IN = "no log-in for 30 s, or too many wait to log in"
    NODES_KNOWN = "nodes known"
    MONITOR_STARTED = "first monitor started"
    SILENCE = "no command for 270 s"
    BREACH = "no OAI"
    UNREAD = "the client does not read"
    LOST = "connection lost"


_ENDS = {Event.BREACH: State.CLOSED, Event.UNREAD: State.CLOSED, Event.LOST: State.CLOSED}

TRANSITIONS: Mapping[State, Mapping[Event, State]] = {
    State.CONNECTED: {
        Event.LOG_IN: State.READY,
        Event.EARLY_LOG_IN: State.HELD,
        Event.WRONG_PASSWORD: State.CLOSED,
        Event.NO_LOG_IN: State.CLOSED,
        **_ENDS,
    },
    State.HELD: {Event.NODES_KNOWN: State.READY, **_ENDS},
    State.READY: {
        Event.MONITOR_STARTED: State.MONITORING,
        Event.SILENCE: State.READY,
        **_ENDS,
    },
    State.MONITORING: {
        Event.SILENCE: State.READY,
        **_ENDS,
    },
    State.CLOSED: {},
}


def following(state: State, event: Event) -> State:
    """The state after `event`.

    Raises:
        LocalProtocolError: the table has no such step: our own mistake.
    """
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise LocalProtocolError(
            f"a session that is {state.value} knows no {event.value}"
        ) from None
