"""``/client-locations/remote``: the address that remote phones reach the MCS at (ADR-6, ADR-7)."""

from aiohttp import web

from system.api.declare import Body, Document, Route
from system.api.services import SERVICES
from system.api.web import actor, answer, check_match, entity_tag, read_body, resource_of
from system.audit.trail import add
from system.domain.addresses import is_host
from system.domain.roles import Permission
from system.errors import InvalidInput
from system.phones.remote_host import problem
from system.storage.models import ClientLocation

READ_ONLY = ("warnings",)


class RemoteBody(Body):
    """``PUT``; ``null`` clears it."""

    nat_ip_address_or_hostname: str | None


class RemoteDocument(Document):
    """The client location Remote; ``warnings``: why phones cannot use what is stored."""

    nat_ip_address_or_hostname: str | None
    warnings: list[str]


async def read(request: web.Request) -> web.Response:
    """NAT IP Address / Full Hostname."""
    async with request.app[SERVICES].database.read() as session:
        remote = await session.get_one(ClientLocation, "remote")
    return answer(_document(request, remote), etag=_tag(request, remote))


async def write(request: web.Request) -> web.Response:
    """Change it; phones get the new URIs with their next configuration."""
    services = request.app[SERVICES]
    body = await read_body(request, RemoteBody, read_only=READ_ONLY)
    value = body.nat_ip_address_or_hostname or None
    if value is not None and not is_host(value):
        raise InvalidInput(
            "invalid",
            "It has to be an IP address or a host name.",
            field="nat_ip_address_or_hostname",
            requirement="ADR-6",
        )
    if (too_long := problem(value, services.phones.https_port)) is not None:
        raise InvalidInput(
            "too_long", too_long, field="nat_ip_address_or_hostname", requirement="ADR-6"
        )
    async with services.database.write() as session:
        remote = await session.get_one(ClientLocation, "remote", with_for_update=True)
        check_match(request, _tag(request, remote))
        before = _document(request, remote)
        remote.nat_ip_address_or_hostname = value
        add(
            session,
            services.clock.now(),
            actor(request),
            "changed",
            resource_of(request),
            before.model_dump(),
            _document(request, remote).model_dump(),
        )
    services.site.forget()
    return answer(_document(request, remote), etag=_tag(request, remote))


def _tag(request: web.Request, remote: ClientLocation) -> str:
    return entity_tag(request, "remote", remote.nat_ip_address_or_hostname)


def _document(request: web.Request, remote: ClientLocation) -> RemoteDocument:
    host = remote.nat_ip_address_or_hostname
    too_long = problem(host, request.app[SERVICES].phones.https_port)
    return RemoteDocument(
        nat_ip_address_or_hostname=host, warnings=[] if too_long is None else [too_long]
    )


_PATH = "/client-locations/remote"
ROUTES = (
    Route(
        method="GET",
        path=_PATH,
        handler=read,
        needs=Permission.READ_SITE,
        answer=RemoteDocument,
        tagged=True,
    ),
    Route(
        method="PUT",
        path=_PATH,
        handler=write,
        needs=Permission.CHANGE_SITE,
        body=RemoteBody,
        read_only=READ_ONLY,
        answer=RemoteDocument,
        tagged=True,
    ),
)
