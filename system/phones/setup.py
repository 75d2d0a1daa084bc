"""Setup on an unassigned local phone: choosing its extension from a list (PHN-6)."""

from urllib.parse import quote

from aiohttp import web
from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from system.audit.trail import Actor, add
from system.domain.addresses import Location
from system.domain.warnings import SIP_PHONE
from system.phones.enrolment import Enrolments
from system.phones.gate import Caller, Gate
from system.phones.screens import NEEDS_REBOOT, MenuItem, text_menu, text_screen
from system.storage.database import Database
from system.storage.models import Extension, Phone, PhoneEvent

ITEMS_A_PAGE = 15
TITLE = "Setup"


class Setup:
    """Handlers."""

    def __init__(self, gate: Gate, database: Database, enrolments: Enrolments) -> None:
        self._gate = gate
        self._database = database
        self._enrolments = enrolments

    async def menu(self, request: web.Request) -> web.Response:
        """A page of free extensions."""
        caller = await self._unassigned_local(request)
        page = _page(request)
        async with self._database.read() as session:
            free = _free()
            total = await session.scalar(select(func.count()).select_from(free.subquery())) or 0
            found = await session.scalars(
                free.order_by(func.length(Extension.extension), Extension.extension, Extension.id)
                .offset((page - 1) * ITEMS_A_PAGE)
                .limit(ITEMS_A_PAGE)
            )
            base = f"{self._base(caller)}/phones/setup"
            items = [_item(base, caller.mac, extension) for extension in found]
        if not items:
            return _xml(text_screen(TITLE, "No extension is free. Ask your administrator."))
        more = f"{base}?mac={caller.mac}&page={page + 1}" if page * ITEMS_A_PAGE < total else None
        return _xml(text_menu(TITLE, items, more))

    async def choose(self, request: web.Request) -> web.Response:
        """Assign an extension to the phone that asks."""
        caller = await self._unassigned_local(request)
        number = request.query.get("extension", "")[:32]
        system = request.query.get("system", "")
        try:
            problem = await self._assign(caller, number, system)
        except IntegrityError:
            problem = f"Extension {number} has just been taken by another phone. Choose again."
        if problem:
            return _xml(text_screen(TITLE, problem))
        return _xml(NEEDS_REBOOT)

    async def _assign(self, caller: Caller, number: str, system: str) -> str:
        """Assign; the reason why not, or empty."""
        async with self._database.write() as session:
            statement = _free().where(Extension.extension == number)
            if system.isascii() and system.isdigit() and len(system) < 10:
                statement = statement.where(Extension.phone_system_id == int(system))
            found = (await session.scalars(statement.limit(2))).all()
            if not found:
                return f"Extension {number} is not free any more. Choose another one."
            if len(found) > 1:
                return f"There are two extensions {number}. Choose it from the list."
            phone = await session.scalar(
                select(Phone).where(Phone.mac == caller.mac).options(joinedload(Phone.extension))
            )
            if phone is None:
                phone = Phone(mac=caller.mac, registered=False, extension=None, hot_desk=None)
                session.add(phone)
            elif phone.extension is not None:
                return f"This phone has extension {phone.extension.extension} already."
            phone.extension = found[0]
            phone.registered = False
            await session.flush()
            self._enrolments.assigned(session, phone)
            session.add(
                PhoneEvent(
                    mac=caller.mac,
                    at=caller.at,
                    kind="assignment",
                    message=f"extension {number} was chosen at the phone by Setup",
                )
            )
            who = Actor(f"phone {caller.mac}", caller.address)
            resource, facts = f"/phones/{caller.mac}", ({"extension": None}, {"extension": number})
            add(session, caller.at, who, "changed", resource, *facts)
        return ""

    async def _unassigned_local(self, request: web.Request) -> Caller:
        caller = await self._gate.admit(request, request.query.get("mac", ""))
        is_local = caller.place.location is Location.LOCAL and caller.in_office
        if not is_local or caller.dossier.extension is not None:
            raise web.HTTPForbidden(text="Setup is for local phones without an extension.\n")
        await self._gate.book.note(caller.contact())
        return caller

    @staticmethod
    def _base(caller: Caller) -> str:
        assert caller.place.local is not None
        return caller.place.local.http_base


def _free() -> Select[Extension]:
    """Extensions of SIP phones that no phone has; one that the PBX does not list is not free."""
    taken = select(Phone.extension_id).where(Phone.extension_id.is_not(None))
    return select(Extension).where(
        Extension.device_type == SIP_PHONE,
        Extension.on_pbx.is_(True),
        Extension.id.not_in(taken),
    )


def _item(base: str, mac: str, extension: Extension) -> MenuItem:
    uri = (
        f"{base}/choose?mac={mac}&extension={quote(extension.extension)}"
        f"&system={extension.phone_system_id}"
    )
    return MenuItem(f"{extension.extension} {extension.name}".strip(), uri)


def _page(request: web.Request) -> int:
    text = request.query.get("page", "1")
    is_number = text.isascii() and text.isdigit() and 0 < len(text) < 7
    return max(1, int(text)) if is_number else 1


def _xml(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/xml", headers={"Cache-Control": "no-store"})
