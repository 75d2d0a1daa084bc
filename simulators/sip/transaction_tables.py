"""The four transactions of RFC 3261 as tables, and the timers that drive them.

Figures 5 to 8 of section 17, the INVITE ones with the state Accepted of RFC 6026. A row names what
may happen in a state; what it does not name changes nothing there. Which timer an event stands for
depends on the row, and is said beside it.
"""

from dataclasses import dataclass
from enum import Enum

Table = dict["State", dict["Event", "State"]]


@dataclass(frozen=True, slots=True)
class Timers:
    """RFC 3261 table 4, in seconds."""

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0
    trying_after: float = 0.2
    """An INVITE that our user left unanswered for so long gets 100 Trying (section 17.2.1)."""
    c: float = 181.0
    """How long an INVITE may go without any answer but the last provisional one (16.6 step 11)."""

    @property
    def f(self) -> float:
        """When a side gives up or forgets: timers B, D, F, H, J, L and M."""
        return 64 * self.t1


class State(Enum):
    """States of a transaction, named as in the figures."""

    __hash__ = object.__hash__  # as equality: an `Enum`'s own hashes the name, each time anew

    CALLING = "Calling"
    TRYING = "Trying"
    PROCEEDING = "Proceeding"
    ACCEPTED = "Accepted"
    COMPLETED = "Completed"
    CONFIRMED = "Confirmed"
    TERMINATED = "Terminated"


class Event(Enum):
    """What moves a transaction."""

    __hash__ = object.__hash__  # as in `State`

    PROVISIONAL = "1xx"
    FINAL = "200-699"
    SUCCESS = "2xx"
    REFUSAL = "300-699"
    REQUEST = "request again"
    ACK = "ACK"
    RETRANSMIT = "timer A, E or G"
    GIVE_UP = "timer B, C, F or H"
    FORGET = "timer D, I, J, K, L or M"
    LOST = "connection lost"


INVITE_CLIENT: Table = {  # figure 5, with RFC 6026 section 8.4
    State.CALLING: {
        Event.RETRANSMIT: State.CALLING,  # A
        Event.PROVISIONAL: State.PROCEEDING,
        Event.SUCCESS: State.ACCEPTED,
        Event.REFUSAL: State.COMPLETED,
        Event.GIVE_UP: State.TERMINATED,  # B
        Event.LOST: State.TERMINATED,
    },
    State.PROCEEDING: {
        Event.PROVISIONAL: State.PROCEEDING,
        Event.SUCCESS: State.ACCEPTED,
        Event.REFUSAL: State.COMPLETED,
        Event.GIVE_UP: State.TERMINATED,  # 64*T1 after a CANCEL, which C sends (9.1)
        Event.LOST: State.TERMINATED,
    },
    State.COMPLETED: {
        Event.REFUSAL: State.COMPLETED,
        Event.FORGET: State.TERMINATED,  # D
        Event.LOST: State.TERMINATED,
    },
    State.ACCEPTED: {
        Event.SUCCESS: State.ACCEPTED,
        Event.FORGET: State.TERMINATED,  # M
    },
}

CLIENT: Table = {  # figure 6
    State.TRYING: {
        Event.RETRANSMIT: State.TRYING,  # E
        Event.PROVISIONAL: State.PROCEEDING,
        Event.FINAL: State.COMPLETED,
        Event.GIVE_UP: State.TERMINATED,  # F
        Event.LOST: State.TERMINATED,
    },
    State.PROCEEDING: {
        Event.RETRANSMIT: State.PROCEEDING,  # E
        Event.PROVISIONAL: State.PROCEEDING,
        Event.FINAL: State.COMPLETED,
        Event.GIVE_UP: State.TERMINATED,  # F
        Event.LOST: State.TERMINATED,
    },
    State.COMPLETED: {Event.FORGET: State.TERMINATED},  # K
}

INVITE_SERVER: Table = {  # figure 7, with RFC 6026 section 8.5
    State.PROCEEDING: {
        Event.REQUEST: State.PROCEEDING,
        Event.PROVISIONAL: State.PROCEEDING,
        Event.SUCCESS: State.ACCEPTED,
        Event.REFUSAL: State.COMPLETED,
        Event.GIVE_UP: State.TERMINATED,  # C: our user has nothing more to say
        Event.LOST: State.TERMINATED,
    },
    State.COMPLETED: {
        Event.REQUEST: State.COMPLETED,
        Event.RETRANSMIT: State.COMPLETED,  # G
        Event.ACK: State.CONFIRMED,
        Event.GIVE_UP: State.TERMINATED,  # H
        Event.LOST: State.TERMINATED,
    },
    State.CONFIRMED: {
        Event.ACK: State.CONFIRMED,
        Event.FORGET: State.TERMINATED,  # I
    },
    State.ACCEPTED: {
        Event.SUCCESS: State.ACCEPTED,
        Event.ACK: State.ACCEPTED,
        Event.FORGET: State.TERMINATED,  # L
    },
}

SERVER: Table = {  # figure 8
    State.TRYING: {
        Event.REQUEST: State.TRYING,
        Event.PROVISIONAL: State.PROCEEDING,
        Event.FINAL: State.COMPLETED,
        Event.GIVE_UP: State.TERMINATED,  # never answered: who asked has given up (F)
        Event.LOST: State.TERMINATED,
    },
    State.PROCEEDING: {
        Event.REQUEST: State.PROCEEDING,
        Event.PROVISIONAL: State.PROCEEDING,
        Event.FINAL: State.COMPLETED,
        Event.GIVE_UP: State.TERMINATED,  # F
        Event.LOST: State.TERMINATED,
    },
    State.COMPLETED: {
        Event.REQUEST: State.COMPLETED,
        Event.FORGET: State.TERMINATED,  # J
    },
}


_PROVISIONAL, _FINAL, _SUCCESS, _REFUSAL = (
    Event.PROVISIONAL, Event.FINAL, Event.SUCCESS, Event.REFUSAL,
)  # fmt: skip


def answered(status: int, *, invite: bool) -> Event:
    """The event that a response with this status is to its transaction."""
    if status < 200:
        return _PROVISIONAL
    if not invite:
        return _FINAL
    return _SUCCESS if status < 300 else _REFUSAL
