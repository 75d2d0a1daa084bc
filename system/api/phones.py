"""``/phones``: the page Configuration -> Phones (PHN-4, PHN-6), its history and its actions."""

from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from system.api.services import SERVICES, Services
from system.api.web import Body, page_of, paging, read_body
from system.clock import iso_utc
from system.domain.addresses import Location
from system.domain.enrolment import new_token
from system.domain.keymap import PlacedKey, merge
from system.errors import Conflict, InvalidInput, NotFound
from system.phones.identity import is_mac
from system.phones.profiles import key_document, profiles_for
from system.storage.models import Extension, Phone, PhoneEvent

READ_ONLY = (
    "mac",
    "model",
    "firmware",
    "location",
    "address",
    "registered",
    "first_contact",
    "last_contact",
    "hot_desk",
    "enrolment_until",
    "bound_at",
    "pending_action",
    "held_revision",
    "syslog",
)
HISTORY_SHOWN = 200
SYSLOG_SHOWN = 50


class PhoneBody(Body):
    """``PUT``; ``null`` takes the extension away. ``enrolment`` may be opened anew, or closed."""

    enrolment: Literal["open", "closed", "bound"] | None = None
    extension: Annotated[str, Field(min_length=1, max_length=32)] | None = None


async def list_page(request: web.Request) -> web.Response:
    """A page of phones, by MAC."""
    page, page_size = paging(request)
    now = request.app[SERVICES].clock.now()
    async with request.app[SERVICES].database.read() as session:
        total = await session.scalar(select(func.count(Phone.mac))) or 0
        found = await session.scalars(
            _phones().order_by(Phone.mac).offset((page - 1) * page_size).limit(page_size)
        )
        items = [_document(phone, now) for phone in found]
    return page_of(items, total, page, page_size)


async def read(request: web.Request) -> web.Response:
    """One phone, with the latest lines of its log."""
    services = request.app[SERVICES]
    async with services.database.read() as session:
        phone = await _find(request, session)
    lines = services.phones.lines.of(phone.address)[-SYSLOG_SHOWN:]
    shown = [
        {"at": iso_utc(line.at), "severity": line.severity, "text": line.text} for line in lines
    ]
    return web.json_response({**_document(phone, services.clock.now()), "syslog": shown})


async def history(request: web.Request) -> web.Response:
    """What happened to a phone, the newest first."""
    async with request.app[SERVICES].database.read() as session:
        phone = await _find(request, session)
        found = await session.scalars(
            select(PhoneEvent)
            .where(PhoneEvent.mac == phone.mac)
            .order_by(PhoneEvent.id.desc())
            .limit(HISTORY_SHOWN)
        )
        items = [{"at": iso_utc(e.at), "kind": e.kind, "message": e.message} for e in found]
    return page_of(items, len(items), 1, max(len(items), 1))


async def keys(request: web.Request) -> web.Response:
    """The keys that a phone has, merged of all levels (4.3)."""
    async with request.app[SERVICES].database.read() as session:
        phone = await _find(request, session)
        in_use = phone.hot_desk or phone.extension
        profiles = await profiles_for(
            session,
            model=phone.model or "",
            mac=phone.mac,
            user=in_use.extension if in_use else "",
        )
    merged = merge(profiles, phone.model or "")
    return web.json_response(
        {
            "keys": [_key_document(placed) for placed in merged.placed],
            "dropped": [_key_document(placed) for placed in merged.dropped],
        }
    )


async def act(request: web.Request) -> web.Response:
    """Restart or resync: a local phone by push, a teleworker at its next poll."""
    services = request.app[SERVICES]
    action = request.match_info["action"]
    async with services.database.write() as session:
        phone = await _find(request, session)
        if phone.first_contact is None:
            raise Conflict("never_called", f"Phone {phone.mac} has never called.", field="mac")
        phone.pending_action = action
        _note(session, phone, services.clock.now(), "restart", f"an administrator asked: {action}")
    by = "push" if phone.location == Location.LOCAL else "poll"
    return web.json_response({"action": action, "delivery": by}, status=202)


async def write(request: web.Request) -> web.Response:
    """Assign an extension; an unknown MAC becomes known ahead of its first contact."""
    services = request.app[SERVICES]
    mac = _mac(request)
    body = await read_body(request, PhoneBody, read_only=READ_ONLY)
    async with services.database.write() as session:
        phone = await session.scalar(_phones().where(Phone.mac == mac))
        if phone is None:
            phone = Phone(mac=mac, registered=False, extension=None, hot_desk=None)
            session.add(phone)
        if "extension" in body.model_fields_set:
            await _assign(services, session, phone, body.extension)
        _enrol(services, session, phone, body.enrolment)
    return web.json_response(_document(phone, services.clock.now()))


async def remove(request: web.Request) -> web.Response:
    """Forget a phone; if it calls again it is a new one."""
    async with request.app[SERVICES].database.write() as session:
        await session.delete(await _find(request, session))
    return web.Response(status=204)


async def _assign(
    services: Services, session: AsyncSession, phone: Phone, number: str | None
) -> None:
    extension = None if number is None else await _extension(session, number)
    if extension is not None:
        other = await session.scalar(
            select(Phone.mac).where(Phone.extension_id == extension.id, Phone.mac != phone.mac)
        )
        if other is not None:
            # The PBX keeps one contact per extension: two phones would push each other out.
            raise Conflict(
                "extension_assigned",
                f"Extension {number} is assigned to phone {other} already.",
                field="extension",
            )
    if phone.extension is not extension:
        phone.extension = extension
        phone.registered = False
        what = f"extension {number} was assigned" if number else "its extension was taken away"
        await session.flush()
        _note(session, phone, services.clock.now(), "assignment", what)
        if extension is not None:
            services.phones.enrolments.assigned(session, phone)


def _enrol(services: Services, session: AsyncSession, phone: Phone, wish: str | None) -> None:
    """``open`` gives a new token to whoever asks first; what is so already is left alone."""
    now = services.clock.now()
    if wish is None or wish == _enrolment(phone, now):
        return
    if wish == "bound":
        raise InvalidInput(
            "invalid", "A phone binds itself, by showing its token.", field="enrolment"
        )
    if wish == "open":
        services.phones.enrolments.open(session, phone, "an administrator opened it")
    else:
        # A token that nobody is handed, so that the phone does not pass for one without.
        phone.token, phone.bound_at = new_token(services.entropy), None
        phone.enrolment_until = None
        _note(session, phone, now, "enrolment", "an administrator closed it: its token is void")


def _enrolment(phone: Phone, now: float) -> str:
    if phone.enrolment_until is not None and now < phone.enrolment_until:
        return "open"
    return "closed" if phone.bound_at is None else "bound"


def _note(session: AsyncSession, phone: Phone, at: float, kind: str, message: str) -> None:
    session.add(PhoneEvent(mac=phone.mac, at=at, kind=kind, message=message))


def _key_document(placed: PlacedKey) -> dict[str, Any]:
    level = None if placed.level is None else str(placed.level)
    return {**key_document(placed.key), "level": level, "read_only": placed.read_only}


async def _extension(session: AsyncSession, number: str) -> Extension:
    found = (
        await session.scalars(select(Extension).where(Extension.extension == number).limit(2))
    ).all()
    if not found:
        raise InvalidInput("invalid", f"There is no SIP extension {number!r}.", field="extension")
    if len(found) > 1:
        raise InvalidInput(
            "ambiguous", f"Two phone systems have an extension {number!r}.", field="extension"
        )
    return found[0]


async def _find(request: web.Request, session: AsyncSession) -> Phone:
    mac = _mac(request)
    phone = await session.scalar(_phones().where(Phone.mac == mac))
    if phone is None:
        raise NotFound("not_found", f"There is no phone {mac}.")
    return phone


def _phones() -> Select[Phone]:
    return select(Phone).options(joinedload(Phone.extension), joinedload(Phone.hot_desk))


def _mac(request: web.Request) -> str:
    mac = request.match_info["mac"]
    if not is_mac(mac):
        raise InvalidInput("invalid", "A MAC is written as 12 upper-case hex digits.", field="mac")
    return mac


def _document(phone: Phone, now: float) -> dict[str, Any]:
    return {
        "mac": phone.mac,
        "model": phone.model,
        "firmware": phone.firmware,
        "location": phone.location,
        "address": phone.address,
        "extension": phone.extension.extension if phone.extension else None,
        "hot_desk": phone.hot_desk.extension if phone.hot_desk else None,
        "registered": phone.registered,
        "first_contact": iso_utc(phone.first_contact),
        "last_contact": iso_utc(phone.last_contact),
        "enrolment": _enrolment(phone, now),
        "enrolment_until": iso_utc(phone.enrolment_until),
        "bound_at": iso_utc(phone.bound_at),
        "pending_action": phone.pending_action,
    }
