"""Phone Manager over TLS from two addresses: the MBG's (outside) and another one (local)."""

import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest

from system.tests.conftest import Site
from system.tests.people_acts import GOOD, add_user, log_in_as

BOTH_DATABASES = True
LOCAL = "127.0.0.9"
REMOTE = "127.0.0.1"
"""The MBG's internal address: what comes from there is outside."""


class Softphone:
    """A Phone Manager at one address."""

    def __init__(self, site: Site, source: str) -> None:
        self._site = site
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        connector = aiohttp.TCPConnector(ssl=tls, local_addr=(source, 0))
        self._http = aiohttp.ClientSession(connector=connector)
        self.token: str | None = None

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        url = f"https://127.0.0.1:{self._site.mcs.phone_manager_port}/pm/v1{path}"
        async with self._http.request(method, url, json=body, headers=headers) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            text = await answer.text()
            return answer.status, (await answer.json() if text else None)

    async def log_in(self, username: str = "ada", password: str = GOOD) -> tuple[int, Any]:
        body = {"username": username, "password": password, "device": "Ada's computer"}
        status, document = await self.call("POST", "/login", body)
        if status == 200:
            self.token = document["token"]
            self._site.tokens.add(document["token"])
        return status, document

    async def close(self) -> None:
        await self._http.close()


@pytest.fixture
async def phones(site: Site) -> AsyncIterator[Mapping[str, Softphone]]:
    """A site with user ada, who has 2101 at the desk and 2102 as softphone."""
    await site.authorize()
    await site.add_phone_system()
    await add_user(
        site,
        "ada",
        "user",
        display_name="Ada Lovelace",
        primary_extension="2101",
        softphone_extension="2102",
    )
    found = {"local": Softphone(site, LOCAL), "remote": Softphone(site, REMOTE)}
    yield found
    for phone in found.values():
        await phone.close()


async def make_ready(site: Site) -> None:
    node = {"nat_ip_address": "203.0.113.10", "nat_sip_port": 5070}
    await site.ok("PUT", "/phone-systems/1/nodes/1", node)
    await site.check_remote("2102")
    await site.reaches("2102", "provisioned")


async def test_where_needs_no_log_in(phones: Mapping[str, Softphone]) -> None:
    for location, phone in phones.items():
        assert await phone.call("GET", "/where") == (200, {"location": location})


async def test_remote_softphone_gets_the_mbg_and_remote_credentials(
    site: Site, phones: Mapping[str, Softphone]
) -> None:
    await make_ready(site)
    phone = phones["remote"]
    status, document = await phone.log_in()
    assert status == 200
    assert document["user"] == {
        "username": "ada",
        "display_name": "Ada Lovelace",
        "extension": "2101",
    }
    assert document["location"] == "remote"
    assert set(document) == {"token", "expires_at", "user", "location"}
    (device,) = site.mbg.devices.values()
    assert await phone.call("GET", "/softphone") == (
        200,
        {
            "extension": "2102",
            "display_name": "Ada Lovelace",
            "registrar": "203.0.113.10",
            "port": 5070,
            "transport": "udp",
            "user_name": device["set_username"],
            "auth_name": device["set_username"],
            "password": device["set_password"],
            "location": "remote",
        },
    )
    page = await site.ok("GET", "/audit?action=credentials handed out")
    assert [(e["who"], e["resource"]) for e in page["items"]] == [("ada", "/extensions/2102")]


async def test_local_softphone_gets_the_node_and_internal_credentials(
    site: Site, phones: Mapping[str, Softphone]
) -> None:
    await make_ready(site)
    phone = phones["local"]
    await phone.log_in()
    status, settings = await phone.call("GET", "/softphone")
    assert status == 200
    assert (settings["registrar"], settings["port"]) == ("127.10.0.21", 5060)
    assert (settings["user_name"], settings["auth_name"]) == ("2102", "2102")
    assert settings["password"] == "Pbx-random-2102"
    assert settings["location"] == "local"


async def test_settings_say_where_to_come_next_time(
    site: Site, phones: Mapping[str, Softphone]
) -> None:
    phone = phones["local"]
    await phone.log_in()
    port = site.mcs.phone_manager_port
    expected = {"local_address": "127.0.0.1", "remote_address": None, "port": port}
    assert await phone.call("GET", "/settings") == (200, expected)
    remote = {"nat_ip_address_or_hostname": "mcs.example.test"}
    await site.ok("PUT", "/client-locations/remote", remote)
    assert (await phone.call("GET", "/settings"))[1]["remote_address"] == "mcs.example.test"


async def test_what_is_missing_is_said_with_what_to_do(
    site: Site, phones: Mapping[str, Softphone]
) -> None:
    phone = phones["remote"]
    await phone.log_in()

    async def refused(code: str, words: str) -> None:
        status, error = await phone.call("GET", "/softphone")
        assert (status, error["code"]) == (409, code)
        assert words in error["message"]

    await refused("not_provisioned", "Use remote")
    site.mbg.started = False
    await site.check_remote("2102")
    await site.reaches("2102", "waiting", attempts=1)
    await refused("not_provisioned", "not provisioned on the MBG yet")
    site.mbg.started = True
    site.clock.advance(61)
    await site.reaches("2102", "provisioned")
    await refused("no_remote_address", "NAT IP Address")
    await site.ok("PUT", "/users/ada", {"softphone_extension": None})
    await site.ok("PUT", "/phones/1400E9123456", {"extension": "2101"})
    await refused("no_extension", "1400E9123456")
    await site.ok("PUT", "/phones/1400E9123456", {"extension": None})
    await refused("not_provisioned", "2101")  # without a desk phone the primary one serves
    await site.ok("PUT", "/users/ada", {"primary_extension": None})
    await refused("no_extension", "softphone extension")


async def test_working_credentials_stay_while_a_change_waits(
    site: Site, phones: Mapping[str, Softphone]
) -> None:
    await make_ready(site)
    phone = phones["remote"]
    await phone.log_in()
    before = await phone.call("GET", "/softphone")
    site.mbg.started = False
    await site.check_remote("2102", remote_password="Typed-by-hand-4")
    assert await phone.call("GET", "/softphone") == before


async def test_refused_log_ins(site: Site, phones: Mapping[str, Softphone]) -> None:
    phone = phones["remote"]
    wrong = await phone.log_in("ada", "wrong")
    assert wrong == await phone.log_in("nobody", GOOD)
    assert (wrong[0], wrong[1]["code"]) == (401, "log_in_failed")
    await add_user(site, "viewer", "read-only")
    status, error = await phone.log_in("viewer")
    assert (status, error["code"]) == (403, "phone_manager_not_allowed")
    for _ in range(6):
        status, error = await phone.log_in("ada", "wrong")
    assert (status, error["code"]) == (429, "too_many_attempts")
    assert (await phones["local"].log_in("ada"))[0] == 200


async def test_token_is_good_here_only_and_until_log_out(
    site: Site, phones: Mapping[str, Softphone]
) -> None:
    phone = phones["local"]
    for path in ("/settings", "/softphone"):
        assert (await phone.call("GET", path))[0] == 401
    await phone.log_in()
    hers = phone.token
    admin, site.token = site.token, hers
    assert (await site.call("GET", "/session"))[0] == 401
    site.token = admin
    phone.token = admin
    assert (await phone.call("GET", "/settings"))[0] == 401
    phone.token = hers
    listed = (await site.ok("GET", "/sessions"))["items"]
    assert ("ada", "phone manager", "Ada's computer") in [
        (item["username"], item["kind"], item["device"]) for item in listed
    ]
    assert await phone.call("POST", "/logout") == (204, None)
    assert (await phone.call("GET", "/settings"))[0] == 401
    assert (await log_in_as(site, "ada", GOOD))[0] == 200


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"username": "ada"}, 422, "password"),
        ({"username": "ada", "password": GOOD, "more": 1}, 422, "more"),
        ([1], 400, None),
        ({"username": "a\0", "password": GOOD}, 400, None),
    ],
)
async def test_bad_body_is_refused(
    phones: Mapping[str, Softphone], body: Any, status: int, field: str | None
) -> None:
    found, error = await phones["local"].call("POST", "/login", body)
    assert (found, error.get("field")) == (status, field)
    assert (await phones["local"].call("GET", "/nowhere"))[1]["code"] == "not_found"


async def test_password_is_in_no_log(
    site: Site, phones: Mapping[str, Softphone], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await make_ready(site)
    await phones["remote"].log_in()
    _, settings = await phones["remote"].call("GET", "/softphone")
    assert settings["password"] not in caplog.text
    assert "ada" in caplog.text
