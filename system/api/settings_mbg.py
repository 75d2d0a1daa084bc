"""``/settings/mbg``: the page MiVoice Border Gateway (ADR-1, ADR-3, TOK-3 to TOK-9)."""

from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field, SecretStr

from system.api import certificate
from system.api.services import SERVICES, Services
from system.api.web import Body, read_body
from system.clock import iso_utc
from system.domain.addresses import is_ip_address
from system.errors import InvalidInput
from system.mbg import certificates
from system.mbg.access import known_gate, load_settings
from system.provisioning import queue
from system.storage.models import MbgSettings

READ_ONLY = ("token", "release", "mode", "certificate")
_PRINTABLE_ASCII = r"^[!-~]+$"


class SettingsBody(Body):
    """``PUT``; what is left out stays as it is."""

    internal_address: str | None = None
    port: Annotated[int, Field(ge=1, le=65535)] = 443
    rest_api_enabled: bool = False
    certificate_check: Literal["ca", "pin"] = "ca"
    ca_certificate: Annotated[str, Field(max_length=65_536)] | None = None


class RequestTokenBody(Body):
    """The form Request Access Token."""

    name: Annotated[str, Field(min_length=1, max_length=128)]
    consumer_id: Annotated[str, Field(min_length=1, max_length=128, pattern=_PRINTABLE_ASCII)]
    shared_secret: Annotated[SecretStr, Field(min_length=1, max_length=256)]


class RetrieveTokenBody(Body):
    """The verifier that the MBG has shown."""

    verifier: Annotated[str, Field(min_length=1, max_length=64, pattern=_PRINTABLE_ASCII)]


async def read(request: web.Request) -> web.Response:
    """The settings and the token's state."""
    services = request.app[SERVICES]
    return web.json_response(await _document(services))


async def write(request: web.Request) -> web.Response:
    """Change the settings; waiting work is then tried at once."""
    services = request.app[SERVICES]
    body = await read_body(request, SettingsBody, read_only=READ_ONLY)
    address = body.internal_address
    if address is not None and not is_ip_address(address):
        raise InvalidInput(
            "invalid",
            "The MBG's internal address has to be an IP address: phones are told apart by it.",
            field="internal_address",
            requirement="ADR-1",
        )
    if body.ca_certificate is not None:
        certificates.ca_context(body.ca_certificate)
    async with services.database.write() as session:
        settings = await load_settings(session)
        before = (settings.internal_address, settings.port)
        for name in body.model_fields_set:
            setattr(settings, name, getattr(body, name))
        if (settings.internal_address, settings.port) != before:
            # What was found out about another MBG says nothing about this one.
            settings.release = settings.mode = None
            settings.token_refused, settings.token_message = False, None
            settings.pinned_certificate = settings.presented_certificate = None
        await queue.retry_dead(session, services.clock.now())
        await queue.make_all_due(session, services.clock.now())
    services.site.forget()
    services.watch.look_now()
    services.work.set()
    return web.json_response(await _document(services))


async def request_token(request: web.Request) -> web.Response:
    """Save & Test API Credentials (TOK-3)."""
    services = request.app[SERVICES]
    body = await read_body(request, RequestTokenBody)
    await services.access.request_token(
        body.name, body.consumer_id, body.shared_secret.get_secret_value()
    )
    return web.json_response({"state": "waiting for approval"})


async def retrieve_token(request: web.Request) -> web.Response:
    """Retrieve Final Access Token (TOK-5)."""
    services = request.app[SERVICES]
    body = await read_body(request, RetrieveTokenBody)
    await services.access.retrieve_token(body.verifier)
    view = await services.access.current_view()
    return web.json_response({"state": view.state, "expires_at": iso_utc(view.expires_at)})


async def _document(services: Services) -> dict[str, Any]:
    async with services.database.read() as session:
        settings: MbgSettings = await load_settings(session)
    token = services.access.view(settings).document()
    closed = known_gate(settings)
    if closed is not None and token["state"] != "refused":
        token["message"] = closed.message
    return {
        "internal_address": settings.internal_address,
        "port": settings.port,
        "rest_api_enabled": settings.rest_api_enabled,
        "token": token,
        "release": settings.release,
        "mode": settings.mode,
        "certificate_check": settings.certificate_check,
        "ca_certificate": settings.ca_certificate,
        "certificate": certificate.document(settings),
    }
