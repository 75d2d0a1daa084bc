"""``/firmware``: images that phones load, one per model (PHN-3)."""

from dataclasses import asdict

from aiohttp import web

from system.api.declare import Document, Route
from system.api.services import SERVICES
from system.api.web import actor, answer, check_match, entity_tag, resource_of
from system.audit.trail import add
from system.domain.roles import Permission
from system.errors import InvalidInput, NotFound
from system.phones.firmware import Firmware
from system.phones.identity import is_model


class FirmwareDocument(Document):
    """An image; ``size`` in octets."""

    model: str
    version: str
    kind: str
    size: int


async def list_all(request: web.Request) -> web.Response:
    """All images, by model."""
    images = await request.app[SERVICES].firmware.all()
    return web.json_response([_document(image).model_dump() for image in images])


async def read(request: web.Request) -> web.Response:
    """The image of a model, without its octets."""
    image = await _find(request)
    if image is None:
        raise NotFound("not_found", f"There is no firmware for model {_model(request)}.")
    return answer(_document(image), etag=_tag(request, image))


async def write(request: web.Request) -> web.Response:
    """Keep an image for a model; the body is the image's octets."""
    services = request.app[SERVICES]
    octets = await request.read()
    present = await _find(request)
    check_match(request, _tag(request, present) if present is not None else None)
    image = await services.firmware.put(_model(request), octets)
    async with services.database.write() as session:
        add(
            session,
            services.clock.now(),
            actor(request),
            "created" if present is None else "changed",
            resource_of(request),
            None if present is None else asdict(present),
            asdict(image),
        )
    return answer(_document(image), etag=_tag(request, image))


async def _find(request: web.Request) -> Firmware | None:
    model = _model(request)
    images = await request.app[SERVICES].firmware.all()
    return next((image for image in images if image.model == model), None)


def _model(request: web.Request) -> str:
    model = request.match_info["model"]
    if not is_model(model):
        raise InvalidInput("invalid", "A model is four digits, such as 6930.", field="model")
    return model


def _tag(request: web.Request, image: Firmware) -> str:
    return entity_tag(request, "firmware", image.model, image.version, image.kind, image.size)


def _document(image: Firmware) -> FirmwareDocument:
    return FirmwareDocument(**asdict(image))


_ONE = "/firmware/{model}"
ROUTES = (
    Route(
        method="GET",
        path="/firmware",
        handler=list_all,
        needs=Permission.READ_SITE,
        answer=list[FirmwareDocument],
    ),
    Route(
        method="GET",
        path=_ONE,
        handler=read,
        needs=Permission.READ_SITE,
        answer=FirmwareDocument,
        tagged=True,
    ),
    Route(
        method="PUT",
        path=_ONE,
        handler=write,
        needs=Permission.CHANGE_SITE,
        octets=True,
        answer=FirmwareDocument,
        tagged=True,
    ),
)
