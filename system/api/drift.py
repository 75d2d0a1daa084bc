"""``/provisioning/drift``: what differs between MCS and MBG, and having it repaired."""

from typing import Annotated, Any

from aiohttp import web
from pydantic import Field
from sqlalchemy import func, select

from system.api.services import SERVICES
from system.api.web import Body, paging, read_body
from system.clock import iso_utc
from system.domain.operations import UNFINISHED
from system.errors import InvalidInput
from system.provisioning.drift import Drift
from system.provisioning.drift_check import repair
from system.storage.engine_models import DriftFinding, DriftReport
from system.storage.models import SINGLETON, Extension, Operation


class RepairBody(Body):
    """``POST .../repair``; either some findings or all."""

    findings: Annotated[list[int], Field(min_length=1, max_length=20_000)] | None = None
    all: bool = False


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
    return web.json_response(await _document(request, kind, page, page_size))


async def repair_findings(request: web.Request) -> web.Response:
    """Store an operation for each of the findings; whatever has changed since is looked at anew."""
    services = request.app[SERVICES]
    body = await read_body(request, RepairBody)
    if (body.findings is None) != body.all:
        raise InvalidInput("invalid", 'Give either "findings" or "all": true.', field="findings")
    async with services.database.write() as session:
        stored, left_out = await repair(session, body.findings, services.clock.now())
    services.work.set()
    return web.json_response({"operations": stored, "left_out": left_out})


async def _document(
    request: web.Request, kind: str | None, page: int, page_size: int
) -> dict[str, Any]:
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
            {
                "id": finding.id,
                "kind": finding.kind,
                "phone_system": system,
                "extension": number,
                "found": finding.found,
                "wanted": finding.wanted,
                "message": finding.message,
                "repair": finding.repair,
                "operation": under_way,
            }
            for finding, number, system, under_way in rows
        ]
    return {
        "checked_at": iso_utc(report.checked_at),
        "extensions": report.extensions,
        "devices": report.devices,
        "foreign_devices": report.foreign_devices,
        "items": items,
        "total": total,
        "page": page,
        "page_size": page_size,
    }
