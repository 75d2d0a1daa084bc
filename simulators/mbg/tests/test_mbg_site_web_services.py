"""The MBG's site: Start and Stop, consumers, temporary and final tokens, by pressing buttons."""

from collections.abc import AsyncIterator

import pytest

from simulators.addresses import AddressPlan
from simulators.mbg.mbg import Mbg
from simulators.mbg.services.tokens import Final, Temporary
from simulators.mbg.site.web_services import token_id
from simulators.mbg.tests.site_visitor import (
    HOSTILE,
    Visitor,
    administrator,
    final_token,
    initiated,
)

Opened = tuple[Mbg, Visitor, AddressPlan]


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    async with administrator() as made:
        yield made


async def test_start_and_stop(opened: Opened) -> None:
    mbg, visitor, _ = opened
    page = await visitor.press("/web-services", "Start web services")
    assert (mbg.web_services.running, "Web services are started" in page.text) == (True, True)
    page = await visitor.press("/web-services", "Stop web services")
    assert (mbg.web_services.running, "Web services are stopped" in page.text) == (False, True)


async def test_a_new_consumer_and_its_shared_secret_shown_once(opened: Opened) -> None:
    mbg, visitor, _ = opened
    page = await visitor.go("/web-services")
    assert page.links["Add a new consumer"]
    page = await visitor.go("/web-services/consumers/new")
    assert page.form("Save").values["permission-MBG/v1/icps"] == "read"
    page = await visitor.submit(page, page.form("Save"), name="MCS", consumer_id="MiVOAppSuite")
    made = mbg.web_services.consumers["MiVOAppSuite"]
    assert made.permissions == {
        "Base/managetoken": "read/write",
        "MBG/v1/icps": "read",
        "MBG/v1/devices": "read/write",
    }
    assert f"Shared secret {made.shared_secret}" in page.text
    for path in ("/web-services/consumers/secret", "/web-services"):
        assert made.shared_secret not in (await visitor.go(path)).source
    assert any("consumer added" in entry.summary for entry in mbg.journal.entries)


async def test_a_wrong_consumer_keeps_what_was_typed(opened: Opened) -> None:
    mbg, visitor, _ = opened
    mbg.add_consumer("One", "taken")
    typed = {
        "name": "Two",
        "consumer_id": "taken",
        "active": "no",
        "permission-MBG/v1/icps": "none",
    }
    page = await visitor.press("/web-services/consumers/new", "Save", **typed)
    assert (page.status, "taken is in use" in page.text) == (422, True)
    form = page.form("Save")
    assert {name: form.values[name] for name in typed} == typed
    page = await visitor.submit(page, form, consumer_id=" ", name="")
    assert "Name is needed" in page.text and "ConsumerID is needed" in page.text
    page = await visitor.submit(page, form, consumer_id="free", active="maybe")
    assert page.status == 422
    page = await visitor.submit(
        page, form, consumer_id="free", **{"permission-MBG/v1/icps": "everything"}
    )
    assert (page.status, "MBG/v1/icps is needed: choose one of the list" in page.text) == (
        422,
        True,
    )
    assert "permission-" not in page.text
    page = await visitor.submit(page, form, consumer_id="free")
    assert page.status == 200
    assert mbg.web_services.consumers["free"].active is False


async def test_a_consumer_is_edited_activated_given_a_secret_and_deleted(opened: Opened) -> None:
    mbg, visitor, _ = opened
    made = mbg.add_consumer("One", HOSTILE, {"Base/managetoken": "read"})
    page = await visitor.go("/web-services")
    page = await visitor.go(visitor.base + page.links["One"])
    assert HOSTILE in page.text and HOSTILE not in page.source
    page = await visitor.submit(
        page, page.form("Save"), name="Other", active="no", **{"permission-MBG/v1/icps": "read"}
    )
    assert (made.name, made.active, made.permissions["MBG/v1/icps"]) == ("Other", False, "read")
    assert made.permissions["Base/managetoken"] == "read"
    page = await visitor.submit(page, page.form("Activate Other"))
    assert made.active
    page = await visitor.submit(page, page.form("Deactivate Other"))
    assert not made.active
    before = made.shared_secret
    ask = await visitor.go(visitor.base + page.links["New secret for Other"])
    assert made.shared_secret == before
    told = await visitor.submit(ask, ask.form("Make a new secret"))
    assert made.shared_secret != before
    assert made.shared_secret in told.text
    ask = await visitor.go(visitor.base + page.links["Delete Other"])
    assert HOSTILE in mbg.web_services.consumers
    page = await visitor.submit(ask, ask.form("Delete"))
    assert not mbg.web_services.consumers
    assert "There is no consumer yet" in page.text


async def test_approve_shows_the_verifier_and_reject_ends_it(opened: Opened) -> None:
    mbg, visitor, _ = opened
    consumer = mbg.add_consumer("MCS", "c")
    mbg.start_web_services()
    await initiated(visitor, consumer.shared_secret)
    page = await visitor.go("/web-services")
    assert "pending" in page.text
    page = await visitor.submit(page, page.form(f"approve token {only_id(mbg)}"))
    (token,) = mbg.web_services.temporary.values()
    assert token.state is Temporary.APPROVED
    assert token.verifier in page.text
    assert token.token not in page.source and token.secret not in page.source
    page = await visitor.submit(page, page.form(f"reject token {only_id(mbg)}"))
    assert (token.state, token.verifier in page.text) == (Temporary.REJECTED, False)
    again = await visitor.go("/web-services")
    assert f"approve token {only_id(mbg)}" not in again.buttons()


def only_id(mbg: Mbg) -> str:
    (token,) = mbg.web_services.temporary
    return token_id(token)


async def test_what_is_too_late_to_approve_is_told(opened: Opened) -> None:
    mbg, visitor, _ = opened
    consumer = mbg.add_consumer("MCS", "c")
    mbg.start_web_services()
    await initiated(visitor, consumer.shared_secret)
    page = await visitor.go("/web-services")
    await mbg.clock.advance(3601)
    page = await visitor.submit(page, page.form(f"approve token {only_id(mbg)}"))
    assert (page.status, "expired" in page.text) == (409, True)
    page = await visitor.go("/web-services/final-tokens/123/revoke")
    assert (page.status, "There is no token 123" in page.text) == (404, True)


async def test_final_tokens_are_renewed_and_revoked(opened: Opened) -> None:
    mbg, visitor, _ = opened
    mbg.add_consumer("MCS", "c")
    mbg.start_web_services()
    token = final_token(mbg)
    name = token_id(token.token)
    page = await visitor.go("/web-services")
    assert "valid" in page.text and "in 60 days" in page.text
    page = await visitor.submit(page, page.form(f"Renew token {name}"))
    assert "in 365 days" in page.text
    mbg.deactivate("c")
    assert "unusable while its consumer" in (await visitor.go("/web-services")).text
    mbg.stop_web_services()
    assert "unusable while web services are" in (await visitor.go("/web-services")).text
    ask = await visitor.go(visitor.base + page.links[f"Revoke token {name}"])
    assert token.state.value == "valid"
    page = await visitor.submit(ask, ask.form("Revoke"))
    assert token.state is Final.REVOKED
    assert f"Renew token {name}" not in page.buttons()
