"""``/phone-systems``: PBX networks and their CT Gateways."""

from typing import Annotated

from aiohttp import web
from pydantic import Field, SecretStr
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from system.api.declare import BASE, PAGING, Body, Document, Page, Route
from system.api.services import SERVICES
from system.api.web import (
    actor,
    answer,
    check_match,
    entity_tag,
    page_of,
    paging,
    path_number,
    read_body,
    resource_of,
)
from system.audit.trail import HIDDEN, add
from system.domain.addresses import is_host
from system.domain.roles import Permission
from system.errors import Conflict, InvalidInput, NotFound
from system.phone_systems.in_use import uses_of
from system.storage.models import Extension, Node, PhoneSystem

READ_ONLY = ("id", "state", "message", "ct_gateway_release", "ct_gateway_password_set")

Name = Annotated[str, Field(min_length=1, max_length=128)]
Address = Annotated[str, Field(min_length=1, max_length=253)]
Port = Annotated[int, Field(ge=1, le=65535)]
Password = Annotated[SecretStr, Field(max_length=128)]


class CreateBody(Body):
    """``POST``."""

    name: Name
    ct_gateway_address: Address
    ct_gateway_port: Port = 4000
    ct_gateway_password: Password | None = None


class ChangeBody(Body):
    """``PUT``; what is left out, or ``null`` as the password, stays as it is."""

    name: Name = ""
    ct_gateway_address: Address = ""
    ct_gateway_port: Port = 4000
    ct_gateway_password: Password | None = None


class PhoneSystemDocument(Document):
    """A phone system."""

    id: int
    name: str
    ct_gateway_address: str
    ct_gateway_port: int
    ct_gateway_password_set: bool
    ct_gateway_release: str | None
    state: str
    message: str | None


class SyncDocument(Document):
    """What was read from the CT Gateway."""

    nodes: int
    extensions: int


async def list_all(request: web.Request) -> web.Response:
    """A page of phone systems, by id."""
    page, page_size = paging(request)
    async with request.app[SERVICES].database.read() as session:
        total = await session.scalar(select(func.count()).select_from(PhoneSystem)) or 0
        found = await session.scalars(
            select(PhoneSystem)
            .order_by(PhoneSystem.id)
            .offset((page - 1) * page_size)
            .limit(page_size)
        )
        items = [_document(system) for system in found]
    return page_of(items, total, page, page_size)


async def create(request: web.Request) -> web.Response:
    """Add a phone system; MCS connects to its CT Gateway at once."""
    services = request.app[SERVICES]
    body = await read_body(request, CreateBody, read_only=READ_ONLY)
    system = PhoneSystem(state="connecting")
    _take(system, body)
    try:
        async with services.database.write() as session:
            session.add(system)
            await session.flush()
            add(
                session,
                services.clock.now(),
                actor(request),
                "created",
                f"/phone-systems/{system.id}",
                None,
                _document(system).model_dump(),
            )
    except IntegrityError:
        raise _name_taken() from None
    await services.links.restart(system.id)
    return answer(
        _document(system),
        etag=_tag(request, system),
        status=201,
        headers={"Location": f"{BASE}/phone-systems/{system.id}"},
    )


async def read(request: web.Request) -> web.Response:
    """One phone system."""
    async with request.app[SERVICES].database.read() as session:
        system = await find(request, session)
    return answer(_document(system), etag=_tag(request, system))


async def write(request: web.Request) -> web.Response:
    """Change a phone system; the connection is made anew if it is concerned."""
    services = request.app[SERVICES]
    body = await read_body(request, ChangeBody, read_only=READ_ONLY)
    try:
        async with services.database.write() as session:
            system = await find(request, session, lock=True)
            check_match(request, _tag(request, system))
            before, shown = _connection_of(system), _document(system).model_dump()
            _take(system, body)
            reconnect = _connection_of(system) != before
            if reconnect:
                system.state, system.message = "connecting", None
            now_shown = _document(system).model_dump()
            if system.ct_gateway_password != before[2]:
                now_shown["ct_gateway_password"] = HIDDEN
            add(
                session,
                services.clock.now(),
                actor(request),
                "changed",
                resource_of(request),
                shown,
                now_shown,
            )
    except IntegrityError:
        raise _name_taken() from None
    if reconnect:
        await services.links.restart(system.id)
    return answer(_document(system), etag=_tag(request, system))


async def remove(request: web.Request) -> web.Response:
    """Remove a phone system with its nodes and extensions, none of which may be in use."""
    services = request.app[SERVICES]
    async with services.database.write() as session:
        system = await find(request, session, lock=True)
        check_match(request, _tag(request, system))
        if uses := await uses_of(session, system.id):
            raise Conflict("extensions_in_use", f"{system.name} cannot be removed. {uses}")
        shown = _document(system).model_dump() | {
            "nodes": await _count(session, Node, system.id),
            "extensions": await _count(session, Extension, system.id),
        }
        now, resource = services.clock.now(), resource_of(request)
        add(session, now, actor(request), "removed", resource, shown, None)
        await session.delete(system)
    await services.links.refresh()
    return web.Response(status=204)


async def _count(session: AsyncSession, of: type[Node | Extension], system_id: int) -> int:
    statement = select(func.count()).select_from(of).where(of.phone_system_id == system_id)
    return await session.scalar(statement) or 0


async def sync(request: web.Request) -> web.Response:
    """Read nodes and extensions from the CT Gateway now."""
    services = request.app[SERVICES]
    result = await services.links.sync_now(path_number(request, "id"))
    document = SyncDocument(nodes=result.nodes, extensions=result.extensions)
    async with services.database.write() as session:
        add(
            session,
            services.clock.now(),
            actor(request),
            "synchronized",
            resource_of(request).removesuffix("/sync"),
            None,
            document.model_dump(),
        )
    return answer(document)


async def find(request: web.Request, session: AsyncSession, *, lock: bool = False) -> PhoneSystem:
    """The phone system of the path.

    Raises:
        NotFound: there is none.
    """
    number = path_number(request, "id")
    system = await session.get(PhoneSystem, number, with_for_update=lock)
    if system is None:
        raise NotFound("not_found", f"There is no phone system {number}.")
    return system


def _take(system: PhoneSystem, body: CreateBody | ChangeBody) -> None:
    given = body.model_fields_set | (set() if isinstance(body, ChangeBody) else {"ct_gateway_port"})
    if "ct_gateway_address" in given and not is_host(body.ct_gateway_address):
        raise InvalidInput(
            "invalid", "It has to be an IP address or a host name.", field="ct_gateway_address"
        )
    for name in given - {"ct_gateway_password"}:
        setattr(system, name, getattr(body, name))
    if body.ct_gateway_password is not None:
        password = body.ct_gateway_password.get_secret_value()
        if "\0" in password or not password.isascii():
            raise InvalidInput(
                "invalid", "The password has to be plain ASCII.", field="ct_gateway_password"
            )
        system.ct_gateway_password = password


def _connection_of(system: PhoneSystem) -> tuple[str, int, str | None]:
    return system.ct_gateway_address, system.ct_gateway_port, system.ct_gateway_password


def _name_taken() -> Conflict:
    return Conflict("name_taken", "Another phone system has this name.", field="name")


def _tag(request: web.Request, system: PhoneSystem) -> str:
    return entity_tag(request, "phone system", system.id, system.name, *_connection_of(system))


def _document(system: PhoneSystem) -> PhoneSystemDocument:
    return PhoneSystemDocument(
        id=system.id,
        name=system.name,
        ct_gateway_address=system.ct_gateway_address,
        ct_gateway_port=system.ct_gateway_port,
        ct_gateway_password_set=system.ct_gateway_password is not None,
        ct_gateway_release=system.ct_gateway_release,
        state=system.state,
        message=system.message,
    )


_ONE = "/phone-systems/{id}"
ROUTES = (
    Route(
        method="GET",
        path="/phone-systems",
        handler=list_all,
        needs=Permission.READ_SITE,
        query=PAGING,
        answer=Page[PhoneSystemDocument],
    ),
    Route(
        method="POST",
        path="/phone-systems",
        handler=create,
        needs=Permission.CHANGE_SITE,
        body=CreateBody,
        read_only=READ_ONLY,
        answer=PhoneSystemDocument,
        status=201,
        refusals=(409,),
    ),
    Route(
        method="GET",
        path=_ONE,
        handler=read,
        needs=Permission.READ_SITE,
        answer=PhoneSystemDocument,
        tagged=True,
    ),
    Route(
        method="PUT",
        path=_ONE,
        handler=write,
        needs=Permission.CHANGE_SITE,
        body=ChangeBody,
        read_only=READ_ONLY,
        answer=PhoneSystemDocument,
        tagged=True,
        refusals=(409,),
    ),
    Route(
        method="DELETE",
        path=_ONE,
        handler=remove,
        needs=Permission.CHANGE_SITE,
        status=204,
        tagged=True,
        refusals=(409,),
    ),
    Route(
        method="POST",
        path=f"{_ONE}/sync",
        handler=sync,
        needs=Permission.CHANGE_PHONES,
        answer=SyncDocument,
        refusals=(502,),
    ),
)
