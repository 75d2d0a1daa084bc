"""The site as a whole: all pages, put beside the API into one application."""

from aiohttp import web

from system.api.services import SERVICES
from system.site import guard, view
from system.site.declare import Page
from system.site.keys import ONCE, PAGES, STATIC_ROUTE, STREAMS
from system.site.once import Once
from system.site.pages import (
    audit,
    client_locations,
    directories,
    drift,
    extension,
    firmware,
    images,
    keymaps,
    log_in,
    mbg,
    notices,
    overview,
    pbx,
    phone,
    phone_systems,
    phones,
    provisioning,
    users,
)
from system.site.streams import Streams
from system.site.visit import Visit

ALL: tuple[Page[Visit], ...] = (
    *log_in.PAGES,
    *overview.PAGES,
    *mbg.PAGES,
    *phone_systems.PAGES,
    *pbx.PAGES,
    *extension.PAGES,
    *client_locations.PAGES,
    *phones.PAGES,
    *phone.PAGES,
    *keymaps.PAGES,
    *firmware.PAGES,
    *directories.PAGES,
    *images.PAGES,
    *users.PAGES,
    *audit.PAGES,
    *provisioning.PAGES,
    *drift.PAGES,
    *notices.PAGES,
)


def mount(app: web.Application) -> web.Application:
    """Add the pages to the API's application; its routes and middlewares stay as they are."""
    app[PAGES] = {}
    app[ONCE], app[STREAMS] = Once(app[SERVICES].clock.now), Streams()
    for page in ALL:
        methods = ["GET", "HEAD"] + (["POST"] if page.acts else [])
        for method in methods:
            app[PAGES][app.router.add_route(method, page.path, guard.unreachable)] = page
    static = app.router.add_get("/static/{version}/{name}", view.static)
    app[STATIC_ROUTE] = frozenset(static.resource or ())
    app.middlewares.insert(0, guard.pages)
    app.on_shutdown.append(app[STREAMS].close)
    return app
