"""``/firmware``: images that phones load, several per model, and each model's target (PHN-3)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field
from sqlalchemy import func, or_, select

from system.api.declare import Body, Document, Route
from system.api.services import SERVICES
from system.api.web import actor, answer, check_match, entity_tag, read_body, resource_of
from system.audit.trail import add
from system.domain.roles import Permission
from system.errors import InvalidInput
from system.phones.firmware import KINDS, SIP, Firmware
from system.phones.identity import is_model
from system.storage.models import Phone

OUTDATED_SHOWN = 500


class TargetBody(Body):
    """``PUT .../target``; ``null`` gives phones nothing of this kind."""

    kind: Literal["sip", "minet", "boot"] = SIP
    version: Annotated[str, Field(min_length=1, max_length=64)] | None


class FirmwareDocument(Document):
    """An image; ``size`` in octets, ``target``: it is what phones are given."""

    model: str
    version: str
    kind: str
    size: int
    target: bool


class OutdatedDocument(Document):
    """A phone that runs something else than the target."""

    mac: str
    firmware: str | None


class ModelDocument(Document):
    """A model: its images, and which of its phones run something else than the SIP target."""

    model: str
    target: str | None
    images: list[FirmwareDocument]
    phones: int
    phones_on_other_firmware: int
    on_other_firmware: list[OutdatedDocument]


async def list_all(request: web.Request) -> web.Response:
    """All images, by model."""
    images = await request.app[SERVICES].phones.firmware.all()
    return web.json_response([_document(image).model_dump() for image in images])


async def read(request: web.Request) -> web.Response:
    """One model: its images, and which of its phones run something else than the target."""
    return await _shown(request)


async def write(request: web.Request) -> web.Response:
    """Keep an image for a model; the body is the image's octets, and it becomes the target."""
    model, octets = _model(request), await request.read()
    present = await _images(request)
    check_match(request, _tag(request, present))
    image = await request.app[SERVICES].phones.firmware.put(model, octets)
    known = next((i for i in present if (i.kind, i.version) == (image.kind, image.version)), None)
    before = None if known is None else asdict(known)
    await _note(request, "created" if known is None else "changed", before, asdict(image))
    return answer(_document(image), etag=_tag(request, await _images(request)))


async def write_target(request: web.Request) -> web.Response:
    """Choose what phones of a model are given; they take it at their next start or resync."""
    model = _model(request)
    body = await read_body(request, TargetBody)
    present = await _images(request)
    check_match(request, _tag(request, present))
    firmware = request.app[SERVICES].phones.firmware
    before: dict[str, object] = {body.kind: await firmware.target(model, body.kind)}
    await firmware.set_target(model, body.kind, body.version)
    await _note(request, "changed", before, {body.kind: body.version})
    return await _shown(request)


async def remove(request: web.Request) -> web.Response:
    """Delete an image that is no target."""
    model, kind = _model(request), request.match_info["kind"]
    if kind not in KINDS:
        raise InvalidInput("invalid", f"A kind is one of {', '.join(KINDS)}.", field="kind")
    version = request.match_info["version"]
    present = await _images(request)
    check_match(request, _tag(request, present))
    known = next((i for i in present if (i.kind, i.version) == (kind, version)), None)
    await request.app[SERVICES].phones.firmware.remove(model, kind, version)
    await _note(request, "removed", None if known is None else asdict(known), None)
    return web.Response(status=204)


async def _images(request: web.Request) -> list[Firmware]:
    model = _model(request)
    return [i for i in await request.app[SERVICES].phones.firmware.all() if i.model == model]


async def _note(
    request: web.Request,
    action: str,
    before: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
) -> None:
    services = request.app[SERVICES]
    async with services.database.write() as session:
        now, resource = services.clock.now(), resource_of(request)
        add(session, now, actor(request), action, resource, before, after)


async def _shown(request: web.Request) -> web.Response:
    services, model = request.app[SERVICES], _model(request)
    images = await _images(request)
    target = await services.phones.firmware.target(model)
    async with services.database.read() as session:
        of_model = [Phone.model == model, Phone.first_contact.is_not(None)]
        total = await session.scalar(select(func.count(Phone.mac)).where(*of_model)) or 0
        other = [*of_model, or_(Phone.firmware.is_(None), Phone.firmware != target)]
        found = await session.execute(
            select(Phone.mac, Phone.firmware)
            .where(*other)
            .order_by(Phone.mac)
            .limit(OUTDATED_SHOWN)
        )
        outdated = [OutdatedDocument(mac=mac, firmware=running) for mac, running in found]
        count = await session.scalar(select(func.count(Phone.mac)).where(*other)) or 0
    document = ModelDocument(
        model=model,
        target=target,
        images=[_document(image) for image in images],
        phones=total,
        phones_on_other_firmware=count if target is not None else 0,
        on_other_firmware=outdated if target is not None else [],
    )
    return answer(document, etag=_tag(request, images))


def _model(request: web.Request) -> str:
    model = request.match_info["model"]
    if not is_model(model):
        raise InvalidInput("invalid", "A model is four digits, such as 6930.", field="model")
    return model


def _tag(request: web.Request, images: Sequence[Firmware]) -> str:
    return entity_tag(request, "firmware", _model(request), [asdict(image) for image in images])


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
        answer=ModelDocument,
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
    Route(
        method="PUT",
        path=f"{_ONE}/target",
        handler=write_target,
        needs=Permission.CHANGE_SITE,
        body=TargetBody,
        answer=ModelDocument,
        tagged=True,
    ),
    Route(
        method="DELETE",
        path=f"{_ONE}/{{kind}}/{{version}}",
        handler=remove,
        needs=Permission.CHANGE_SITE,
        status=204,
        tagged=True,
        refusals=(409,),
    ),
)
