"""``/firmware``: images that phones load, several per model, and each model's target (PHN-3)."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field
from sqlalchemy import func, or_, select

from system.api.services import SERVICES, Services
from system.api.web import Body, read_body
from system.errors import InvalidInput
from system.phones.firmware import KINDS, SIP
from system.phones.identity import is_model
from system.storage.models import Phone

OUTDATED_SHOWN = 500


class TargetBody(Body):
    """``PUT .../target``; ``null`` gives phones nothing of this kind."""

    kind: Literal["sip", "minet", "boot"] = SIP
    version: Annotated[str, Field(min_length=1, max_length=64)] | None


async def list_all(request: web.Request) -> web.Response:
    """All images, by model."""
    images = await request.app[SERVICES].phones.firmware.all()
    return web.json_response([asdict(image) for image in images])


async def read(request: web.Request) -> web.Response:
    """One model: its images, and which of its phones run something else than the target."""
    return web.json_response(await _document(request.app[SERVICES], _model(request)))


async def write(request: web.Request) -> web.Response:
    """Keep an image for a model; the body is the image's octets, and it becomes the target."""
    model = _model(request)
    firmware = request.app[SERVICES].phones.firmware
    image = await firmware.put(model, await request.read())
    return web.json_response(asdict(image))


async def write_target(request: web.Request) -> web.Response:
    """Choose what phones of a model are given; they take it at their next start or resync."""
    services = request.app[SERVICES]
    model = _model(request)
    body = await read_body(request, TargetBody)
    await services.phones.firmware.set_target(model, body.kind, body.version)
    return web.json_response(await _document(services, model))


async def remove(request: web.Request) -> web.Response:
    """Delete an image that is no target."""
    model, kind = _model(request), request.match_info["kind"]
    if kind not in KINDS:
        raise InvalidInput("invalid", f"A kind is one of {', '.join(KINDS)}.", field="kind")
    version = request.match_info["version"]
    await request.app[SERVICES].phones.firmware.remove(model, kind, version)
    return web.Response(status=204)


async def _document(services: Services, model: str) -> dict[str, Any]:
    images = [image for image in await services.phones.firmware.all() if image.model == model]
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
        outdated = [{"mac": mac, "firmware": running} for mac, running in found]
        count = await session.scalar(select(func.count(Phone.mac)).where(*other)) or 0
    return {
        "model": model,
        "target": target,
        "images": [asdict(image) for image in images],
        "phones": total,
        "phones_on_other_firmware": count if target is not None else 0,
        "on_other_firmware": outdated if target is not None else [],
    }


def _model(request: web.Request) -> str:
    model = request.match_info["model"]
    if not is_model(model):
        raise InvalidInput("invalid", "A model is four digits, such as 6930.", field="model")
    return model
