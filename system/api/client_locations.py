"""``/client-locations/remote``: the address that remote phones reach the MCS at (ADR-6, ADR-7)."""

from aiohttp import web

from system.api.services import SERVICES
from system.api.web import Body, read_body
from system.domain.addresses import is_host
from system.errors import InvalidInput
from system.storage.models import ClientLocation


class RemoteBody(Body):
    """``PUT``; ``null`` clears it."""

    nat_ip_address_or_hostname: str | None


async def read(request: web.Request) -> web.Response:
    """NAT IP Address / Full Hostname."""
    async with request.app[SERVICES].database.read() as session:
        remote = await session.get_one(ClientLocation, "remote")
    return _answer(remote)


async def write(request: web.Request) -> web.Response:
    """Change it; phones get the new URIs with their next configuration."""
    services = request.app[SERVICES]
    body = await read_body(request, RemoteBody)
    value = body.nat_ip_address_or_hostname or None
    if value is not None and not is_host(value):
        raise InvalidInput(
            "invalid",
            "It has to be an IP address or a host name.",
            field="nat_ip_address_or_hostname",
            requirement="ADR-6",
        )
    async with services.database.write() as session:
        remote = await session.get_one(ClientLocation, "remote")
        remote.nat_ip_address_or_hostname = value
    services.site.forget()
    return _answer(remote)


def _answer(remote: ClientLocation) -> web.Response:
    return web.json_response({"nat_ip_address_or_hostname": remote.nat_ip_address_or_hostname})
