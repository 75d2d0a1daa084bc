"""``/phone-systems/{id}/nodes``: the addresses of each PBX node (ADR-4, ICP-2)."""

from typing import Annotated, Any

from aiohttp import web
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from system.api import phone_systems
from system.api.services import SERVICES
from system.api.web import Body, page_of, path_number, read_body
from system.domain.addresses import is_host
from system.errors import InvalidInput, NotFound
from system.provisioning import queue
from system.storage.models import Extension, Node

READ_ONLY = ("number", "name", "release")


class NodeBody(Body):
    """``PUT``; what is left out stays as it is, ``null`` clears an address."""

    address: str | None = None
    nat_ip_address: str | None = None
    nat_sip_port: Annotated[int, Field(ge=1, le=65535)] = 5060


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
        return web.json_response(_document(await _find(request, session)))


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
        node = await _find(request, session)
        address = node.address
        for name in body.model_fields_set:
            setattr(node, name, getattr(body, name) or None)
        if node.address != address:
            remote = select(Extension).where(
                Extension.node_id == node.id, Extension.use_remote_credentials.is_(True)
            )
            await queue.enqueue_each(
                session, (await session.scalars(remote)).all(), services.clock.now()
            )
        await queue.retry_dead(session, services.clock.now())
        await queue.make_all_due(session, services.clock.now())
    services.work.set()
    return web.json_response(_document(node))


async def _find(request: web.Request, session: AsyncSession) -> Node:
    system = await phone_systems.find(request, session)
    number = path_number(request, "number")
    node = await session.scalar(
        select(Node).where(Node.phone_system_id == system.id, Node.number == number)
    )
    if node is None:
        raise NotFound("not_found", f"Phone system {system.id} has no node {number}.")
    return node


def _document(node: Node) -> dict[str, Any]:
    return {
        "number": node.number,
        "name": node.name,
        "address": node.address,
        "release": node.release,
        "nat_ip_address": node.nat_ip_address,
        "nat_sip_port": node.nat_sip_port,
    }
