"""What can be seen of a handset, as documents for its page and for the wall.

`picture` is the whole of one phone, a kilobyte or two: small enough to be sent anew whenever
something of it changes. `brick` is a phone in the wall: a short list of texts and numbers, whose
places are named by `BRICK`. Passwords are in neither.
"""

from datetime import UTC, datetime

from simulators.http_api.openapi import Json
from simulators.phone.calls.line_table import Activity, Lamp
from simulators.phone.files.keys import Key
from simulators.phone.handset import Handset
from simulators.phone.life.states import IN_SERVICE, State
from simulators.phone.screen import Scene
from simulators.phone.xml.uris import place_name

BRICK = ("mac", "state", "use", "extension", "name", "model", "address", "firmware")
"""What a phone's list in the wall holds, in this order."""

USES = {
    Activity.INCOMING: "rings",
    Activity.DIALING: "call",
    Activity.CALLING: "call",
    Activity.OUTGOING: "call",
    Activity.CONNECTED: "call",
    Activity.HELD: "call",
}


def picture(phone: Handset, now: float) -> Json:
    """All that a page shows of a phone; `now` is calendar time, seconds since 1970."""
    scene, screen, lamps = phone.scene, phone.screen, phone.key_lamps
    own = scene in (Scene.IDLE, Scene.CALL)
    soft = phone.places("softkey") if own else tuple((label, None) for label in screen.softkeys)
    return {
        "state": phone.state.value,
        "scene": scene.value,
        "takesText": scene.takes_text,
        "screen": {
            "title": screen.title,
            "lines": [] if scene is Scene.IDLE else list(screen.lines),
            "selected": screen.selected,
            "message": screen.message,
            "status": list(phone.status_messages),
        },
        "top": [_place(label, key, lamps) for label, key in phone.places("topsoftkey")],
        "soft": [_place(label, key, lamps) for label, key in soft],
        "pages": phone.page_counts if own else {"topsoftkey": 1, "softkey": 1},
        "modules": _modules(phone, lamps),
        "bar": {
            "name": first_line(phone)[1],
            "extension": first_line(phone)[0],
            "time": datetime.fromtimestamp(now, UTC).strftime("%H:%M"),
            "registered": phone.registered,
            "locked": phone.locked,
            "backup": bool(phone.backup_used),
            "volume": phone.volume.step,
        },
        "lamp": phone.message_lamp.value,
        "lifted": phone.call is not None and phone.call.activity is not Activity.INCOMING,
        "powered": phone.state is not State.OFF,
        "cable": phone.cable_in,
        "lines": [_line(phone, number) for number in phone.accounts],
        "facts": {
            "address": phone.home_address,
            "firmware": f"{phone.firmware_version} ({phone.firmware_kind})",
            "reboots": phone.reboots,
            "refusal": _refusal(phone),
        },
        "said": spoken(phone),
    }


def spoken(phone: Handset) -> str:
    """What the screen says, for people who hear it read: the gist first, then what is chosen."""
    scene, screen = phone.scene, phone.screen
    if scene is Scene.OFF:
        return "The phone is off."
    parts = [screen.title, screen.message]
    if scene in (Scene.LIST, Scene.FORM, Scene.EDITING, Scene.DIRECTORY, Scene.FIELDS):
        if screen.selected is not None and screen.selected < len(screen.lines):
            at = f"{screen.selected + 1} of {len(screen.lines)}"
            parts.append(f"{screen.lines[screen.selected]}, {at}")
    elif scene is not Scene.IDLE:
        parts += screen.lines
    if screen.softkeys and scene not in (Scene.IDLE, Scene.BOOT):
        parts.append("Softkeys " + ", ".join(screen.softkeys))
    return ". ".join(part.strip() for part in parts if part.strip()) + "."


def brick(phone: Handset) -> list[str]:
    """A phone in the wall; see `BRICK`."""
    extension, name = first_line(phone)
    use = "" if phone.call is None else USES.get(phone.call.activity, "")
    return [
        phone.identity.mac, phone.state.value, use, extension, name, phone.model.name,
        phone.home_address, phone.firmware_version,
    ]  # fmt: skip


def first_line(phone: Handset) -> tuple[str, str]:
    """Extension and name of the first line, as the screen has them; empty without one."""
    number = next(iter(phone.accounts), None)
    if number is None:
        return "", ""
    values, line = phone.configuration, f"sip line{number}"
    return values.get(f"{line} screen name", ""), values.get(f"{line} display name", "")


def _place(label: str, key: Key | None, lamps: dict[str, Lamp]) -> Json:
    name = None if key is None else place_name(key.kind, key.number)
    lamp = lamps.get(name, Lamp.OFF) if name is not None else Lamp.OFF
    return {"label": label, "type": "" if key is None else key.type, "lamp": lamp.value}


def _modules(phone: Handset, lamps: dict[str, Lamp]) -> Json:
    """The keys of each expansion module that has any, by the module's number."""
    found: Json = {}
    for number in range(1, phone.model.modules + 1):
        keys = [key for key in phone.keys if key.kind == f"expmod{number}"]
        if keys:
            found[str(number)] = {str(key.number): _place(key.label, key, lamps) for key in keys}
    return found


def _line(phone: Handset, number: int) -> Json:
    state, call = phone.line_states.get(number), phone.calls.get(number)
    activity = Activity.IDLE if call is None else call.activity
    return {
        "number": number,
        "extension": phone.configuration.get(f"sip line{number} screen name", ""),
        "registration": "" if state is None else state.value.lower(),
        "activity": activity.value,
        "farEnd": "" if call is None or activity is Activity.IDLE else str(call.far_end),
    }


def _refusal(phone: Handset) -> str:
    refusal = phone.last_refusal
    if refusal is None or phone.state not in IN_SERVICE or phone.registered:
        return ""
    return f"{refusal.status} {refusal.warning}".strip()
