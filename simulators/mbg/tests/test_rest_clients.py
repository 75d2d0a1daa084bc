"""Clients that nobody here wrote: requests-oauthlib and authlib, the dance and CRUD over TLS.

Signatures travel in the header, the query and the form body; a wrong secret is named.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from authlib.integrations.requests_client import (  # type: ignore[import-untyped]
    OAuth1Session as AuthlibSession,
)
from requests_oauthlib import OAuth1Session as RequestsSession

from simulators.mbg.services.oauth_rendering import text
from simulators.mbg.tests.rest_site import DEVICES, ICPS, Site, site

Approve = Callable[[], str]


@pytest.fixture
async def rest() -> AsyncIterator[Site]:
    async with site(with_token=False) as made:
        yield made


def by_requests_oauthlib(place: str, method: str = "HMAC-SHA1") -> Callable[..., Any]:
    def session(site_: Site, secret: str, **more: Any) -> Any:
        id_ = site_.consumer.consumer_id
        return RequestsSession(
            id_, client_secret=secret, signature_type=place, signature_method=method, **more
        )

    return session


def by_authlib(place: str, method: str = "HMAC-SHA1") -> Callable[..., Any]:
    names = {
        "callback_uri": "redirect_uri",
        "resource_owner_key": "token",
        "resource_owner_secret": "token_secret",
    }

    def session(site_: Site, secret: str, **more: Any) -> Any:
        renamed = {names.get(name, name): value for name, value in more.items()}
        id_ = site_.consumer.consumer_id
        return AuthlibSession(
            id_, client_secret=secret, signature_type=place, signature_method=method, **renamed
        )

    return session


CLIENTS = {
    "requests-oauthlib, header": by_requests_oauthlib("AUTH_HEADER"),
    "requests-oauthlib, header, SHA-256": by_requests_oauthlib("AUTH_HEADER", "HMAC-SHA256"),
    "requests-oauthlib, query": by_requests_oauthlib("QUERY"),
    "authlib, header": by_authlib("HEADER"),
    "authlib, query": by_authlib("QUERY"),
}
BODY_CLIENTS = {
    "requests-oauthlib, body": by_requests_oauthlib("BODY"),
    "authlib, body": by_authlib("BODY"),
}


def danced(rest: Site, new: Callable[..., Any], ca: str, approve: Approve) -> Any:
    """The three legs; returns a session that holds the final token."""
    secret = rest.consumer.shared_secret
    with new(rest, secret, callback_uri="oob") as asking:
        temporary = asking.fetch_request_token(f"{rest.base}/initiate", verify=ca)
    assert temporary["oauth_callback_confirmed"] == "true"
    more = {
        "resource_owner_key": temporary["oauth_token"],
        "resource_owner_secret": temporary["oauth_token_secret"],
    }
    with new(rest, secret, **more, verifier=approve()) as exchanging:
        final = exchanging.fetch_access_token(f"{rest.base}/token", verify=ca)
    return new(
        rest,
        secret,
        resource_owner_key=final["oauth_token"],
        resource_owner_secret=final["oauth_token_secret"],
    )


def used(rest: Site, session: Any, ca: str) -> None:
    """Create, find, read, change and delete a device, each call signed."""
    body = {"icp_id": "1", "set_username": "tw é&=+1", "set_password": "abcdefg1"}
    devices = rest.base + DEVICES
    made = session.post(devices, json=body, verify=ca)
    assert made.status_code == 201, made.text
    one = f"{devices}{made.json()['id']}/"
    found = session.get(devices, params={"set_username": "tw é&=+1", "page_size": 5}, verify=ca)
    assert [item["id"] for item in found.json()["items"]] == [made.json()["id"]], found.text
    assert session.get(rest.base + ICPS, params={"search": ""}, verify=ca).json()["total"] == 1
    read = session.get(one, verify=ca)
    put = session.put(one, json=body | {"set_username": "tw2"}, verify=ca)
    assert (put.status_code, put.json()["set_username"]) == (200, "tw2")
    stale = {"If-Match": read.headers["ETag"]}
    assert session.patch(one, json={}, headers=stale, verify=ca).status_code == 412
    patched = session.patch(one, json={"enabled": False}, verify=ca)
    assert patched.json()["status"] == "disabled"
    assert session.delete(one, verify=ca).status_code == 204
    assert session.get(one, verify=ca).json()["code"] == "not_found"


def approving(rest: Site) -> Approve:
    """A person who presses approve, called from the client's thread."""
    loop = asyncio.get_running_loop()

    async def press() -> str:
        return rest.mbg.approve_latest()

    return lambda: asyncio.run_coroutine_threadsafe(press(), loop).result()


@pytest.mark.parametrize("name", CLIENTS)
async def test_the_dance_and_crud(rest: Site, name: str, tmp_path: Path) -> None:
    ca, approve = str(rest.mbg_ca(tmp_path)), approving(rest)

    def client() -> None:
        with danced(rest, CLIENTS[name], ca, approve) as session:
            used(rest, session, ca)

    await asyncio.to_thread(client)
    (token,) = rest.mbg.web_services.final.values()
    assert token.last_used_at is not None


@pytest.mark.parametrize("name", BODY_CLIENTS)
async def test_the_dance_with_signatures_in_form_bodies(
    rest: Site, name: str, tmp_path: Path
) -> None:
    ca, approve = str(rest.mbg_ca(tmp_path)), approving(rest)

    def client() -> None:
        with danced(rest, BODY_CLIENTS[name], ca, approve) as session:
            assert session.post(f"{rest.base}/ping", data={}, verify=ca).json() == {"ping": "ok"}

    await asyncio.to_thread(client)


@pytest.mark.parametrize("name", [*CLIENTS, *BODY_CLIENTS])
async def test_a_wrong_secret_is_refused_and_named(rest: Site, name: str, tmp_path: Path) -> None:
    ca = str(rest.mbg_ca(tmp_path))
    other = rest.mbg.add_consumer("Another", "Other")

    def answer(secret: str) -> requests.Response:
        new = (CLIENTS | BODY_CLIENTS)[name]
        with new(rest, secret, callback_uri="oob") as session:
            got: requests.Response = session.post(f"{rest.base}/initiate", verify=ca, data={})
        return got

    right = rest.consumer.shared_secret
    named = []
    for secret in (f"{right} ", other.shared_secret, "none of those"):
        refused = await asyncio.to_thread(answer, secret)
        assert (refused.status_code, refused.json()["code"]) == (401, "signature_invalid")
        kept = rest.mbg.web_services.refusals[-1]
        assert kept.diagnosis is not None
        assert kept.caller == "127.0.0.1"
        assert right not in text(kept)
        named.append(kept.diagnosis.mistake)
    assert named == ["secret_with_blanks", "other_consumer", "unknown"]
    assert (await asyncio.to_thread(answer, right)).status_code == 200, "the control"
