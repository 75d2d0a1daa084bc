"""``/phones``: the page Configuration -> Phones (PHN-4, PHN-6)."""

from collections.abc import Iterator
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from system.api.declare import PAGING, Body, Document, Page, Route, text_query
from system.api.services import SERVICES, Services
from system.api.web import (
    actor,
    answer,
    check_match,
    entity_tag,
    page_of,
    paging,
    read_body,
    resource_of,
)
from system.audit.trail import add
from system.clock import iso_utc
from system.domain.enrolment import new_token
from system.domain.roles import Permission
from system.errors import Conflict, InvalidInput, NotFound
from system.phones.identity import is_mac, mac_as_typed
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
    "syslog",
)
SYSLOG_SHOWN = 50


class PhoneBody(Body):
    """``PUT``; ``null`` takes the extension away. ``enrolment`` may be opened anew, or closed."""

    enrolment: Literal["open", "closed", "bound"] | None = None
    extension: Annotated[str, Field(min_length=1, max_length=32)] | None = None


class PhoneDocument(Document):
    """A phone; ``extension`` is its own, ``hot_desk`` that of who is logged in there."""

    mac: str
    model: str | None
    firmware: str | None
    location: str | None
    address: str | None
    extension: str | None
    hot_desk: str | None
    registered: bool
    first_contact: str | None
    last_contact: str | None
    enrolment: Literal["open", "closed", "bound"]
    enrolment_until: str | None
    bound_at: str | None
    pending_action: str | None


class LineDocument(Document):
    """One line that the phone has logged."""

    at: str | None
    severity: str
    text: str


class PhoneWithLogDocument(PhoneDocument):
    """A phone, with the latest lines of its log."""

    syslog: list[LineDocument]


async def list_page(request: web.Request) -> web.Response:
    """A page of phones, by MAC; ``search`` looks in MAC, extension, model, firmware, address."""
    page, page_size = paging(request)
    now = request.app[SERVICES].clock.now()
    conditions = list(_matching(request.query.get("search", "").strip()))
    async with request.app[SERVICES].database.read() as session:
        counted = select(func.count(Phone.mac)).where(*conditions)
        total = await session.scalar(counted) or 0
        wanted = _phones().where(*conditions).order_by(Phone.mac)
        found = await session.scalars(wanted.offset((page - 1) * page_size).limit(page_size))
        items = [_document(phone, now) for phone in found]
    return page_of(items, total, page, page_size)


def _matching(search: str) -> Iterator[ColumnElement[bool]]:
    if not search:
        return
    of_number = select(Extension.id).where(Extension.extension.startswith(search, autoescape=True))
    ways: list[ColumnElement[bool]] = [
        Phone.extension_id.in_(of_number),
        Phone.hot_desk_extension_id.in_(of_number),
        Phone.model == search,
        Phone.firmware.startswith(search, autoescape=True),
        Phone.address.startswith(search, autoescape=True),
    ]
    if mac := mac_as_typed(search):
        ways.append(Phone.mac.contains(mac, autoescape=True))
    yield or_(*ways)


async def read(request: web.Request) -> web.Response:
    """One phone, with the latest lines of its log."""
    services = request.app[SERVICES]
    async with services.database.read() as session:
        phone = await find(request, session)
    lines = services.phones.lines.of(phone.address)[-SYSLOG_SHOWN:]
    shown = [
        LineDocument(at=iso_utc(line.at), severity=line.severity, text=line.text) for line in lines
    ]
    known = _document(phone, services.clock.now()).model_dump()
    document = PhoneWithLogDocument(**known, syslog=shown)
    return answer(document, etag=_tag(request, phone))


async def write(request: web.Request) -> web.Response:
    """Assign an extension; an unknown MAC becomes known ahead of its first contact."""
    services = request.app[SERVICES]
    mac = _mac(request)
    body = await read_body(request, PhoneBody, read_only=READ_ONLY)
    async with services.database.write() as session:
        phone = await session.scalar(_locked().where(Phone.mac == mac))
        check_match(request, _tag(request, phone) if phone is not None else None)
        now = services.clock.now()
        before = _audited(phone, now) if phone is not None else None
        if phone is None:
            phone = Phone(mac=mac, registered=False, extension=None, hot_desk=None)
            session.add(phone)
        if "extension" in body.model_fields_set:
            await _assign(services, session, phone, body.extension)
        if body.enrolment is not None:
            _enrol(services, session, phone, body.enrolment)
        add(
            session,
            now,
            actor(request),
            "changed" if before is not None else "created",
            resource_of(request),
            before,
            _audited(phone, now),
        )
    return answer(_document(phone, now), etag=_tag(request, phone))


async def remove(request: web.Request) -> web.Response:
    """Forget a phone; if it calls again it is a new one."""
    services = request.app[SERVICES]
    async with services.database.write() as session:
        phone = await find(request, session, lock=True)
        check_match(request, _tag(request, phone))
        now = services.clock.now()
        resource = resource_of(request)
        add(session, now, actor(request), "removed", resource, _audited(phone, now), None)
        await session.delete(phone)
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
        note(session, phone, services.clock.now(), "assignment", what)
        if extension is not None:
            services.phones.enrolments.assigned(session, phone)


def _enrol(services: Services, session: AsyncSession, phone: Phone, wish: str) -> None:
    """``open`` gives a new token to whoever asks first; what is so already is left alone."""
    now = services.clock.now()
    if wish == _enrolment(phone, now):
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
        note(session, phone, now, "enrolment", "an administrator closed it: its token is void")


def _enrolment(phone: Phone, now: float) -> Literal["open", "closed", "bound"]:
    if phone.enrolment_until is not None and now < phone.enrolment_until:
        return "open"
    return "closed" if phone.bound_at is None else "bound"


def note(session: AsyncSession, phone: Phone, at: float, kind: str, message: str) -> None:
    """A line for a phone's history."""
    session.add(PhoneEvent(mac=phone.mac, at=at, kind=kind, message=message))


async def _extension(session: AsyncSession, number: str) -> Extension:
    # Locked, so that of two who assign it at the same time the second is told of the first.
    statement = select(Extension).where(Extension.extension == number).limit(2)
    found = (await session.scalars(statement.with_for_update())).all()
    if not found:
        raise InvalidInput("invalid", f"There is no SIP extension {number!r}.", field="extension")
    if len(found) > 1:
        raise InvalidInput(
            "ambiguous", f"Two phone systems have an extension {number!r}.", field="extension"
        )
    return found[0]


async def find(request: web.Request, session: AsyncSession, *, lock: bool = False) -> Phone:
    """The phone that the path names.

    Raises:
        InvalidInput: the path names no MAC.
        NotFound: there is none.
    """
    mac = _mac(request)
    phone = await session.scalar((_locked() if lock else _phones()).where(Phone.mac == mac))
    if phone is None:
        raise NotFound("not_found", f"There is no phone {mac}.")
    return phone


def _phones() -> Select[Phone]:
    return select(Phone).options(joinedload(Phone.extension), joinedload(Phone.hot_desk))


def _locked() -> Select[Phone]:
    return _phones().with_for_update(of=Phone)


def _mac(request: web.Request) -> str:
    mac = request.match_info["mac"]
    if not is_mac(mac):
        raise InvalidInput("invalid", "A MAC is written as 12 upper-case hex digits.", field="mac")
    return mac


def _tag(request: web.Request, phone: Phone) -> str:
    # A phone that binds itself changes it too: a form that still says "open" must not reopen it.
    enrolment = (phone.token, phone.bound_at, phone.enrolment_until)
    return entity_tag(request, "phone", phone.mac, phone.extension_id, *enrolment)


def _audited(phone: Phone, now: float) -> dict[str, object]:
    extension = phone.extension.extension if phone.extension else None
    return {"extension": extension, "enrolment": _enrolment(phone, now)}


def _document(phone: Phone, now: float) -> PhoneDocument:
    return PhoneDocument(
        mac=phone.mac,
        model=phone.model,
        firmware=phone.firmware,
        location=phone.location,
        address=phone.address,
        extension=phone.extension.extension if phone.extension else None,
        hot_desk=phone.hot_desk.extension if phone.hot_desk else None,
        registered=phone.registered,
        first_contact=iso_utc(phone.first_contact),
        last_contact=iso_utc(phone.last_contact),
        enrolment=_enrolment(phone, now),
        enrolment_until=iso_utc(phone.enrolment_until),
        bound_at=iso_utc(phone.bound_at),
        pending_action=phone.pending_action,
    )


_ONE = "/phones/{mac}"
ROUTES = (
    Route(
        method="GET",
        path="/phones",
        handler=list_page,
        needs=Permission.READ_PHONES,
        query=(*PAGING, text_query("search", "part of a MAC, or how extension or address begin")),
        answer=Page[PhoneDocument],
    ),
    Route(
        method="GET",
        path=_ONE,
        handler=read,
        needs=Permission.READ_PHONES,
        answer=PhoneWithLogDocument,
        tagged=True,
    ),
    Route(
        method="PUT",
        path=_ONE,
        handler=write,
        needs=Permission.CHANGE_PHONES,
        body=PhoneBody,
        read_only=READ_ONLY,
        answer=PhoneDocument,
        tagged=True,
        refusals=(409,),
    ),
    Route(
        method="DELETE",
        path=_ONE,
        handler=remove,
        needs=Permission.CHANGE_PHONES,
        status=204,
        tagged=True,
    ),
)
