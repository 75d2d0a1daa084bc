"""A phone system that is removed: not while anything hangs on its extensions, and then whole."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select

from system.storage.database import Database, open_database
from system.storage.engine_models import BulkItem, BulkSwitch
from system.storage.models import Extension, PhoneSystem
from system.storage.secrets import open_secret_box
from system.tests.conftest import Site
from system.tests.helpers import eventually
from system.tests.person import Person
from system.tests.phone_client import MAC

BOTH_DATABASES = True
ONE = "/phone-systems/1"


@asynccontextmanager
async def beside(site: Site) -> AsyncIterator[Database]:
    """The site's database as another process has it open."""
    config = site.mcs.config
    database = await open_database(config.resolved_database_url(), open_secret_box(config.data_dir))
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
async def person(site: Site) -> AsyncIterator[Person]:
    async with Person(site.mcs.api_url) as one:
        await one.log_in()
        yield one


async def remove_is_refused(site: Site) -> str:
    status, error = await site.call("DELETE", ONE)
    assert (status, error["code"]) == (409, "extensions_in_use"), error
    assert (await site.ok("GET", ONE))["state"] == "connected"
    return str(error["message"])


@pytest.fixture
async def ready(site: Site) -> Site:
    await site.add_phone_system()
    return site


async def test_an_unused_one_goes_with_all_that_it_has(ready: Site) -> None:
    await ready.check_remote("2101")
    await ready.uncheck_remote("2101")
    await ready.ok("DELETE", ONE)
    assert (await ready.call("GET", ONE))[0] == 404
    assert (await ready.call("POST", f"{ONE}/sync"))[0] == 404
    assert (await ready.ok("GET", "/phone-systems"))["items"] == []
    assert (await ready.ok("GET", "/provisioning/operations"))["items"] == []
    (entry,) = (await ready.ok("GET", f"/audit?resource={ONE}&action=removed"))["items"]
    assert (entry["who"], entry["after"]) == ("admin", None)
    before = entry["before"]
    assert (before["name"], before["nodes"], before["extensions"]) == ("PBX", 1, 3)

    async def alone() -> bool:
        return not ready.gateway._clients

    await eventually(alone, "the CT Gateway's connection is closed")
    # The same name and the same numbers may come again.
    await ready.ok("POST", "/phone-systems", {"name": "PBX", "ct_gateway_address": "127.0.0.1"})


async def with_credentials(site: Site) -> None:
    await site.check_remote("2101")


async def at_a_phone(site: Site) -> None:
    await site.ok("PUT", f"/phones/{MAC}", {"extension": "2102"})


async def of_a_user(site: Site) -> None:
    user = {"username": "cleo", "password": "a-Long-Enough-1", "role": "user"}
    await site.ok("POST", "/users", user | {"primary_extension": "2103"})


async def in_a_switch(site: Site) -> None:
    """One that is paused before any of it is in the queue."""
    async with beside(site) as database, database.write() as session:
        switch = BulkSwitch(use_remote_credentials=True, state="paused", created_at=0.0)
        session.add(switch)
        await session.flush()
        found = await session.scalar(select(Extension.id).where(Extension.extension == "2103"))
        session.add(BulkItem(bulk_id=switch.id, extension_id=found, state="pending"))


@pytest.mark.parametrize(
    ("use", "named"),
    [
        (
            with_credentials,
            "1 with remote authorization credentials or a SIP user on the MBG (2101)",
        ),
        (at_a_phone, "1 assigned to a phone or logged in at one (2102)"),
        (of_a_user, "1 of a user (2103)"),
        (in_a_switch, "1 waiting in a bulk switch (2103)"),
    ],
)
async def test_one_in_use_stays_and_says_what_keeps_it(
    ready: Site, use: Callable[[Site], Awaitable[None]], named: str
) -> None:
    await use(ready)
    message = await remove_is_refused(ready)
    assert named in message
    assert message.startswith("PBX cannot be removed.")
    assert (await ready.ok("GET", f"{ONE}/extensions"))["total"] == 3


async def test_a_sip_user_on_the_mbg_is_taken_back_first(ready: Site) -> None:
    await ready.authorize()
    await ready.check_remote("2101")
    await ready.reaches("2101", "provisioned")
    await ready.mbg.stop()
    await ready.uncheck_remote("2101")
    assert "wait until the MBG is told" in await remove_is_refused(ready)


async def test_one_that_somebody_changed_meanwhile_is_kept(ready: Site) -> None:
    headers = {"Authorization": f"Bearer {ready.token}", "If-Match": '"another"'}
    url = f"{ready.mcs.api_url}/api/v1{ONE}"
    async with ready.http.delete(url, headers=headers) as answer:
        assert answer.status == 412
    assert (await ready.call("GET", ONE))[0] == 200


async def test_another_mcs_ends_its_own_connection_quietly(
    ready: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """As if it was removed by another process on the same database, which tells nobody."""
    async with beside(ready) as database, database.write() as session:
        await session.delete(await session.get_one(PhoneSystem, 1))
    status, error = await ready.call("POST", f"{ONE}/sync")
    assert (status, error["code"]) == (404, "not_found")
    assert (await ready.call("POST", f"{ONE}/sync"))[0] == 404, "also once its link has ended"
    assert [r.getMessage() for r in caplog.records if r.levelname == "ERROR"] == []


async def test_a_user_keeps_an_extension_that_the_pbx_does_not_list(ready: Site) -> None:
    await of_a_user(ready)
    ready.gateway.stations = ready.gateway.stations[:2]
    await ready.ok("POST", f"{ONE}/sync")
    assert (await ready.ok("GET", "/users/cleo"))["primary_extension"] == "2103"
    assert (await ready.extension("2103"))["warnings"]


async def test_the_page_asks_first(ready: Site, person: Person) -> None:
    page = await person.get("/site-settings/phone-systems/1")
    question = await person.send(page, "remove")
    assert "Remove the phone system PBX?" in question.text
    assert (await ready.call("GET", ONE))[0] == 200
    await at_a_phone(ready)
    page = await person.send(question, "remove")
    assert page.status == 409
    assert "assigned to a phone" in page.text
    await ready.ok("DELETE", f"/phones/{MAC}")
    page = await person.send(await person.send(page, "remove"), "remove")
    assert (page.status, page.address) == (200, "/site-settings/phone-systems")
    assert "The phone system was removed." in page.text
