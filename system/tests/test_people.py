"""People: who may do what, log-ins, lock-out, the own account, users with their extensions."""

import asyncio
import ssl
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from system.api.app import ROUTES
from system.api.declare import BASE, Access
from system.api.serve import COOKIE, CSRF_HEADER, DECLARED, make_application
from system.api.services import SERVICES, Services
from system.domain.lockout import RULES, Place
from system.domain.roles import Permission, Role
from system.site.keys import PAGES, STATIC_ROUTE
from system.tests.conftest import PASSWORD, Site

BOTH_DATABASES = True
GOOD = "Lovelace-1815"


async def add_user(site: Site, username: str, role: str, **more: Any) -> Any:
    body = {"username": username, "password": GOOD, "role": role, **more}
    return await site.ok("POST", "/users", body)


async def log_in_as(site: Site, username: str, password: str = GOOD) -> tuple[int, Any]:
    site.token = None
    status, answer = await site.call("POST", "/login", {"username": username, "password": password})
    if status == 200:
        site.token = answer["token"]
        site.tokens.add(answer["token"])
    return status, answer


def from_address(source: str) -> aiohttp.ClientSession:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=tls, local_addr=(source, 0)),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


async def try_from(site: Site, source: str, username: str, password: str) -> tuple[int, Any, str]:
    """Status, document and Retry-After of one log-in from an address."""
    body = {"username": username, "password": password}
    async with (
        from_address(source) as http,
        http.post(f"{site.mcs.api_url}{BASE}/login", json=body) as answer,
    ):
        document = await answer.json()
        if "token" in document:
            site.tokens.add(document["token"])
        return answer.status, document, answer.headers.get("Retry-After", "")


def application(site: Site) -> web.Application:
    """The API's application, behind the running listener."""
    assert site.mcs._api is not None
    return site.mcs._api._runner.app


def services(site: Site) -> Services:
    return application(site)[SERVICES]


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


# Log-ins


async def test_unknown_name_and_wrong_password_cost_one_check_each(site: Site) -> None:
    checks = services(site).accounts.hashing
    counts = []
    for username in ("admin", "nobody-at-all"):
        before = checks.checks
        assert (await log_in_as(site, username, "wrong"))[0] == 401
        counts.append(checks.checks - before)
    assert counts == [1, 1]
    # The hash for unknown names is as dear as the real ones.
    known = checks._hasher.hash("x").split("$")[1:4]
    assert checks._nobody.split("$")[1:4] == known


@pytest.mark.parametrize("username", ["ada", "nobody-at-all"])
async def test_lock_out_tells_nothing_about_names(site: Site, username: str) -> None:
    await add_user(site, "ada", "user")
    seen = []
    for _ in range(7):
        status, document, retry_after = await try_from(site, "127.0.0.9", username, "wrong")
        seen.append((status, document["code"], retry_after))
    free = RULES[Place.PAIR].free
    assert seen == [(401, "login_refused", "")] * free + [(429, "too_many_attempts", "30")] * 2


async def test_waiting_grows_and_ends(site: Site) -> None:
    await add_user(site, "ada", "user")
    waits = []
    for _ in range(9):
        status, _, retry_after = await try_from(site, "127.0.0.9", "ada", "wrong")
        if status == 429:
            waits.append(int(retry_after))
            site.clock.advance(int(retry_after) + 1)
    assert waits == [30, 60]
    assert (await try_from(site, "127.0.0.9", "ada", GOOD))[0] in (200, 429)
    site.clock.advance(900)
    assert (await try_from(site, "127.0.0.9", "ada", GOOD))[0] == 200
    # The pair begins anew.
    assert (await try_from(site, "127.0.0.9", "ada", "wrong"))[0] == 401


async def test_right_password_is_not_looked_at_while_locked(site: Site) -> None:
    await add_user(site, "ada", "user")
    for _ in range(RULES[Place.PAIR].free):
        await try_from(site, "127.0.0.9", "ada", "wrong")
    assert (await try_from(site, "127.0.0.9", "ada", GOOD))[0] == 429
    # From another place the owner gets in.
    assert (await try_from(site, "127.0.0.10", "ada", GOOD))[0] == 200


async def test_one_address_does_not_lock_out_the_others_behind_it(site: Site) -> None:
    shared = "127.0.0.9"
    await add_user(site, "ada", "user")
    await add_user(site, "bob", "user")
    assert (await try_from(site, shared, "ada", GOOD))[0] == 200
    for number in range(RULES[Place.SOURCE].free + 1):
        await try_from(site, shared, f"guess{number}", "wrong")
    status, _, retry_after = await try_from(site, shared, "bob", GOOD)
    assert status == 429
    assert int(retry_after) <= RULES[Place.SOURCE].longest_s  # new here: a short wait, no more
    assert (await try_from(site, shared, "ada", GOOD))[0] == 200  # known here: none
    assert (await try_from(site, "127.0.0.10", "bob", GOOD))[0] == 200  # elsewhere: none
    site.clock.advance(RULES[Place.SOURCE].longest_s + 1)
    assert (await try_from(site, shared, "bob", GOOD))[0] == 200


async def test_many_addresses_together_lock_one_name(site: Site) -> None:
    await add_user(site, "ada", "user")
    assert (await try_from(site, "127.0.0.10", "ada", GOOD))[0] == 200
    for number in range(RULES[Place.ACCOUNT].free):
        assert (await try_from(site, f"127.0.1.{number // 4 + 1}", "ada", "wrong"))[0] == 401
    assert (await try_from(site, "127.0.2.1", "ada", GOOD))[0] == 429
    assert (await try_from(site, "127.0.0.10", "ada", GOOD))[0] == 200  # the owner's usual place


async def test_tries_made_at_once_see_no_more_passwords_checked(site: Site) -> None:
    await add_user(site, "ada", "user")
    tries = [try_from(site, "127.0.0.9", "ada", "wrong") for _ in range(15)]
    statuses = [status for status, _, _ in await asyncio.gather(*tries)]
    assert statuses.count(401) == RULES[Place.PAIR].free
    assert statuses.count(429) == 15 - RULES[Place.PAIR].free


async def test_lock_survives_a_restart(site: Site) -> None:
    for _ in range(RULES[Place.PAIR].free):
        await try_from(site, "127.0.0.9", "nobody", "wrong")
    await site.restart()
    assert (await try_from(site, "127.0.0.9", "nobody", "wrong"))[0] == 429


# Browsers


async def test_browser_needs_its_csrf_token_to_change_anything(site: Site) -> None:
    url = f"{site.mcs.api_url}{BASE}"
    async with from_address("127.0.0.9") as http:
        body = {"username": "admin", "password": PASSWORD}
        async with http.post(f"{url}/session", json=body) as begun:
            session = await begun.json()
            cookie = begun.headers["Set-Cookie"]
        for word in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/", f"{COOKIE}="):
            assert word in cookie
        secret = cookie.split(";")[0].partition("=")[2]
        site.tokens |= {secret, session["csrf_token"]}
        assert "token" not in session
        headers = {"Cookie": f"{COOKIE}={secret}"}
        change = {"nat_ip_address_or_hostname": "mcs.example.test"}
        remote = f"{url}/client-locations/remote"

        async def put(**more: str) -> int:
            async with http.put(remote, json=change, headers=headers | more) as put:
                return put.status

        async with http.get(f"{url}/session", headers=headers) as read:
            assert (await read.json())["csrf_token"] == session["csrf_token"]
        token = session["csrf_token"]
        assert await put() == 403
        assert await put(**{CSRF_HEADER: "wrong"}) == 403
        assert await put(**{CSRF_HEADER: token}) == 200
        # Neither token is good in the other's place.
        headers = {"Authorization": f"Bearer {secret}"}
        assert await put(**{CSRF_HEADER: token}) == 401
        headers = {"Cookie": f"{COOKIE}={site.token}"}
        assert await put(**{CSRF_HEADER: token}) == 401
        headers = {"Cookie": f"{COOKIE}={secret}", CSRF_HEADER: token}
        async with http.delete(f"{url}/session", headers=headers) as ended:
            assert ended.status == 204
            assert f"{COOKIE}=" in ended.headers["Set-Cookie"]
        assert await put() == 401


# The own account


async def test_password_change_ends_the_other_log_ins(site: Site) -> None:
    await add_user(site, "ada", "user")
    await log_in_as(site, "ada")
    first = site.token
    await log_in_as(site, "ada")
    path, new = "/session/password", "Analytical-1843"
    for wrong, code in (
        ({"current_password": "wrong", "new_password": new}, "password_wrong"),
        ({"current_password": GOOD, "new_password": "short1"}, "password_rule"),
        ({"current_password": GOOD, "new_password": "onlyletters"}, "password_rule"),
        ({"current_password": GOOD, "new_password": "xx-ADA-1815"}, "password_rule"),
        ({"current_password": GOOD, "new_password": "Password1234"}, "password_rule"),
    ):
        status, document = await site.call("PUT", path, wrong)
        assert (status, document["code"]) == (422, code)
    await site.ok("PUT", path, {"current_password": GOOD, "new_password": new})
    assert (await site.call("GET", "/session"))[0] == 200
    site.token = first
    assert (await site.call("GET", "/session"))[0] == 401
    assert (await log_in_as(site, "ada", GOOD))[0] == 401
    assert (await log_in_as(site, "Ada ", new))[0] == 200


async def test_log_ins_are_listed_and_ended(site: Site) -> None:
    await add_user(site, "ada", "user")
    engineer = site.token
    await log_in_as(site, "ada")
    hers = site.token
    own = (await site.ok("GET", "/sessions"))["items"]
    assert [(item["username"], item["current"]) for item in own] == [("ada", True)]
    site.token = engineer
    everybody = (await site.ok("GET", "/sessions"))["items"]
    assert {item["username"] for item in everybody} == {"admin", "ada"}
    (admins,) = [item["id"] for item in everybody if item["current"]]
    site.token = hers
    assert (await site.call("DELETE", f"/sessions/{admins}"))[0] == 404
    site.token = engineer
    await site.ok("DELETE", f"/sessions/{own[0]['id']}")
    site.token = hers
    assert (await site.call("GET", "/session"))[0] == 401
    site.token = engineer
    await site.ok("DELETE", "/session")
    assert (await site.call("GET", "/session"))[0] == 401


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
