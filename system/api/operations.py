"""``/provisioning/operations``: what is being done on the MBG, and what waits for what."""

from typing import Any

from aiohttp import web
from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from system.api.services import SERVICES
from system.api.web import path_number
from system.clock import iso_utc
from system.domain.operations import ACTIVE, UNFINISHED, Event, State, next_state
from system.errors import Conflict, InvalidInput, NotFound
from system.provisioning import gate, queue
from system.storage.engine_models import MbgBreaker
from system.storage.models import SINGLETON, Extension, Operation


async def list_all(request: web.Request) -> web.Response:
    """All operations, or those in ``state``, oldest first."""
    statement = _operations().order_by(Operation.id)
    wanted = request.query.get("state")
    if wanted is not None:
        if wanted not in list(State):
            raise InvalidInput("invalid", f"A state is one of {', '.join(State)}.", field="state")
        statement = statement.where(Operation.state == wanted)
    async with request.app[SERVICES].database.read() as session:
        items = [_document(operation) for operation in await session.scalars(statement)]
    return web.json_response({"items": items})


async def retry(request: web.Request) -> web.Response:
    """Try an operation now instead of at its time; a dead letter lives again."""
    services = request.app[SERVICES]
    number = path_number(request, "id")
    now = services.clock.now()
    async with services.database.write() as session:
        operation = await session.scalar(_operations().where(Operation.id == number))
        if operation is None:
            raise NotFound("not_found", f"There is no operation {number}.")
        if State(operation.state) not in UNFINISHED:
            raise Conflict("operation_over", f"Operation {number} is {operation.state}.")
        operation.state = next_state(State(operation.state), Event.RETRY_ASKED)
        operation.next_attempt_at, operation.failures = now, 0
        await gate.release(session)
    services.work.set()
    return web.json_response(_document(operation))


async def retry_all(request: web.Request) -> web.Response:
    """All dead letters are tried again now, and with them what waits or has failed."""
    services = request.app[SERVICES]
    now = services.clock.now()
    async with services.database.write() as session:
        dead = await queue.retry_dead(session, now)
        await queue.make_all_due(session, now)
        active = select(func.count(Operation.id)).where(Operation.state.in_(ACTIVE))
        tried = await session.scalar(active) or 0
    services.work.set()
    return web.json_response({"operations": tried, "dead_letters": dead})


async def status(request: web.Request) -> web.Response:
    """How the engine stands: the breaker in front of the MBG, operations by state."""
    services = request.app[SERVICES]
    async with services.database.read() as session:
        breaker = await session.get_one(MbgBreaker, SINGLETON)
        by_state = select(Operation.state, func.count(Operation.id)).group_by(Operation.state)
        counts = {row[0]: row[1] for row in await session.execute(by_state)}
        next_at = await queue.next_due_at(session)
    return web.json_response(
        {
            "breaker": {
                "state": breaker.state,
                "open_until": iso_utc(breaker.open_until),
                "message": breaker.message,
            },
            "operations": {state.value: counts.get(state.value, 0) for state in State},
            "next_attempt_at": iso_utc(next_at),
        }
    )


def _operations() -> Select[Operation]:
    return select(Operation).options(joinedload(Operation.extension).load_only(Extension.extension))


def _document(operation: Operation) -> dict[str, Any]:
    return {
        "id": operation.id,
        "kind": operation.kind,
        "extension": operation.extension.extension,
        "state": operation.state,
        "attempts": operation.attempts,
        "message": operation.message,
        "next_attempt_at": iso_utc(operation.next_attempt_at),
    }
