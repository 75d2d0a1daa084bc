"""The stored keymap profiles: as values for the merge, and as JSON for the API."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from system.domain.keymap import Key, KeyKind, Level
from system.storage.models import KeymapProfile, Phone


@dataclass(frozen=True, slots=True)
class Owners:
    """Whose profiles one phone's keys are merged of; ``user`` is the extension in use, or empty."""

    model: str
    mac: str
    user: str

    def levels(self) -> list[tuple[Level, str]]:
        """The levels that there can be a profile of, with their owners."""
        named = ((Level.MODEL, self.model), (Level.PHONE, self.mac), (Level.USER, self.user))
        return [(Level.DEFAULT, ""), *(pair for pair in named if pair[1])]


def owners_of(phone: Phone) -> Owners:
    """A stored phone's, with its extensions loaded."""
    in_use = phone.hot_desk or phone.extension
    return Owners(phone.model or "", phone.mac, in_use.extension if in_use is not None else "")


Profiles = dict[Level, list[Key]]


async def profiles_for(session: AsyncSession, phones: Sequence[Owners]) -> list[Profiles]:
    """The stored profiles of each of these phones, in their order, by one statement."""
    owners: dict[Level, set[str]] = {}
    for phone in phones:
        for level, owner in phone.levels():
            owners.setdefault(level, set()).add(owner)
    wanted = [
        (KeymapProfile.level == level) & KeymapProfile.owner.in_(names)
        for level, names in owners.items()
    ]
    if not wanted:
        return []
    stored = await session.scalars(select(KeymapProfile).where(or_(*wanted)))
    found = {(Level(one.level), one.owner): keys_from(one.keys) for one in stored}
    return [{pair[0]: found[pair] for pair in phone.levels() if pair in found} for phone in phones]


def keys_from(text: str) -> list[Key]:
    """The keys of a stored profile."""
    return [
        Key(
            KeyKind(one["kind"]),
            one["position"],
            one["type"],
            one["label"],
            one["value"],
            one["line"],
            tuple(one["states"]),
        )
        for one in json.loads(text)
    ]


def keys_to(keys: Sequence[Key]) -> str:
    """The keys as a profile stores them."""
    return json.dumps([key_document(key) for key in keys])


def key_document(key: Key) -> dict[str, Any]:
    """One key as the API shows it."""
    return {
        "kind": str(key.kind),
        "position": key.position,
        "type": key.type,
        "label": key.label,
        "value": key.value,
        "line": key.line,
        "states": list(key.states),
    }
