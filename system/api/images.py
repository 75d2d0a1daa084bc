"""``/images``: PNGs for keys and screens of phones."""

from aiohttp import web

from system.api.services import SERVICES


async def list_all(request: web.Request) -> web.Response:
    """All names."""
    return web.json_response(await request.app[SERVICES].phones.images.all())


async def write(request: web.Request) -> web.Response:
    """Keep an image; the body is the PNG's octets."""
    name = request.match_info["name"]
    width, height = await request.app[SERVICES].phones.images.put(name, await request.read())
    return web.json_response({"name": name, "width": width, "height": height})


async def remove(request: web.Request) -> web.Response:
    """Delete one."""
    await request.app[SERVICES].phones.images.remove(request.match_info["name"])
    return web.Response(status=204)
