"""The stored keymap profiles: as values for the merge, and as JSON for the API."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from system.domain.keymap import Key, KeyKind, Level
from system.storage.models import KeymapProfile


async def profiles_for(
    session: AsyncSession, *, model: str, mac: str, user: str
) -> dict[Level, list[Key]]:
    """The levels that a phone's keys are merged of; ``user`` is the extension in use, or empty."""
    owners = {
        Level.DEFAULT: "",
        Level.MODEL: model,
        Level.PHONE: mac,
        Level.USER: user,
    }
    wanted = [
        (KeymapProfile.level == level) & (KeymapProfile.owner == owner)
        for level, owner in owners.items()
        if owner or level is Level.DEFAULT
    ]
    found = await session.scalars(select(KeymapProfile).where(or_(*wanted)))
    return {Level(profile.level): keys_from(profile.keys) for profile in found}


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
