"""``/audit``: reading the audit log, and how long it is kept. Nobody writes it by the API."""

import json
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field
from sqlalchemy import ColumnElement, func, select

from system.api.declare import PAGING, Body, Document, Page, Route, text_query
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
from system.clock import iso_utc, parse_iso_utc
from system.domain.roles import Permission
from system.errors import InvalidInput
from system.storage.models import SINGLETON
from system.storage.people import AuditEntry, AuditSettings

LONGEST_DAYS = 3650


class EntryDocument(Document):
    """One entry; ``before`` and ``after`` hold the members that differ."""

    id: int
    at: str
    who: str
    source: str
    action: str
    resource: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class SettingsBody(Body):
    """``PUT /settings/audit``."""

    retention_days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)]


class SettingsDocument(Document):
    """How long entries are kept."""

    retention_days: int


async def list_page(request: web.Request) -> web.Response:
    """A page of entries that fit the filters, the newest first."""
    page, page_size = paging(request)
    conditions = list(_conditions(request))
    async with request.app[SERVICES].database.read() as session:
        total = await session.scalar(select(func.count(AuditEntry.id)).where(*conditions)) or 0
        found = await session.scalars(
            select(AuditEntry)
            .where(*conditions)
            .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
            .offset((page - 1) * page_size)
            .limit(page_size)
        )
        items = [_document(entry) for entry in found]
    return page_of(items, total, page, page_size)


async def read_settings(request: web.Request) -> web.Response:
    """How long entries are kept."""
    async with request.app[SERVICES].database.read() as session:
        settings = await session.get_one(AuditSettings, SINGLETON)
    return answer(_settings(settings), etag=_tag(request, settings))


async def write_settings(request: web.Request) -> web.Response:
    """Keep entries for another time; what is older goes at once."""
    services = request.app[SERVICES]
    body = await read_body(request, SettingsBody)
    async with services.database.write() as session:
        settings = await session.get_one(AuditSettings, SINGLETON, with_for_update=True)
        check_match(request, _tag(request, settings))
        before = _settings(settings).model_dump()
        settings.retention_days = body.retention_days
        add(
            session,
            services.clock.now(),
            actor(request),
            "changed",
            resource_of(request),
            before,
            _settings(settings).model_dump(),
        )
    await services.trail.forget_old()
    return answer(_settings(settings), etag=_tag(request, settings))


def _conditions(request: web.Request) -> list[ColumnElement[bool]]:
    query = request.query
    conditions: list[ColumnElement[bool]] = []
    if "who" in query:
        conditions.append(AuditEntry.who == query["who"])
    if "action" in query:
        conditions.append(AuditEntry.action == query["action"])
    if "resource" in query:
        conditions.append(AuditEntry.resource.startswith(query["resource"], autoescape=True))
    if "since" in query:
        conditions.append(AuditEntry.at >= _time(query["since"], "since"))
    if "until" in query:
        conditions.append(AuditEntry.at < _time(query["until"], "until"))
    return conditions


def _time(text: str, name: str) -> float:
    try:
        return parse_iso_utc(text)
    except (ValueError, OverflowError):
        raise InvalidInput(
            "invalid", f"{name} is a time such as 2026-11-23T12:00:00Z.", field=name
        ) from None


def _tag(request: web.Request, settings: AuditSettings) -> str:
    return entity_tag(request, "audit settings", settings.retention_days)


def _settings(settings: AuditSettings) -> SettingsDocument:
    return SettingsDocument(retention_days=settings.retention_days)


def _document(entry: AuditEntry) -> EntryDocument:
    at = iso_utc(entry.at)
    assert at is not None
    return EntryDocument(
        id=entry.id,
        at=at,
        who=entry.who,
        source=entry.source,
        action=entry.action,
        resource=entry.resource,
        before=None if entry.before is None else json.loads(entry.before),
        after=None if entry.after is None else json.loads(entry.after),
    )


_FILTERS = (
    text_query("who", "user name, or system"),
    text_query("action", "such as changed or logged in"),
    text_query("resource", "how its path begins, such as /phones"),
    text_query("since", "ISO 8601, from then on"),
    text_query("until", "ISO 8601, before then"),
)
ROUTES = (
    Route(
        method="GET",
        path="/audit",
        handler=list_page,
        needs=Permission.READ_AUDIT,
        query=(*PAGING, *_FILTERS),
        answer=Page[EntryDocument],
    ),
    Route(
        method="GET",
        path="/settings/audit",
        handler=read_settings,
        needs=Permission.READ_AUDIT,
        answer=SettingsDocument,
        tagged=True,
    ),
    Route(
        method="PUT",
        path="/settings/audit",
        handler=write_settings,
        needs=Permission.CHANGE_AUDIT,
        body=SettingsBody,
        answer=SettingsDocument,
        tagged=True,
    ),
)
