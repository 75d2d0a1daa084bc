"""The pages of keymaps, firmware, directories, images: editing, files, questions."""

import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from system.tests.conftest import Site
from system.tests.person import PageSeen, Person
from system.tests.site_browsing import furnished
from system.tests.test_delivery import png
from system.tests.test_phones import image

DEFAULT = "/features/keymaps/default/all"
SYSTEM = "/features/directories/system"


@pytest.fixture
async def person(site: Site) -> AsyncIterator[Person]:
    await furnished(site)
    async with Person(site.mcs.api_url) as one:
        await one.log_in()
        yield one


async def send_file(
    person: Person, page: PageSeen, act: str, field: str, content: bytes, **typed: str
) -> PageSeen:
    """Fill in a form with a file, as a browser does."""
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in (person.filled(page, act) | typed).items():
        if name != field:
            form.add_field(name, value)
    form.add_field(field, io.BytesIO(content), filename="a.bin" if content else "")
    async with person.http.post(person.url + page.form(act).action, data=form) as answer:
        return await person._seen(answer)


async def keys(site: Site, level: str = "default/all") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await site.ok("GET", f"/keymaps/{level}"))["keys"]
    return found


async def test_keys_are_added_edited_and_removed(site: Site, person: Person) -> None:
    page = await person.get(DEFAULT)
    page = await person.send(page, "save", position="7", label="Help", value="100")
    assert "Top softkey 7 was saved." in page.text
    assert [(k["position"], k["label"]) for k in await keys(site)][1:] == [(7, "Help")]
    page = await person.get(page.links["Edit Top softkey 7"].partition("#")[0])
    assert page.form("save").value("label") == "Help"
    page = await person.send(page, "save", position="8")
    assert [k["position"] for k in await keys(site)] == [3, 8]
    page = await person.send(page, "remove:topsoftkey 3")
    assert "Remove topsoftkey 3?" in page.text and len(await keys(site)) == 2
    page = await person.send(page, "remove:topsoftkey 3")
    assert [k["position"] for k in await keys(site)] == [8]
    page = await person.send(page, "remove-all")
    assert "Remove all keys for all phones?" in page.text and await keys(site)
    await person.send(page, "remove-all")
    assert await keys(site) == []


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"position": "2"}, "position"),
        ({"position": "3"}, "position"),
        ({"position": "x"}, "position"),
        ({"position": "9", "line": "99"}, "line"),
        ({"position": "9", "line": "one"}, "line"),
    ],
)
async def test_a_wrong_key_is_told_at_its_field(
    site: Site, person: Person, typed: dict[str, str], field: str
) -> None:
    page = await person.send(await person.get(DEFAULT), "save", label="kept", **typed)
    assert f"{field}-problem" in page.by_id, page.text
    assert page.form("save").value("label") == "kept"
    assert [k["position"] for k in await keys(site)] == [3]


async def test_two_administrators_of_keys_lose_nothing(site: Site, person: Person) -> None:
    page = await person.get(DEFAULT)
    await site.ok("PUT", "/keymaps/default/all", {"keys": []})
    page = await person.send(page, "save", position="9")
    assert page.status == 412 and await keys(site) == []
    await person.send(page, "save")
    assert [k["position"] for k in await keys(site)] == [9]


async def test_the_way_to_another_level(person: Person) -> None:
    page = await person.get("/features/keymaps")
    page = await person.send(page, "go", owner="6940")
    assert page.address == "/features/keymaps/model/6940"
    page = await person.send(await person.get("/features/keymaps"), "go", owner="no model")
    assert page.status == 422 and "owner-problem" in page.by_id


async def test_firmware_is_uploaded_targeted_and_deleted(site: Site, person: Person) -> None:
    page = await person.get("/features/firmware")
    newer = image(version="5.2.0.9000")
    page = await send_file(person, page, "upload", "image", newer, model="6930")
    assert page.address == "/features/firmware/6930" and "5.2.0.9000 was kept" in page.text
    document = await site.ok("GET", "/firmware/6930")
    new, old = sorted(one["version"] for one in document["images"])
    assert document["target"] == new == "5.2.0.9000"
    assert "Phones on other firmware" in page.text
    page = await person.send(page, "target", version=old)
    assert (await site.ok("GET", "/firmware/6930"))["target"] == old
    assert not page.offers(f"remove:sip {old}")
    page = await person.send(page, f"remove:sip {new}")
    assert f"Delete {new}" in page.text
    await person.send(page, f"remove:sip {new}")
    assert [one["version"] for one in (await site.ok("GET", "/firmware/6930"))["images"]] == [old]


@pytest.mark.parametrize("content", [b"", b"no firmware at all"])
async def test_what_is_no_firmware_is_refused_at_its_field(
    site: Site, person: Person, content: bytes
) -> None:
    page = await person.get("/features/firmware")
    page = await send_file(person, page, "upload", "image", content, model="6940")
    assert page.status == 422 and "image-problem" in page.by_id
    assert page.form("upload").value("model") == "6940"
    assert (await site.ok("GET", "/firmware/6940"))["images"] == []


async def test_a_directory_is_edited_entry_by_entry(site: Site, person: Person) -> None:
    page = await person.get(SYSTEM)
    page = await person.send(page, "save", first_name="Ada", last_name="Byron", number="4711")
    page = await person.get(f"{SYSTEM}?search=byron")
    assert "1 entry" in page.text
    page = await person.get(page.links["Edit Ada Byron 4711"].partition("#")[0])
    page = await person.send(page, "save", company="Engines")
    listed = (await site.ok("GET", "/directories/system"))["entries"]
    assert len(listed) == 2
    assert [e["company"] for e in listed if e["first_name"] == "Ada"] == ["Engines"]
    page = await person.send(page, "save", number="not a number!", first_name="Bob")
    assert page.status == 422 and "number-problem" in page.by_id
    at = [e["first_name"] for e in listed].index("Ada") + 1
    page = await person.send(await person.get(SYSTEM), f"remove:{at}")
    assert "Ada Byron Engines 4711" in page.text
    await person.send(page, f"remove:{at}")
    assert len((await site.ok("GET", "/directories/system"))["entries"]) == 1


async def test_a_table_goes_out_and_comes_back(site: Site, person: Person) -> None:
    table = "\ufeffNumber;First Name;Last name\n+41 1;Ada;\n+41 2;Bob;Böll\n"
    page = await person.get(SYSTEM)
    page = await send_file(person, page, "import", "table", table.encode())
    assert "2 of 2 entries were taken" in page.text
    before = (await site.ok("GET", "/directories/system"))["entries"]
    async with person.http.get(person.url + page.links["Export as CSV"]) as answer:
        assert answer.content_type == "text/csv"
        exported = await answer.read()
    page = await send_file(person, page, "import", "table", b"number\n1\n", how="replace")
    assert "3 entries would go" in page.text
    assert (await site.ok("GET", "/directories/system"))["entries"] == before
    page = await send_file(person, page, "import", "table", exported, how="replace", sure="on")
    assert "3 of 3 entries were taken" in page.text
    assert (await site.ok("GET", "/directories/system"))["entries"] == before


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"name\nAda\n", "has to name the columns"),
        (b"number,company\n1\n", "Line 2 has 1 columns"),
        (b"number\n0041\nx y z\n", "Entry “x y z”: It holds a character"),
        ("number\nä".encode("latin-1"), "UTF-8"),
        (b"", "Choose a file"),
    ],
)
async def test_a_table_that_cant_be_read_changes_nothing(
    site: Site, person: Person, content: bytes, why: str
) -> None:
    before = await site.ok("GET", "/directories/system")
    page = await send_file(person, await person.get(SYSTEM), "import", "table", content)
    assert page.status == 422 and why in page.by_id["table-problem"]
    assert await site.ok("GET", "/directories/system") == before


async def test_images_are_kept_shown_and_deleted(site: Site, person: Person) -> None:
    page = await person.get("/features/images")
    page = await send_file(person, page, "upload", "image", png(4, 3), name="key-1")
    assert "4 by 3 pixels" in page.text
    async with person.http.get(person.url + "/api/v1/images/key-1/content") as answer:
        assert (answer.content_type, await answer.read()) == ("image/png", png(4, 3))
    page = await send_file(person, page, "upload", "image", png(), name="key-1")
    assert page.status == 409 and "name-problem" in page.by_id
    page = await send_file(person, page, "upload", "image", b"GIF89a", name="other")
    assert page.status == 422 and "image-problem" in page.by_id
    page = await person.send(page, "remove:key-1")
    assert "key-1" in await site.ok("GET", "/images")
    await person.send(page, "remove:key-1")
    assert await site.ok("GET", "/images") == ["logo"]


async def test_a_file_that_is_too_large_is_refused(site: Site, person: Person) -> None:
    page = await person.get("/features/images")
    page = await send_file(person, page, "upload", "image", bytes(600_000), name="big")
    assert page.status == 413
    assert await site.ok("GET", "/images") == ["logo"]


async def test_a_form_with_a_file_needs_its_token_too(site: Site, person: Person) -> None:
    page = await person.get("/features/images")
    page = await send_file(person, page, "upload", "image", png(), name="forged", csrf="no")
    assert page.status == 403
    assert await site.ok("GET", "/images") == ["logo"]
