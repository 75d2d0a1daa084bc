"""What a line is used for, and what moves it on, as one table (domain reference 3.4).

The names are those that action URIs know (IDLE, DIALING, CALLING, OUTGOING, INCOMING, CONNECTED,
CLEARING); HELD is our own, for a call that waits. A line has one call at a time.
"""

from enum import Enum


class Activity(Enum):
    """What a line is used for; the value is what a person would say."""

    IDLE = "idle"
    DIALING = "dialing"
    CALLING = "calling"
    OUTGOING = "ringing there"
    INCOMING = "ringing"
    CONNECTED = "connected"
    HELD = "held"
    CLEARING = "clearing"


class Step(Enum):
    """What moves a line: the person here, or the far end."""

    OFF_HOOK = "off hook"
    DIGIT = "a digit"
    DIAL = "Dial"
    OFFERED = "a call comes"
    RINGS = "it rings there"
    ANSWERED = "answered there"
    ANSWER = "Answer"
    IGNORE = "Ignore"
    HOLD = "Hold"
    RESUME = "Resume"
    HANG_UP = "hang up"
    OVER = "over"


TRANSITIONS: dict[Activity, dict[Step, Activity]] = {
    Activity.IDLE: {Step.OFF_HOOK: Activity.DIALING, Step.OFFERED: Activity.INCOMING},
    Activity.DIALING: {
        Step.DIGIT: Activity.DIALING,
        Step.DIAL: Activity.CALLING,
        Step.HANG_UP: Activity.IDLE,
    },
    Activity.CALLING: {
        Step.RINGS: Activity.OUTGOING,
        Step.ANSWERED: Activity.CONNECTED,
        Step.HANG_UP: Activity.CLEARING,
        Step.OVER: Activity.IDLE,
    },
    Activity.OUTGOING: {
        Step.RINGS: Activity.OUTGOING,
        Step.ANSWERED: Activity.CONNECTED,
        Step.HANG_UP: Activity.CLEARING,
        Step.OVER: Activity.IDLE,
    },
    Activity.INCOMING: {
        Step.ANSWER: Activity.CONNECTED,
        Step.IGNORE: Activity.CLEARING,
        Step.HANG_UP: Activity.CLEARING,  # Goodbye does as Ignore
        Step.OVER: Activity.IDLE,
    },
    Activity.CONNECTED: {
        Step.HOLD: Activity.HELD,
        Step.HANG_UP: Activity.CLEARING,
        Step.OVER: Activity.IDLE,
    },
    Activity.HELD: {
        Step.RESUME: Activity.CONNECTED,
        Step.HANG_UP: Activity.CLEARING,
        Step.OVER: Activity.IDLE,
    },
    # CANCEL or BYE is said, and not yet confirmed
    Activity.CLEARING: {Step.OVER: Activity.IDLE},
}

ALERTING = (Activity.CALLING, Activity.OUTGOING)
TALKING = (Activity.CONNECTED, Activity.HELD)


class Lamp(Enum):
    """How a line key's lamp burns, by the words of the XML API (domain reference 3.4)."""

    OFF = "off"
    ON = "on"
    SLOW = "slowflash"
    FAST = "fastflash"


LAMPS: dict[Activity, Lamp] = {
    Activity.IDLE: Lamp.OFF,
    Activity.DIALING: Lamp.ON,
    Activity.CALLING: Lamp.ON,
    Activity.OUTGOING: Lamp.ON,
    Activity.INCOMING: Lamp.FAST,
    Activity.CONNECTED: Lamp.ON,
    Activity.HELD: Lamp.SLOW,
    Activity.CLEARING: Lamp.OFF,
}
