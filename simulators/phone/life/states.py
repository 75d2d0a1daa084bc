"""The states of a phone's life and what moves it from one to another, as one table.

    off -> booting -> network -> configuration -> firmware -> applying -> registering -> registered
                                        ^             |
                                        |          flashing -> (reboot) -> booting

Diagrams are drawn from `TRANSITIONS`; a pair that isn't in it is a mistake of whoever drives the
phone.
"""

from enum import Enum


class State(Enum):
    """Where a phone is in its life."""

    OFF = "off"
    BOOTING = "booting"
    MINET = "MiNET"
    NETWORK = "network"
    CONFIGURATION = "configuration"
    FIRMWARE = "firmware"
    FLASHING = "flashing"
    APPLYING = "applying"
    IDLE = "idle"
    REGISTERING = "registering"
    REGISTERED = "registered"
    REFUSED = "refused"
    TIMED_OUT = "timed out"
    UNREGISTERED = "unregistered"
    RESTARTING = "restarting"


class Event(Enum):
    """What moves a phone."""

    POWER_ON = "power on"
    POWER_OFF = "power off"
    BOOTED_SIP = "booted with SIP firmware"
    BOOTED_MINET = "booted with MiNET firmware"
    SERVER_KNOWN = "network up, configuration server known"
    NO_SERVER = "network up, no configuration server"
    FILE = "a file came, or is not there"
    FILES_COMPLETE = "all files came"
    FILES_COMPLETE_FAST = "all files came, firmware not asked for"
    SERVER_AWAY = "configuration server away"
    FIRMWARE_NEW = "other firmware"
    FIRMWARE_KEPT = "firmware stays"
    FLASHED = "flashed"
    NO_LINES = "a configuration without lines counts"
    LINES = "a configuration with lines counts"
    REGISTERED = "a line is registered"
    REFUSED = "no line registered, one refused"
    TIMED_OUT = "no line registered, one timed out"
    UNREGISTERED = "no line registered"
    UNDECIDED = "no line has an outcome yet"
    BACKGROUND = "poll or configuration answer"
    RESTART = "restart"
    UNREGISTER_FIRST = "restart after un-registering"


_LINE_CHANGES = {
    Event.REGISTERED: State.REGISTERED,
    Event.REFUSED: State.REFUSED,
    Event.TIMED_OUT: State.TIMED_OUT,
    Event.UNREGISTERED: State.UNREGISTERED,
    Event.UNDECIDED: State.REGISTERING,
}


def _in_service(state: State) -> dict[Event, State]:
    """A phone with lines: each change of a line may move it; it may lose them, or restart."""
    return {
        **_LINE_CHANGES,
        Event.BACKGROUND: state,
        Event.NO_LINES: State.IDLE,
        Event.RESTART: State.BOOTING,
        Event.UNREGISTER_FIRST: State.RESTARTING,
        Event.POWER_OFF: State.OFF,
    }


_ANY_TIME = {Event.RESTART: State.BOOTING, Event.POWER_OFF: State.OFF}

TRANSITIONS: dict[State, dict[Event, State]] = {
    State.OFF: {Event.POWER_ON: State.BOOTING},
    State.BOOTING: {
        Event.BOOTED_SIP: State.NETWORK,
        Event.BOOTED_MINET: State.MINET,
        Event.POWER_OFF: State.OFF,
    },
    State.MINET: dict(_ANY_TIME),  # PHN-1: no way from here to the configuration server
    State.NETWORK: {
        Event.SERVER_KNOWN: State.CONFIGURATION,
        Event.NO_SERVER: State.APPLYING,
        **_ANY_TIME,
    },
    State.CONFIGURATION: {
        Event.FILE: State.CONFIGURATION,
        Event.FILES_COMPLETE: State.FIRMWARE,
        Event.FILES_COMPLETE_FAST: State.APPLYING,
        Event.SERVER_AWAY: State.APPLYING,
        **_ANY_TIME,
    },
    State.FIRMWARE: {
        Event.FIRMWARE_NEW: State.FLASHING,
        Event.FIRMWARE_KEPT: State.APPLYING,
        **_ANY_TIME,
    },
    # a restart by hand isn't taken while flashing; the power may fail: the old image is still there
    State.FLASHING: {Event.FLASHED: State.BOOTING, Event.POWER_OFF: State.OFF},
    State.APPLYING: {
        Event.NO_LINES: State.IDLE,
        Event.LINES: State.REGISTERING,
        Event.POWER_OFF: State.OFF,
    },
    State.IDLE: {
        Event.BACKGROUND: State.IDLE,
        Event.LINES: State.REGISTERING,
        **_ANY_TIME,
    },
    State.REGISTERING: _in_service(State.REGISTERING),
    State.REGISTERED: _in_service(State.REGISTERED),
    State.REFUSED: _in_service(State.REFUSED),
    State.TIMED_OUT: _in_service(State.TIMED_OUT),
    State.UNREGISTERED: _in_service(State.UNREGISTERED),
    State.RESTARTING: {
        **dict.fromkeys(_LINE_CHANGES, State.RESTARTING),
        Event.BACKGROUND: State.RESTARTING,
        **_ANY_TIME,
    },
}

WITH_LINES = frozenset(
    {
        State.REGISTERING,
        State.REGISTERED,
        State.REFUSED,
        State.TIMED_OUT,
        State.UNREGISTERED,
        State.RESTARTING,
    }
)
IN_SERVICE = WITH_LINES - {State.RESTARTING} | {State.IDLE}


class RegistrationState(Enum):
    """What `$$REGISTRATIONSTATE$$` says of a line (domain reference 3.3)."""

    REGISTERED = "REGISTERED"
    UNREGISTERED = "UNREGISTERED"
    TIMEOUT = "TIMEOUT"
    REFUSED = "REFUSED"
    EXPIRED = "EXPIRED"
