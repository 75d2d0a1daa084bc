"""The API's application: the routes of all resources, served and described from one list."""

from aiohttp import web

from system.api import (
    audit,
    bulk,
    certificate,
    client_locations,
    directories,
    drift,
    extensions,
    firmware,
    health,
    images,
    keymaps,
    licences,
    nodes,
    notices,
    openapi,
    operations,
    phone_actions,
    phone_systems,
    phones,
    session,
    settings_mbg,
    users,
)
from system.api.declare import Access, Route
from system.api.serve import make_application
from system.api.services import Services
from system.phones.firmware import LARGEST_IMAGE

DOCUMENT = Route(
    method="GET",
    path="/openapi.json",
    handler=openapi.read,
    needs=Access.OPEN,
    answer=dict[str, object],
)
ROUTES: tuple[Route, ...] = (
    *health.ROUTES,
    DOCUMENT,
    *session.ROUTES,
    *users.ROUTES,
    *settings_mbg.ROUTES,
    *certificate.ROUTES,
    *client_locations.ROUTES,
    *phone_systems.ROUTES,
    *nodes.ROUTES,
    *extensions.ROUTES,
    *phones.ROUTES,
    *phone_actions.ROUTES,
    *keymaps.ROUTES,
    *directories.ROUTES,
    *images.ROUTES,
    *firmware.ROUTES,
    *operations.ROUTES,
    *bulk.ROUTES,
    *drift.ROUTES,
    *notices.ROUTES,
    *licences.ROUTES,
    *audit.ROUTES,
)


def make_api(services: Services) -> web.Application:
    """The application."""
    return make_application(services, ROUTES, largest_body=LARGEST_IMAGE + 8192)
