"""``/settings/mbg``: the page MiVoice Border Gateway (ADR-1, ADR-3, TOK-3 to TOK-9)."""

from typing import Annotated, Literal

from aiohttp import web
from pydantic import BeforeValidator, Field, SecretStr

from system.api import certificate
from system.api.declare import Body, Document, Route
from system.api.services import SERVICES, Services
from system.api.web import actor, answer, check_match, entity_tag, read_body, resource_of
from system.audit.trail import add
from system.clock import iso_utc
from system.domain.addresses import is_ip_address
from system.domain.roles import Permission
from system.errors import InvalidInput
from system.mbg import certificates
from system.mbg.access import known_gate, load_settings
from system.provisioning import queue
from system.storage.models import SINGLETON, MbgSettings

READ_ONLY = ("token", "release", "mode", "certificate")
_PRINTABLE_ASCII = r"^[!-~]+$"


def _pasted(value: object) -> object:
    """What was pasted, without the blanks and line ends that came along."""
    return value.strip() if isinstance(value, str) else value


_Pasted = BeforeValidator(_pasted)


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
    consumer_id: Annotated[
        str, _Pasted, Field(min_length=1, max_length=128, pattern=_PRINTABLE_ASCII)
    ]
    shared_secret: Annotated[SecretStr, _Pasted, Field(min_length=1, max_length=256)]


class RetrieveTokenBody(Body):
    """The verifier that the MBG has shown."""

    verifier: Annotated[str, _Pasted, Field(min_length=1, max_length=64, pattern=_PRINTABLE_ASCII)]


class TokenDocument(Document):
    """The access token."""

    state: str
    expires_at: str | None
    message: str | None
    pending: bool


class SettingsDocument(Document):
    """The page."""

    internal_address: str | None
    port: int
    rest_api_enabled: bool
    certificate_check: str
    ca_certificate: str | None
    token: TokenDocument
    release: str | None
    mode: str | None
    certificate: certificate.CertificatesDocument


class RequestedDocument(Document):
    """A temporary token has come."""

    state: str


class RetrievedDocument(Document):
    """The final token has come."""

    state: str
    expires_at: str | None


async def read(request: web.Request) -> web.Response:
    """The settings and the token's state."""
    settings = await _load(request.app[SERVICES])
    return answer(_document(request.app[SERVICES], settings), etag=_tag(request, settings))


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
        settings = await session.get_one(MbgSettings, SINGLETON, with_for_update=True)
        check_match(request, _tag(request, settings))
        written = _written(settings)
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
        add(
            session,
            services.clock.now(),
            actor(request),
            "changed",
            resource_of(request),
            written,
            _written(settings),
        )
    services.site.forget()
    services.watch.look_now()
    services.work.set()
    settings = await _load(services)
    return answer(_document(services, settings), etag=_tag(request, settings))


async def request_token(request: web.Request) -> web.Response:
    """Save & Test API Credentials (TOK-3)."""
    services = request.app[SERVICES]
    body = await read_body(request, RequestTokenBody)
    await services.access.request_token(
        body.name, body.consumer_id, body.shared_secret.get_secret_value()
    )
    await _note(request, "temporary token requested", {"consumer_id": body.consumer_id})
    return answer(RequestedDocument(state="waiting for approval"))


async def retrieve_token(request: web.Request) -> web.Response:
    """Retrieve Final Access Token (TOK-5)."""
    services = request.app[SERVICES]
    body = await read_body(request, RetrieveTokenBody)
    await services.access.retrieve_token(body.verifier)
    view = await services.access.current_view()
    document = RetrievedDocument(state=view.state, expires_at=iso_utc(view.expires_at))
    await _note(request, "final token retrieved", document.model_dump())
    return answer(document)


async def _note(request: web.Request, action: str, facts: dict[str, object]) -> None:
    trail = request.app[SERVICES].trail
    await trail.note(actor(request), action, "/settings/mbg", facts)


async def _load(services: Services) -> MbgSettings:
    async with services.database.read() as session:
        return await load_settings(session)


def _written(settings: MbgSettings) -> dict[str, object]:
    """What a person writes on the page."""
    return {
        "internal_address": settings.internal_address,
        "port": settings.port,
        "rest_api_enabled": settings.rest_api_enabled,
        "certificate_check": settings.certificate_check,
        "ca_certificate": settings.ca_certificate,
    }


def _tag(request: web.Request, settings: MbgSettings) -> str:
    return entity_tag(request, "mbg", _written(settings))


def _document(services: Services, settings: MbgSettings) -> SettingsDocument:
    token = services.access.view(settings).document()
    closed = known_gate(settings)
    if closed is not None and token["state"] != "refused":
        token["message"] = closed.message
    return SettingsDocument(
        internal_address=settings.internal_address,
        port=settings.port,
        rest_api_enabled=settings.rest_api_enabled,
        certificate_check=settings.certificate_check,
        ca_certificate=settings.ca_certificate,
        token=TokenDocument.model_validate(token),
        release=settings.release,
        mode=settings.mode,
        certificate=certificate.document(settings),
    )


_PAGE = "/settings/mbg"
ROUTES = (
    Route(
        method="GET",
        path=_PAGE,
        handler=read,
        needs=Permission.READ_SITE,
        answer=SettingsDocument,
        tagged=True,
    ),
    Route(
        method="PUT",
        path=_PAGE,
        handler=write,
        needs=Permission.CHANGE_SITE,
        body=SettingsBody,
        read_only=READ_ONLY,
        answer=SettingsDocument,
        tagged=True,
    ),
    Route(
        method="POST",
        path=f"{_PAGE}/request-token",
        handler=request_token,
        needs=Permission.CHANGE_SITE,
        body=RequestTokenBody,
        answer=RequestedDocument,
        refusals=(409, 502),
    ),
    Route(
        method="POST",
        path=f"{_PAGE}/retrieve-token",
        handler=retrieve_token,
        needs=Permission.CHANGE_SITE,
        body=RetrieveTokenBody,
        answer=RetrievedDocument,
        refusals=(409, 502),
    ),
)
