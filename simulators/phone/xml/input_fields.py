"""What may be typed into each type of input field, and when it is complete (domain reference 3.5).

Dates and times are typed as digits with the separators set by the phone, as on the real one.
"""

import ipaddress
import re

from simulators.phone.xml.objects import InputField

LONGEST = 128
_TIME, _DATE = re.compile(r"(\d\d):(\d\d):(\d\d)( AM| PM)?"), re.compile(r"(\d\d)/(\d\d)/(\d{4})")
_SEPARATED = {
    "timeUS": ((2, 4), ":", 6),
    "timeInt": ((2, 4), ":", 6),
    "dateUS": ((2, 4), "/", 8),
    "dateInt": ((2, 4), "/", 8),
}
"""Type: after which digits a separator stands, which one, how many digits there are."""


def takes(field: InputField, typed: str, character: str) -> bool:
    """Whether a character may be typed after what was typed."""
    if not field.editable or field.type == "empty" or len(typed) >= LONGEST:
        return False
    if field.type in _SEPARATED:
        digits = sum(c.isdigit() for c in typed)
        if field.type == "timeUS" and digits == 6:
            return character.upper() in "AP" and not typed.endswith("M")
        return character.isascii() and character.isdigit() and digits < _SEPARATED[field.type][2]
    if field.type == "number":
        return character in "0123456789*#"
    if field.type == "IP":
        return character in "0123456789." and len(typed) < 15
    return character.isprintable()


def appended(field: InputField, typed: str, character: str) -> str:
    """What stands there after an allowed character; `*` is the dot of an address."""
    if field.type not in _SEPARATED:
        return typed + character
    if not character.isdigit():
        return f"{typed} {character.upper()}M"
    places, separator, _ = _SEPARATED[field.type]
    digits = sum(c.isdigit() for c in typed)
    return f"{typed}{separator if digits in places else ''}{character}"


def shortened(field: InputField, typed: str) -> str:
    """What Backspace leaves: a separator goes with its digit."""
    if field.type == "timeUS" and typed.endswith("M"):
        return typed[:-3]
    typed = typed[:-1]
    return typed.rstrip(":/") if field.type in _SEPARATED else typed


def mistake(field: InputField, typed: str) -> str:
    """Why what was typed is not complete, in the words of the screen; "" where it is."""
    if not typed or field.type in ("string", "number", "empty"):
        return ""
    if field.type == "IP":
        try:
            ipaddress.IPv4Address(typed)
        except ValueError:
            return "Invalid IP address"
        return ""
    if field.type.startswith("time"):
        return "" if _is_time(typed, twelve=field.type == "timeUS") else "Invalid time"
    return "" if _is_date(typed, month_first=field.type == "dateUS") else "Invalid date"


def _is_time(typed: str, *, twelve: bool) -> bool:
    found = _TIME.fullmatch(typed)
    if found is None or bool(found[4]) is not twelve:
        return False
    hours, minutes, seconds = int(found[1]), int(found[2]), int(found[3])
    return (1 <= hours <= 12 if twelve else hours < 24) and minutes < 60 and seconds < 60


def _is_date(typed: str, *, month_first: bool) -> bool:
    found = _DATE.fullmatch(typed)
    if found is None:
        return False
    month, day = (found[1], found[2]) if month_first else (found[2], found[1])
    lengths = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    if not 1 <= int(month) <= 12 or not 1 <= int(day) <= lengths[int(month) - 1]:
        return False
    year = int(found[3])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return (int(month), int(day)) != (2, 29) or leap


def shown(field: InputField, typed: str) -> str:
    """What the screen shows of it."""
    return "*" * len(typed) if field.password else typed
