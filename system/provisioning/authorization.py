"""Saving an extension's SIP Authorization form: the wish and its operation in one unit of work."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from system.domain.credentials import (
    Entropy,
    name_problem,
    password_problem,
    random_name,
    random_password,
)
from system.domain.operations import Kind
from system.errors import Conflict, InvalidInput
from system.provisioning import queue
from system.provisioning.plan import NOTHING_REMOVED
from system.storage.changes import note_extensions
from system.storage.models import Extension
from system.storage.rows import among, table_of, update_each

_EXTENSIONS = table_of(Extension)


@dataclass(frozen=True, slots=True)
class Wish:
    """What was entered; empty or ``None`` leaves name and password as they are, or to chance."""

    use_remote_credentials: bool
    remote_name: str | None = None
    remote_password: str | None = field(default=None, repr=False)


async def save(
    session: AsyncSession, extension: Extension, wish: Wish, now: float, entropy: Entropy
) -> None:
    """Store the wish and what has to be done on the MBG for it (EXT-1 to EXT-4).

    Raises:
        InvalidInput: name or password cannot be used; the field is named.
        Conflict: another extension has the remote name.
    """
    if wish.use_remote_credentials:
        await _use_remote(session, extension, wish, entropy)
        await queue.enqueue(session, extension, Kind.PROVISION, now)
    else:
        await _use_internal(session, extension, now)


async def save_many(
    session: AsyncSession,
    extension_ids: Sequence[int],
    now: float,
    entropy: Entropy,
    *,
    use_remote: bool,
) -> dict[int, int]:
    """The box checked or unchecked for all of them, as ``save`` does it for one.

    Returns:
        Extension id -> operation id; where nothing has to be done on the MBG there is none.
    """
    columns = (
        _EXTENSIONS.c.id,
        _EXTENSIONS.c.use_remote_credentials,
        _EXTENSIONS.c.provisioning_state,
        _EXTENSIONS.c.remote_name,
        _EXTENSIONS.c.remote_password.is_not(None).label("has_password"),
        _EXTENSIONS.c.mbg_device_id,
        _EXTENSIONS.c.mbg_unanswered_name,
    )
    statement = select(*columns).where(among(session, _EXTENSIONS.c.id, extension_ids))
    statement = statement.order_by(_EXTENSIONS.c.id).with_for_update()
    rows = (await session.execute(statement)).all()
    if not use_remote:
        return await _use_internal_many(session, rows, now)
    # As it should be already, some of them.
    rows = [
        row
        for row in rows
        if not (row.use_remote_credentials and row.provisioning_state == "provisioned")
    ]
    names = await _new_names(session, [row.id for row in rows if not row.remote_name], entropy)
    changes: dict[int, dict[str, Any]] = {}
    shown = queue.shown_at_first(Kind.PROVISION)
    for row in rows:
        change = changes[row.id] = {"use_remote_credentials": True, **shown}
        if row.id in names:
            change["remote_name"] = names[row.id]
        if not row.has_password:
            change["remote_password"] = random_password(entropy)
    await update_each(session, _EXTENSIONS, changes)
    return await _enqueued(session, list(changes), now, Kind.PROVISION)


async def _enqueued(
    session: AsyncSession, extension_ids: Sequence[int], now: float, kind: Kind
) -> dict[int, int]:
    """The operations of extensions that show already what is wanted."""
    note_extensions(session, extension_ids)
    ids = await queue.store_each(session, extension_ids, now, kind)
    return dict(zip(extension_ids, ids, strict=True))


async def _new_names(
    session: AsyncSession, extension_ids: Sequence[int], entropy: Entropy
) -> dict[int, str]:
    """A random remote name for each, that no extension has."""
    made = {number: random_name(entropy) for number in extension_ids}
    statement = select(_EXTENSIONS.c.remote_name).where(
        among(session, _EXTENSIONS.c.remote_name, made.values())
    )
    taken = set(await session.scalars(statement))
    for number, name in made.items():
        while name in taken:
            name = random_name(entropy)
        taken.add(name)
        made[number] = name
    return made


async def _use_internal_many(
    session: AsyncSession, rows: Sequence[Any], now: float
) -> dict[int, int]:
    on_mbg = [row.id for row in rows if row.mbg_device_id or row.mbg_unanswered_name]
    kept = set(on_mbg)
    taken_back: dict[str, Any] = {
        "use_remote_credentials": False,
        "remote_name": None,
        "remote_password": None,
        "remote_name_typed": False,
        "remote_password_typed": False,
        "mbg_name": None,
        "mbg_password": None,
    }
    off: dict[str, Any] = {
        "provisioning_state": "off",
        "provisioning_message": NOTHING_REMOVED,
        "provisioning_attempts": 0,
    }
    nothing_there = [row.id for row in rows if row.use_remote_credentials and row.id not in kept]
    await queue.drop_active(session, nothing_there)
    changes = {row.id: dict(taken_back) for row in rows}
    for number in nothing_there:
        changes[number] |= off
    for number in on_mbg:
        changes[number] |= queue.shown_at_first(Kind.REMOVE)
    await update_each(session, _EXTENSIONS, changes)
    note_extensions(session, changes)
    return await _enqueued(session, on_mbg, now, Kind.REMOVE)


async def _use_remote(
    session: AsyncSession, extension: Extension, wish: Wish, entropy: Entropy
) -> None:
    name = wish.remote_name or extension.remote_name or random_name(entropy)
    password = wish.remote_password or extension.remote_password or random_password(entropy)
    if (problem := name_problem(name)) is not None:
        raise _refused("remote_name", problem)
    if (problem := password_problem(password, name)) is not None:
        raise _refused("remote_password", problem)
    other = await session.scalar(
        select(Extension.extension).where(
            Extension.remote_name == name, Extension.id != extension.id
        )
    )
    if other is not None:
        raise Conflict(
            "remote_name_taken",
            f"Extension {other} has this remote name already.",
            field="remote_name",
            requirement="EXT-1",
        )
    extension.use_remote_credentials = True
    # A person who types both may type them on the MBG too: then phones may have them (PRV-4).
    extension.remote_name_typed = bool(wish.remote_name) or extension.remote_name_typed
    extension.remote_password_typed = bool(wish.remote_password) or extension.remote_password_typed
    extension.remote_name, extension.remote_password = name, password


async def _use_internal(session: AsyncSession, extension: Extension, now: float) -> None:
    was_remote = extension.use_remote_credentials
    _take_back(extension)
    if extension.mbg_device_id is not None or extension.mbg_unanswered_name is not None:
        await queue.enqueue(session, extension, Kind.REMOVE, now)
    elif was_remote:
        await queue.drop_active(session, [extension.id])
        extension.provisioning_state = "off"
        extension.provisioning_message = NOTHING_REMOVED
        extension.provisioning_attempts = 0


def _take_back(extension: Extension) -> None:
    extension.use_remote_credentials = False
    extension.remote_name = extension.remote_password = None
    extension.remote_name_typed = extension.remote_password_typed = False
    extension.mbg_name = extension.mbg_password = None


def _refused(field_name: str, problem: str) -> InvalidInput:
    return InvalidInput(
        "weak_or_unusable",
        f"{problem[0].upper()}{problem[1:]}.",
        field=field_name,
        requirement="EXT-2",
    )
