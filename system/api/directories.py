"""``/directories``: the lists on the phones, the system's and each user's."""

from typing import Annotated

from aiohttp import web
from pydantic import Field
from sqlalchemy import delete, select

from system.api.services import SERVICES
from system.api.web import Body, page_of, read_body
from system.errors import InvalidInput, NotFound
from system.phones.directory import MOST_ROWS, SYSTEM
from system.storage.models import DirectoryEntry, Extension

SYSTEM_NAME = "system"

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


async def read(request: web.Request) -> web.Response:
    """The entries of one list; the extensions that phones see beside them are the PBX's."""
    services = request.app[SERVICES]
    found = await services.phones.directory.entries(await _owner(request))
    items = [
        {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "company": person.company,
            "number": person.number,
        }
        for person in found
    ]
    return page_of(items, len(items), 1, max(len(items), 1))


async def write(request: web.Request) -> web.Response:
    """Set the entries of one list; phones read it at their next start, or after a day."""
    owner = await _owner(request)
    body = await read_body(request, DirectoryBody)
    for number, one in enumerate(body.entries):
        texts = (one.first_name, one.last_name, one.company, one.number)
        if any(not text.isprintable() for text in texts):
            raise InvalidInput(
                "invalid",
                "A name or number holds a line break or another control character.",
                field=f"entries.{number}",
            )
    async with request.app[SERVICES].database.write() as session:
        await session.execute(delete(DirectoryEntry).where(DirectoryEntry.owner == owner))
        session.add_all(DirectoryEntry(owner=owner, **one.model_dump()) for one in body.entries)
    return await read(request)


async def _owner(request: web.Request) -> str:
    """``system``, or the extension of whoever has the list."""
    name = request.match_info["owner"]
    if name == SYSTEM_NAME:
        return SYSTEM
    async with request.app[SERVICES].database.read() as session:
        known = await session.scalar(
            select(Extension.id).where(Extension.extension == name).limit(1)
        )
    if known is None:
        raise NotFound("not_found", f"There is no extension {name[:32]!r}.")
    return name
