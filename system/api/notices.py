"""``/notices``: what an administrator has to know (TOK-7), and taking note of it."""

from typing import Any

from aiohttp import web
from sqlalchemy import func, select

from system.api.services import SERVICES
from system.api.web import page_of, paging, path_number
from system.clock import iso_utc
from system.errors import InvalidInput, NotFound
from system.storage.engine_models import Notice


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
    number = path_number(request, "id")
    async with services.database.write() as session:
        notice = await session.get(Notice, number)
        if notice is None:
            raise NotFound("not_found", f"There is no notice {number}.")
        notice.acknowledged_at = notice.acknowledged_at or services.clock.now()
    return web.json_response(_document(notice))


def _document(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.id,
        "kind": notice.kind,
        "level": notice.level,
        "message": notice.message,
        "created_at": iso_utc(notice.created_at),
        "acknowledged_at": iso_utc(notice.acknowledged_at),
    }
