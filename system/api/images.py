"""``/images``: PNGs for keys and screens of phones."""

import hashlib

from aiohttp import web

from system.api.declare import Document, Route
from system.api.services import SERVICES
from system.api.web import actor, answer, check_match, entity_tag, resource_of
from system.audit.trail import add
from system.domain.roles import Permission
from system.errors import NotFound
from system.phones.images import png_size


class ImageDocument(Document):
    """An image, without its octets; sides in pixels."""

    name: str
    width: int
    height: int


async def list_all(request: web.Request) -> web.Response:
    """All names."""
    return web.json_response(await request.app[SERVICES].phones.images.all())


async def read(request: web.Request) -> web.Response:
    """One image's size."""
    octets = await _stored(request)
    if octets is None:
        raise NotFound("not_found", f"There is no image {request.match_info['name'][:64]!r}.")
    return answer(_document(request, octets), etag=_tag(request, octets))


async def content(request: web.Request) -> web.Response:
    """One image itself."""
    octets = await _stored(request)
    if octets is None:
        raise NotFound("not_found", f"There is no image {request.match_info['name'][:64]!r}.")
    return web.Response(body=octets, content_type=PNG)


async def write(request: web.Request) -> web.Response:
    """Keep an image; the body is the PNG's octets."""
    octets = await request.read()
    present = await _stored(request)
    check_match(request, _tag(request, present) if present is not None else None)
    await request.app[SERVICES].phones.images.put(request.match_info["name"], octets)
    await _note(request, present, octets)
    return answer(_document(request, octets), etag=_tag(request, octets))


async def remove(request: web.Request) -> web.Response:
    """Delete one."""
    present = await _stored(request)
    check_match(request, _tag(request, present) if present is not None else None)
    await request.app[SERVICES].phones.images.remove(request.match_info["name"])
    await _note(request, present, None)
    return web.Response(status=204)


async def _stored(request: web.Request) -> bytes | None:
    return await request.app[SERVICES].phones.images.read(request.match_info["name"])


async def _note(request: web.Request, before: bytes | None, after: bytes | None) -> None:
    services = request.app[SERVICES]
    what = "removed" if after is None else "created" if before is None else "changed"
    facts = [None if octets is None else _facts(octets) for octets in (before, after)]
    async with services.database.write() as session:
        now, resource = services.clock.now(), resource_of(request)
        add(session, now, actor(request), what, resource, *facts)


def _facts(octets: bytes) -> dict[str, object]:
    width, height = png_size(octets)
    return {"width": width, "height": height, "sha256": hashlib.sha256(octets).hexdigest()}


def _tag(request: web.Request, octets: bytes) -> str:
    digest = hashlib.sha256(octets).hexdigest()
    return entity_tag(request, "image", request.match_info["name"], digest)


def _document(request: web.Request, octets: bytes) -> ImageDocument:
    width, height = png_size(octets)
    return ImageDocument(name=request.match_info["name"], width=width, height=height)


PNG = "image/png"
_ONE = "/images/{name}"
ROUTES = (
    Route(
        method="GET",
        path="/images",
        handler=list_all,
        needs=Permission.READ_SITE,
        answer=list[str],
    ),
    Route(
        method="GET",
        path=_ONE,
        handler=read,
        needs=Permission.READ_SITE,
        answer=ImageDocument,
        tagged=True,
    ),
    Route(
        method="GET",
        path=f"{_ONE}/content",
        handler=content,
        needs=Permission.READ_SITE,
        produces=PNG,
    ),
    Route(
        method="PUT",
        path=_ONE,
        handler=write,
        needs=Permission.CHANGE_SITE,
        octets=True,
        answer=ImageDocument,
        tagged=True,
    ),
    Route(
        method="DELETE",
        path=_ONE,
        handler=remove,
        needs=Permission.CHANGE_SITE,
        status=204,
        tagged=True,
    ),
)
