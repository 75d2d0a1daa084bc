"""Log-ins of people: lock-out, browsers, the own account and its log-ins."""

import asyncio

import pytest

from system.api.declare import BASE
from system.api.serve import COOKIE, CSRF_HEADER
from system.domain.lockout import RULES, Place
from system.tests.conftest import PASSWORD, Site
from system.tests.people_acts import (
    GOOD,
    add_user,
    from_address,
    log_in_as,
    services,
    try_from,
)

BOTH_DATABASES = True


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
