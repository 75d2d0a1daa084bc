"""The pages of the handsets and their live parts, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from simulators.entropy import Seed
from simulators.estate.config import EstateConfig
from simulators.estate.estate import Estate
from simulators.phone.calls.line_table import Activity
from simulators.phone.life.states import State
from simulators.phone.people import invent
from simulators.tests.phones_bench import PhonesBench, phones_bench


@pytest.fixture
async def bench() -> AsyncIterator[PhonesBench]:
    async with phones_bench() as made:
        yield made


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def page_of(bench: PhonesBench, index: int = 0) -> str:
    return f"{bench.control.url}/handsets/{bench.handsets[index].identity.mac}"


class Events:
    """What a page's stream brings, one at a time."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def next(self) -> tuple[str, Any]:
        """Name and data of the next event."""
        name = ""
        async with asyncio.timeout(20):
            async for line in self._answer.content:
                key, _, value = line.decode().rstrip("\n").partition(": ")
                if key == "event":
                    name = value
                elif key == "data":
                    return name, json.loads(value)
        raise AssertionError("the stream ended")

    async def until(self, wanted: str, value: object) -> Any:
        """The first picture from here on in which a field, `a.b`, has a value."""
        while True:
            _, data = await self.next()
            found: Any = data
            for part in wanted.split("."):
                found = found[part]
            if found == value:
                return data


@asynccontextmanager
async def events(client: aiohttp.ClientSession, url: str) -> AsyncIterator[Events]:
    async with client.get(f"{url}/events") as answer:
        assert answer.status == 200 and answer.content_type == "text/event-stream"
        yield Events(answer)


async def acted(client: aiohttp.ClientSession, url: str, *acts: dict[str, object]) -> Any:
    """What the page's script gets for acts; status and message where they were refused."""
    headers = {"Accept": "application/json"}
    async with client.post(f"{url}/acts", json={"acts": acts}, headers=headers) as answer:
        document = await answer.json()
        return document if answer.ok else (answer.status, document["message"])


# Pages


async def test_the_root_leads_to_the_wall_and_the_wall_to_each_handset(
    bench: PhonesBench, client: aiohttp.ClientSession
) -> None:
    async with client.get(bench.control.url + "/") as answer:
        text = await answer.text()
    assert answer.url.path == "/handsets/"
    for phone in bench.handsets:
        assert f'href="/handsets/{phone.identity.mac}"' in text
    async with client.get(page_of(bench)) as answer:
        text = await answer.text()
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<script>" not in text and " style=" not in text and "http://www" not in text
    for key in ("Settings", "Goodbye", "Hold"):
        assert f'aria-label="{key}"' in text
    for unknown in ("/handsets/1400E9000000", "/handsets/none", "/handsets/none/events"):
        async with client.get(bench.control.url + unknown) as answer:
            assert answer.status == 404


async def test_the_wall_is_filtered_without_a_script(
    bench: PhonesBench, client: aiohttp.ClientSession
) -> None:
    await bench.handsets[0].power_on()
    await bench.handsets[0].until(State.REGISTERED)
    first, other = (phone.identity.mac for phone in bench.handsets)
    for query, found in (
        ("state=registered", [first]), ("state=off", [other]), ("text=2101", [first]),
        (f"text={other.lower()}", [other]), ("model=6920", []), ("text=%3Cb%3E", []),
        (f"home={bench.handsets[1].home_address}", [other]), ("model=6930", [first, other]),
    ):  # fmt: skip
        async with client.get(f"{bench.control.url}/handsets/?{query}") as answer:
            text = await answer.text()
        assert [mac for mac in (first, other) if f'data-mac="{mac}"' in text] == found, query
        assert "<b>" not in text.partition('id="by-text"')[2].partition(">")[0]


async def test_no_password_is_on_a_page_or_in_its_stream(
    bench: PhonesBench, client: aiohttp.ClientSession
) -> None:
    await bench.registered()
    account = bench.handsets[0].accounts[1]
    async with client.get(page_of(bench)) as answer:
        text = await answer.text()
    async with events(client, page_of(bench)) as stream:
        text += str(await stream.next())
    async with events(client, f"{bench.control.url}/handsets") as stream:
        text += str(await stream.next())
    assert "2101" in text and len(account.password) > 10
    assert account.password not in text


async def test_phones_of_an_estate_have_the_same_pages_and_links_to_the_others(
    client: aiohttp.ClientSession,
) -> None:
    config = EstateConfig.model_validate(
        {"addresses": {"block": "private"}, "control": {"port": 0}}
    )
    async with Estate(config, None) as estate:
        (person,) = invent(Seed(5), 1)
        estate.handset(person)
        async with client.get(f"{estate.phone_control.url}/handsets/") as answer:
            text = await answer.text()
        assert f'href="/handsets/{person.mac}"' in text
        assert f'href="{dict(estate.where.faces())["Live map"]}"' in text
        here = f'href="{estate.phone_control.url}/handsets/" aria-current="page"'
        assert here in text


# Acts


async def test_acts_are_done_in_their_order(
    bench: PhonesBench, client: aiohttp.ClientSession
) -> None:
    await bench.registered()
    url = page_of(bench)
    shown = await acted(
        client, url, {"press": "Settings"}, {"place": ["softkey", 1]}, {"text": "22222"},
        {"press": "Enter"}, {"press": "Down"}, {"press": "Down"}, {"press": "Select"},
    )  # fmt: skip
    assert shown["screen"]["title"] == "Configuration Server"
    assert (shown["scene"], shown["takesText"]) == ("form", True)
    assert shown["said"].startswith("Configuration Server. Download Protocol: TFTP, 1 of 5.")
    await acted(client, url, {"press": "Goodbye"}, {"dial": "2102"})
    await bench.handsets[1].until_call(Activity.INCOMING)
    ringing = await acted(client, page_of(bench, 1), {"press": "Speaker"})
    assert (ringing["scene"], ringing["lifted"]) == ("call", True)


async def test_a_typed_character_goes_where_the_screen_wants_it(
    bench: PhonesBench, client: aiohttp.ClientSession
) -> None:
    await bench.registered()
    phone, url = bench.handsets[0], page_of(bench)
    shown = await acted(client, url, {"character": "a"}, {"character": "7"})
    assert (shown["screen"]["title"], shown["screen"]["lines"]) == ("Dial", ["7"])
    phone.press("Goodbye")
    phone.open_advanced()
    phone.select("Configuration Server")
    phone.select("HTTPS Server")
    typed: list[dict[str, object]] = [{"character": letter} for letter in "a*7"]
    shown = await acted(client, url, *typed)
    assert shown["screen"]["lines"][1] == "HTTPS Server: a*7_"


async def test_power_and_cable(bench: PhonesBench, client: aiohttp.ClientSession) -> None:
    await bench.registered()
    url = page_of(bench)
    assert (await acted(client, url, {"cable": False}))["cable"] is False
    assert (await acted(client, url, {"cable": False}))["cable"] is False
    assert (await acted(client, url, {"cable": True}))["cable"] is True
    off = await acted(client, url, {"power": False})
    assert (off["scene"], off["powered"], off["said"]) == ("off", False, "The phone is off.")
    await acted(client, url, {"power": True})
    await bench.handsets[0].until(State.REGISTERED)


async def test_what_cannot_be_done_says_why(
    bench: PhonesBench, client: aiohttp.ClientSession
) -> None:
    url = page_of(bench)
    status, message = await acted(client, url, {"touch": 1})
    assert (status, "has no touch" in message) == (409, True)
    status, message = await acted(client, url, {"dial": "2102"})
    assert status == 409 and "Screen(" not in message and "the phone shows nothing" in message
    assert (await acted(client, url, {"drink": "coffee"}))[0] == 422
    assert (await acted(client, url))[0] == 422


async def test_a_form_without_a_script_comes_back_to_the_page(
    bench: PhonesBench, client: aiohttp.ClientSession
) -> None:
    await bench.registered()
    url = page_of(bench)
    async with client.post(f"{url}/acts", data={"press": "Settings"}) as answer:
        assert (answer.status, str(answer.url)) == (200, url)
        assert '<p class="head">Settings</p>' in await answer.text()
    async with client.post(f"{url}/acts", data={"touch": "x"}) as answer:
        assert answer.status == 422 and "touch" in await answer.text()


async def test_a_page_of_another_site_presses_no_key(
    bench: PhonesBench, client: aiohttp.ClientSession
) -> None:
    await bench.registered()
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        url, data = f"{page_of(bench)}/acts", {"press": "Settings"}
        async with client.post(url, data=data, headers=headers) as answer:
            assert answer.status == 403
    assert bench.handsets[0].screen.title != "Settings"


# Live


async def test_a_handset_is_seen_as_it_changes(
    bench: PhonesBench, client: aiohttp.ClientSession
) -> None:
    phone = bench.handsets[0]
    async with events(client, page_of(bench)) as stream:
        name, first = await stream.next()
        assert (name, first["state"]) == ("phone", "off")
        await bench.registered()
        await stream.until("state", "registered")
        phone.press("Settings")
        await stream.until("screen.title", "Settings")
        phone.press("Goodbye")
        bench.handsets[1].dial("2101")
        await stream.until("lamp", "fastflash")
        phone.answer()
        talking = await stream.until("lines", [
            {"number": 1, "extension": "2101", "registration": "registered",
             "activity": "connected", "farEnd": str(phone.calls[1].far_end)},
        ])  # fmt: skip
        assert talking["top"][0] == {"label": "Line 1", "type": "line", "lamp": "on"}


async def test_changes_of_a_moment_come_as_one(
    bench: PhonesBench, client: aiohttp.ClientSession
) -> None:
    await bench.registered()
    phone = bench.handsets[0]
    async with events(client, page_of(bench)) as stream:
        await stream.next()
        phone.open_advanced()
        for _ in range(200):
            phone.press("Down")
        _, shown = await stream.next()
        assert shown["screen"]["title"] == "Advanced"
        phone.press("Goodbye")
        _, shown = await stream.next()
        assert shown["scene"] == "idle", "one event for 200 keys, the next for the next"


async def test_a_message_that_scrolls_and_the_time_go_on_by_themselves(
    bench: PhonesBench, client: aiohttp.ClientSession
) -> None:
    await bench.registered()
    phone = bench.handsets[0]
    phone.take_object(
        b"<AastraIPPhoneStatus><Message index='0'>one</Message><Message index='1'>two</Message>"
        b"</AastraIPPhoneStatus>", "test",
    )  # fmt: skip
    phone.enter({})
    async with events(client, page_of(bench)) as stream:
        _, first = await stream.next()
        await bench.phones.clock.advance(seconds=60)
        while True:
            _, later = await stream.next()
            if later["bar"]["time"] != first["bar"]["time"]:
                break


async def test_the_wall_brings_all_and_then_those_that_changed(
    bench: PhonesBench, client: aiohttp.ClientSession
) -> None:
    first, other = bench.handsets
    async with events(client, f"{bench.control.url}/handsets") as stream:
        name, bricks = await stream.next()
        assert name == "all"
        assert [brick[:2] for brick in bricks] == [
            [first.identity.mac, "off"], [other.identity.mac, "off"]
        ]  # fmt: skip
        await first.power_on()
        await first.until(State.REGISTERED)
        while True:
            name, bricks = await stream.next()
            assert name == "some" and [brick[0] for brick in bricks] == [first.identity.mac]
            if bricks[0][1] == "registered":
                break
        first.press("Settings")  # looks the same in the wall, and is not sent
        await other.power_on()
        _, bricks = await stream.next()
        assert [brick[0] for brick in bricks] == [other.identity.mac]
        first.press("Goodbye")
        first.press("Speaker")
        while True:
            _, bricks = await stream.next()
            if bricks[0][0] == first.identity.mac:
                assert bricks[0][2:4] == ["call", "2101"]
                break


async def test_nobody_is_told_when_no_page_is_open(
    bench: PhonesBench, client: aiohttp.ClientSession
) -> None:
    for url in (page_of(bench), f"{bench.control.url}/handsets"):
        async with events(client, url) as stream:
            await stream.next()
            assert len(bench.phones.watchers) == 1
        async with asyncio.timeout(20):
            while bench.phones.watchers:
                await asyncio.sleep(0)
