"""The keys that a phone has, from its merged configuration (PHN-5, PHN-6; domain reference 3.2)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from simulators.phone.models import Model

HIDDEN_TYPES = ("", "none")
"""`empty` is shown as a blank place, `none` (or no type at all) is not shown."""
LINE = "line"
"""Not to be had as a softkey below the screen."""
ACTING_TYPES = (LINE, "speeddial", "xml", "callers", "callhistory", "redial", "empty")
"""Types of keys that do something here; the others are shown, and say so when pressed."""

STATES = ("idle", "connected", "incoming", "outgoing", "busy")
"""When a softkey is seen; `states` of a key are some of them."""
DEFAULT_STATES = frozenset(("idle", "connected", "incoming", "outgoing"))
MODULES = 3
MORE = "More"
"""The key that turns the page, where there is no touch."""

T = TypeVar("T")

_NAME = re.compile(
    r"(topsoftkey|softkey|expmod([1-3]) (?:soft)?key)([1-9]\d{0,2}) "
    r"(type|label|value|line|states|locked)"
)
_ORDER = ("topsoftkey", "softkey", "expmod1", "expmod2", "expmod3")


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    `kind` is `topsoftkey`, `softkey` or `expmod1` to `expmod3`, `number` its place from 1, `line` 0
    where it has none. A softkey is seen in its `states`; a `locked` one can't be changed by people.
    """

    kind: str
    number: int
    type: str
    label: str
    value: str = ""
    line: int = 0
    states: frozenset[str] = DEFAULT_STATES
    locked: bool = False


def keys(configuration: Mapping[str, str], model: Model) -> tuple[Key, ...]:
    """The keys to show: top softkeys first, each kind by its place.

    What the model hasn't got is left out.
    """
    found: dict[tuple[str, int], dict[str, str]] = {}
    for name, value in configuration.items():
        match = _NAME.fullmatch(name)
        if match:
            kind = f"expmod{match[2]}" if match[2] else match[1]
            found.setdefault((kind, int(match[3])), {})[match[4]] = value
    places = {"topsoftkey": model.top_softkeys, "softkey": model.softkeys}
    shown = [
        _key(kind, number, fields)
        for (kind, number), fields in found.items()
        if number <= places.get(kind, model.module_keys) and _is_shown(kind, fields)
    ]
    return tuple(sorted(shown, key=lambda key: (_ORDER.index(key.kind), key.number)))


def _is_shown(kind: str, fields: Mapping[str, str]) -> bool:
    type_ = fields.get("type", "").lower()
    return type_ not in HIDDEN_TYPES and not (type_ == LINE and kind == "softkey")


def _key(kind: str, number: int, fields: Mapping[str, str]) -> Key:
    line = fields.get("line", "")
    number_of_line = int(line) if line.isascii() and line.isdigit() and len(line) < 4 else 0
    kind_of_key = fields.get("type", "").lower()
    if kind_of_key == LINE and not number_of_line:
        number_of_line = number
    label = fields.get("label", "") or (f"Line {number_of_line}" if kind_of_key == LINE else "")
    states = frozenset(fields.get("states", "").lower().replace(",", " ").split()) & {*STATES}
    return Key(
        kind, number, kind_of_key, label, fields.get("value", ""), number_of_line,
        states or DEFAULT_STATES, fields.get("locked", "0") == "1",
    )  # fmt: skip


def top_pages(shown: tuple[Key, ...], model: Model) -> tuple[tuple[str, ...], ...]:
    """The labels of the top softkeys as pages of the screen."""
    return pages([key.label for key in shown if key.kind == "topsoftkey"], model.top_page, model)


def pages(labels: list[str], fits: int, model: Model) -> tuple[tuple[str, ...], ...]:
    """Labels as pages of a screen where so many fit, at least one page.

    What doesn't fit on one page is paged with a `More` key as the last; with touch a person swipes
    instead.
    """
    return paged(labels, fits, model, MORE)


def paged(items: Sequence[T], fits: int, model: Model, more: T) -> tuple[tuple[T, ...], ...]:
    """The same of anything that stands for a key; `more` is the key that turns the page."""
    if len(items) <= fits:
        return (tuple(items),)
    size = fits if model.touch else fits - 1
    last = () if model.touch else (more,)
    return tuple((*items[i : i + size], *last) for i in range(0, len(items), size))
