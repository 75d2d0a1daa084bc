"""The token handshake: each failure has its own clear error and costs nothing (TOK-3 to TOK-6)."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from system.mbg.access import MbgAccess
from system.tests.conftest import Site
from system.tests.fake_mbg import FakeMbg, Refuse


def request_body(site: Site, **changes: str) -> dict[str, str]:
    return {
        "name": "MiVoice Office Application Suite",
        "consumer_id": site.mbg.consumer_id,
        "shared_secret": site.mbg.shared_secret,
        **changes,
    }


async def state(site: Site) -> str:
    return str((await site.ok("GET", "/settings/mbg"))["token"]["state"])


async def test_handshake_gives_a_valid_token(site: Site) -> None:
    assert await state(site) == "none"
    await site.set_mbg()
    await site.request_token()
    assert await state(site) == "waiting for approval"
    site.mbg.approved = True
    answer = await site.ok("POST", "/settings/mbg/retrieve-token", {"verifier": site.mbg.verifier})
    assert answer == {"state": "valid", "expires_at": "2028-01-01T00:00:00Z"}
    settings = await site.ok("GET", "/settings/mbg")
    assert (settings["release"], settings["mode"]) == ("11.4.0.225", "gateway")


async def test_waiting_work_does_not_wait_for_the_look_at_the_token(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.add_phone_system()
    await site.check_remote("2101")
    await site.reaches("2101", "waiting", attempts=1)
    let_go = asyncio.Event()

    async def slow_look(_access: MbgAccess) -> None:
        await let_go.wait()

    await site.set_mbg()
    await site.request_token()
    site.mbg.approved = True
    monkeypatch.setattr(MbgAccess, "look", slow_look)
    retrieving = asyncio.create_task(
        site.ok("POST", "/settings/mbg/retrieve-token", {"verifier": site.mbg.verifier})
    )
    await site.reaches("2101", "provisioned")
    assert not retrieving.done()
    let_go.set()
    await retrieving


@pytest.mark.parametrize("after", ["settings", "request", "approval", "retrieval"])
async def test_handshake_survives_a_restart_after_each_step(site: Site, after: str) -> None:
    await site.set_mbg()
    if after == "settings":
        await site.restart()
    await site.request_token()
    if after == "request":
        await site.restart()
        assert await state(site) == "waiting for approval"
    site.mbg.approved = True
    if after == "approval":
        await site.restart()
    await site.ok("POST", "/settings/mbg/retrieve-token", {"verifier": site.mbg.verifier})
    if after == "retrieval":
        await site.restart()
    assert await state(site) == "valid"
    await site.add_phone_system()
    await site.check_remote("2101")
    await site.reaches("2101", "provisioned")


async def test_second_handshake_survives_a_restart_and_the_first_token_works_on(
    site: Site,
) -> None:
    await site.authorize()
    await site.add_phone_system()
    working = site.mbg.final
    await site.request_token()
    await site.restart()
    await site.check_remote("2101")
    await site.reaches("2101", "provisioned")
    assert site.mbg.final == working
    site.mbg.approved = True
    await site.ok("POST", "/settings/mbg/retrieve-token", {"verifier": site.mbg.verifier})
    assert site.mbg.final != working
    await site.check_remote("2102")
    await site.reaches("2102", "provisioned")


async def test_a_nonce_that_was_seen_is_replaced_at_once(site: Site) -> None:
    await site.authorize()
    await site.add_phone_system()
    answer, nonces = site.mbg._check, []

    def seen_once(request: Any, oauth: dict[str, str], path: str) -> None:
        nonces.append(oauth["oauth_nonce"])
        if len(nonces) % 2:
            raise Refuse(401, "nonce_used")
        answer(request, oauth, path)

    site.mbg._check = seen_once  # type: ignore[method-assign]
    await site.check_remote("2101")
    extension = await site.reaches("2101", "provisioned")
    assert extension["provisioning"]["attempts"] == 1
    assert len(set(nonces)) == len(nonces) >= 10
    assert await state(site) == "valid"


async def test_skewed_clock_is_told_by_the_mbgs_date(site: Site) -> None:
    await site.set_mbg()
    date = "Fri, 15 Jan 2027 05:55:00 GMT"  # the clock of the tests stands at 08:00:00

    def too_late(request: Any, oauth: dict[str, str], path: str) -> None:
        raise Refuse(401, "timestamp_refused", headers={"Date": date})

    site.mbg._check = too_late  # type: ignore[method-assign]
    status, error = await site.call("POST", "/settings/mbg/request-token", request_body(site))
    assert (status, error["code"]) == (502, "timestamp_refused")
    assert "2 h 5 min ahead" in error["message"]


async def test_request_needs_address_and_the_enabled_rest_api(site: Site) -> None:
    status, error = await site.call("POST", "/settings/mbg/request-token", request_body(site))
    assert (status, error["field"]) == (409, "internal_address")
    await site.set_mbg()
    await site.ok("PUT", "/settings/mbg", {"rest_api_enabled": False})
    status, error = await site.call("POST", "/settings/mbg/request-token", request_body(site))
    assert (status, error["field"]) == (409, "rest_api_enabled")


def _inactive(mbg: FakeMbg) -> None:
    mbg.active = False


def _stopped(mbg: FakeMbg) -> None:
    mbg.started = False


def _nothing(_mbg: FakeMbg) -> None:
    pass


REQUEST_FAILURES: list[tuple[Callable[[FakeMbg], None], dict[str, str], str]] = [
    (_nothing, {"consumer_id": "Other"}, "consumer_unknown"),
    (_nothing, {"shared_secret": "wrong"}, "signature_invalid"),
    (_inactive, {}, "consumer_inactive"),
    (_stopped, {}, "web_services_stopped"),
]


@pytest.mark.parametrize(("plant", "changes", "code"), REQUEST_FAILURES)
async def test_refused_request_keeps_the_working_token(
    site: Site, plant: Callable[[FakeMbg], None], changes: dict[str, str], code: str
) -> None:
    await site.authorize()
    plant(site.mbg)
    body = request_body(site, **changes)
    status, error = await site.call("POST", "/settings/mbg/request-token", body)
    assert (status, error["code"], error["requirement"]) == (502, code, "TOK-6")
    assert await state(site) == "valid"


RETRIEVE_FAILURES: list[tuple[str, dict[str, Any], str, str]] = [
    ("not approved", {}, "123456", "token_not_approved"),
    ("wrong verifier", {"approved": True}, "654321", "verifier_invalid"),
    ("used", {"temporary_problem": "token_used"}, "123456", "token_used"),
    ("expired", {"temporary_problem": "token_expired"}, "123456", "token_expired"),
    ("stopped", {"started": False}, "123456", "web_services_stopped"),
    ("inactive", {"active": False}, "123456", "consumer_inactive"),
]


@pytest.mark.parametrize(
    ("_name", "planted", "verifier", "code"), RETRIEVE_FAILURES, ids=lambda value: str(value)[:20]
)
async def test_refused_retrieval_keeps_the_working_token(
    site: Site, _name: str, planted: dict[str, Any], verifier: str, code: str
) -> None:
    await site.authorize()
    working = site.mbg.final
    await site.request_token()
    for name, value in planted.items():
        setattr(site.mbg, name, value)
    status, error = await site.call("POST", "/settings/mbg/retrieve-token", {"verifier": verifier})
    assert (status, error["code"], error["requirement"]) == (502, code, "TOK-6")
    assert await state(site) == "valid"
    site.mbg.started = site.mbg.active = True
    assert site.mbg.final == working
    await site.add_phone_system()
    await site.check_remote("2101")
    await site.reaches("2101", "provisioned")


async def test_every_refusal_reads_differently(site: Site) -> None:
    await site.set_mbg()
    messages = []
    for plant, changes, _ in REQUEST_FAILURES:
        site.mbg.active = site.mbg.started = True
        plant(site.mbg)
        body = request_body(site, **changes)
        messages.append(
            (await site.call("POST", "/settings/mbg/request-token", body))[1]["message"]
        )
    site.mbg.active = site.mbg.started = True
    for _, planted, verifier, _ in RETRIEVE_FAILURES[:4]:
        site.mbg.temporary_problem = None
        await site.request_token()
        for name, value in planted.items():
            setattr(site.mbg, name, value)
        body = {"verifier": verifier}
        _, error = await site.call("POST", "/settings/mbg/retrieve-token", body)
        messages.append(error["message"])
    assert len(set(messages)) == len(messages)


async def test_retrieval_without_request_is_refused(site: Site) -> None:
    await site.set_mbg()
    status, error = await site.call("POST", "/settings/mbg/retrieve-token", {"verifier": "1"})
    assert (status, error["code"]) == (409, "no_temporary_token")


async def test_token_works_without_the_permission_to_look_at_it(site: Site) -> None:
    site.mbg.permissions.discard(("Base/managetoken", "read"))
    await site.authorize()
    token = (await site.ok("GET", "/settings/mbg"))["token"]
    assert (token["state"], token["expires_at"]) == ("valid", None)
    assert "Base/managetoken = read" in token["message"]
