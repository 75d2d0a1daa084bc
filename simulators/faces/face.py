"""A face: the pages of one kind on a control port, made of a package's templates and static files.

    face = Face("simulators.faces.handsets", "/handsets", "Handsets", routes=[
        web.get("/", wall), web.get("/events", events)])
    ControlServer(role, routes, address, faces=[face])

A package has `templates/` (Jinja2, autoescape on, undefined names are errors) and `static/` (style
sheets, ES modules, pictures). A template begins with `{% extends "faces/base.html.j2" %}`; it
fills the blocks `title`, `content`, `scripts`, and names static files by `static("map.js")`. All
files of a face have one version in their path, so a module may import its neighbour relatively
(`./live.js` is the shared one). Handlers find the face by `of(request)` and answer with
`of(request).page(request, "wall.html.j2", ...)`.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources

from aiohttp import web
from aiohttp.typedefs import Middleware
from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined

from simulators.faces.guard import Handler, covered, give_headers
from simulators.faces.stream import Streams
from simulators.http_api.refused import Refused

BASE = "simulators.faces"
KINDS = {
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "png": "image/png",
}
FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Link:
    """A link in the head of every page; `href` is a path of this port or a whole URL."""

    label: str
    href: str


class Face:
    """Pages below `prefix`.

    Args:
        package: dotted name of the package with `templates/` and `static/`.
        prefix: a path such as `/map`; "/" has no face of its own.
        name: in the title of every page.
        routes: aiohttp routes, their paths below the prefix ("/" is the prefix itself).
        links: the head's links, asked for at each page.
        streams: of live parts; the default has the usual limits.
        home: the page at the port's own root "/", for the one face that has it.
    """

    def __init__(
        self,
        package: str,
        prefix: str,
        name: str,
        *,
        routes: Sequence[web.RouteDef],
        links: Callable[[], Sequence[Link]] = tuple,
        streams: Streams | None = None,
        home: Handler | None = None,
    ) -> None:
        self.prefix = prefix
        self.name = name
        self.streams = Streams() if streams is None else streams
        self._routes = routes
        self._links = links
        self._home = home
        self._files = _files(BASE) | _files(package)
        self.version = _version(self._files)
        self.templates = Environment(
            loader=ChoiceLoader(
                [PackageLoader(package), PrefixLoader({"faces": PackageLoader(BASE)})]
            ),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.globals.update(static=self.static, at=self.at)

    def at(self, path: str = "/") -> str:
        """Path of a page of this face on its port."""
        return self.prefix + path

    def static(self, name: str) -> str:
        """Path of a static file, with its version; KeyError where there is none."""
        self._files[name]
        return f"{self.prefix}/static/{self.version}/{name}"

    def page(
        self, request: web.Request, template: str, *, status: int = 200, **values: object
    ) -> web.Response:
        """A page of the template of that name."""
        shared = {"face": self, "links": self._links(), "here": request.path}
        text = self.templates.get_template(template).render(shared | values)
        return web.Response(
            body=text.encode("utf-8", "replace"),
            status=status,
            content_type="text/html",
            charset="utf-8",
        )

    def mount(self, application: web.Application, failed: Callable[..., None]) -> None:
        """Serve the pages beside an API; `failed(request, error)` journals what should not be."""
        within = web.Application(middlewares=[self._guard(failed)])
        within[FACE] = self
        within.add_routes([web.get("/static/{version}/{name}", self._static), *self._routes])
        within.on_response_prepare.append(give_headers)
        within.on_shutdown.append(self._end)
        application.router.add_get(self.prefix, self._to_slash)
        application.add_subapp(self.prefix, within)
        if self._home is not None:
            application[FACE] = self
            application.router.add_get("/", self._at_root(self._home, failed))

    def _at_root(self, home: Handler, failed: Callable[..., None]) -> Handler:
        async def at_root(request: web.Request) -> web.StreamResponse:
            response = await covered(request, home, self._failure, failed)
            await give_headers(request, response)
            return response

        return at_root

    async def _to_slash(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=308, headers={"Location": self.at()})

    async def _end(self, _application: web.Application) -> None:
        await self.streams.close()

    def _guard(self, failed: Callable[..., None]) -> Middleware:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await covered(request, handler, self._failure, failed)

        return guard

    def _failure(self, request: web.Request, status: int, text: str) -> web.Response:
        """A page for a person; for a script, which asks for JSON, a document."""
        if "application/json" in request.headers.get("Accept", ""):
            return web.json_response({"message": text}, status=status)
        return self.page(request, "faces/error.html.j2", status=status, code=status, text=text)

    async def _static(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if request.match_info["version"] != self.version or name not in self._files:
            raise Refused(404, "not_found", f"there is no file {name} of this version")
        response = web.Response(
            body=self._files[name], content_type=KINDS[name.rpartition(".")[2]], charset="utf-8"
        )
        response.headers["Cache-Control"] = FOREVER
        return response


FACE = web.AppKey("face", Face)


def of(request: web.Request) -> Face:
    """The face that a request came to."""
    return request.app[FACE]


def _files(package: str) -> dict[str, bytes]:
    folder = resources.files(package) / "static"
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def _version(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, octets in sorted(files.items()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(octets).digest())
    return digest.hexdigest()[:12]
