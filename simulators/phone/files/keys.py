"""The keys that a phone shows, from its merged configuration (PHN-5, PHN-6)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from simulators.phone.models import Model

HIDDEN_TYPES = ("", "none")
"""`empty` is shown as a blank place, `none` (or no type at all) is not shown."""

_NAME = re.compile(r"(topsoftkey|softkey)([1-9]\d{0,2}) (type|label|value|line)")


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    `kind` is `topsoftkey` or `softkey`, `number` its place from 1, `line` 0 where it has none.
    """

    kind: str
    number: int
    type: str
    label: str
    value: str = ""
    line: int = 0


def keys(configuration: Mapping[str, str], model: Model) -> tuple[Key, ...]:
    """The keys to show: top softkeys first, each kind by its place.

    What the model hasn't got is left out.
    """
    found: dict[tuple[str, int], dict[str, str]] = {}
    for name, value in configuration.items():
        match = _NAME.fullmatch(name)
        if match:
            found.setdefault((match[1], int(match[2])), {})[match[3]] = value
    places = {"topsoftkey": model.top_softkeys, "softkey": model.softkeys}
    shown = [
        _key(kind, number, fields)
        for (kind, number), fields in found.items()
        if number <= places[kind] and fields.get("type", "").lower() not in HIDDEN_TYPES
    ]
    return tuple(sorted(shown, key=lambda key: (key.kind != "topsoftkey", key.number)))


def _key(kind: str, number: int, fields: Mapping[str, str]) -> Key:
    line = fields.get("line", "")
    number_of_line = int(line) if line.isascii() and line.isdigit() and len(line) < 4 else 0
    kind_of_key = fields.get("type", "").lower()
    if kind_of_key == "line" and not number_of_line:
        number_of_line = number
    label = fields.get("label", "") or (f"Line {number_of_line}" if kind_of_key == "line" else "")
    return Key(kind, number, kind_of_key, label, fields.get("value", ""), number_of_line)


def top_pages(shown: tuple[Key, ...], model: Model) -> tuple[tuple[str, ...], ...]:
    """The labels of the top softkeys as pages of the screen.

    What doesn't fit on one page is paged with a `More` key as the last; with touch a person swipes
    instead.
    """
    labels = [key.label for key in shown if key.kind == "topsoftkey"]
    if len(labels) <= model.top_page:
        return (tuple(labels),)
    size = model.top_page if model.touch else model.top_page - 1
    more = () if model.touch else ("More",)
    return tuple((*labels[i : i + size], *more) for i in range(0, len(labels), size))
