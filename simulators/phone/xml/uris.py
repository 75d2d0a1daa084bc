"""What a URI of the XML API asks of a phone, as a value (domain reference 3.5), pure.

The words before the colon count in any case. What a phone doesn't know is `Unknown`; an address
gets answers as query parameters with `with_query`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from simulators.phone.calls.line_table import Lamp
from simulators.phone.xml.media import Media, read_media

FAST_REBOOT, RESET, CLEAR_LOCAL = "fastreboot", "reset", "clearlocal"
LOCK, UNLOCK = "lock", "unlock"
COMMANDS = (FAST_REBOOT, RESET, CLEAR_LOCAL, LOCK, UNLOCK)
KEY_NAMES = {
    **{f"keypad{digit}": digit for digit in "0123456789"},
    "keypadstar": "*",
    "keypadpound": "#",
    "navup": "Up",
    "navdown": "Down",
    "navleft": "Left",
    "navright": "Right",
    "select": "Select",
    "goodbye": "Goodbye",
    "hold": "Hold",
    "redial": "Redial",
    "directory": "Directory",
    "speaker": "Speaker",
    "headset": "Speaker",
    "options": "Settings",
}
"""`Key:` words and the keys of a handset that they press."""

_PLACE = re.compile(r"(topsoftkey|softkey|line|expmod([1-3]) ?(?:soft)?key)([1-9]\d{0,2})")
_DIAL_LINE = re.compile(r"([1-9]\d?):(.*)")


@dataclass(frozen=True, slots=True)
class NoOperation:
    """An empty URI."""


@dataclass(frozen=True, slots=True)
class Command:
    """`Command:`, one of `COMMANDS`."""

    name: str


@dataclass(frozen=True, slots=True)
class DialNumber:
    """Call `number`, on `line` (0: the first free)."""

    number: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class SetLamp:
    """Let the lamp of a key burn so; the key is `all`, or like `topsoftkey3`, `expmod1 key2`."""

    key: str
    lamp: Lamp


@dataclass(frozen=True, slots=True)
class PressKey:
    """Press a key by its name."""

    key: str


@dataclass(frozen=True, slots=True)
class PressPlace:
    """Press the key at a place: `kind` is `line` or that of a `Key`, on expansion `module`."""

    kind: str
    number: int
    module: int = 0


@dataclass(frozen=True, slots=True)
class SoftKeyAct:
    """`SoftKey:`, something that the present screen can do: `select`, `submit`, `exit`, ..."""

    name: str


@dataclass(frozen=True, slots=True)
class Visit:
    """GET `url`; its answer is an object again."""

    url: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing that this phone knows."""

    uri: str


Wish = (
    NoOperation
    | Command
    | DialNumber
    | SetLamp
    | PressKey
    | PressPlace
    | SoftKeyAct
    | Visit
    | Media
    | Unknown
)


def read_uri(uri: str) -> Wish:
    """What a URI asks for; never raises."""
    uri = uri.strip()
    if not uri:
        return NoOperation()
    scheme, _, rest = uri.partition(":")
    word, rest = scheme.strip().lower(), rest.strip()
    if word in ("http", "https"):
        return Visit(uri)
    if word == "command":
        command = rest.lower()
        if not command:
            return NoOperation()
        return Command(command) if command in COMMANDS else Unknown(uri)
    if word == "dial" and rest:
        return DialNumber(rest)
    if word == "dialline" and (found := _DIAL_LINE.fullmatch(rest)) and found[2].strip():
        return DialNumber(found[2].strip(), int(found[1]))
    if word == "led":
        return _lamp(rest) or Unknown(uri)
    if word == "key":
        return _key(rest) or Unknown(uri)
    if word == "softkey" and rest:
        return SoftKeyAct(rest.lower())
    return read_media(word, rest) or Unknown(uri)


def _lamp(text: str) -> SetLamp | None:
    key, _, state = (part.strip().lower() for part in text.partition("="))
    lamp = next((lamp for lamp in Lamp if lamp.value == state), None)
    if lamp is None:
        return None
    if key == "all":
        return SetLamp(key, lamp)
    place = _place(key)
    return None if place is None else SetLamp(place_name(place.kind, place.number), lamp)


def _key(text: str) -> PressKey | PressPlace | None:
    name = text.lower()
    if name in KEY_NAMES:
        return PressKey(KEY_NAMES[name])
    return _place(name)


def _place(text: str) -> PressPlace | None:
    found = _PLACE.fullmatch(text)
    if found is None:
        return None
    module = int(found[2]) if found[2] else 0
    return PressPlace(f"expmod{module}" if module else found[1], int(found[3]), module)


def place_name(kind: str, number: int) -> str:
    """How `Led:` names a key: `topsoftkey3`, `expmod1 key2`."""
    return f"{kind} key{number}" if kind.startswith("expmod") else f"{kind}{number}"


def with_query(url: str, answers: Iterable[tuple[str, str]]) -> str:
    """The address with answers as query parameters, percent-encoded; nameless ones are left out."""
    query = "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in answers if n)
    if not query:
        return url
    return f"{url}{'' if url.endswith(('?', '&')) else '&' if '?' in url else '?'}{query}"
