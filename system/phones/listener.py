"""The listeners where phones come: HTTPS 8202 (also through the MBG), HTTP 8203 (local).

Configuration files, firmware, action URIs and polls (``docs/wire.md`` section 3). Both listeners
serve the same; where a phone is, is told by its source address alone (ADR-2).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from system.audit.trail import Actor, AuditTrail
from system.clock import Clock
from system.domain.addresses import Location, host_in_uri, location_of
from system.phones.book import Assignment, Contact, OwnAddresses, PhoneBook
from system.phones.configuration import render
from system.phones.firmware import FirmwareStore
from system.phones.identity import PhoneIdentity, is_mac, is_model, parse_user_agent
from system.phones.screens import NEEDS_REBOOT, setup_screen
from system.phones.site import SiteAddresses

log = logging.getLogger("mcs.phones")
audit = logging.getLogger("mcs.audit")

_COMMON_FILES = frozenset({"startup", "aastra"})


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports that phones are told; known once the listeners are bound."""

    https: int
    http: int


class PhonesListener:
    """Handlers for both listeners."""

    def __init__(
        self,
        book: PhoneBook,
        site: SiteAddresses,
        firmware: FirmwareStore,
        clock: Clock,
        trail: AuditTrail,
        *,
        poll_interval_s: int,
        ports: Callable[[], Ports],
    ) -> None:
        self._book = book
        self._site = site
        self._firmware = firmware
        self._clock = clock
        self._trail = trail
        self._poll_interval_s = poll_interval_s
        self._ports = ports

    def make_app(self) -> web.Application:
        """An application for one listener."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/{name}.cfg", self._configuration),
                web.get("/{model}.st", self._image),
                web.get("/phones/startup", self._startup),
                web.get("/phones/registered", self._registered),
                web.get("/phones/regevent", self._registration_event),
                web.get("/phones/poll", self._poll),
                web.get("/phones/setup", self._setup),
            ]
        )
        return app

    async def _configuration(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name in _COMMON_FILES or is_model(name):
            # Never empty: an empty first file can keep a phone from asking for its own.
            return web.Response(text=f"# {name}.cfg of this MCS: nothing common to set\n")
        if not is_mac(name):
            raise web.HTTPNotFound
        identity = _own_identity(request, name)
        await self._note(request, identity)
        assignment = await self._assignment(request, identity)
        file = render(assignment.settings)
        if assignment.extension is not None:
            audit.info(
                "credentials of extension %s handed to phone %s (%s) at %s",
                assignment.extension,
                identity.mac,
                assignment.settings.location,
                request.remote,
            )
            await self._trail.note(
                Actor(f"phone {identity.mac}", request.remote or ""),
                "credentials handed out",
                f"/extensions/{assignment.extension}",
                {"to": identity.mac, "location": assignment.settings.location},
            )
        return web.Response(text=file.body, headers={"Cache-Control": "no-store"})

    async def _image(self, request: web.Request) -> web.StreamResponse:
        model = request.match_info["model"]
        path = self._firmware.path(model) if is_model(model) else None
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path, headers={"Content-Type": "application/octet-stream"})

    async def _startup(self, request: web.Request) -> web.Response:
        # It says nothing about the registration, whose outcome has events of its own; those may
        # even overtake this one.
        return await self._action(request, registered=None)

    async def _registered(self, request: web.Request) -> web.Response:
        return await self._action(request, registered=True)

    async def _registration_event(self, request: web.Request) -> web.Response:
        state = request.query.get("state", "").strip().lower()
        log.info("phone %s: registration %r", request.query.get("mac", "")[:12], state[:32])
        return await self._action(request, registered=state == "registered")

    async def _action(self, request: web.Request, *, registered: bool | None) -> web.Response:
        identity = _own_identity(request, request.query.get("mac", ""))
        await self._note(request, identity, registered=registered)
        return web.Response()

    async def _poll(self, request: web.Request) -> web.Response:
        identity = _own_identity(request, request.query.get("mac", ""))
        await self._note(request, identity)
        assignment = await self._assignment(request, identity)
        if request.query.get("rev") == render(assignment.settings).revision:
            return web.Response()
        log.info("phone %s: its configuration has changed, it is told to reboot", identity.mac)
        return web.Response(text=NEEDS_REBOOT, content_type="text/xml")

    async def _setup(self, request: web.Request) -> web.Response:
        identity = _own_identity(request, request.query.get("mac", ""))
        return web.Response(text=setup_screen(identity.mac), content_type="text/xml")

    async def _note(
        self, request: web.Request, identity: PhoneIdentity, *, registered: bool | None = None
    ) -> None:
        await self._book.note(
            Contact(
                identity,
                await self._location(request),
                request.remote or "",
                self._clock.now(),
                registered,
            )
        )

    async def _location(self, request: web.Request) -> Location:
        return location_of(request.remote or "", (await self._site.get()).mbg_internal_address)

    async def _assignment(self, request: web.Request, identity: PhoneIdentity) -> Assignment:
        location = await self._location(request)
        ports, own = self._ports(), host_in_uri(_own_address(request))
        host: str | None = own
        if location is Location.TELEWORKER:
            remote = (await self._site.get()).remote_host
            host = host_in_uri(remote) if remote else None
        addresses = OwnAddresses(
            uri_base=f"https://{host}:{ports.https}" if host else None,
            http_base=f"http://{own}:{ports.http}",
            poll_interval_s=self._poll_interval_s,
        )
        return await self._book.assignment(identity.mac, location, addresses)


def _own_identity(request: web.Request, mac: str) -> PhoneIdentity:
    """The phone that asks, if it asks for itself: nobody gets another phone's file (API-1)."""
    identity = parse_user_agent(request.headers.get("User-Agent", ""))
    if identity is None or identity.mac != mac:
        audit.warning("refused: %s asked for phone %r", request.remote, mac[:12])
        raise web.HTTPForbidden(text="A phone is served its own configuration only.\n")
    return identity


def _own_address(request: web.Request) -> str:
    """The address that the phone has reached us at."""
    assert request.transport is not None
    address = request.transport.get_extra_info("sockname")[0]
    assert isinstance(address, str)
    return address
