"""The pages of phones: list and search, adding, assigning, enrolment, restarts, forgetting."""

from collections.abc import AsyncIterator

import pytest

from system.tests.conftest import Site
from system.tests.people_acts import GOOD, add_user
from system.tests.person import Person
from system.tests.site_browsing import AHEAD, MAC, furnished


@pytest.fixture
async def person(site: Site) -> AsyncIterator[Person]:
    await furnished(site)
    async with Person(site.mcs.api_url) as one:
        await one.log_in()
        yield one


async def phone(site: Site, mac: str = MAC) -> dict[str, object]:
    found: dict[str, object] = await site.ok("GET", f"/phones/{mac}")
    return found


@pytest.mark.parametrize(
    ("search", "macs"),
    [
        ("14:00:e9:12:34:56", {MAC}),
        ("1400.e9ab", {AHEAD}),
        ("2102", {AHEAD}),
        ("6930", {MAC}),
        ("127.0.0.", {MAC}),
        ("1400E9", {MAC, AHEAD}),
        ("%", set()),
        ("-", set()),
    ],
)
async def test_search_finds_by_mac_extension_model_and_address(
    person: Person, search: str, macs: set[str]
) -> None:
    page = await person.get(f"/phones?search={search.replace('%', '%25')}")
    assert {text for text in page.links if text in (MAC, AHEAD)} == macs
    assert ("No phone fits" in page.text) is (not macs)


async def test_a_phone_is_added_ahead_by_a_mac_typed_as_on_its_label(
    site: Site, person: Person
) -> None:
    page = await person.get("/phones/add")
    page = await person.send(page, "add", mac="14-00-e9 00:00:01", extension="2103")
    assert page.address == "/phones/1400E9000001"
    assert "never called" in page.text and not page.offers("reboot")
    assert (await phone(site, "1400E9000001"))["extension"] == "2103"


@pytest.mark.parametrize(
    ("mac", "extension", "field", "why"),
    [
        ("1400E9", "2103", "mac", "12 hex digits"),
        ("", "2103", "mac", "12 hex digits"),
        (MAC, "2103", "mac", "is known already"),
        ("1400E9000001", "9999", "extension", "no SIP extension"),
        ("1400E9000001", "2101", "extension", "assigned to phone"),
    ],
)
async def test_what_cant_be_added_is_told_at_its_field_and_kept(
    site: Site, person: Person, mac: str, extension: str, field: str, why: str
) -> None:
    page = await person.get("/phones/add")
    page = await person.send(page, "add", mac=mac, extension=extension)
    assert page.title.startswith("Error: ")
    assert why in page.by_id[f"{field}-problem"]
    form = page.form("add")
    assert (form.value("mac"), form.value("extension")) == (mac, extension)
    assert (await site.call("GET", "/phones/1400E9000001"))[0] == 404
    assert (await phone(site))["extension"] == "2101"


async def test_an_extension_is_assigned_and_taken_away(site: Site, person: Person) -> None:
    page = await person.send(await person.get(f"/phones/{MAC}"), "assign", extension="2103")
    assert "Extension 2103 was assigned." in page.text
    assert (await phone(site))["extension"] == "2103"
    page = await person.send(page, "assign", extension="")
    assert "The extension was taken away." in page.text
    assert (await phone(site))["extension"] is None
    page = await person.send(page, "assign", extension="2102")
    assert page.status == 409 and AHEAD in page.by_id["extension-problem"]
    assert page.form("assign").value("extension") == "2102"


async def test_two_administrators_assigning_are_told_of_each_other(
    site: Site, person: Person
) -> None:
    page = await person.get(f"/phones/{MAC}")
    await site.ok("PUT", f"/phones/{MAC}", {"extension": "2103"})
    page = await person.send(page, "assign", extension="")
    assert page.status == 412 and "Somebody else has changed this" in page.text
    assert page.by_id["extension-stored"] == "Stored now: 2103"
    assert (await phone(site))["extension"] == "2103"
    await person.send(page, "assign")
    assert (await phone(site))["extension"] is None


async def test_forgetting_asks_first(site: Site, person: Person) -> None:
    page = await person.send(await person.get(f"/phones/{MAC}"), "forget")
    assert "Forget phone" in page.text
    assert (await phone(site))["mac"] == MAC
    page = await person.send(page, "forget")
    assert (page.address, "was forgotten" in page.text) == ("/phones", True)
    assert (await site.call("GET", f"/phones/{MAC}"))[0] == 404
    assert (await person.get(f"/phones/{MAC}")).status == 404


async def test_enrolment_is_closed_after_a_question_and_opened_again(
    site: Site, person: Person
) -> None:
    page = await person.get(f"/phones/{MAC}")
    assert (await phone(site))["enrolment"] == "open"
    page = await person.send(page, "close")
    assert "Its token is void" in page.text
    page = await person.send(page, "close")
    assert (await phone(site))["enrolment"] == "closed" and not page.offers("close")
    page = await person.send(page, "open")
    assert (await phone(site))["enrolment"] == "open" and not page.offers("open")


@pytest.mark.parametrize(("act", "action"), [("reboot", "restart"), ("resync", "resync")])
async def test_a_phone_is_told_to_restart(
    site: Site, person: Person, act: str, action: str
) -> None:
    page = await person.send(await person.get(f"/phones/{MAC}"), act)
    if act == "reboot":
        assert "It is out of service while it starts" in page.text
        assert (await phone(site))["pending_action"] is None, "it is asked first"
        page = await person.send(page, act)
    assert "The phone" in page.text
    assert (await phone(site))["pending_action"] == action
    history = await site.ok("GET", f"/phones/{MAC}/history")
    assert [e["message"] for e in history["items"]].count(f"an administrator asked: {action}") == 1


async def test_history_of_one_kind_alone(site: Site, person: Person) -> None:
    page = await person.get(f"/phones/{MAC}")
    assert "extension 2101 was assigned" in page.text
    page = await person.get(page.links["Hand-outs of credentials alone"])
    assert "was assigned" not in page.text and "Nothing of this kind" in page.text


async def test_the_merged_keys_say_where_each_comes_from(person: Person) -> None:
    page = await person.get(f"/phones/{MAC}/keys")
    words = page.text
    for level in ("all phones", "model 6930", "this phone", "user 2101"):
        assert level in page.links
    assert "topsoftkey 1 line Line 1 – 1 – MCS" in " ".join(words.split())
    assert " phone " in words and "all phones" in words


async def test_who_only_reads_is_offered_nothing_and_refused(site: Site, person: Person) -> None:
    await add_user(site, "eve", "read-only")
    changing = await person.get(f"/phones/{MAC}")
    async with Person(site.mcs.api_url) as eve:
        await eve.log_in("eve", GOOD)
        page = await eve.get(f"/phones/{MAC}")
        assert page.status == 200
        assert not [act for act in ("assign", "reboot", "forget", "open") if page.offers(act)]
        values = person.filled(changing, "assign", extension="2103")
        csrf = page.form("log-out").value("csrf")
        refused = await eve.post(f"/phones/{MAC}", values | {"csrf": csrf})
        assert (refused.status, "may not do this" in refused.text) == (403, True)
    assert (await phone(site))["extension"] == "2101"


async def test_a_stream_sends_a_phone_that_is_new(site: Site, person: Person) -> None:
    headers = {"Accept": "text/event-stream"}
    async with person.http.get(person.url + "/phones", headers=headers) as stream:
        assert stream.content_type == "text/event-stream"
        first = await _part(stream.content)
        assert MAC in first and "1400E9000001" not in first
        await site.ok("PUT", "/phones/1400E9000001", {})
        site.clock.advance(1)
        assert "1400E9000001" in await _part(stream.content)


async def _part(content: object) -> str:
    """The next part that a stream sends."""
    text = ""
    while "event: part" not in text or not text.endswith("\n\n"):
        text += (await content.readline()).decode()  # type: ignore[attr-defined]
    return text
