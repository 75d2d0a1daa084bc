"""``/directories``: the lists on the phones, the system's and each user's."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import quote

from aiohttp import web
from pydantic import Field
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from system.api.declare import Body, Document, Route
from system.api.services import SERVICES
from system.api.web import actor, answer, check_match, entity_tag, read_body, resource_of
from system.audit.trail import add
from system.domain import directory_csv
from system.domain.roles import Permission
from system.errors import Conflict, InvalidInput, NotFound
from system.phones.directory import MOST_ROWS, SYSTEM, entries_of
from system.phones.directory_person import Person
from system.storage.models import SINGLETON, DirectoryEntry, Extension, Installation
from system.storage.people import User

SYSTEM_NAME = "system"
CSV = "text/csv"
_MOST_TOLD = 20
"""Entries of a kind in one audit entry."""

Text = Annotated[str, Field(max_length=64)]


class EntryBody(Body):
    """One line."""

    first_name: Text = ""
    last_name: Text = ""
    company: Text = ""
    number: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[0-9*#+(). -]+$")]


class DirectoryBody(Body):
    """``PUT``: the whole list."""

    entries: Annotated[list[EntryBody], Field(max_length=MOST_ROWS)]


class PersonDocument(Document):
    """One line."""

    first_name: str
    last_name: str
    company: str
    number: str


class DirectoryDocument(Document):
    """A list; ``owner`` is ``system`` or whose it is, by extension."""

    owner: str
    entries: list[PersonDocument]


async def read(request: web.Request) -> web.Response:
    """One list; the extensions that phones see beside it are the PBX's."""
    async with request.app[SERVICES].database.read() as session:
        owner = await _owner(request, session)
        return await _shown(request, session, owner)


async def export(request: web.Request) -> web.Response:
    """One list as a table (CSV, UTF-8) that spreadsheets open."""
    async with request.app[SERVICES].database.read() as session:
        owner = await _owner(request, session)
        people = await entries_of(session, owner)
    response = web.Response(text=directory_csv.written(people), content_type=CSV, charset="utf-8")
    name = f"directory-{owner or SYSTEM_NAME}.csv"
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response


async def write(request: web.Request) -> web.Response:
    """Set one list; phones read it at their next start, or after a day."""
    body = await _body(request)
    async with request.app[SERVICES].database.write() as session:
        owner = await _owner(request, session, lock=True)
        return await _write(request, session, owner, body)


async def read_own(request: web.Request) -> web.Response:
    """The personal list of whoever asks."""
    async with request.app[SERVICES].database.read() as session:
        owner = await _own(request, session)
        return await _shown(request, session, owner)


async def write_own(request: web.Request) -> web.Response:
    """Set the personal list of whoever asks."""
    body = await _body(request)
    async with request.app[SERVICES].database.write() as session:
        owner = await _own(request, session, lock=True)
        return await _write(request, session, owner, body)


async def _body(request: web.Request) -> DirectoryBody:
    body = await read_body(request, DirectoryBody, read_only=("owner",))
    for number, one in enumerate(body.entries):
        texts = (one.first_name, one.last_name, one.company, one.number)
        if any(not text.isprintable() for text in texts):
            raise InvalidInput(
                "invalid",
                "A name or number holds a line break or another control character.",
                field=f"entries.{number}",
            )
    return body


async def _write(
    request: web.Request, session: AsyncSession, owner: str, body: DirectoryBody
) -> web.Response:
    present = await entries_of(session, owner)
    check_match(request, _tag(request, owner, present))
    await session.execute(delete(DirectoryEntry).where(DirectoryEntry.owner == owner))
    session.add_all(DirectoryEntry(owner=owner, **one.model_dump()) for one in body.entries)
    await session.flush()
    now = request.app[SERVICES].clock.now()
    after = await entries_of(session, owner)
    facts = {
        "added": [p.full_name for p in after if p not in present][:_MOST_TOLD],
        "removed": [p.full_name for p in present if p not in after][:_MOST_TOLD],
    }
    resource = resource_of(request) if owner == SYSTEM else f"/directories/{owner}"
    before = {"entries": len(present)}
    add(session, now, actor(request), "changed", resource, before, {"entries": len(after), **facts})
    return await _shown(request, session, owner)


async def _owner(request: web.Request, session: AsyncSession, *, lock: bool = False) -> str:
    """``system``, or the extension of whoever has the list; locked, so that one writes at a time.

    A list has no row of its own: the extension's stands for it, or that of the installation.
    """
    name = request.match_info["owner"]
    if name == SYSTEM_NAME:
        await session.get_one(Installation, SINGLETON, with_for_update=lock or None)
        return SYSTEM
    statement = select(Extension.id).where(Extension.extension == name).order_by(Extension.id)
    known = await session.scalar(statement.with_for_update() if lock else statement)
    if known is None:
        raise NotFound("not_found", f"There is no extension {name[:32]!r}.")
    return name


async def _own(request: web.Request, session: AsyncSession, *, lock: bool = False) -> str:
    """The primary extension of whoever asks."""
    statement = (
        select(Extension.extension)
        .join(User, User.primary_extension_id == Extension.id)
        .where(User.username == actor(request).who)
    )
    if lock:
        statement = statement.with_for_update(of=Extension)
    found = await session.scalar(statement)
    if found is None:
        raise Conflict(
            "no_extension", "This account has no primary extension, so it has no directory."
        )
    return found


async def _shown(request: web.Request, session: AsyncSession, owner: str) -> web.Response:
    people = await entries_of(session, owner)
    document = DirectoryDocument(
        owner=owner or SYSTEM_NAME,
        entries=[
            PersonDocument(
                first_name=person.first_name,
                last_name=person.last_name,
                company=person.company,
                number=person.number,
            )
            for person in people
        ],
    )
    return answer(document, etag=_tag(request, owner, people))


def _tag(request: web.Request, owner: str, people: Sequence[Person]) -> str:
    lines = [(p.first_name, p.last_name, p.company, p.number) for p in people]
    return entity_tag(request, "directory", owner, lines)


_ONE = "/directories/{owner}"
_OWN = "/session/directory"
ROUTES = (
    Route(
        method="GET",
        path=_ONE,
        handler=read,
        needs=Permission.READ_PHONES,
        answer=DirectoryDocument,
        tagged=True,
    ),
    Route(
        method="GET",
        path=f"{_ONE}/csv",
        handler=export,
        needs=Permission.READ_PHONES,
        produces=CSV,
    ),
    Route(
        method="PUT",
        path=_ONE,
        handler=write,
        needs=Permission.CHANGE_PHONES,
        body=DirectoryBody,
        read_only=("owner",),
        answer=DirectoryDocument,
        tagged=True,
    ),
    Route(
        method="GET",
        path=_OWN,
        handler=read_own,
        needs=Permission.PHONE_MANAGER,
        answer=DirectoryDocument,
        tagged=True,
        refusals=(409,),
    ),
    Route(
        method="PUT",
        path=_OWN,
        handler=write_own,
        needs=Permission.PHONE_MANAGER,
        body=DirectoryBody,
        read_only=("owner",),
        answer=DirectoryDocument,
        tagged=True,
        refusals=(409,),
    ),
)
