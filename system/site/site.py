"""The site as a whole: all pages, put beside the API into one application."""

from aiohttp import web

from system.api.services import SERVICES
from system.site import guard, view
from system.site.declare import Page
from system.site.keys import ONCE, PAGES, STATIC_ROUTE, STREAMS, TEMPLATES
from system.site.once import Once
from system.site.pages import client_locations, log_in, overview
from system.site.streams import Streams

ALL: tuple[Page, ...] = (
    *log_in.PAGES,
    *overview.PAGES,
    *client_locations.PAGES,
)


def mount(app: web.Application) -> web.Application:
    """Add the pages to the API's application; its routes and middlewares stay as they are."""
    app[PAGES], app[TEMPLATES] = {}, view.environment()
    app[ONCE], app[STREAMS] = Once(app[SERVICES].clock.now), Streams()
    for page in ALL:
        methods = ["GET", "HEAD"] + (["POST"] if page.acts else [])
        for method in methods:
            app[PAGES][app.router.add_route(method, page.path, guard.unreachable)] = page
    static = app.router.add_get("/static/{version}/{name}", view.static)
    app[STATIC_ROUTE] = frozenset(static.resource) if static.resource is not None else frozenset()
    app.middlewares.insert(0, guard.pages)
    app.on_shutdown.append(app[STREAMS].close)
    return app
