"""``/client-locations/remote``: the address that remote phones reach the MCS at (ADR-6, ADR-7)."""

from aiohttp import web

from system.api.declare import Body, Document, Route
from system.api.services import SERVICES
from system.api.web import actor, answer, check_match, entity_tag, read_body, resource_of
from system.audit.trail import add
from system.domain.addresses import host_in_uri, is_host
from system.domain.roles import Permission
from system.errors import InvalidInput
from system.phones.configuration import LONGEST_ACTION_URI, longest_action_uri
from system.storage.models import ClientLocation


class RemoteBody(Body):
    """``PUT``; ``null`` clears it."""

    nat_ip_address_or_hostname: str | None


class RemoteDocument(Document):
    """The client location Remote."""

    nat_ip_address_or_hostname: str | None


async def read(request: web.Request) -> web.Response:
    """NAT IP Address / Full Hostname."""
    async with request.app[SERVICES].database.read() as session:
        remote = await session.get_one(ClientLocation, "remote")
    return answer(_document(remote), etag=_tag(request, remote))


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
    if value is not None:
        _check_length(value, services.phones.https_port)
    async with services.database.write() as session:
        remote = await session.get_one(ClientLocation, "remote", with_for_update=True)
        check_match(request, _tag(request, remote))
        before = _document(remote)
        remote.nat_ip_address_or_hostname = value
        add(
            session,
            services.clock.now(),
            actor(request),
            "changed",
            resource_of(request),
            before.model_dump(),
            _document(remote).model_dump(),
        )
    services.site.forget()
    return answer(_document(remote), etag=_tag(request, remote))


def _check_length(host: str, port: int) -> None:
    """A phone calls action URIs of a limited length, and all of a remote one's have the host."""
    too_many = longest_action_uri(f"https://{host_in_uri(host)}:{port}") - LONGEST_ACTION_URI
    if too_many > 0:
        raise InvalidInput(
            "too_long",
            f"It has {len(host)} characters and may have {len(host) - too_many}: phones call "
            f"action URIs of at most {LONGEST_ACTION_URI} characters, and theirs are built on it. "
            "Give a shorter name for the MBG in the DNS, or its IP address.",
            field="nat_ip_address_or_hostname",
            requirement="ADR-6",
        )


def _tag(request: web.Request, remote: ClientLocation) -> str:
    return entity_tag(request, "remote", remote.nat_ip_address_or_hostname)


def _document(remote: ClientLocation) -> RemoteDocument:
    return RemoteDocument(nat_ip_address_or_hostname=remote.nat_ip_address_or_hostname)


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
        answer=RemoteDocument,
        tagged=True,
    ),
)
