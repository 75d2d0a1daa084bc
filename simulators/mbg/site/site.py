"""The site as an aiohttp application, and how it shares the MBG's web server with the REST API."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from simulators.mbg.administration import Administration
from simulators.mbg.site import (
    consumers,
    icps,
    log_in,
    port_forwarding,
    sip_devices,
    status,
    web_services,
)
from simulators.mbg.site.guard import admitted, covered
from simulators.mbg.site.sessions import Guesses, Sessions
from simulators.mbg.site.view import MBG, PREFIX, SESSIONS, TEMPLATES, environment, static

PARTS = (log_in, status, web_services, consumers, port_forwarding, icps, sip_devices)


def build(mbg: Administration) -> web.Application:
    """The site of one MBG, to be put below `PREFIX`."""
    app = web.Application(middlewares=[covered, admitted])
    app[MBG] = mbg
    app[SESSIONS] = Sessions(mbg.entropy)
    app[log_in.GUESSES] = Guesses()
    app[TEMPLATES] = environment()
    for part in PARTS:
        app.add_routes(part.ROUTES)
    app.router.add_get("/static/{name}", static)
    return app


def mount(application: web.Application, mbg: Administration) -> None:
    """Serve the site beside an API: also while that is stopped, and with none of its faults.

    Args:
        application: the API's, with all its middlewares; from here on they let the site alone.
    """
    application.middlewares[:] = [_for_others(one) for one in application.middlewares]
    application.router.add_get("/", _to_site)
    application.add_subapp(PREFIX, build(mbg))


def _for_others(middleware: Middleware) -> Middleware:
    """The middleware, for all paths but the site's."""

    @web.middleware
    async def choose(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in ("/", PREFIX) or request.path.startswith(PREFIX + "/"):
            return await handler(request)
        return await middleware(request, handler)

    return choose


async def _to_site(request: web.Request) -> web.StreamResponse:
    raise web.HTTPSeeOther(PREFIX + "/")
