"""``/provisioning/bulk``: switching use_remote_credentials of many extensions."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from system.api.services import SERVICES
from system.api.web import Body, page_of, paging, path_number, read_body
from system.clock import iso_utc
from system.domain.bulk import Event, Item
from system.errors import InvalidInput, NotFound
from system.provisioning import bulk
from system.storage.engine_models import BulkItem, BulkSwitch
from system.storage.models import Extension, Node, PhoneSystem

MOST_NUMBERS = 20_000


class BulkBody(Body):
    """``POST``; one of the three ways to choose, or ``"all": true``."""

    phone_system: int
    use_remote_credentials: bool
    extensions: Annotated[list[str], Field(min_length=1, max_length=MOST_NUMBERS)] | None = None
    node: int | None = None
    search: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    all: bool = False


async def create(request: web.Request) -> web.Response:
    """Store the switch; the worker then carries it out."""
    services = request.app[SERVICES]
    body = await read_body(request, BulkBody)
    chosen = [body.extensions is not None, body.node is not None, body.search is not None, body.all]
    if sum(chosen) != 1:
        raise InvalidInput(
            "invalid",
            'Choose extensions in one way: "extensions", "node", "search" or "all".',
            field="extensions",
        )
    async with services.database.write() as session:
        ids = await _chosen(session, body)
        switch = await bulk.create(
            session, ids, use_remote=body.use_remote_credentials, now=services.clock.now()
        )
        document = await _document(session, switch)
    services.work.set()
    return web.json_response(document, status=201)


async def list_page(request: web.Request) -> web.Response:
    """All switches, the latest first."""
    page, page_size = paging(request)
    async with request.app[SERVICES].database.read() as session:
        total = await session.scalar(select(func.count(BulkSwitch.id))) or 0
        found = await session.scalars(
            select(BulkSwitch)
            .order_by(BulkSwitch.id.desc())
            .offset((page - 1) * page_size)
            .limit(page_size)
        )
        items = [await _document(session, switch) for switch in found.all()]
    return page_of(items, total, page, page_size)


async def read(request: web.Request) -> web.Response:
    """One switch with its progress."""
    async with request.app[SERVICES].database.read() as session:
        return web.json_response(await _document(session, await _find(request, session)))


async def list_items(request: web.Request) -> web.Response:
    """A page of its extensions, all or those in ``state``."""
    page, page_size = paging(request)
    wanted = request.query.get("state")
    if wanted is not None and wanted not in list(Item):
        raise InvalidInput("invalid", f"A state is one of {', '.join(Item)}.", field="state")
    async with request.app[SERVICES].database.read() as session:
        switch = await _find(request, session)
        conditions = [BulkItem.bulk_id == switch.id]
        if wanted is not None:
            conditions.append(BulkItem.state == wanted)
        total = await session.scalar(select(func.count(BulkItem.id)).where(*conditions)) or 0
        rows = await session.execute(
            select(BulkItem, Extension.extension, Extension.provisioning_message)
            .join(Extension, Extension.id == BulkItem.extension_id)
            .where(*conditions)
            .order_by(BulkItem.id)
            .offset((page - 1) * page_size)
            .limit(page_size)
        )
        items = [
            {
                "extension": number,
                "state": item.state,
                "operation": item.operation_id,
                "message": item.message or message,
            }
            for item, number, message in rows
        ]
    return page_of(items, total, page, page_size)


def mover(event: Event) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler that pauses, resumes or cancels."""

    async def move(request: web.Request) -> web.Response:
        services = request.app[SERVICES]
        async with services.database.write() as session:
            switch = await _find(request, session)
            await bulk.move(session, switch, event, services.clock.now())
            document = await _document(session, switch)
        services.work.set()
        return web.json_response(document)

    return move


async def _chosen(session: AsyncSession, body: BulkBody) -> list[int]:
    if await session.get(PhoneSystem, body.phone_system) is None:
        raise _unknown("phone_system", f"There is no phone system {body.phone_system}.")
    statement = select(Extension.id, Extension.extension).where(
        Extension.phone_system_id == body.phone_system
    )
    if body.node is not None:
        node = await session.scalar(
            select(Node.id).where(
                Node.phone_system_id == body.phone_system, Node.number == body.node
            )
        )
        if node is None:
            raise _unknown("node", f"Phone system {body.phone_system} has no node {body.node}.")
        statement = statement.where(Extension.node_id == node)
    if body.search is not None:
        statement = statement.where(
            or_(
                Extension.extension.icontains(body.search, autoescape=True),
                Extension.name.icontains(body.search, autoescape=True),
            )
        )
    rows = await session.execute(
        statement.order_by(func.length(Extension.extension), Extension.extension)
    )
    found = {number: key for key, number in rows}
    if body.extensions is None:
        return list(found.values())
    missing = [number for number in body.extensions if number not in found]
    if missing:
        shown = ", ".join(number[:32] for number in missing[:10])
        raise _unknown("extensions", f"There is no SIP extension: {shown}. Nothing was switched.")
    return [found[number] for number in dict.fromkeys(body.extensions)]


def _unknown(field: str, message: str) -> InvalidInput:
    return InvalidInput("invalid", message, field=field)


async def _find(request: web.Request, session: AsyncSession) -> BulkSwitch:
    number = path_number(request, "id")
    switch = await session.get(BulkSwitch, number)
    if switch is None:
        raise NotFound("not_found", f"There is no bulk switch {number}.")
    return switch


async def _document(session: AsyncSession, switch: BulkSwitch) -> dict[str, Any]:
    found = await bulk.counts(session, switch.id)
    return {
        "id": switch.id,
        "use_remote_credentials": switch.use_remote_credentials,
        "state": switch.state,
        "total": sum(found.values()),
        "progress": found,
        "created_at": iso_utc(switch.created_at),
        "finished_at": iso_utc(switch.finished_at),
    }
