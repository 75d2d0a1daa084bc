"""``/health``: up or not for everybody, and how it is for who may read the site."""

from aiohttp import web
from sqlalchemy import func, select

from system import __version__
from system.api.declare import Access, Document, Route
from system.api.serve import COOKIE, identify
from system.api.services import SERVICES, Services
from system.clock import iso_utc
from system.domain.operations import ACTIVE
from system.domain.roles import Permission
from system.mbg.access import load_settings
from system.people.users import count
from system.storage.models import Extension, Operation, Phone, PhoneSystem


class PartDocument(Document):
    """One side; ``state`` is its own word."""

    name: str
    state: str
    message: str | None


class DetailDocument(Document):
    """How it is."""

    started_at: str | None
    database: str
    mbg: PartDocument
    phone_systems: list[PartDocument]
    operations: dict[str, int]
    """How many in each state that is not over."""
    extensions: int
    phones: int
    phones_registered: int
    users: int


class HealthDocument(Document):
    """The MCS is up; ``detail`` only for who is logged in and may read the site."""

    status: str
    version: str
    detail: DetailDocument | None = None


async def read(request: web.Request) -> web.Response:
    """The MCS is up; how it is, for who may read the site."""
    services = request.app[SERVICES]
    health = HealthDocument(status="ok", version=__version__)
    if "Authorization" not in request.headers and COOKIE not in request.cookies:
        return web.json_response(health.model_dump(exclude={"detail"}))
    identity = await identify(request)
    if not identity.may(Permission.READ_SITE):
        return web.json_response(health.model_dump(exclude={"detail"}))
    return answer_with(health, await _detail(services))


def answer_with(health: HealthDocument, detail: DetailDocument) -> web.Response:
    """Both as one document."""
    return web.json_response(health.model_copy(update={"detail": detail}).model_dump(mode="json"))


async def _detail(services: Services) -> DetailDocument:
    async with services.database.read() as session:
        settings = await load_settings(session)
        systems = (await session.scalars(select(PhoneSystem).order_by(PhoneSystem.id))).all()
        states = await session.execute(
            select(Operation.state, func.count(Operation.id))
            .where(Operation.state.in_(ACTIVE))
            .group_by(Operation.state)
        )
        extensions = await session.scalar(select(func.count(Extension.id))) or 0
        phones = await session.scalar(select(func.count(Phone.mac))) or 0
        registered = await session.scalar(
            select(func.count(Phone.mac)).where(Phone.registered.is_(True))
        )
        people = await count(session)
    token = services.access.view(settings)
    return DetailDocument(
        started_at=iso_utc(services.started_at),
        database=services.database.kind,
        mbg=PartDocument(
            name=settings.internal_address or "MBG", state=token.state, message=token.message
        ),
        phone_systems=[
            PartDocument(name=system.name, state=system.state, message=system.message)
            for system in systems
        ],
        operations={str(row[0]): int(row[1]) for row in states},
        extensions=extensions,
        phones=phones,
        phones_registered=registered or 0,
        users=people,
    )


ROUTES = (
    Route(
        method="GET",
        path="/health",
        handler=read,
        needs=Access.OPEN,
        answer=HealthDocument,
        refusals=(401,),
    ),
)
