"""``/phones/{mac}/...``: a phone's history, its merged keys, and what it may be told to do."""

from typing import Literal

from aiohttp import web
from sqlalchemy import func, select

from system.api import keymaps, phones
from system.api.declare import PAGING, Document, Page, Route, text_query
from system.api.services import SERVICES
from system.api.web import actor, answer, page_of, paging, resource_of
from system.audit.trail import add
from system.clock import iso_utc
from system.domain.addresses import Location
from system.domain.keymap import PlacedKey, merge
from system.domain.roles import Permission
from system.errors import Conflict
from system.phones.known import RESTART, RESYNC
from system.phones.profiles import key_document, owners_of, profiles_for
from system.storage.models import PhoneEvent


class EventDocument(Document):
    """One line of a phone's history."""

    at: str | None
    kind: str
    message: str


class PlacedKeyDocument(keymaps.KeyDocument):
    """A key at its place; ``level`` is null for the MCS's own."""

    level: str | None
    read_only: bool


class PlacedKeysDocument(Document):
    """The keys that a phone has, and those that have no room on it."""

    keys: list[PlacedKeyDocument]
    dropped: list[PlacedKeyDocument]


class ToldDocument(Document):
    """How the phone gets it: a local one by push, a teleworker by its next poll."""

    action: str
    delivery: Literal["push", "poll"]


async def history(request: web.Request) -> web.Response:
    """What happened to a phone, the newest first."""
    page, page_size = paging(request)
    async with request.app[SERVICES].database.read() as session:
        phone = await phones.find(request, session)
        wanted = [PhoneEvent.mac == phone.mac]
        if kind := request.query.get("kind"):
            wanted.append(PhoneEvent.kind == kind)
        total = await session.scalar(select(func.count(PhoneEvent.id)).where(*wanted)) or 0
        found = await session.scalars(
            select(PhoneEvent)
            .where(*wanted)
            .order_by(PhoneEvent.id.desc())
            .offset((page - 1) * page_size)
            .limit(page_size)
        )
        items = [EventDocument(at=iso_utc(e.at), kind=e.kind, message=e.message) for e in found]
    return page_of(items, total, page, page_size)


async def keys(request: web.Request) -> web.Response:
    """The keys that a phone has, merged of all levels (4.3)."""
    async with request.app[SERVICES].database.read() as session:
        phone = await phones.find(request, session)
        [profiles] = await profiles_for(session, [owners_of(phone)])
    merged = merge(profiles, phone.model or "")
    return answer(
        PlacedKeysDocument(
            keys=[_key_document(placed) for placed in merged.placed],
            dropped=[_key_document(placed) for placed in merged.dropped],
        )
    )


async def restart(request: web.Request) -> web.Response:
    """Restart a phone."""
    return await _tell(request, RESTART)


async def resync(request: web.Request) -> web.Response:
    """Let a phone read its configuration and firmware anew."""
    return await _tell(request, RESYNC)


async def _tell(request: web.Request, action: str) -> web.Response:
    services = request.app[SERVICES]
    async with services.database.write() as session:
        phone = await phones.find(request, session, lock=True)
        if phone.first_contact is None:
            raise Conflict("never_called", f"Phone {phone.mac} has never called.", field="mac")
        phone.pending_action = action
        now = services.clock.now()
        phones.note(session, phone, now, "restart", f"an administrator asked: {action}")
        add(session, now, actor(request), action, resource_of(request))
    by: Literal["push", "poll"] = "push" if phone.location == Location.LOCAL else "poll"
    return answer(ToldDocument(action=action, delivery=by), status=202)


def _key_document(placed: PlacedKey) -> PlacedKeyDocument:
    level = None if placed.level is None else str(placed.level)
    return PlacedKeyDocument(**key_document(placed.key), level=level, read_only=placed.read_only)


_ONE = "/phones/{mac}"
ROUTES = (
    Route(
        method="GET",
        path=f"{_ONE}/history",
        handler=history,
        needs=Permission.READ_PHONES,
        query=(*PAGING, text_query("kind", "events of this kind alone, such as hand-out")),
        answer=Page[EventDocument],
    ),
    Route(
        method="GET",
        path=f"{_ONE}/keys",
        handler=keys,
        needs=Permission.READ_PHONES,
        answer=PlacedKeysDocument,
    ),
    Route(
        method="POST",
        path=f"{_ONE}/restart",
        handler=restart,
        needs=Permission.CHANGE_PHONES,
        status=202,
        answer=ToldDocument,
        refusals=(409,),
    ),
    Route(
        method="POST",
        path=f"{_ONE}/resync",
        handler=resync,
        needs=Permission.CHANGE_PHONES,
        status=202,
        answer=ToldDocument,
        refusals=(409,),
    ),
)
