"""``/provisioning/operations``: what is being done on the MBG, and what waits for what."""

from aiohttp import web
from sqlalchemy import Select, func, select, true
from sqlalchemy.orm import joinedload

from system.api.declare import PAGING, Document, Page, Route, text_query
from system.api.services import SERVICES
from system.api.web import actor, answer, page_of, paging, path_number, resource_of
from system.audit.trail import add
from system.clock import iso_utc
from system.domain.operations import ACTIVE, UNFINISHED, Event, State, next_state
from system.domain.roles import Permission
from system.errors import Conflict, InvalidInput, NotFound
from system.provisioning import gate, queue
from system.storage.engine_models import MbgBreaker
from system.storage.models import SINGLETON, Extension, Operation


class OperationDocument(Document):
    """An operation on the MBG."""

    id: int
    kind: str
    extension: str
    state: str
    attempts: int
    message: str | None
    next_attempt_at: str | None


class RetriedDocument(Document):
    """How many operations are tried now, and how many of them had been given up."""

    operations: int
    dead_letters: int


class BreakerDocument(Document):
    """The circuit breaker in front of the MBG."""

    state: str
    open_until: str | None
    message: str | None


class StatusDocument(Document):
    """How the provisioning engine stands; ``operations`` counts them by state."""

    breaker: BreakerDocument
    operations: dict[str, int]
    next_attempt_at: str | None


async def list_page(request: web.Request) -> web.Response:
    """A page of operations, all or those in ``state``, oldest first."""
    page, page_size = paging(request)
    wanted = request.query.get("state")
    if wanted is not None and wanted not in list(State):
        raise InvalidInput("invalid", f"A state is one of {', '.join(State)}.", field="state")
    chosen = true() if wanted is None else Operation.state == wanted
    statement = _operations().where(chosen).order_by(Operation.id)
    async with request.app[SERVICES].database.read() as session:
        total = await session.scalar(select(func.count(Operation.id)).where(chosen)) or 0
        found = await session.scalars(statement.offset((page - 1) * page_size).limit(page_size))
        items = [_document(operation) for operation in found]
    return page_of(items, total, page, page_size)


async def retry(request: web.Request) -> web.Response:
    """Try an operation now instead of at its time; a dead letter lives again."""
    services = request.app[SERVICES]
    number, now = path_number(request, "number"), services.clock.now()
    async with services.database.write() as session:
        await gate.release(session)
        operation = await session.scalar(
            _operations().where(Operation.id == number).with_for_update(of=Operation)
        )
        if operation is None:
            raise NotFound("not_found", f"There is no operation {number}.")
        if State(operation.state) not in UNFINISHED:
            raise Conflict("operation_over", f"Operation {number} is {operation.state}.")
        operation.state = next_state(State(operation.state), Event.RETRY_ASKED)
        operation.next_attempt_at = queue.due_anew(operation.next_attempt_at, now)
        operation.failures = 0
        facts = {"kind": operation.kind, "extension": operation.extension.extension}
        resource = f"/provisioning/operations/{number}"
        add(session, now, actor(request), "retry asked", resource, None, facts)
    services.work.set()
    return answer(_document(operation))


async def retry_all(request: web.Request) -> web.Response:
    """Try all that is not done now; dead letters live again."""
    services = request.app[SERVICES]
    now = services.clock.now()
    async with services.database.write() as session:
        dead = await queue.retry_dead(session, now)
        await queue.make_all_due(session, now)
        active = select(func.count(Operation.id)).where(Operation.state.in_(ACTIVE))
        tried = await session.scalar(active) or 0
        document = RetriedDocument(operations=tried, dead_letters=dead)
        facts = document.model_dump()
        add(session, now, actor(request), "retry asked", resource_of(request), None, facts)
    services.work.set()
    return answer(document)


async def status(request: web.Request) -> web.Response:
    """How the engine stands: the breaker in front of the MBG, operations by state."""
    services = request.app[SERVICES]
    async with services.database.read() as session:
        breaker = await session.get_one(MbgBreaker, SINGLETON)
        by_state = select(Operation.state, func.count(Operation.id)).group_by(Operation.state)
        counts = {row[0]: row[1] for row in await session.execute(by_state)}
        next_at = await queue.next_due_at(session)
    return answer(
        StatusDocument(
            breaker=BreakerDocument(
                state=breaker.state,
                open_until=iso_utc(breaker.open_until),
                message=breaker.message,
            ),
            operations={state.value: counts.get(state.value, 0) for state in State},
            next_attempt_at=iso_utc(next_at),
        )
    )


def _operations() -> Select[Operation]:
    return select(Operation).options(joinedload(Operation.extension).load_only(Extension.extension))


def _document(operation: Operation) -> OperationDocument:
    return OperationDocument(
        id=operation.id,
        kind=operation.kind,
        extension=operation.extension.extension,
        state=operation.state,
        attempts=operation.attempts,
        message=operation.message,
        next_attempt_at=iso_utc(operation.next_attempt_at),
    )


ROUTES = (
    Route(
        method="GET",
        path="/provisioning/operations",
        handler=list_page,
        needs=Permission.READ_PHONES,
        query=(
            text_query("state", "only those in this state", enum=list(map(str, State))),
            *PAGING,
        ),
        answer=Page[OperationDocument],
    ),
    Route(
        method="POST",
        path="/provisioning/operations/{number}/retry",
        handler=retry,
        needs=Permission.CHANGE_PHONES,
        answer=OperationDocument,
        refusals=(409,),
    ),
    Route(
        method="POST",
        path="/provisioning/operations/retry",
        handler=retry_all,
        needs=Permission.CHANGE_PHONES,
        answer=RetriedDocument,
    ),
    Route(
        method="GET",
        path="/provisioning/status",
        handler=status,
        needs=Permission.READ_PHONES,
        answer=StatusDocument,
    ),
)
