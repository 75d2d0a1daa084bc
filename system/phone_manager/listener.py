"""The listener for Phone Manager: HTTPS 8204, JSON (``docs/wire.md`` section 6).

From outside it is reached through a forward of the MBG, so where the softphone is, is told by the
source address alone, as with phones (ADR-2). Routes are declared like those of the API, but are an
application of their own: a token of one is not good for the other.
"""

import json
from collections.abc import Callable
from typing import Annotated

from aiohttp import web
from pydantic import Field, SecretStr, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from system.api.declare import Body, Document
from system.api.serve import bearer, errors_as_json, never_cached
from system.api.services import SERVICES, Services
from system.api.web import answer
from system.audit.trail import Actor
from system.clock import iso_utc
from system.domain.addresses import Location, location_of
from system.errors import InvalidInput, MalformedBody, NotLoggedIn
from system.listening import reached_at
from system.people.accounts import Identity, LogInKind
from system.phone_manager.softphone import softphone_of
from system.storage.people import User

BASE = "/pm/v1"
LONGEST_BODY = 64 * 1024
_LOCATION = {Location.TELEWORKER: "remote", Location.LOCAL: "local"}


class LogInBody(Body):
    """``POST /pm/v1/login``."""

    username: Annotated[str, Field(max_length=64)]
    password: Annotated[SecretStr, Field(max_length=256)]
    device: Annotated[str, Field(max_length=128)] = ""


class PersonDocument(Document):
    """Whose Phone Manager it is."""

    username: str
    display_name: str
    extension: str | None


class LogInDocument(Document):
    """The log-in has begun."""

    token: str
    expires_at: str | None
    user: PersonDocument
    location: str


class WhereDocument(Document):
    """From where the call has come."""

    location: str


class SettingsDocument(Document):
    """Where to find the MCS next time (ADR-7)."""

    local_address: str
    remote_address: str | None
    port: int


class SoftphoneDocument(Document):
    """The account that the softphone registers with."""

    extension: str
    display_name: str
    registrar: str
    port: int
    transport: str
    user_name: str
    auth_name: str
    password: str
    location: str


class PhoneManagerListener:
    """Handlers of the listener.

    Args:
        port: the listener's own port; known once it is bound.
    """

    def __init__(self, services: Services, port: Callable[[], int]) -> None:
        self._services = services
        self._port = port

    def make_app(self) -> web.Application:
        """The application."""
        app = web.Application(middlewares=[errors_as_json], client_max_size=LONGEST_BODY)
        app[SERVICES] = self._services
        app.on_response_prepare.append(never_cached)
        app.add_routes(
            [
                web.get(f"{BASE}/where", self._where),
                web.post(f"{BASE}/login", self._log_in),
                web.get(f"{BASE}/settings", self._settings),
                web.get(f"{BASE}/softphone", self._softphone),
                web.post(f"{BASE}/logout", self._log_out),
            ]
        )
        return app

    async def _where(self, request: web.Request) -> web.Response:
        return answer(WhereDocument(location=_LOCATION[await self._location(request)]))

    async def _log_in(self, request: web.Request) -> web.Response:
        body = await _read(request)
        new = await self._services.accounts.log_in(
            body.username,
            body.password.get_secret_value(),
            request.remote or "",
            LogInKind.PHONE_MANAGER,
            device=body.device,
            refused_code="log_in_failed",
        )
        identity = new.identity
        async with self._services.database.read() as session:
            user = (
                await session.scalars(
                    select(User)
                    .where(User.id == identity.user_id)
                    .options(joinedload(User.primary_extension))
                )
            ).one()
        extension = user.primary_extension
        return answer(
            LogInDocument(
                token=new.token,
                expires_at=iso_utc(identity.expires_at),
                user=PersonDocument(
                    username=identity.username,
                    display_name=identity.display_name,
                    extension=extension.extension if extension else None,
                ),
                location=_LOCATION[await self._location(request)],
            )
        )

    async def _settings(self, request: web.Request) -> web.Response:
        await self._identify(request)
        own = reached_at(request)
        site = await self._services.site.get()
        return answer(
            SettingsDocument(local_address=own, remote_address=site.remote_host, port=self._port())
        )

    async def _softphone(self, request: web.Request) -> web.Response:
        identity = await self._identify(request)
        location = await self._location(request)
        async with self._services.database.read() as session:
            softphone = await softphone_of(session, identity.user_id, location)
        await self._services.trail.note(
            Actor(identity.username, request.remote or ""),
            "credentials handed out",
            f"/extensions/{softphone.extension}",
            {"to": "Phone Manager", "location": _LOCATION[location]},
        )
        return answer(
            SoftphoneDocument(
                extension=softphone.extension,
                display_name=softphone.display_name,
                registrar=softphone.registrar,
                port=softphone.port,
                transport="udp",
                user_name=softphone.user_name,
                auth_name=softphone.auth_name,
                password=softphone.password,
                location=_LOCATION[location],
            )
        )

    async def _log_out(self, request: web.Request) -> web.Response:
        identity = await self._identify(request)
        await self._services.accounts.log_out(
            identity, Actor(identity.username, request.remote or "")
        )
        return web.Response(status=204)

    async def _identify(self, request: web.Request) -> Identity:
        identity = await self._services.accounts.check(bearer(request))
        if identity.kind is not LogInKind.PHONE_MANAGER:
            raise NotLoggedIn(
                "not_logged_in", f"This log-in is not one of Phone Manager: POST {BASE}/login."
            )
        return identity

    async def _location(self, request: web.Request) -> Location:
        site = await self._services.site.get()
        return location_of(request.remote or "", site.mbg_internal_address)


async def _read(request: web.Request) -> LogInBody:
    try:
        document = json.loads(await request.read())
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError, web.RequestPayloadError):
        document = None
    if not isinstance(document, dict) or any("\0" in str(value) for value in document.values()):
        raise MalformedBody("malformed_body", "The body has to be a JSON object.")
    try:
        return LogInBody.model_validate(document)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False, include_context=False)[0]
        name = ".".join(map(str, problem["loc"]))[:64]
        raise InvalidInput("invalid", f"{name}: {problem['msg']}.", field=name) from None
