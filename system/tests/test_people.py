"""People: who may do what, and users with their extensions."""

from typing import Any

import pytest
from aiohttp import web

from system.api.app import ROUTES
from system.api.declare import BASE, Access
from system.api.serve import DECLARED, make_application
from system.domain.roles import Permission, Role
from system.site.keys import PAGES, STATIC_ROUTE
from system.tests.conftest import PASSWORD, Site
from system.tests.people_acts import GOOD, add_user, application, log_in_as, services

BOTH_DATABASES = True


# Who may do what

E, S, U, R = Role.ENGINEER, Role.SUPERVISOR, Role.USER, Role.READ_ONLY
TABLE: list[tuple[str, str, set[Role]]] = [
    ("GET", "/settings/mbg", {E, S, R}),
    ("PUT", "/settings/mbg", {E}),
    ("POST", "/settings/mbg/request-token", {E}),
    ("POST", "/settings/mbg/retrieve-token", {E}),
    ("GET", "/client-locations/remote", {E, S, R}),
    ("PUT", "/client-locations/remote", {E}),
    ("GET", "/phone-systems", {E, S, R}),
    ("POST", "/phone-systems", {E}),
    ("GET", "/phone-systems/1", {E, S, R}),
    ("PUT", "/phone-systems/1", {E}),
    ("DELETE", "/phone-systems/1", {E}),
    ("POST", "/phone-systems/1/sync", {E, S}),
    ("GET", "/phone-systems/1/nodes", {E, S, R}),
    ("GET", "/phone-systems/1/nodes/1", {E, S, R}),
    ("PUT", "/phone-systems/1/nodes/1", {E}),
    ("GET", "/phone-systems/1/extensions", {E, S, R}),
    ("GET", "/phone-systems/1/extensions/2101", {E, S, R}),
    ("PUT", "/phone-systems/1/extensions/2101", {E, S}),
    ("GET", "/phones", {E, S, R}),
    ("GET", "/phones/1400E9123456", {E, S, R}),
    ("PUT", "/phones/1400E9123456", {E, S}),
    ("DELETE", "/phones/1400E9123456", {E, S}),
    ("GET", "/firmware", {E, S, R}),
    ("GET", "/firmware/6930", {E, S, R}),
    ("PUT", "/firmware/6930", {E}),
    ("PUT", "/firmware/6930/target", {E}),
    ("DELETE", "/firmware/6930/sip/1.0", {E}),
    ("GET", "/images", {E, S, R}),
    ("GET", "/images/logo", {E, S, R}),
    ("GET", "/images/none/content", {E, S, R}),
    ("PUT", "/images/logo", {E}),
    ("DELETE", "/images/logo", {E}),
    ("GET", "/phones/1400E9123456/history", {E, S, R}),
    ("GET", "/phones/1400E9123456/keys", {E, S, R}),
    ("POST", "/phones/1400E9123456/restart", {E, S}),
    ("POST", "/phones/1400E9123456/resync", {E, S}),
    ("GET", "/keymaps", {E, S, R}),
    ("GET", "/keymaps/default/all", {E, S, R}),
    ("PUT", "/keymaps/default/all", {E, S}),
    ("DELETE", "/keymaps/default/all", {E, S}),
    ("GET", "/directories/system", {E, S, R}),
    ("GET", "/directories/9999/csv", {E, S, R}),
    ("PUT", "/directories/system", {E, S}),
    ("GET", "/session/directory", {E, S, U}),
    ("PUT", "/session/directory", {E, S, U}),
    ("GET", "/provisioning/operations", {E, S, R}),
    ("POST", "/provisioning/operations/1/retry", {E, S}),
    ("POST", "/provisioning/operations/retry", {E, S}),
    ("GET", "/provisioning/status", {E, S, R}),
    ("GET", "/provisioning/bulk", {E, S, R}),
    ("POST", "/provisioning/bulk", {E, S}),
    ("GET", "/provisioning/bulk/1", {E, S, R}),
    ("GET", "/provisioning/bulk/1/items", {E, S, R}),
    ("POST", "/provisioning/bulk/1/pause", {E, S}),
    ("POST", "/provisioning/bulk/1/resume", {E, S}),
    ("POST", "/provisioning/bulk/1/cancel", {E, S}),
    ("GET", "/provisioning/drift", {E, S, R}),
    ("POST", "/provisioning/drift/repair", {E, S}),
    ("GET", "/notices", {E, S, R}),
    ("POST", "/notices/1/acknowledge", {E, S}),
    ("GET", "/settings/mbg/certificate", {E, S, R}),
    ("POST", "/settings/mbg/certificate/confirm", {E}),
    ("GET", "/users", {E, S}),
    ("POST", "/users", {E}),
    ("GET", "/users/who", {E, S}),
    ("PUT", "/users/who", {E}),
    ("DELETE", "/users/who", {E}),
    ("GET", "/audit", {E, S}),
    ("GET", "/settings/audit", {E, S}),
    ("PUT", "/settings/audit", {E}),
    ("GET", "/licences", {E, S, R}),
    ("GET", "/session", {E, S, U, R}),
    ("GET", "/sessions", {E, S, U, R}),
    ("DELETE", "/sessions/0", {E, S, U, R}),
    ("PUT", "/session/password", {E, S, U, R}),
]


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_may_do_what_the_table_says(site: Site, role: Role) -> None:
    await add_user(site, "who", role)
    await log_in_as(site, "who")
    wrong = []
    for method, path, allowed in TABLE:
        status, document = await site.call(method, path, {} if method in ("PUT", "POST") else None)
        refused = status == 403 and document["code"] == "role_not_allowed"
        if refused != (role not in allowed):
            wrong.append((method, path, status, document))
        if (method, path) == ("DELETE", "/users/who") and not refused:
            await log_in_again(site, role)
    assert wrong == []


async def log_in_again(site: Site, role: Role) -> None:
    """The engineer of the table has just removed the own account."""
    await log_in_as(site, "admin", PASSWORD)
    await add_user(site, "who", role)
    await log_in_as(site, "who")


def test_the_table_is_whole() -> None:
    named = {(method, path.split("/")[1], path.count("/")) for method, path, _ in TABLE}
    left_out = {"/login", "/session", "/health", "/openapi.json"}
    for route in ROUTES:
        if route.path not in left_out:
            assert (route.method, route.path.split("/")[1], route.path.count("/")) in named, route


async def test_every_route_declares_who_may_call_it(site: Site) -> None:
    app = application(site)
    declared = app[DECLARED]
    served = list(app.router.routes())
    assert len(served) > 40
    pages = {*app[PAGES], *app[STATIC_ROUTE]}
    assert [route for route in served if route not in declared and route not in pages] == []
    for route in declared.values():
        assert isinstance(route.needs, Permission | Access)
    open_ones = {(r.method, r.path) for r in declared.values() if r.needs is Access.OPEN}
    assert open_ones == {
        ("GET", "/health"),
        ("GET", "/openapi.json"),
        ("POST", "/login"),
        ("POST", "/session"),
    }


async def test_route_without_declaration_serves_nobody(site: Site) -> None:
    async def handler(_request: web.Request) -> web.StreamResponse:
        raise AssertionError("it was served")

    app = make_application(services(site), ROUTES, largest_body=1)
    app.router.add_get(f"{BASE}/forgotten", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}{BASE}/forgotten"
    headers = {"Authorization": f"Bearer {site.token}"}
    async with site.http.get(url, headers=headers) as refused:
        assert (refused.status, (await refused.json())["code"]) == (403, "undeclared")
    async with site.http.get(url) as refused:
        assert refused.status == 401
    await runner.cleanup()


# Users


async def test_extension_is_one_persons_at_a_time(site: Site) -> None:
    await site.add_phone_system()
    ada = await add_user(site, "ada", "user", primary_extension="2101", softphone_extension="2102")
    assert (ada["primary_extension"], ada["softphone_extension"]) == ("2101", "2102")
    for name in ("primary_extension", "softphone_extension"):
        for number in ("2101", "2102"):
            body = {"username": "bob", "password": GOOD, "role": "user", name: number}
            status, error = await site.call("POST", "/users", body)
            assert (status, error["code"], error["field"]) == (409, "extension_in_use", name)
    await site.ok("PUT", "/users/ada", {"primary_extension": None})
    bob = await add_user(site, "bob", "user", primary_extension="2101")
    assert bob["primary_extension"] == "2101"
    assert (await site.ok("GET", "/users/ada"))["softphone_extension"] == "2102"
    same = await site.ok("PUT", "/users/ada", {"primary_extension": "2102"})
    assert same["primary_extension"] == same["softphone_extension"] == "2102"


BAD_USERS: list[tuple[dict[str, Any], int, str]] = [
    ({"role": "king"}, 422, "role"),
    ({"username": "A B"}, 422, "username"),
    ({"password": "short"}, 422, "password"),
    ({"language": "english"}, 422, "language"),
    ({"primary_extension": "9999"}, 422, "primary_extension"),
    ({"username": "admin"}, 409, "username"),
]


@pytest.mark.parametrize(("change", "status", "field"), BAD_USERS)
async def test_bad_user_is_refused(
    site: Site, change: dict[str, Any], status: int, field: str
) -> None:
    body = {"username": "ada", "password": GOOD, "role": "user", **change}
    found, error = await site.call("POST", "/users", body)
    assert (found, error["field"]) == (status, field)


async def test_last_engineer_stays(site: Site) -> None:
    for method, body in (("DELETE", None), ("PUT", {"role": "user"})):
        status, error = await site.call(method, "/users/admin", body)
        assert (status, error["code"]) == (409, "last_engineer")
    await add_user(site, "eve", "engineer")
    await site.ok("PUT", "/users/admin", {"role": "read-only"})
    assert (await site.call("GET", "/session"))[0] == 401  # a new role ends log-ins
    await log_in_as(site, "admin", PASSWORD)
    assert (await site.call("PUT", "/users/eve", {"role": "user"}))[0] == 403


async def test_users_are_searched_and_removed(site: Site) -> None:
    await add_user(site, "ada", "user", display_name="Ada Lovelace")
    await add_user(site, "bob", "user")
    page = await site.ok("GET", "/users?page=2&page_size=1")
    assert ([item["username"] for item in page["items"]], page["total"]) == (["admin"], 3)
    found = await site.ok("GET", "/users?search=love")
    assert ([item["username"] for item in found["items"]], found["total"]) == (["ada"], 1)
    await site.ok("DELETE", "/users/ada")
    assert (await site.call("GET", "/users/ada"))[0] == 404
    assert (await log_in_as(site, "ada"))[0] == 401
