"""The states of a call at one of its two ends, as a table (RFC 3261 sections 12 to 15)."""

from enum import Enum


class State(Enum):
    """Where a call stands."""

    CALLING = "calling"
    EARLY = "early"
    CANCELLING = "cancelling"
    OFFERED = "offered"
    ANSWERED = "answered"
    LEAVING = "leaving"
    CONFIRMED = "confirmed"
    ENDING = "ending"
    ENDED = "ended"


class Event(Enum):
    """What moves a call."""

    PROVISIONAL = "1xx"
    ACCEPTED = "2xx"
    REFUSED = "refused by the peer"
    NO_ANSWER = "no answer"
    ANSWER = "we answer"
    REFUSE = "we refuse"
    HANG_UP = "we hang up"
    CANCELLED = "CANCEL"
    ACK = "ACK"
    NO_ACK = "no ACK"
    BYE = "BYE"
    BYE_DONE = "BYE answered or given up"
    GONE = "peer does not know the call"


TRANSITIONS: dict[State, dict[Event, State]] = {
    # The caller's end
    State.CALLING: {
        Event.PROVISIONAL: State.EARLY,
        Event.ACCEPTED: State.CONFIRMED,
        Event.REFUSED: State.ENDED,
        Event.NO_ANSWER: State.ENDED,
        Event.HANG_UP: State.CANCELLING,
    },
    State.EARLY: {
        Event.PROVISIONAL: State.EARLY,
        Event.ACCEPTED: State.CONFIRMED,
        Event.REFUSED: State.ENDED,
        Event.NO_ANSWER: State.ENDED,
        Event.HANG_UP: State.CANCELLING,
    },
    State.CANCELLING: {
        Event.PROVISIONAL: State.CANCELLING,
        Event.ACCEPTED: State.ENDING,  # crossed our CANCEL and wins: ACK, then BYE (section 15)
        Event.REFUSED: State.ENDED,
        Event.NO_ANSWER: State.ENDED,
        Event.HANG_UP: State.CANCELLING,
    },
    # The callee's end
    State.OFFERED: {
        Event.ANSWER: State.ANSWERED,
        Event.REFUSE: State.ENDED,
        Event.HANG_UP: State.ENDED,  # 603
        Event.CANCELLED: State.ENDED,  # 487
        Event.NO_ANSWER: State.ENDED,  # ours: nobody came to the phone
        Event.BYE: State.ENDED,  # 487 (section 15.1.2)
    },
    State.ANSWERED: {
        Event.ACK: State.CONFIRMED,
        Event.NO_ACK: State.ENDING,  # section 13.3.1.4
        Event.HANG_UP: State.LEAVING,  # no BYE before the ACK (section 15)
        Event.GONE: State.ENDING,
        Event.BYE: State.ENDED,
    },
    State.LEAVING: {
        Event.ACK: State.ENDING,
        Event.NO_ACK: State.ENDING,
        Event.HANG_UP: State.LEAVING,
        Event.BYE: State.ENDED,
    },
    # Both
    State.CONFIRMED: {
        Event.HANG_UP: State.ENDING,
        Event.NO_ACK: State.ENDING,  # of a re-INVITE
        Event.GONE: State.ENDING,  # section 12.2.1.2
        Event.BYE: State.ENDED,
    },
    State.ENDING: {
        Event.BYE: State.ENDING,  # they cross
        Event.HANG_UP: State.ENDING,
        Event.BYE_DONE: State.ENDED,
    },
}
