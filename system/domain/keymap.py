"""Keymap profiles: Default < model < phone < user, merged into one phone's keys (4.3). Pure.

Central levels override each other key by key; a user's keys fill only what no central level has
set. Line 1 and Line 2 are always the first two top softkeys (PHN-5). Gaps are compressed; what a
model has no place for is dropped. A phone with fewer keys than that on its screen pages by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from system.domain.file_values import is_writable

LINE = "line"
NONE = "none"
"""A key type that takes a lower level's key away; ``empty`` is a blank key that keeps its place."""

KEY_TYPES = frozenset(
    [
        "line",
        "speeddial",
        "blf",
        "list",
        "dnd",
        "xml",
        "park",
        "pickup",
        "callforward",
        "blfxfer",
        "speeddialxfer",
        "speeddialconf",
        "speeddialmwi",
        "directory",
        "callers",
        "redial",
        "conf",
        "xfer",
        "icom",
        "phonelock",
        "paging",
        "flash",
        "spre",
        "lcr",
        "acd",
        "dcp",
        "filter",
        "hotdesklogin",
        "discreetringing",
        "callhistory",
        "empty",
        "none",
    ]
)
STATES = ("idle", "connected", "incoming", "outgoing", "busy")
"""When a bottom softkey shows; none given means always."""


class KeyKind(StrEnum):
    """Where a key is; the value is how its parameters begin."""

    TOPSOFTKEY = "topsoftkey"
    SOFTKEY = "softkey"
    EXPMOD1 = "expmod1 key"
    EXPMOD2 = "expmod2 key"
    EXPMOD3 = "expmod3 key"


class Level(StrEnum):
    """Who has set a key, the weakest central level first."""

    DEFAULT = "default"
    MODEL = "model"
    PHONE = "phone"
    USER = "user"


CENTRAL = (Level.DEFAULT, Level.MODEL, Level.PHONE)

_MODULE = dict.fromkeys((KeyKind.EXPMOD1, KeyKind.EXPMOD2, KeyKind.EXPMOD3), 84)
CAPACITY: Mapping[str, Mapping[KeyKind, int]] = {
    "6920": {KeyKind.TOPSOFTKEY: 20, KeyKind.SOFTKEY: 18, **_MODULE},
    "6930": {KeyKind.TOPSOFTKEY: 44, KeyKind.SOFTKEY: 24, **_MODULE},
    "6940": {KeyKind.TOPSOFTKEY: 48, KeyKind.SOFTKEY: 24, **_MODULE},
    "6970": {KeyKind.TOPSOFTKEY: 24, KeyKind.SOFTKEY: 24, **_MODULE},
}
"""Keys of each model over all its pages (domain reference 3.1; sources disagree, so one table)."""
SMALLEST = CAPACITY["6920"]
MOST_KEYS = 84


@dataclass(frozen=True, slots=True)
class Key:
    """One key as a profile has it; ``position`` counts from 1."""

    kind: KeyKind
    position: int
    type: str
    label: str = ""
    value: str = ""
    line: int | None = None
    states: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlacedKey:
    """A key at its place on the phone, and who has set it; ``None`` is the MCS itself."""

    key: Key
    level: Level | None

    @property
    def read_only(self) -> bool:
        """Whether its user may not change it."""
        return self.level is not Level.USER


@dataclass(frozen=True, slots=True)
class Keys:
    """A phone's keys in order, and what found no place."""

    placed: tuple[PlacedKey, ...]
    dropped: tuple[PlacedKey, ...]


LINE_KEYS = (
    Key(KeyKind.TOPSOFTKEY, 1, LINE, "Line 1", line=1),
    Key(KeyKind.TOPSOFTKEY, 2, LINE, "Line 2", line=2),
)
_RESERVED = frozenset((key.kind, key.position) for key in LINE_KEYS)


def key_problem(key: Key) -> str | None:
    """Why a key cannot stand in a profile, or ``None``."""
    if key.type not in KEY_TYPES:
        return f"there is no key type {key.type[:32]!r}"
    if not 1 <= key.position <= MOST_KEYS:
        return f"a position is a number from 1 to {MOST_KEYS}"
    if (key.kind, key.position) in _RESERVED:
        return "top softkeys 1 and 2 are Line 1 and Line 2 (PHN-5)"
    if key.type == LINE and key.kind is KeyKind.SOFTKEY:
        return "a line key cannot be a bottom softkey"
    if key.type == LINE and key.line is None:
        return "a line key needs the number of its line"
    if key.line is not None and not 1 <= key.line <= 24:
        return "a line is a number from 1 to 24"
    if key.states and key.kind is not KeyKind.SOFTKEY:
        return "only bottom softkeys have states"
    for name, text in (("label", key.label), ("value", key.value)):
        if not is_writable(text):
            return (
                f"the {name} cannot stand in a phone's file: no line breaks or control "
                'characters, no " at its beginning, and none beside " #" or blanks at its ends'
            )
    if unknown := [state for state in key.states if state not in STATES]:
        return f"there is no state {unknown[0][:32]!r}"
    return None


def merge(
    profiles: Mapping[Level, Sequence[Key]], model: str, own_softkeys: Sequence[Key] = ()
) -> Keys:
    """One phone's keys.

    Args:
        profiles: the keys of each level that there is.
        model: as in ``CAPACITY``; another one has the smallest model's places.
        own_softkeys: the MCS's own bottom softkeys, which come first.
    """
    slots, refused = _slots(profiles)
    capacity = CAPACITY.get(model, SMALLEST)
    placed = [PlacedKey(key, None) for key in LINE_KEYS]
    dropped = list(refused)
    for kind in KeyKind:
        begin = [PlacedKey(key, None) for key in own_softkeys] if kind is KeyKind.SOFTKEY else []
        taken = len(LINE_KEYS) if kind is KeyKind.TOPSOFTKEY else 0
        wanted = [*begin, *(slots[slot] for slot in sorted(slots) if slot[0] == kind)]
        free = capacity[kind] - taken
        placed += _numbered(wanted[:free], taken + 1)
        dropped += wanted[free:]
    return Keys(tuple(placed), tuple(dropped))


def _slots(
    profiles: Mapping[Level, Sequence[Key]],
) -> tuple[dict[tuple[str, int], PlacedKey], list[PlacedKey]]:
    """The key of each place before gaps are compressed, and the keys that may not stand there."""
    slots: dict[tuple[str, int], PlacedKey] = {}
    refused = []
    for level in Level:
        for key in profiles.get(level, ()):
            placed, slot = PlacedKey(key, level), (str(key.kind), key.position)
            held = slots.get(slot)
            centrally = level is Level.USER and held is not None and held.level is not Level.USER
            if centrally or key_problem(key) is not None:
                refused.append(placed)
            else:
                slots[slot] = placed
    return {slot: held for slot, held in slots.items() if held.key.type != NONE}, refused


def _numbered(keys: Iterable[PlacedKey], first: int) -> list[PlacedKey]:
    return [
        replace(placed, key=replace(placed.key, position=position))
        for position, placed in enumerate(keys, first)
    ]


def parameters_of(key: Key) -> list[tuple[str, str]]:
    """Its configuration parameters; those that it does not have are left out."""
    base = f"{key.kind}{key.position}"
    values = [
        ("type", key.type),
        ("label", key.label),
        ("value", key.value),
        ("line", "" if key.line is None else str(key.line)),
        ("states", " ".join(key.states)),
    ]
    return [(f"{base} {name}", value) for name, value in values if value]
