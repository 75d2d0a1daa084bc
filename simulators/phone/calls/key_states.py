"""Which softkeys are seen during what a line does, and how keys' lamps burn, pure."""

from collections.abc import Mapping

from simulators.phone.calls.line_table import Activity, Lamp
from simulators.phone.files.keys import LINE, Key
from simulators.phone.xml.uris import place_name

STATE_OF: dict[Activity, str] = {
    Activity.IDLE: "idle",
    Activity.DIALING: "outgoing",
    Activity.CALLING: "outgoing",
    Activity.OUTGOING: "outgoing",
    Activity.INCOMING: "incoming",
    Activity.CONNECTED: "connected",
    Activity.HELD: "connected",
    Activity.CLEARING: "busy",
}
"""The word of `softkeyN states` for each activity of the line in front."""


def seen_softkeys(shown: tuple[Key, ...], activity: Activity) -> tuple[Key, ...]:
    """The softkeys below the screen, all pages together."""
    state = STATE_OF[activity]
    return tuple(key for key in shown if key.kind == "softkey" and state in key.states)


def lamps(
    shown: tuple[Key, ...], lines: Mapping[int, Lamp], by_xml: Mapping[str, Lamp]
) -> dict[str, Lamp]:
    """Each key's lamp by the key's name (`topsoftkey1`).

    A line's burns by its call, an XML key's by `Led:`; other keys have none that burns.
    """
    found: dict[str, Lamp] = {}
    for key in shown:
        name = place_name(key.kind, key.number)
        if key.type == LINE:
            found[name] = lines.get(key.line, Lamp.OFF)
        elif key.type == "xml":
            found[name] = by_xml.get(name, by_xml.get("all", Lamp.OFF))
    return found
