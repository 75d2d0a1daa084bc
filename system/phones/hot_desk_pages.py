"""The hot desk screens of a phone: log-in form, log-in, log-out (``docs/wire.md`` section 3)."""

from aiohttp import web

from system.domain.enrolment import Standing
from system.phone_systems.links import GatewayLinks
from system.phones.actions import Actions
from system.phones.gate import Caller, Gate
from system.phones.hot_desk import HotDesk
from system.phones.screens import InputField, input_screen, text_screen

TITLE = "Hot Desk"
_FIELDS = (InputField("extension", "Extension"), InputField("passcode", "Passcode", password=True))
_NOT_ENROLLED = (
    "This phone is not enrolled, so nobody can log in. Ask your administrator to assign it."
)


class HotDeskPages:
    """Handlers."""

    def __init__(
        self, gate: Gate, hot_desk: HotDesk, links: GatewayLinks, actions: Actions
    ) -> None:
        self._gate = gate
        self._hot_desk = hot_desk
        self._links = links
        self._actions = actions

    async def form(self, request: web.Request) -> web.Response:
        """The two fields of a log-in."""
        caller = await self._admit(request)
        if not caller.trusted:
            return _screen(_NOT_ENROLLED)
        query = "&".join(
            f"{name}={value}" for name, value in request.query.items() if name in ("mac", "t")
        )
        url = f"{caller.place.uri_base}/phones/hotdesk/login?{query}"
        return _xml(input_screen(TITLE, url, _FIELDS))

    async def log_in(self, request: web.Request) -> web.Response:
        """The phone becomes the hot desk extension's, or says why not and keeps its own."""
        caller = await self._admit(request)
        if not caller.trusted:
            return _screen(_NOT_ENROLLED)
        number = request.query.get("extension", "").strip()
        passcode = request.query.get("passcode", "").strip()
        if not number or len(number) > 32 or len(passcode) > 64:
            return _screen("Enter extension and passcode.")
        problem = await self._hot_desk.log_in(caller, self._links, number, passcode)
        return _screen(problem) if problem else await self._changed(request)

    async def log_out(self, request: web.Request) -> web.Response:
        """The phone becomes its own extension's again."""
        caller = await self._admit(request)
        if not caller.trusted:
            return _screen(_NOT_ENROLLED)
        problem = await self._hot_desk.log_out(caller, self._links)
        return _screen(problem) if problem else await self._changed(request)

    async def _changed(self, request: web.Request) -> web.Response:
        caller = await self._gate.admit(request, request.query.get("mac", ""))
        return await self._actions.answer_with_changes(caller, "after a hot desk log-in or log-out")

    async def _admit(self, request: web.Request) -> Caller:
        caller = await self._gate.admit(request, request.query.get("mac", ""))
        if caller.standing is Standing.REFUSED:
            raise web.HTTPForbidden(text="This phone is not the one that was enrolled.\n")
        if not caller.is_impostor:
            await self._gate.book.note(caller.contact())
        return caller


def _screen(text: str) -> web.Response:
    return _xml(text_screen(TITLE, text))


def _xml(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/xml", headers={"Cache-Control": "no-store"})
