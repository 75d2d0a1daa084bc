"""The map over real sockets: its stream, ladder, clock, and that nothing is done unseen."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from simulators.control.server import ControlServer
from simulators.estate.estate import Estate
from simulators.faces.live_map.pages import MapPages
from simulators.faults.sip_loss import SipLoss
from simulators.tests.map_bench import all_phones, first, map_bench

Json = dict[str, Any]


class Looker:
    """A page's program: reads one stream."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def event(self, *names: str) -> Any:
        """Data of the next event of one of these names."""
        async with asyncio.timeout(20):
            while True:
                octets = await self._answer.content.readuntil(b"\n\n")
                fields = dict(
                    line.partition(": ")[::2] for line in octets.decode().strip().split("\n")
                )
                if fields.get("event") in names:
                    return json.loads(fields["data"])

    async def until(self, name: str, wanted: Any) -> Any:
        """Data of the next event that `wanted` accepts."""
        while True:
            data = await self.event(name)
            if wanted(data):
                return data


@pytest.fixture
async def estate() -> AsyncIterator[Estate]:
    async with map_bench(3) as made:
        yield made


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@contextlib.asynccontextmanager
async def looking(
    client: aiohttp.ClientSession, estate: Estate, path: str = "/map/events"
) -> AsyncIterator[Looker]:
    async with client.get(estate.control.url + path) as answer:
        assert answer.status == 200 and answer.content_type == "text/event-stream"
        yield Looker(answer)


def pages_of(control: ControlServer) -> MapPages:
    """The pages behind the map's face."""
    home = control.faces[0].home
    pages = getattr(home, "__self__", None)
    assert isinstance(pages, MapPages)
    return pages


async def test_a_registration_is_seen(estate: Estate, client: aiohttp.ClientSession) -> None:
    async with looking(client, estate) as looker:
        whole = await looker.event("whole")
        assert [phone[:3] for phone in whole["phones"]] == [
            [phone.identity.mac, phone.model.name, 0] for phone in all_phones(estate)
        ]
        assert {whole["states"][phone[3]] for phone in whole["phones"]} == {"off"}
        await all_phones(estate)[1].power_on()
        wires = whole["wide"]["wires"]
        seen: list[list[Any]] = []
        states: list[str] = []
        while "registered" not in states:
            frame = await looker.event("frame")
            seen += frame["m"]
            states += [whole["states"][state] for index, state, _ in frame["p"] if index == 1]
        labels = [label for _, _, _, _, label, *_ in seen]
        assert "REGISTER tw2102" in labels
        answer = next(m for m in seen if m[4].startswith("200") and m[6].startswith("phone"))
        _, protocol, hops, phone, _, frm, _, flags = answer
        assert (protocol, phone, frm, flags) == ("SIP", 1, "MBG", 0)
        (hop,) = hops
        assert hop < 0 and wires[-hop - 1][:3] == ["homes", "mbg1", "SIP"]
        counters = await looker.until("counters", lambda c: c["registered"] == 1)
        assert counters["totals"]["registrations"] >= 1
        assert counters["licences"] == [["MBG", 1, 5000]] and counters["nodes"] == [1]


async def test_no_secret_is_in_a_stream(estate: Estate, client: aiohttp.ClientSession) -> None:
    """Neither the digest of a registration nor a password that the journal knows."""
    phone = first(estate)
    async with looking(client, estate, f"/map/phones/{phone.identity.mac}/events") as looker:
        await looker.event("ladder")
        await phone.power_on()
        rungs: list[Json] = []
        while not any(rung["requirement"] == "PHN-7" for rung in rungs):
            rungs += await looker.event("rungs")
    texts = []
    for rung in rungs:
        async with client.get(f"{estate.control.url}/map/messages/{rung['seq']}") as answer:
            texts.append(await answer.text())
    asked = [text for text in texts if "Digest" in text and "response=" in text]
    assert asked and all("response=\\\"•••" in json.dumps(json.loads(t), ensure_ascii=False)
                         for t in asked)  # fmt: skip
    assert not any("Aa7-entered-by-hand" in text for text in texts)


async def test_a_ladder_has_both_sides_and_grows(
    estate: Estate, client: aiohttp.ClientSession
) -> None:
    phone, other = all_phones(estate)[:2]
    for each in (phone, other):
        await each.power_on()
        await each.until(each.state.REGISTERED)
    async with looking(client, estate, f"/map/phones/{phone.identity.mac}/events") as looker:
        ladder = await looker.event("ladder")
        assert ladder["lifelines"] == ["phone", "MBG", "MCS", "PBX"]
        ends = {(rung["from"], rung["to"]) for rung in ladder["rungs"]}
        assert {("phone", "MBG"), ("MBG", "phone"), ("MBG", "PBX"), ("PBX", "MBG")} <= ends
        assert not any("2102" in rung["label"] for rung in ladder["rungs"])
        notes = [rung for rung in ladder["rungs"] if rung["p"] == "event"]
        assert any(note["label"].startswith("registered") for note in notes)
        await phone.power_off()
        rungs = await looker.until("rungs", lambda found: found[-1]["label"] == "powered off")
        assert rungs[0]["seq"] > ladder["rungs"][-1]["seq"]


async def test_a_phone_or_message_that_is_not_there_is_said(
    estate: Estate, client: aiohttp.ClientSession
) -> None:
    for path in ("/map/phones/1400E9FFFFFF/events", "/map/phones/x/events", "/map/messages/99999",
                 "/map/messages/x", "/map/messages/0", "/map/messages/-1"):  # fmt: skip
        async with client.get(estate.control.url + path) as answer:
            assert answer.status == 404, path


async def test_nothing_is_computed_while_nobody_looks(
    estate: Estate, client: aiohttp.ClientSession
) -> None:
    pages = pages_of(estate.control)
    before = {task for task in asyncio.all_tasks() if not task.done()}
    assert not pages.watch.is_looking
    async with looking(client, estate) as looker:
        await looker.event("whole")
        async with looking(client, estate) as second:
            await second.event("whole")
        assert pages.watch.is_looking
        await looker.event("counters")  # it goes on for the one that stayed
    async with asyncio.timeout(20):
        while pages.watch.is_looking:
            await asyncio.sleep(0.01)
        while {t for t in asyncio.all_tasks() if not t.done() and "map" in t.get_name()} - before:
            await asyncio.sleep(0.01)


async def test_a_looker_that_reads_nothing_holds_up_no_phone(
    estate: Estate, client: aiohttp.ClientSession
) -> None:
    """And the estate's end does not wait for it: the fixture would hang."""
    host, port = estate.control.address
    lazy = socket.create_connection((host, port))
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    with contextlib.closing(lazy):
        lazy.sendall(f"GET /map/events HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        async with asyncio.timeout(20):
            while not pages_of(estate.control).watch.is_looking:
                await asyncio.sleep(0.01)
        for _ in range(5):
            for phone in all_phones(estate):
                await phone.power_on()
                await phone.until(phone.state.REGISTERED)
                await phone.power_off()
        async with looking(client, estate) as looker:  # another page is served as ever
            await looker.event("whole")


async def test_the_clock_is_moved_and_all_see_it(
    estate: Estate, client: aiohttp.ClientSession
) -> None:
    url = f"{estate.control.url}/map/clock"
    begun = estate.clock.now()
    async with looking(client, estate) as looker:
        await looker.event("whole")
        async with client.post(url, json={"seconds": 86_400}) as answer:
            assert answer.status == 202
            told = await answer.json()
        assert told["to"] - told["from"] == pytest.approx(86_400)
        counters = await looker.until("counters", lambda c: c["clock"]["said"])
    assert counters["clock"]["said"].startswith("Moved by 86,400 s")
    assert 86_400 <= estate.clock.now() - begun < 86_400 + 60
    for wrong in ({"seconds": 0}, {"seconds": -1}, {"seconds": "x"}, {}, {"seconds": 1, "x": 1}):
        async with client.post(url, json=wrong) as answer:
            assert answer.status == 422


async def test_one_move_of_the_clock_at_a_time(
    estate: Estate, client: aiohttp.ClientSession
) -> None:
    pages = pages_of(estate.control)
    with estate.clock.busy():  # a move waits for who is busy, so this one is still under way
        pages.mover.begin(60)
        async with client.post(f"{estate.control.url}/map/clock", json={"seconds": 60}) as answer:
            assert answer.status == 409
            assert "being moved" in await answer.text()


async def test_a_failure_of_what_fell_due_is_said(estate: Estate) -> None:
    def fails() -> None:
        raise ValueError("broken timer")

    mover = pages_of(estate.control).mover
    estate.clock.call_later(30, fails)
    mover.begin(60)
    async with asyncio.timeout(20):
        while not mover.said:
            await asyncio.sleep(0.01)
    assert "broken timer" in mover.said
    mover.begin(0.5)  # the next one works
    async with asyncio.timeout(20):
        while not mover.said.startswith("Moved by"):
            await asyncio.sleep(0.01)


async def test_a_fault_is_seen_on_and_off(estate: Estate, client: aiohttp.ClientSession) -> None:
    async with looking(client, estate) as looker:
        whole = await looker.event("whole")
        assert whole["faults"] == []
        switched = estate.mbg.faults.switch_on(SipLoss(for_s=3600, probability=0.5))
        (fault,) = await looker.until("faults", bool)
        assert (fault["role"], fault["name"], fault["state"]) == ("MBG", "sip-loss", "on")
        assert fault["parameters"] == {"for_s": 3600, "probability": 0.5}
        assert fault["until"] == pytest.approx(estate.clock.now() + 3600, abs=60)
        estate.mbg.faults.switch_off(switched.number)
        assert await looker.until("faults", lambda found: not found) == []


async def test_a_phone_that_is_carried_to_the_office_moves_on_the_map(
    estate: Estate, client: aiohttp.ClientSession
) -> None:
    async with looking(client, estate) as looker:
        assert (await looker.event("whole"))["phones"][0][2] == 0
        first(estate).move_to(estate.claim.plan.local_phone(0))
        assert (await looker.event("whole"))["phones"][0][2] == 1


async def test_without_a_journal_states_are_shown_and_it_is_said(
    client: aiohttp.ClientSession,
) -> None:
    async with map_bench(1, journal=False) as estate, looking(client, estate) as looker:
        assert (await looker.event("whole"))["journal"] is False
        await first(estate).power_on()
        counters = await looker.until("counters", lambda c: c["registered"] == 1)
        assert counters["totals"]["messages"] == 0


async def test_the_entry_page_and_the_map_lead_everywhere(
    estate: Estate, client: aiohttp.ClientSession
) -> None:
    async with client.get(estate.control.url + "/") as answer:
        text = await answer.text()
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert f"{estate.control.url}/map/" in text
    for control in (*estate.controls, estate.pbx_control, estate.phone_control, estate.control):
        assert f"{control.url}/openapi.json" in text
    assert estate.mbg.settings.site_password.replace("=", "=") in text.replace("&#61;", "=")
    async with client.get(estate.control.url + "/map") as answer:
        text = await answer.text()
    assert "style=" not in text and "<script>" not in text and "onclick" not in text
    assert text.count("openapi.json") == 4  # roles with control APIs
