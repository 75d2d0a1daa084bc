"""``/notices``: what an administrator has to know (TOK-7), and taking note of it."""

from aiohttp import web
from sqlalchemy import func, select

from system.api.declare import PAGING, Document, Page, Route, text_query
from system.api.services import SERVICES
from system.api.web import actor, answer, page_of, paging, path_number
from system.audit.trail import add
from system.clock import iso_utc
from system.domain.roles import Permission
from system.errors import InvalidInput, NotFound
from system.storage.engine_models import Notice


class NoticeDocument(Document):
    """A notice."""

    id: int
    kind: str
    level: str
    message: str
    created_at: str | None
    acknowledged_at: str | None


async def list_page(request: web.Request) -> web.Response:
    """A page of notices, the latest first; ``open=true`` leaves out what somebody took note of."""
    page, page_size = paging(request)
    only_open = request.query.get("open", "false")
    if only_open not in ("true", "false"):
        raise InvalidInput("invalid", "open is true or false.", field="open")
    conditions = [Notice.acknowledged_at.is_(None)] if only_open == "true" else []
    async with request.app[SERVICES].database.read() as session:
        total = await session.scalar(select(func.count(Notice.id)).where(*conditions)) or 0
        found = await session.scalars(
            select(Notice)
            .where(*conditions)
            .order_by(Notice.id.desc())
            .offset((page - 1) * page_size)
            .limit(page_size)
        )
        items = [_document(notice) for notice in found]
    return page_of(items, total, page, page_size)


async def acknowledge(request: web.Request) -> web.Response:
    """Somebody has taken note; doing it twice changes nothing."""
    services = request.app[SERVICES]
    number = path_number(request, "number")
    async with services.database.write() as session:
        notice = await session.get(Notice, number, with_for_update=True)
        if notice is None:
            raise NotFound("not_found", f"There is no notice {number}.")
        if notice.acknowledged_at is None:
            notice.acknowledged_at = now = services.clock.now()
            facts = {"kind": notice.kind, "message": notice.message}
            add(session, now, actor(request), "acknowledged", f"/notices/{number}", None, facts)
    return answer(_document(notice))


def _document(notice: Notice) -> NoticeDocument:
    return NoticeDocument(
        id=notice.id,
        kind=notice.kind,
        level=notice.level,
        message=notice.message,
        created_at=iso_utc(notice.created_at),
        acknowledged_at=iso_utc(notice.acknowledged_at),
    )


ROUTES = (
    Route(
        method="GET",
        path="/notices",
        handler=list_page,
        needs=Permission.READ_SITE,
        query=(*PAGING, text_query("open", "only open ones", enum=["true", "false"])),
        answer=Page[NoticeDocument],
    ),
    Route(
        method="POST",
        path="/notices/{number}/acknowledge",
        handler=acknowledge,
        needs=Permission.CHANGE_PHONES,
        answer=NoticeDocument,
    ),
)
