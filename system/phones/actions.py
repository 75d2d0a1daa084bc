"""Action URIs, and the poll by which changes reach a phone (``docs/wire.md`` section 3)."""

import logging

from aiohttp import web

from system.domain.enrolment import Standing
from system.phones.book import Happened, Held
from system.phones.delivery import Way, holds, items_for, way_to
from system.phones.gate import Caller, Gate
from system.phones.known import Pending, known_of
from system.phones.screens import NEEDS_REBOOT, RESET, configuration, execute

log = logging.getLogger("mcs.phones")
audit = logging.getLogger("mcs.audit")


class Actions:
    """Handlers."""

    def __init__(self, gate: Gate, pending: Pending) -> None:
        self._gate = gate
        self._pending = pending

    async def startup(self, request: web.Request) -> web.Response:
        """It says nothing about the registration, whose outcome has events of its own.

        Those may even overtake this one.
        """
        return await self._action(request, registered=None, started=True)

    async def registered(self, request: web.Request) -> web.Response:
        """A line has registered for the first time since the start."""
        return await self._action(request, registered=True)

    async def registration_event(self, request: web.Request) -> web.Response:
        """The registration's state has changed."""
        state = request.query.get("state", "").strip().lower()
        log.info("phone %s: registration %r", request.query.get("mac", "")[:12], state[:32])
        return await self._action(request, registered=state == "registered")

    async def _action(
        self, request: web.Request, *, registered: bool | None, started: bool = False
    ) -> web.Response:
        caller = await self._gate.admit(request, request.query.get("mac", ""), hint=True)
        await self._gate.book.note(caller.contact(registered=registered, started=started))
        return web.Response()

    async def poll(self, request: web.Request) -> web.Response:
        """Nothing, or what brings the phone to its newest configuration."""
        caller = await self._gate.admit(request, request.query.get("mac", ""))
        if caller.standing is Standing.REFUSED:
            audit.warning("phone %s: poll from %s refused", caller.mac, caller.address)
            raise web.HTTPForbidden(text="This phone is not the one that was enrolled.\n")
        if caller.is_impostor:
            # No word of it: it gets what a stranger gets, and the phone's record stays its own.
            same = caller.file().rendered.revision == request.query.get("rev", "")
            return web.Response() if same else _xml(NEEDS_REBOOT)
        await self._gate.book.note(caller.contact())
        phone = caller.dossier.phone
        if phone is not None and phone.pending_action is not None and caller.trusted:
            return await self._asked_for(caller, phone.pending_action)
        return await self._news(caller, request.query.get("rev", ""))

    async def _asked_for(self, caller: Caller, action: str) -> web.Response:
        """A restart or a resync that an administrator has asked for, told once."""
        await self._pending.told(caller.mac)
        await self._gate.book.note(
            Happened(caller.mac, caller.at, "restart", f"told to {action} by its poll")
        )
        # A resync looks at the firmware too; a fast restart does not.
        return _xml(NEEDS_REBOOT if action == "restart" else execute(RESET))

    async def _news(self, caller: Caller, at_phone: str) -> web.Response:
        file = caller.file()
        wanted, known = file.rendered, known_of(caller.dossier.phone)
        way = way_to(wanted, at_phone, known)
        if way is Way.NOTHING:
            if not holds(known, wanted):
                await self._gate.book.note(
                    Held(caller.mac, wanted.revision, wanted.static, wanted.live_names)
                )
            return web.Response()
        if way is Way.RESTART:
            log.info("phone %s: its configuration has changed, it is told to reboot", caller.mac)
            await self._gate.book.note(
                Happened(caller.mac, caller.at, "restart", "told to restart: new configuration")
            )
            return _xml(NEEDS_REBOOT)
        return await self._changed(caller, "by its poll")

    async def answer_with_changes(self, caller: Caller, how: str) -> web.Response:
        """What was changed by the request itself: at once where that is possible."""
        if known_of(caller.dossier.phone).static == caller.file().rendered.static:
            return await self._changed(caller, how)
        return _xml(NEEDS_REBOOT)

    async def _changed(self, caller: Caller, how: str) -> web.Response:
        """The new live parameters, as the answer to one of the phone's requests."""
        file, known = caller.file(), known_of(caller.dossier.phone)
        wanted = file.rendered
        message = f"new configuration {how}, without a restart"
        if file.extension is not None:
            message += f"; it holds credentials of extension {file.extension}"
        await self._gate.book.note(
            Held(caller.mac, wanted.revision, wanted.static, wanted.live_names, only_offered=True),
            caller.hand_out(file.extension, message)
            if file.extension is not None
            else Happened(caller.mac, caller.at, "change", message),
        )
        return _xml(configuration(items_for(wanted, known.names)))


def _xml(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/xml", headers={"Cache-Control": "no-store"})
