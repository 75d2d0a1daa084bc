"""``/firmware``: images that phones load, one per model (PHN-3)."""

from dataclasses import asdict

from aiohttp import web

from system.api.services import SERVICES
from system.errors import InvalidInput
from system.phones.identity import is_model


async def list_all(request: web.Request) -> web.Response:
    """All images, by model."""
    images = await request.app[SERVICES].firmware.all()
    return web.json_response([asdict(image) for image in images])


async def write(request: web.Request) -> web.Response:
    """Keep an image for a model; the body is the image's octets."""
    model = request.match_info["model"]
    if not is_model(model):
        raise InvalidInput("invalid", "A model is four digits, such as 6930.", field="model")
    image = await request.app[SERVICES].firmware.put(model, await request.read())
    return web.json_response(asdict(image))
