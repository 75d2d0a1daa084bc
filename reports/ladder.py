"""The ladder of messages: journal entries in, a positioned drawing out. Pure.

Units are SVG user units (pixels at 100 %), the origin is top left. Up to six phones have a column
each; the others share one. A long ladder loses its middle, and the drawing says how much.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from reports.model import Entry
from reports.text import cells, clip, duration, offset

LONGEST = 150  # messages that are drawn
PHONE_COLUMNS = 6

_GUTTER = 92.0  # room for the time offsets
_HEAD = 54.0  # room for the role boxes
_ROW = 34.0
_BAND = 30.0
_CELL = 6.7  # width of a character of the labels
_MIN_GAP, _MAX_GAP = 168.0, 300.0
_PHONE_GAP = 116.0  # distance of the columns where there are many phones
_WIDE_PHONES = 2
_WANTED_WIDTH = 1110.0
_ARROW = 8.0  # length of an arrowhead; it is as wide
_PAUSE = timedelta(seconds=20)  # a longer silence gets a band of its own

_PHONE = re.compile(r"phone\b(?! manager)", re.IGNORECASE)
_RANKS = (  # order of the columns, from the home to the telephone system
    ("installer", 0),
    ("teleworker", 0),
    ("browser", 0),
    ("softphone", 2),
    ("phone manager", 2),
    ("phone", 1),
    ("home", 3),
    ("mbg", 4),
    ("mcs", 5),
    ("pbx", 6),
    ("node", 6),
    ("ct gateway", 7),
)
_OTHER_RANK = 8


@dataclass(frozen=True, slots=True)
class Column:
    """A lifeline at ``x`` with its name in a box ``width`` wide; ``stands_for`` roles share it.

    ``code`` is the second line of the name, such as the MAC address of a phone, or empty.
    """

    label: str
    code: str
    title: str
    x: float
    width: float
    stands_for: int


@dataclass(frozen=True, slots=True)
class Message:
    """An arrow from x1 to x2, or a note where both are equal; ``index`` counts drawn ones from 0.

    ``shaft`` and ``head`` of an arrow are SVG paths, drawn from height 0; ``width`` is the box of a
    note. Each is empty or 0 for the other kind.
    """

    index: int
    y: float
    x1: float
    x2: float
    label: str
    label_x: float
    shaft: str
    head: str
    width: float
    offset: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Band:
    """A line of text across the ladder: messages left out (``is_cut``), or time that passed."""

    y: float
    label: str
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Ladder:
    """A drawing of ``width`` by ``height``; lifelines run from ``top`` to ``bottom``."""

    width: float
    height: float
    top: float
    bottom: float
    columns: tuple[Column, ...]
    messages: tuple[Message, ...]
    bands: tuple[Band, ...]
    protocols: tuple[str, ...]
    total: int
    omitted: int


def draw(entries: Sequence[Entry], longest: int = LONGEST) -> Ladder | None:
    """Return the drawing of entries in the order given, None where there is none.

    Args:
        longest: Messages drawn at most, at least 2; what exceeds it is cut out of the middle.
    """
    if not entries:
        return None
    head = longest - longest // 2
    omitted = max(0, len(entries) - longest)
    drawn = entries if not omitted else [*entries[:head], *entries[len(entries) - longest // 2 :]]
    keys, columns = _columns(entries, drawn)
    place = {role: columns[at] for role, at in keys.items()}
    messages: list[Message] = []
    bands: list[Band] = []
    y = _HEAD + 12
    for index, entry in enumerate(drawn):
        cut_here = bool(omitted) and index == head
        passed = entry.time - drawn[index - 1].time if index else timedelta(0)
        if cut_here:
            bands.append(Band(y + _BAND / 2, f"{omitted:,} messages not drawn", is_cut=True))
        elif passed > _PAUSE:
            label = f"{duration(passed.total_seconds())} later"
            bands.append(Band(y + _BAND / 2, label, is_cut=False))
        if cut_here or passed > _PAUSE:
            y += _BAND
        shown = offset(entry.time - entries[0].time)
        messages.append(_message(index, entry, y + _ROW - 8, place, shown))
        y += _ROW
    return Ladder(
        width=columns[-1].x + columns[-1].width / 2 + 16,
        height=y + 18,
        top=_HEAD,
        bottom=y + 14,
        columns=tuple(columns),
        messages=tuple(messages),
        bands=tuple(bands),
        protocols=tuple(dict.fromkeys(str(entry.protocol) for entry in drawn)),
        total=len(entries),
        omitted=omitted,
    )


def _columns(
    entries: Sequence[Entry], drawn: Sequence[Entry]
) -> tuple[dict[str, int], list[Column]]:
    """Return the column number of every role, and the columns from left to right."""
    roles = list(
        dict.fromkeys(role for entry in entries for role in (entry.sender, entry.receiver))
    )
    phones = [role for role in roles if is_phone(role)]
    crowd = phones[PHONE_COLUMNS:] if len(phones) > PHONE_COLUMNS else []
    alone = sorted((role for role in roles if role not in set(crowd)), key=_rank)
    groups = [[role] for role in alone]
    if crowd:
        groups.insert(sum(1 for role in alone if _rank(role) <= 1), crowd)
    keys = {role: at for at, group in enumerate(groups) for role in group}
    narrow = len(phones) > _WIDE_PHONES
    gap = _gap(drawn, keys, len(groups))
    columns = []
    right = _GUTTER
    for group in groups:
        room = _PHONE_GAP if narrow and is_phone(group[0]) else gap
        label, code = _name(group, room)
        title = ", ".join(group[:40]) + (" …" if len(group) > 40 else "")
        columns.append(Column(label, code, title, right + room / 2, room - 18, len(group)))
        right += room
    return keys, columns


def _name(group: Sequence[str], room: float) -> tuple[str, str]:
    """Return the two lines that name a column; the second is empty where one is enough."""
    limit = int((room - 24) / _CELL)
    if len(group) > 1:
        return f"{len(group)} more", clip("phones", limit)
    word, _, rest = group[0].partition(" ")
    if is_phone(group[0]) and rest:
        return clip(word, limit), clip(rest, limit)
    return clip(group[0], limit - 2), ""


def is_phone(role: str) -> bool:
    """Whether a role is a desk phone ("phone 1400E9123456"); Phone Manager is not one."""
    return _PHONE.match(role) is not None


def _rank(role: str) -> int:
    name = role.lower()
    for start, rank in _RANKS:
        if name.startswith(start) and (start != "phone" or is_phone(role)):
            return rank
    return _OTHER_RANK


def _gap(drawn: Sequence[Entry], keys: dict[str, int], columns: int) -> float:
    """Return the distance of two columns: what the labels ask for, within what a page offers."""
    asked = max(
        (cells(entry.summary) + 4) * _CELL / max(1, abs(keys[entry.sender] - keys[entry.receiver]))
        for entry in drawn
    )
    offered = max(_MIN_GAP, (_WANTED_WIDTH - _GUTTER) / columns)
    return max(_MIN_GAP, min(asked, offered, _MAX_GAP))


def _message(index: int, entry: Entry, y: float, place: dict[str, Column], shown: str) -> Message:
    """Return one entry at height y; with both ends in one column it becomes a note."""
    x1, x2 = place[entry.sender].x, place[entry.receiver].x
    if entry.is_note or x1 == x2:
        room = place[entry.sender].width + 14
        label = clip(entry.summary, int((room - 12) / _CELL))
        width = min(room, cells(label) * _CELL + 14)
        return Message(index, y, x1, x1, label, x1, "", "", width, shown, entry)
    back = -_ARROW if x2 > x1 else _ARROW
    shaft, head = f"M{x1:.0f} 0H{x2 + back:.0f}", f"M{x2:.0f} 0l{back:.0f}-4v8z"
    label = clip(entry.summary, int((abs(x2 - x1) - 18) / _CELL))
    return Message(index, y, x1, x2, label, (x1 + x2) / 2, shaft, head, 0.0, shown, entry)
