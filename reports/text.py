"""Text for people: cleaned input, clipped labels, durations and offsets. Pure.

Everything that a run folder contains passes through ``clean`` once, when it is read, so that no
view meets characters that HTML or XML cannot hold.
"""

import re
import unicodedata
from datetime import datetime, timedelta

_ANSI = re.compile("\x1b\\[[0-9;?]*[A-Za-z]")
# Controls, lone surrogates and non-characters (not allowed in XML 1.0, section 2.2), and the marks
# that reorder text (a name could make the page show something else than it holds).
_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)


def clean(text: str) -> str:
    """Return text without terminal colours and CR, with characters unfit for a page as U+FFFD."""
    text = _ANSI.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _UNSAFE.sub("\ufffd", text)


def one_line(text: str) -> str:
    """Return text with every run of white space as one blank."""
    return " ".join(text.split())


def cells(text: str) -> int:
    """Return the width of text in character cells; East Asian wide characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def clip(text: str, limit: int) -> str:
    """Return text in at most ``limit`` cells (at least 1), an ellipsis marking what is left out."""
    text = one_line(text)
    if cells(text) <= limit:
        return text
    kept, width = "", 1
    for char in text:
        width += cells(char)
        if width > limit:
            break
        kept += char
    return kept.rstrip() + "…"


def cut(text: str, limit: int) -> str:
    """Return at most ``limit`` characters of a long text, saying how many were left out."""
    left_out = len(text) - limit
    return text if left_out <= 0 else f"{text[:limit]}\n[{left_out:,} more characters not shown]"


def duration(seconds: float) -> str:
    """Return a length of time: ``420 ms``, ``3 min 07 s``, ``2 h 05 min``, ``12 d 4 h``."""
    if seconds < 0:
        return "−" + duration(-seconds)
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms" if seconds >= 0.0005 or not seconds else "< 1 ms"
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 86400:,} d {whole % 86400 // 3600} h"


def offset(passed: timedelta) -> str:
    """Return a time since the start of a ladder: ``+0.012 s``, ``+2:03.4``, ``+1 h 05 min``."""
    seconds = passed.total_seconds()
    if seconds < 0:
        return "−" + offset(-passed)[1:]
    if seconds < 59.9995:
        return f"+{seconds:.3f} s"
    tenths = round(seconds * 10)
    if tenths < 36000:
        return f"+{tenths // 600}:{tenths % 600 // 10:02}.{tenths % 10}"
    return "+" + duration(seconds)


def number(value: float | None, unit: str = "") -> str:
    """Return a number with thousands separators and its unit, a dash for None."""
    if value is None:
        return "–"
    if float(value).is_integer():
        shown = f"{value:,.0f}"
    else:
        shown = f"{value:,.1f}" if abs(value) >= 10 else f"{value:,.2f}"
    return f"{shown} {unit}" if unit else shown


def moment(when: datetime) -> str:
    """Return a moment to the second with its offset: ``2024-11-03 09:12:44 UTC``."""
    zone = when.strftime("%z")
    return when.strftime("%Y-%m-%d %H:%M:%S ") + ("UTC" if zone == "+0000" else zone)
