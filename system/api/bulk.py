"""``/provisioning/bulk``: switching use_remote_credentials of many extensions."""

from typing import Annotated

from aiohttp import web
from pydantic import Field
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from system.api.declare import PAGING, Body, Document, Page, Route, text_query
from system.api.services import SERVICES
from system.api.web import (
    actor,
    answer,
    page_of,
    paging,
    path_number,
    read_body,
    resource_of,
)
from system.audit.trail import add
from system.clock import iso_utc
from system.domain.bulk import Event, Item
from system.domain.roles import Permission
from system.errors import InvalidInput, NotFound
from system.provisioning import bulk
from system.storage.engine_models import BulkItem, BulkSwitch
from system.storage.models import Extension, Node, PhoneSystem

MOST_NUMBERS = 20_000


Number = Annotated[int, Field(ge=0, le=2**31 - 1)]


class BulkBody(Body):
    """``POST``; one of the three ways to choose, or ``"all": true``."""

    phone_system: Number
    use_remote_credentials: bool
    extensions: Annotated[list[str], Field(min_length=1, max_length=MOST_NUMBERS)] | None = None
    node: Number | None = None
    search: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    all: bool = False


class BulkDocument(Document):
    """A switch; ``progress`` counts its extensions by state."""

    id: int
    use_remote_credentials: bool
    state: str
    total: int
    progress: dict[str, int]
    created_at: str | None
    finished_at: str | None


class ItemDocument(Document):
    """One of its extensions."""

    extension: str
    state: str
    operation: int | None
    message: str | None


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
        now, use_remote = services.clock.now(), body.use_remote_credentials
        switch = await bulk.create(session, ids, use_remote=use_remote, now=now)
        document = await _document(session, switch)
        facts = {"use_remote_credentials": use_remote, "extensions": document.total}
        resource = f"/provisioning/bulk/{switch.id}"
        add(session, now, actor(request), "created", resource, None, facts)
    services.work.set()
    return answer(document, status=201)


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
        return answer(await _document(session, await _find(request, session)))


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
            ItemDocument(
                extension=number,
                state=item.state,
                operation=item.operation_id,
                message=item.message or message,
            )
            for item, number, message in rows
        ]
    return page_of(items, total, page, page_size)


async def pause(request: web.Request) -> web.Response:
    """Hold back what is not in the queue yet."""
    return await _move(request, Event.PAUSE)


async def resume(request: web.Request) -> web.Response:
    """Go on."""
    return await _move(request, Event.RESUME)


async def cancel(request: web.Request) -> web.Response:
    """Leave out what is not in the queue yet."""
    return await _move(request, Event.CANCEL)


async def _move(request: web.Request, event: Event) -> web.Response:
    services = request.app[SERVICES]
    async with services.database.write() as session:
        switch = await _find(request, session, lock=True)
        before, now = {"state": switch.state}, services.clock.now()
        await bulk.move(session, switch, event, now)
        resource, after = resource_of(request), {"state": switch.state}
        add(session, now, actor(request), "changed", resource, before, after)
        document = await _document(session, switch)
    services.work.set()
    return answer(document)


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


async def _find(request: web.Request, session: AsyncSession, *, lock: bool = False) -> BulkSwitch:
    number = path_number(request, "number")
    switch = await session.get(BulkSwitch, number, with_for_update=lock or None)
    if switch is None:
        raise NotFound("not_found", f"There is no bulk switch {number}.")
    return switch


async def _document(session: AsyncSession, switch: BulkSwitch) -> BulkDocument:
    found = await bulk.counts(session, switch.id)
    return BulkDocument(
        id=switch.id,
        use_remote_credentials=switch.use_remote_credentials,
        state=switch.state,
        total=sum(found.values()),
        progress=found,
        created_at=iso_utc(switch.created_at),
        finished_at=iso_utc(switch.finished_at),
    )


_ALL = "/provisioning/bulk"
_ONE = f"{_ALL}/{{number}}"
ROUTES = (
    Route(
        method="GET",
        path=_ALL,
        handler=list_page,
        needs=Permission.READ_PHONES,
        query=PAGING,
        answer=Page[BulkDocument],
    ),
    Route(
        method="POST",
        path=_ALL,
        handler=create,
        needs=Permission.CHANGE_PHONES,
        status=201,
        body=BulkBody,
        answer=BulkDocument,
    ),
    Route(
        method="GET",
        path=_ONE,
        handler=read,
        needs=Permission.READ_PHONES,
        answer=BulkDocument,
    ),
    Route(
        method="GET",
        path=f"{_ONE}/items",
        handler=list_items,
        needs=Permission.READ_PHONES,
        query=(*PAGING, text_query("state", "only those in it", enum=list(map(str, Item)))),
        answer=Page[ItemDocument],
    ),
    *(
        Route(
            method="POST",
            path=f"{_ONE}/{handler.__name__}",
            handler=handler,
            needs=Permission.CHANGE_PHONES,
            answer=BulkDocument,
            refusals=(409,),
        )
        for handler in (pause, resume, cancel)
    ),
)
