"""``/provisioning/operations``: what is being done on the MBG, and what waits for what."""

from aiohttp import web
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from system.api.declare import Document, Route, text_query
from system.api.services import SERVICES
from system.api.web import actor, answer, path_number
from system.audit.trail import add
from system.clock import iso_utc
from system.domain.operations import ACTIVE, Event, State, next_state
from system.domain.roles import Permission
from system.errors import Conflict, InvalidInput, NotFound
from system.storage.models import Extension, Operation


class OperationDocument(Document):
    """An operation on the MBG."""

    id: int
    kind: str
    extension: str
    state: str
    attempts: int
    message: str | None
    next_attempt_at: str | None


class OperationsDocument(Document):
    """All that were asked for."""

    items: list[OperationDocument]


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
    return answer(OperationsDocument(items=items))


async def retry(request: web.Request) -> web.Response:
    """Try an operation now instead of at its time."""
    services = request.app[SERVICES]
    number = path_number(request, "number")
    async with services.database.write() as session:
        operation = await session.scalar(
            _operations().where(Operation.id == number).with_for_update(of=Operation)
        )
        if operation is None:
            raise NotFound("not_found", f"There is no operation {number}.")
        if State(operation.state) not in ACTIVE:
            raise Conflict("operation_over", f"Operation {number} is {operation.state}.")
        operation.state = next_state(State(operation.state), Event.RETRY_ASKED)
        operation.next_attempt_at = services.clock.now()
        facts = {"kind": operation.kind, "extension": operation.extension.extension}
        resource = f"/provisioning/operations/{number}"
        now = services.clock.now()
        add(session, now, actor(request), "retry asked", resource, None, facts)
    services.work.set()
    return answer(_document(operation))


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
        handler=list_all,
        needs=Permission.READ_PHONES,
        query=(text_query("state", "only those in this state", enum=list(map(str, State))),),
        answer=OperationsDocument,
    ),
    Route(
        method="POST",
        path="/provisioning/operations/{number}/retry",
        handler=retry,
        needs=Permission.CHANGE_PHONES,
        answer=OperationDocument,
        refusals=(409,),
    ),
)
