"""What the screen shows of a call, and which key does what there (domain reference 3.4), pure.

Texts of the real screens are not public but for the softkeys' names; these are chosen.
"""

from enum import Enum

from simulators.phone.calls.line_call import LineCall
from simulators.phone.calls.line_table import Activity
from simulators.phone.screen import Screen

DIGITS = frozenset("0123456789*#")
HARD_KEYS = frozenset(("Goodbye", "Speaker", "Hold"))


class Act(Enum):
    """What a key means for a line."""

    OFF_HOOK = "off hook"
    DIAL = "dial"
    ANSWER = "answer"
    IGNORE = "ignore"
    HOLD = "hold"
    RESUME = "resume"
    HANG_UP = "hang up"


SOFTKEYS: dict[Activity, dict[str, Act]] = {
    Activity.IDLE: {},
    Activity.DIALING: {"Dial": Act.DIAL, "Cancel": Act.HANG_UP},
    Activity.CALLING: {"Drop": Act.HANG_UP},
    Activity.OUTGOING: {"Drop": Act.HANG_UP},
    Activity.INCOMING: {"Answer": Act.ANSWER, "Ignore": Act.IGNORE},
    Activity.CONNECTED: {"Drop": Act.HANG_UP},
    Activity.HELD: {"Drop": Act.HANG_UP},
    Activity.CLEARING: {},
}
LABELS = frozenset(label for keys in SOFTKEYS.values() for label in keys)

LINE_KEY = {
    Activity.IDLE: Act.OFF_HOOK,
    Activity.INCOMING: Act.ANSWER,
    Activity.HELD: Act.RESUME,
}
"""What the line's own key does, and the speaker key but for a held call."""

TITLES = {
    Activity.DIALING: "Dial",
    Activity.CALLING: "Calling",
    Activity.OUTGOING: "Ringing",
    Activity.INCOMING: "Incoming call",
    Activity.CONNECTED: "Connected",
    Activity.HELD: "On hold",
    Activity.CLEARING: "Call ended",
}

ORDER = (
    Activity.INCOMING,
    Activity.DIALING,
    Activity.CALLING,
    Activity.OUTGOING,
    Activity.CONNECTED,
    Activity.HELD,
)


def in_front(lines: dict[int, LineCall]) -> LineCall | None:
    """The line that the screen is about; None while all are idle."""
    for activity in ORDER:
        for call in lines.values():
            if call.activity is activity:
                return call
    return None


def meaning(key: str, call: LineCall) -> Act | None:
    """What a hard key or softkey does to a line's call."""
    activity = call.activity
    if key == "Goodbye":
        return Act.HANG_UP
    if key == "Hold":
        return {Activity.CONNECTED: Act.HOLD, Activity.HELD: Act.RESUME}.get(activity)
    if key == "Speaker":
        return LINE_KEY.get(activity, Act.HANG_UP)
    return SOFTKEYS[activity].get(key)


def screen(call: LineCall) -> Screen:
    """The picture of a line's call: whom it is with, and what can be done."""
    if call.activity is Activity.DIALING:
        lines: tuple[str, ...] = (call.digits,)
    else:
        lines = tuple(text for text in (call.far_end.name, call.far_end.number) if text)
    message = "Held" if call.held_by_peer else ""
    softkeys = tuple(SOFTKEYS[call.activity])
    return Screen(TITLES[call.activity], lines, None, softkeys, message)
