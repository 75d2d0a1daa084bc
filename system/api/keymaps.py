"""``/keymaps``: the keys set for all phones, a model, a phone, or a user (4.3)."""

from collections.abc import Sequence
from typing import Annotated

from aiohttp import web
from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from system.api.declare import PAGING, Body, Document, Page, Route
from system.api.services import SERVICES
from system.api.web import (
    actor,
    answer,
    check_match,
    entity_tag,
    page_of,
    paging,
    read_body,
    resource_of,
)
from system.audit.trail import add
from system.domain.keymap import CENTRAL, Key, KeyKind, Level, key_problem
from system.domain.roles import Permission
from system.errors import Conflict, InvalidInput, NotFound
from system.phones.identity import is_mac, is_model
from system.phones.profiles import key_document, keys_from, keys_to
from system.storage.models import Extension, KeymapProfile, Phone
from system.storage.upsert import insert_missing

MOST_KEYS = 500
ALL = "all"
"""How the owner of the Default level stands in its path."""

Text = Annotated[str, Field(max_length=256)]


class KeyBody(Body):
    """One key."""

    kind: str
    position: int
    type: str
    label: Text = ""
    value: Text = ""
    line: int | None = None
    states: Annotated[list[str], Field(default_factory=list)]


class KeymapBody(Body):
    """``PUT``: all keys of the level; the ones left out are not set by it."""

    keys: Annotated[list[KeyBody], Field(max_length=MOST_KEYS)]


class KeyDocument(Document):
    """One key."""

    kind: str
    position: int
    type: str
    label: str
    value: str
    line: int | None
    states: list[str]


class KeymapDocument(Document):
    """The keys of one level."""

    level: str
    owner: str
    keys: list[KeyDocument]


async def list_page(request: web.Request) -> web.Response:
    """A page of the levels that have keys."""
    page, page_size = paging(request)
    async with request.app[SERVICES].database.read() as session:
        total = await session.scalar(select(func.count(KeymapProfile.id))) or 0
        found = await session.scalars(
            select(KeymapProfile)
            .order_by(KeymapProfile.level, KeymapProfile.owner)
            .offset((page - 1) * page_size)
            .limit(page_size)
        )
        items = [_document(Level(p.level), p.owner, keys_from(p.keys)) for p in found]
    return page_of(items, total, page, page_size)


async def read(request: web.Request) -> web.Response:
    """The keys of one level; none where nothing is set."""
    level, owner = _place(request)
    async with request.app[SERVICES].database.read() as session:
        profile = await _find(session, level, owner)
    keys = keys_from(profile.keys) if profile is not None else []
    return answer(_document(level, owner, keys), etag=_tag(request, keys))


async def write(request: web.Request) -> web.Response:
    """Set the keys of one level; phones get them by push or at their next poll."""
    level, owner = _place(request)
    body = await read_body(request, KeymapBody, read_only=("level", "owner"))
    keys = _keys(body)
    services = request.app[SERVICES]
    async with services.database.write() as session:
        await _check_owner(session, level, owner)
        if level is Level.USER:
            await _check_free(session, owner, keys)
        empty = {"level": str(level), "owner": owner, "keys": keys_to([])}
        await insert_missing(session, KeymapProfile, [empty])
        profile = await _find(session, level, owner, lock=True)
        assert profile is not None
        present = keys_from(profile.keys)
        check_match(request, _tag(request, present))
        profile.keys = keys_to(keys)
        before, after = _audited(present), _audited(keys)
        now, resource = services.clock.now(), resource_of(request)
        add(session, now, actor(request), "changed", resource, before, after)
    return answer(_document(level, owner, keys), etag=_tag(request, keys))


async def remove(request: web.Request) -> web.Response:
    """Take all keys of one level away."""
    level, owner = _place(request)
    services = request.app[SERVICES]
    async with services.database.write() as session:
        profile = await _find(session, level, owner, lock=True)
        if profile is None:
            raise NotFound("not_found", f"Nothing is set for {level} {owner or ALL}.")
        keys = keys_from(profile.keys)
        check_match(request, _tag(request, keys))
        now, resource = services.clock.now(), resource_of(request)
        add(session, now, actor(request), "removed", resource, _audited(keys), None)
        await session.delete(profile)
    return web.Response(status=204)


def _place(request: web.Request) -> tuple[Level, str]:
    """Level and owner: ``default/all``, ``model/6930``, ``phone/<MAC>``, ``user/2101``."""
    text, owner = request.match_info["level"], request.match_info["owner"]
    if text not in tuple(Level):
        raise InvalidInput("invalid", f"A level is one of {', '.join(Level)}.", field="level")
    level = Level(text)
    fits = {
        Level.DEFAULT: owner == ALL,
        Level.MODEL: is_model(owner),
        Level.PHONE: is_mac(owner),
        Level.USER: 0 < len(owner) <= 32,
    }
    if not fits[level]:
        raise InvalidInput(
            "invalid",
            'The owner is "all", a model, a MAC of 12 upper-case hex digits, or an extension.',
            field="owner",
        )
    return level, "" if level is Level.DEFAULT else owner


def _keys(body: KeymapBody) -> list[Key]:
    keys, seen = [], set()
    for number, one in enumerate(body.keys):
        field = f"keys.{number}"
        if one.kind not in tuple(KeyKind):
            raise InvalidInput(
                "invalid", f"A kind is one of {', '.join(KeyKind)}.", field=f"{field}.kind"
            )
        key = Key(
            KeyKind(one.kind),
            one.position,
            one.type,
            one.label,
            one.value,
            one.line,
            tuple(one.states),
        )
        problem = key_problem(key)
        if (key.kind, key.position) in seen:
            problem = f"{key.kind} {key.position} is set twice"
        if problem is not None:
            raise InvalidInput(
                "invalid",
                f"{problem[0].upper()}{problem[1:]}.",
                field=field,
                requirement="PHN-5" if "PHN-5" in problem else None,
            )
        seen.add((key.kind, key.position))
        keys.append(key)
    return keys


async def _check_owner(session: AsyncSession, level: Level, owner: str) -> None:
    """What a level is set for has to be there, or a typing mistake would go unseen."""
    if level is Level.PHONE and await session.get(Phone, owner) is None:
        raise NotFound("not_found", f"There is no phone {owner}.")
    if level is Level.USER:
        found = await session.scalar(
            select(Extension.id).where(Extension.extension == owner).limit(1)
        )
        if found is None:
            raise NotFound("not_found", f"There is no extension {owner[:32]!r}.")


async def _check_free(session: AsyncSession, owner: str, keys: list[Key]) -> None:
    """A user may not set what is set for all phones; other levels count when keys are merged."""
    profile = await _find(session, CENTRAL[0], "")
    central = {(key.kind, key.position) for key in keys_from(profile.keys)} if profile else set()
    for number, key in enumerate(keys):
        if (key.kind, key.position) in central:
            raise Conflict(
                "set_centrally",
                f"{key.kind} {key.position} is set for all phones, so {owner} may not change it.",
                field=f"keys.{number}",
            )


async def _find(
    session: AsyncSession, level: Level, owner: str, *, lock: bool = False
) -> KeymapProfile | None:
    statement = select(KeymapProfile).where(
        KeymapProfile.level == level, KeymapProfile.owner == owner
    )
    return await session.scalar(statement.with_for_update() if lock else statement)


def _tag(request: web.Request, keys: Sequence[Key]) -> str:
    return entity_tag(request, "keymap", resource_of(request), keys_to(keys))


def _audited(keys: Sequence[Key]) -> dict[str, object]:
    """One member a key, so that only the keys that differ are kept."""
    return {f"{key.kind} {key.position}": key_document(key) for key in keys}


def _document(level: Level, owner: str, keys: Sequence[Key]) -> KeymapDocument:
    return KeymapDocument(
        level=str(level),
        owner=owner or ALL,
        keys=[KeyDocument(**key_document(key)) for key in keys],
    )


_ONE = "/keymaps/{level}/{owner}"
ROUTES = (
    Route(
        method="GET",
        path="/keymaps",
        handler=list_page,
        needs=Permission.READ_PHONES,
        query=PAGING,
        answer=Page[KeymapDocument],
    ),
    Route(
        method="GET",
        path=_ONE,
        handler=read,
        needs=Permission.READ_PHONES,
        answer=KeymapDocument,
        tagged=True,
    ),
    Route(
        method="PUT",
        path=_ONE,
        handler=write,
        needs=Permission.CHANGE_PHONES,
        body=KeymapBody,
        read_only=("level", "owner"),
        answer=KeymapDocument,
        tagged=True,
        refusals=(409,),
    ),
    Route(
        method="DELETE",
        path=_ONE,
        handler=remove,
        needs=Permission.CHANGE_PHONES,
        status=204,
        tagged=True,
    ),
)
