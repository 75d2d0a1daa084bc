"""Saving an extension's SIP Authorization form: the wish and its operation in one unit of work."""

from collections.abc import Sequence
from dataclasses import dataclass, field

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
from system.storage.models import Extension


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
    extensions: Sequence[Extension],
    now: float,
    entropy: Entropy,
    *,
    use_remote: bool,
) -> dict[int, int]:
    """The box checked or unchecked for all of them, as ``save`` does it for one.

    Returns:
        Extension id -> operation id; where nothing has to be done on the MBG there is none.
    """
    if not use_remote:
        return await _use_internal_many(session, extensions, now)
    made = {extension.id: random_name(entropy) for extension in extensions}
    taken = set(
        await session.scalars(
            select(Extension.remote_name).where(Extension.remote_name.in_(made.values()))
        )
    )
    changed = []
    for extension in extensions:
        if extension.use_remote_credentials and extension.provisioning_state == "provisioned":
            continue  # as it should be already
        if not extension.remote_name:
            name = made[extension.id]
            while name in taken:
                name = random_name(entropy)
            taken.add(name)
            extension.remote_name = name
        extension.use_remote_credentials = True
        extension.remote_password = extension.remote_password or random_password(entropy)
        changed.append(extension)
    ids = await queue.enqueue_each(session, changed, now)
    return dict(zip((extension.id for extension in changed), ids, strict=True))


async def _use_internal_many(
    session: AsyncSession, extensions: Sequence[Extension], now: float
) -> dict[int, int]:
    on_mbg = []
    for extension in extensions:
        if extension.mbg_device_id is None and extension.mbg_unanswered_name is None:
            await _use_internal(session, extension, now)
            continue
        _take_back(extension)
        on_mbg.append(extension)
    ids = await queue.enqueue_each(session, on_mbg, now, Kind.REMOVE)
    return dict(zip((extension.id for extension in on_mbg), ids, strict=True))


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
        await queue.drop_active(session, extension)
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
