"""``/phones``: the page Configuration -> Phones (PHN-4, PHN-6)."""

from typing import Annotated

from aiohttp import web
from pydantic import Field
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from system.api.declare import PAGING, Body, Document, Page, Route
from system.api.services import SERVICES
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
from system.domain.roles import Permission
from system.errors import Conflict, InvalidInput, NotFound
from system.phones.identity import is_mac
from system.storage.models import Extension, Phone

READ_ONLY = (
    "mac",
    "model",
    "firmware",
    "location",
    "address",
    "registered",
    "first_contact",
    "last_contact",
)


class PhoneBody(Body):
    """``PUT``; ``null`` takes the extension away."""

    extension: Annotated[str, Field(min_length=1, max_length=32)] | None = None


class PhoneDocument(Document):
    """A phone."""

    mac: str
    model: str | None
    firmware: str | None
    location: str | None
    address: str | None
    extension: str | None
    registered: bool
    first_contact: str | None
    last_contact: str | None


async def list_page(request: web.Request) -> web.Response:
    """A page of phones, by MAC."""
    page, page_size = paging(request)
    async with request.app[SERVICES].database.read() as session:
        total = await session.scalar(select(func.count(Phone.mac))) or 0
        found = await session.scalars(
            _phones().order_by(Phone.mac).offset((page - 1) * page_size).limit(page_size)
        )
        items = [_document(phone) for phone in found]
    return page_of(items, total, page, page_size)


async def read(request: web.Request) -> web.Response:
    """One phone."""
    async with request.app[SERVICES].database.read() as session:
        phone = await _find(request, session)
    return answer(_document(phone), etag=_tag(request, phone))


async def write(request: web.Request) -> web.Response:
    """Assign an extension; an unknown MAC becomes known ahead of its first contact."""
    services = request.app[SERVICES]
    mac = _mac(request)
    body = await read_body(request, PhoneBody, read_only=READ_ONLY)
    async with services.database.write() as session:
        phone = await session.scalar(_locked().where(Phone.mac == mac))
        check_match(request, _tag(request, phone) if phone is not None else None)
        before = _audited(phone) if phone is not None else None
        if phone is None:
            phone = Phone(mac=mac, registered=False, extension=None)
            session.add(phone)
        if "extension" in body.model_fields_set:
            await _assign(session, phone, body.extension)
        add(
            session,
            services.clock.now(),
            actor(request),
            "changed" if before is not None else "created",
            resource_of(request),
            before,
            _audited(phone),
        )
    return answer(_document(phone), etag=_tag(request, phone))


async def remove(request: web.Request) -> web.Response:
    """Forget a phone; if it calls again it is a new one."""
    services = request.app[SERVICES]
    async with services.database.write() as session:
        phone = await _find(request, session, lock=True)
        check_match(request, _tag(request, phone))
        now = services.clock.now()
        resource = resource_of(request)
        add(session, now, actor(request), "removed", resource, _audited(phone), None)
        await session.delete(phone)
    return web.Response(status=204)


async def _assign(session: AsyncSession, phone: Phone, number: str | None) -> None:
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


async def _find(request: web.Request, session: AsyncSession, *, lock: bool = False) -> Phone:
    mac = _mac(request)
    phone = await session.scalar((_locked() if lock else _phones()).where(Phone.mac == mac))
    if phone is None:
        raise NotFound("not_found", f"There is no phone {mac}.")
    return phone


def _phones() -> Select[Phone]:
    return select(Phone).options(joinedload(Phone.extension))


def _locked() -> Select[Phone]:
    return _phones().with_for_update(of=Phone)


def _mac(request: web.Request) -> str:
    mac = request.match_info["mac"]
    if not is_mac(mac):
        raise InvalidInput("invalid", "A MAC is written as 12 upper-case hex digits.", field="mac")
    return mac


def _tag(request: web.Request, phone: Phone) -> str:
    return entity_tag(request, "phone", phone.mac, phone.extension_id)


def _audited(phone: Phone) -> dict[str, object]:
    return {"extension": phone.extension.extension if phone.extension else None}


def _document(phone: Phone) -> PhoneDocument:
    return PhoneDocument(
        mac=phone.mac,
        model=phone.model,
        firmware=phone.firmware,
        location=phone.location,
        address=phone.address,
        extension=phone.extension.extension if phone.extension else None,
        registered=phone.registered,
        first_contact=iso_utc(phone.first_contact),
        last_contact=iso_utc(phone.last_contact),
    )


_ONE = "/phones/{mac}"
ROUTES = (
    Route(
        method="GET",
        path="/phones",
        handler=list_page,
        needs=Permission.READ_PHONES,
        query=PAGING,
        answer=Page[PhoneDocument],
    ),
    Route(
        method="GET",
        path=_ONE,
        handler=read,
        needs=Permission.READ_PHONES,
        answer=PhoneDocument,
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
