"""The states of a softphone and what moves it from one to another, as one table.

    closed -> looking for MCS -> logging in -> asking -> registering -> registered

Phone Manager's own states are not public (domain reference, section 7); these are chosen.
"""

from enum import Enum


class State(Enum):
    """Where a softphone is."""

    CLOSED = "closed"
    LOOKING = "looking for MCS"
    NOT_FOUND = "MCS not found"
    LOGGING_IN = "logging in"
    LOG_IN_REFUSED = "log-in refused"
    ASKING = "asking for its registration"
    NO_SOFTPHONE = "no softphone"
    REGISTERING = "registering"
    REGISTERED = "registered"
    REFUSED = "refused"
    TIMED_OUT = "timed out"


class Event(Enum):
    """What moves it."""

    OPEN = "opened"
    CLOSE = "closed"
    FOUND = "an address answered"
    NOWHERE = "no address answered"
    LOGGED_IN = "logged in"
    LOG_IN_REFUSED = "log-in refused"
    SESSION_OVER = "the log-in is over"
    ACCOUNT = "a registration was handed out"
    SAME_ACCOUNT = "the registration is as it was"
    NO_ACCOUNT = "no registration is handed out"
    MCS_AWAY = "MCS did not answer"
    RETRY = "time to try again"
    REGISTERED = "registered"
    REFUSED = "registration refused"
    TIMED_OUT = "registration timed out"
    UNREGISTERED = "registration taken back"


_ANY = {Event.CLOSE: State.CLOSED, Event.OPEN: State.LOOKING}
"""It may be closed at any time; opened anew where it stands on another network now."""

_LINE = {
    Event.REGISTERED: State.REGISTERED,
    Event.REFUSED: State.REFUSED,
    Event.TIMED_OUT: State.TIMED_OUT,
    Event.UNREGISTERED: State.REGISTERING,
}


def _in_service(state: State) -> dict[Event, State]:
    """With a registration: a look at the MCS now and then changes it only for a new account.

    The MCS being away is no reason to give up a registration (as with 69xx phones), nor is a
    log-in that is over; one that is refused the next time is.
    """
    return {
        **_LINE,
        Event.ACCOUNT: State.REGISTERING,
        Event.SAME_ACCOUNT: state,
        Event.NO_ACCOUNT: State.NO_SOFTPHONE,
        Event.MCS_AWAY: state,
        Event.SESSION_OVER: state,
        Event.LOGGED_IN: state,
        Event.LOG_IN_REFUSED: State.LOG_IN_REFUSED,
        Event.RETRY: state,
        **_ANY,
    }


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.CLOSED: {Event.OPEN: State.LOOKING},
    State.LOOKING: {Event.FOUND: State.LOGGING_IN, Event.NOWHERE: State.NOT_FOUND, **_ANY},
    State.NOT_FOUND: {Event.RETRY: State.LOOKING, **_ANY},
    State.LOGGING_IN: {
        Event.LOGGED_IN: State.ASKING,
        Event.LOG_IN_REFUSED: State.LOG_IN_REFUSED,
        Event.MCS_AWAY: State.NOT_FOUND,
        **_ANY,
    },
    # a person has to do something: nothing is tried again by itself, least of all a password
    State.LOG_IN_REFUSED: dict(_ANY),
    State.ASKING: {
        Event.ACCOUNT: State.REGISTERING,
        Event.NO_ACCOUNT: State.NO_SOFTPHONE,
        Event.SESSION_OVER: State.LOGGING_IN,
        Event.MCS_AWAY: State.NOT_FOUND,
        **_ANY,
    },
    State.NO_SOFTPHONE: {Event.RETRY: State.ASKING, **_ANY},
    State.REGISTERING: _in_service(State.REGISTERING),
    State.REGISTERED: _in_service(State.REGISTERED),
    State.REFUSED: _in_service(State.REFUSED),
    State.TIMED_OUT: _in_service(State.TIMED_OUT),
}

WITH_LINE = frozenset({State.REGISTERING, State.REGISTERED, State.REFUSED, State.TIMED_OUT})
"""Where the softphone has an account."""
