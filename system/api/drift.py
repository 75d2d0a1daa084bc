"""``/provisioning/drift``: what differs between MCS and MBG, and having it repaired."""

from typing import Annotated, Any

from aiohttp import web
from pydantic import Field
from sqlalchemy import func, select

from system.api.declare import PAGING, Body, Document, Page, Route, text_query
from system.api.services import SERVICES
from system.api.web import actor, answer, paging, read_body, resource_of
from system.audit.trail import add
from system.clock import iso_utc
from system.domain.operations import UNFINISHED
from system.domain.roles import Permission
from system.errors import InvalidInput
from system.provisioning.drift import Drift
from system.provisioning.drift_check import repair
from system.storage.engine_models import DriftFinding, DriftReport
from system.storage.models import SINGLETON, Extension, Operation

Number = Annotated[int, Field(ge=0, le=2**31 - 1)]


class RepairBody(Body):
    """``POST .../repair``; either some findings or all."""

    findings: Annotated[list[Number], Field(min_length=1, max_length=20_000)] | None = None
    all: bool = False


class FindingDocument(Document):
    """One difference; ``operation`` is to settle it already."""

    id: int
    kind: str
    phone_system: int
    extension: str
    found: dict[str, Any] | None
    wanted: dict[str, Any] | None
    message: str
    repair: str | None
    operation: int | None


class ReportDocument(Page[FindingDocument]):
    """A page of the latest comparison."""

    checked_at: str | None
    extensions: int
    devices: int
    foreign_devices: int


class RepairedDocument(Document):
    """How many operations were stored, and how many findings were left out."""

    operations: int
    left_out: int


async def list_page(request: web.Request) -> web.Response:
    """A page of the report; ``fresh=true`` reads the MBG first, as does the first call of all."""
    services = request.app[SERVICES]
    page, page_size = paging(request)
    kind = request.query.get("kind")
    if kind is not None and kind not in list(Drift):
        raise InvalidInput("invalid", f"A kind is one of {', '.join(Drift)}.", field="kind")
    fresh = request.query.get("fresh", "false")
    if fresh not in ("true", "false"):
        raise InvalidInput("invalid", "fresh is true or false.", field="fresh")
    async with services.database.read() as session:
        report = await session.get(DriftReport, SINGLETON)
    if report is None or fresh == "true":
        await services.drift.check()
    return answer(await _document(request, kind, page, page_size))


async def repair_findings(request: web.Request) -> web.Response:
    """Store an operation for each of the findings; whatever has changed since is looked at anew."""
    services = request.app[SERVICES]
    body = await read_body(request, RepairBody)
    if (body.findings is None) != body.all:
        raise InvalidInput("invalid", 'Give either "findings" or "all": true.', field="findings")
    async with services.database.write() as session:
        now = services.clock.now()
        stored, left_out = await repair(session, body.findings, now)
        document = RepairedDocument(operations=stored, left_out=left_out)
        facts = document.model_dump()
        add(session, now, actor(request), "repair asked", resource_of(request), None, facts)
    services.work.set()
    return answer(document)


async def _document(
    request: web.Request, kind: str | None, page: int, page_size: int
) -> ReportDocument:
    operation = (
        select(func.max(Operation.id))
        .where(Operation.extension_id == DriftFinding.extension_id, Operation.state.in_(UNFINISHED))
        .scalar_subquery()
    )
    conditions = [] if kind is None else [DriftFinding.kind == kind]
    async with request.app[SERVICES].database.read() as session:
        report = await session.get_one(DriftReport, SINGLETON)
        total = await session.scalar(select(func.count(DriftFinding.id)).where(*conditions)) or 0
        rows = await session.execute(
            select(DriftFinding, Extension.extension, Extension.phone_system_id, operation)
            .join(Extension, Extension.id == DriftFinding.extension_id)
            .where(*conditions)
            .order_by(DriftFinding.id)
            .offset((page - 1) * page_size)
            .limit(page_size)
        )
        items = [
            FindingDocument(
                id=finding.id,
                kind=finding.kind,
                phone_system=system,
                extension=number,
                found=finding.found,
                wanted=finding.wanted,
                message=finding.message,
                repair=finding.repair,
                operation=under_way,
            )
            for finding, number, system, under_way in rows
        ]
    return ReportDocument(
        checked_at=iso_utc(report.checked_at),
        extensions=report.extensions,
        devices=report.devices,
        foreign_devices=report.foreign_devices,
        items=items,
        total=total,
        page=page,
        page_size=page_size,
    )


ROUTES = (
    Route(
        method="GET",
        path="/provisioning/drift",
        handler=list_page,
        needs=Permission.READ_PHONES,
        query=(
            *PAGING,
            text_query("kind", "only findings of this kind", enum=list(map(str, Drift))),
            text_query("fresh", "true: read the MBG first", enum=["true", "false"]),
        ),
        answer=ReportDocument,
        refusals=(409, 502, 503),
    ),
    Route(
        method="POST",
        path="/provisioning/drift/repair",
        handler=repair_findings,
        needs=Permission.CHANGE_PHONES,
        body=RepairBody,
        answer=RepairedDocument,
    ),
)
