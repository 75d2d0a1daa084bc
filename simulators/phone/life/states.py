"""The states of a phone's life and what moves it from one to another, as one table.

    off -> booting -> network -> configuration -> firmware -> applying -> registering -> registered
              |  ^                                    |
              |  +------------- (reboot) <------- flashing <---- boot loader <- MiNET (over TFTP)
              +-> MiNET, or boot loader

Calls and the cable run beside it: see `use` and `Life.cable_in`. Diagrams are drawn from
`TRANSITIONS`; a pair that isn't in it is a mistake of whoever drives the phone.
"""

from enum import Enum


class State(Enum):
    """Where a phone is in its life."""

    __hash__ = object.__hash__  # as equality: an `Enum`'s own hashes the name, each time anew

    OFF = "off"
    BOOTING = "booting"
    MINET = "MiNET"
    BOOT_LOADER = "boot loader"
    NO_CABLE = "no cable"
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

    __hash__ = object.__hash__  # as in `State`

    POWER_ON = "power on"
    POWER_OFF = "power off"
    BOOTED_SIP = "booted with SIP firmware"
    BOOTED_MINET = "booted with MiNET firmware"
    BOOTED_LOADER = "booted with the boot loader alone"
    CABLE_PULLED = "cable pulled"
    CABLE_BACK = "cable back"
    SERVER_KNOWN = "network up, configuration server known"
    NO_SERVER = "network up, no configuration server"
    TFTP = "network up, or TFTP answers no image"
    FILE = "a file came, or is not there"
    FILES_COMPLETE = "all files came"
    FILES_COMPLETE_FAST = "all files came, firmware not asked for"
    SENT_ELSEWHERE = "the files name another server"
    SERVER_AWAY = "configuration server away"
    FIRMWARE_NEW = "other firmware"
    FIRMWARE_KEPT = "firmware stays"
    FLASHED = "flashed"
    CERTIFICATES = "user certificates came, or did not"
    NO_LINES = "a configuration without lines counts"
    LINES = "a configuration with lines counts"
    REGISTERED = "a line is registered"
    REFUSED = "no line registered, one refused"
    TIMED_OUT = "no line registered, one timed out"
    UNREGISTERED = "no line registered"
    UNDECIDED = "no line has an outcome yet"
    BACKGROUND = "an answer in the background"
    RESTART = "restart"
    UNREGISTER_FIRST = "restart after un-registering"


_LINE_CHANGES = {
    Event.REGISTERED: State.REGISTERED,
    Event.REFUSED: State.REFUSED,
    Event.TIMED_OUT: State.TIMED_OUT,
    Event.UNREGISTERED: State.UNREGISTERED,
    Event.UNDECIDED: State.REGISTERING,
}


def _cable(state: State) -> dict[Event, State]:
    """The cable may be pulled at any instant: what waits for an answer gets none."""
    return {Event.CABLE_PULLED: state, Event.CABLE_BACK: state}


def _any_time(state: State) -> dict[Event, State]:
    return {Event.RESTART: State.BOOTING, Event.POWER_OFF: State.OFF, **_cable(state)}


def _in_service(state: State) -> dict[Event, State]:
    """A phone with lines: each change of a line may move it; it may lose them, or restart."""
    return {
        **_LINE_CHANGES,
        Event.BACKGROUND: state,
        Event.NO_LINES: State.IDLE,
        Event.UNREGISTER_FIRST: State.RESTARTING,
        **_any_time(state),
    }


def _asking_tftp(state: State) -> dict[Event, State]:
    """Firmware that only knows to ask for other firmware, again and again (PHN-1)."""
    return {Event.TFTP: state, Event.FIRMWARE_NEW: State.FLASHING, **_any_time(state)}


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.OFF: {Event.POWER_ON: State.BOOTING, **_cable(State.OFF)},
    State.BOOTING: {
        Event.BOOTED_SIP: State.NETWORK,
        Event.BOOTED_MINET: State.MINET,
        Event.BOOTED_LOADER: State.BOOT_LOADER,
        Event.POWER_OFF: State.OFF,
        **_cable(State.BOOTING),
    },
    State.MINET: _asking_tftp(State.MINET),  # PHN-1: no way from here to HTTPS
    State.BOOT_LOADER: _asking_tftp(State.BOOT_LOADER),
    State.NO_CABLE: {**_any_time(State.NO_CABLE), Event.CABLE_BACK: State.NETWORK},
    State.NETWORK: {
        Event.SERVER_KNOWN: State.CONFIGURATION,
        Event.NO_SERVER: State.APPLYING,
        **_any_time(State.NETWORK),
        Event.CABLE_PULLED: State.NO_CABLE,
    },
    State.CONFIGURATION: {
        Event.FILE: State.CONFIGURATION,
        Event.SENT_ELSEWHERE: State.CONFIGURATION,
        Event.FILES_COMPLETE: State.FIRMWARE,
        Event.FILES_COMPLETE_FAST: State.APPLYING,
        Event.SERVER_AWAY: State.APPLYING,
        **_any_time(State.CONFIGURATION),
    },
    State.FIRMWARE: {
        Event.FIRMWARE_NEW: State.FLASHING,
        Event.FIRMWARE_KEPT: State.APPLYING,
        **_any_time(State.FIRMWARE),
    },
    # a restart by hand isn't taken while flashing; the power may fail: the old image is still there
    State.FLASHING: {
        Event.FLASHED: State.BOOTING,
        Event.POWER_OFF: State.OFF,
        **_cable(State.FLASHING),
    },
    State.APPLYING: {
        Event.CERTIFICATES: State.APPLYING,
        Event.NO_LINES: State.IDLE,
        Event.LINES: State.REGISTERING,
        **_any_time(State.APPLYING),
    },
    State.IDLE: {
        Event.BACKGROUND: State.IDLE,
        Event.LINES: State.REGISTERING,
        **_any_time(State.IDLE),
    },
    State.REGISTERING: _in_service(State.REGISTERING),
    State.REGISTERED: _in_service(State.REGISTERED),
    State.REFUSED: _in_service(State.REFUSED),
    State.TIMED_OUT: _in_service(State.TIMED_OUT),
    State.UNREGISTERED: _in_service(State.UNREGISTERED),
    State.RESTARTING: {
        **dict.fromkeys(_LINE_CHANGES, State.RESTARTING),
        Event.BACKGROUND: State.RESTARTING,
        **_any_time(State.RESTARTING),
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
SIP_FIRMWARE_ABSENT = frozenset({State.MINET, State.BOOT_LOADER})
"""Nothing but firmware over TFTP is asked for here."""

TAKING_FILES = frozenset({State.CONFIGURATION, State.FIRMWARE, State.APPLYING})
"""The part of a boot in which files come."""


class RegistrationState(Enum):
    """What `$$REGISTRATIONSTATE$$` says of a line (domain reference 3.3)."""

    REGISTERED = "REGISTERED"
    UNREGISTERED = "UNREGISTERED"
    TIMEOUT = "TIMEOUT"
    REFUSED = "REFUSED"
    EXPIRED = "EXPIRED"
