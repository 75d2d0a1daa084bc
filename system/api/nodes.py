"""``/phone-systems/{id}/nodes``: the addresses of each PBX node (ADR-4, ICP-2)."""

from typing import Annotated

from aiohttp import web
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from system.api import phone_systems
from system.api.declare import Body, Document, Page, Route
from system.api.services import SERVICES
from system.api.web import (
    actor,
    answer,
    check_match,
    entity_tag,
    page_of,
    path_number,
    read_body,
    resource_of,
)
from system.audit.trail import add
from system.domain.addresses import is_host
from system.domain.roles import Permission
from system.errors import InvalidInput, NotFound
from system.provisioning import queue
from system.storage.models import Extension, Node

READ_ONLY = ("number", "name", "release", "up")


class NodeBody(Body):
    """``PUT``; what is left out stays as it is, ``null`` clears an address."""

    address: str | None = None
    nat_ip_address: str | None = None
    nat_sip_port: Annotated[int, Field(ge=1, le=65535)] = 5060


class NodeDocument(Document):
    """A PBX node."""

    number: int
    name: str
    address: str | None
    release: str | None
    nat_ip_address: str | None
    nat_sip_port: int
    up: bool


async def list_all(request: web.Request) -> web.Response:
    """All nodes of a phone system, by number."""
    async with request.app[SERVICES].database.read() as session:
        system = await phone_systems.find(request, session)
        found = await session.scalars(
            select(Node).where(Node.phone_system_id == system.id).order_by(Node.number)
        )
        items = [_document(node) for node in found]
    return page_of(items, len(items), 1, max(len(items), 1))


async def read(request: web.Request) -> web.Response:
    """One node."""
    async with request.app[SERVICES].database.read() as session:
        node = await _find(request, session)
    return answer(_document(node), etag=_tag(request, node))


async def write(request: web.Request) -> web.Response:
    """Change a node's addresses; another own address means another ICP on the MBG."""
    services = request.app[SERVICES]
    body = await read_body(request, NodeBody, read_only=READ_ONLY)
    for name in ("address", "nat_ip_address"):
        value = getattr(body, name)
        if value and not is_host(value):
            raise InvalidInput(
                "invalid",
                "It has to be an IP address or a host name.",
                field=name,
                requirement="ICP-2" if name == "address" else "ADR-4",
            )
    async with services.database.write() as session:
        node = await _find(request, session, lock=True)
        check_match(request, _tag(request, node))
        before, address = _document(node), node.address
        for name in body.model_fields_set:
            setattr(node, name, getattr(body, name) or None)
        if node.address != address:
            remote = select(Extension).where(
                Extension.node_id == node.id, Extension.use_remote_credentials.is_(True)
            )
            ids = await queue.ids_in_order(session, remote)
            await queue.enqueue_each(session, ids, services.clock.now())
        await queue.retry_dead(session, services.clock.now())
        await queue.make_all_due(session, services.clock.now())
        add(
            session,
            services.clock.now(),
            actor(request),
            "changed",
            resource_of(request),
            before.model_dump(),
            _document(node).model_dump(),
        )
    services.work.set()
    return answer(_document(node), etag=_tag(request, node))


async def _find(request: web.Request, session: AsyncSession, *, lock: bool = False) -> Node:
    system = await phone_systems.find(request, session)
    number = path_number(request, "number")
    statement = select(Node).where(Node.phone_system_id == system.id, Node.number == number)
    node = await session.scalar(statement.with_for_update() if lock else statement)
    if node is None:
        raise NotFound("not_found", f"Phone system {system.id} has no node {number}.")
    return node


def _tag(request: web.Request, node: Node) -> str:
    return entity_tag(
        request, "node", node.id, node.address, node.nat_ip_address, node.nat_sip_port
    )


def _document(node: Node) -> NodeDocument:
    return NodeDocument(
        number=node.number,
        name=node.name,
        address=node.address,
        release=node.release,
        nat_ip_address=node.nat_ip_address,
        nat_sip_port=node.nat_sip_port,
        up=node.is_up,
    )


_NODES = "/phone-systems/{id}/nodes"
ROUTES = (
    Route(
        method="GET",
        path=_NODES,
        handler=list_all,
        needs=Permission.READ_SITE,
        answer=Page[NodeDocument],
    ),
    Route(
        method="GET",
        path=f"{_NODES}/{{number}}",
        handler=read,
        needs=Permission.READ_SITE,
        answer=NodeDocument,
        tagged=True,
    ),
    Route(
        method="PUT",
        path=f"{_NODES}/{{number}}",
        handler=write,
        needs=Permission.CHANGE_SITE,
        body=NodeBody,
        read_only=READ_ONLY,
        answer=NodeDocument,
        tagged=True,
    ),
)
