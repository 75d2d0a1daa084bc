"""The API's application: all routes in one list."""

from aiohttp import web

from system.api import (
    client_locations,
    extensions,
    firmware,
    nodes,
    operations,
    phone_systems,
    phones,
    session,
    settings_mbg,
)
from system.api.engine_routes import engine_routes
from system.api.services import SERVICES, Services
from system.api.web import BASE, errors_as_json, log_in_needed, never_cached
from system.phones.firmware import LARGEST_IMAGE

_SYSTEM = f"{BASE}/phone-systems/{{id}}"


def make_api(services: Services) -> web.Application:
    """The application; it holds no state besides ``services``."""
    app = web.Application(
        middlewares=[errors_as_json, log_in_needed], client_max_size=LARGEST_IMAGE + 8192
    )
    app[SERVICES] = services
    app.on_response_prepare.append(never_cached)
    app.add_routes(
        [
            web.get(f"{BASE}/health", session.health),
            web.post(f"{BASE}/login", session.log_in),
            web.get(f"{BASE}/settings/mbg", settings_mbg.read),
            web.put(f"{BASE}/settings/mbg", settings_mbg.write),
            web.post(f"{BASE}/settings/mbg/request-token", settings_mbg.request_token),
            web.post(f"{BASE}/settings/mbg/retrieve-token", settings_mbg.retrieve_token),
            web.get(f"{BASE}/client-locations/remote", client_locations.read),
            web.put(f"{BASE}/client-locations/remote", client_locations.write),
            web.get(f"{BASE}/phone-systems", phone_systems.list_all),
            web.post(f"{BASE}/phone-systems", phone_systems.create),
            web.get(_SYSTEM, phone_systems.read),
            web.put(_SYSTEM, phone_systems.write),
            web.post(f"{_SYSTEM}/sync", phone_systems.sync),
            web.get(f"{_SYSTEM}/nodes", nodes.list_all),
            web.get(f"{_SYSTEM}/nodes/{{number}}", nodes.read),
            web.put(f"{_SYSTEM}/nodes/{{number}}", nodes.write),
            web.get(f"{_SYSTEM}/extensions", extensions.list_page),
            web.get(f"{_SYSTEM}/extensions/{{extension}}", extensions.read),
            web.put(f"{_SYSTEM}/extensions/{{extension}}", extensions.write),
            web.get(f"{BASE}/phones", phones.list_page),
            web.get(f"{BASE}/phones/{{mac}}", phones.read),
            web.put(f"{BASE}/phones/{{mac}}", phones.write),
            web.delete(f"{BASE}/phones/{{mac}}", phones.remove),
            web.get(f"{BASE}/firmware", firmware.list_all),
            web.put(f"{BASE}/firmware/{{model}}", firmware.write),
            web.get(f"{BASE}/provisioning/operations", operations.list_all),
            web.post(f"{BASE}/provisioning/operations/{{id}}/retry", operations.retry),
        ]
    )
    app.add_routes(engine_routes())
    return app
