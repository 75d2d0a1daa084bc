"""What people do at the API: users are added, and log in from here or there."""

import ssl
from typing import Any

import aiohttp
from aiohttp import web

from system.api.declare import BASE
from system.api.services import SERVICES, Services
from system.tests.conftest import Site

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
