"""Switching many extensions at once: progress, pause, cancel, restart."""

import asyncio
from typing import Any

import pytest

from system.domain import bulk, pace
from system.domain.bulk import CHUNK, TRANSITIONS, WINDOW, Event, State
from system.tests.conftest import Site
from system.tests.helpers import eventually

COUNT = 60
BULK = "/provisioning/bulk"


def test_room_is_bounded_by_window_chunk_and_what_is_left() -> None:
    assert bulk.room(0, 9000, 2 * CHUNK) == CHUNK
    assert bulk.room(WINDOW - 10, 9000, 2 * CHUNK) == 10
    assert bulk.room(WINDOW + 10, 9000, 2 * CHUNK) == 0
    assert bulk.room(0, 7, CHUNK) == 7
    assert [bulk.room(under_way, 9000, 50) for under_way in (0, 60, 100)] == [50, 40, 0]
    assert [bulk.room(under_way, 9000, 50, 2) for under_way in (100, 180, 200)] == [50, 20, 0]


def test_what_is_over_cannot_be_moved() -> None:
    assert TRANSITIONS[State.DONE] == {}
    assert Event.RESUME not in TRANSITIONS[State.CANCELLED]


@pytest.fixture
async def ready(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(bulk, "CHUNK", 10)
    monkeypatch.setattr(bulk, "WINDOW", 10)
    site.gateway.nodes.append((2, "Branch", "127.10.0.21", "6.3 SP1"))
    for number in range(3001, 3001 + COUNT):
        site.gateway.add(str(number), f"Number {number}")
    site.gateway.items_a_frame = 50
    site.gateway.stations[-1] = ("3060", "Branch Bob", 38, 2)
    await site.authorize()
    await site.add_phone_system()
    return site


async def start(site: Site, **body: Any) -> Any:
    chosen = {"phone_system": 1, "use_remote_credentials": True, **body}
    return await site.ok("POST", BULK, chosen)


async def ends(site: Site, switch: Any, state: str = "done") -> Any:
    async def check() -> bool:
        found = await site.ok("GET", f"{BULK}/{switch['id']}")
        return bool(found["state"] == state and not found["progress"]["in progress"])

    await eventually(check, f"the bulk switch is {state}")
    return await site.ok("GET", f"{BULK}/{switch['id']}")


async def test_on_and_off_for_all(ready: Site) -> None:
    by_hand = ready.mbg.add_device(set_username="boss", icp_username="2999")
    switch = await start(ready, all=True)
    assert switch["state"] == "running"
    assert (switch["total"], switch["progress"]["pending"]) == (COUNT + 3, COUNT + 3)
    done = await ends(ready, switch)
    assert done["progress"]["done"] == COUNT + 3
    assert done["finished_at"]
    users = [device["icp_username"] for device in ready.mbg.devices.values()]
    assert sorted(users) == sorted([*map(str, range(3001, 3061)), "2101", "2102", "2103", "2999"])
    # One list of the MBG's devices instead of two look-ups for each of them.
    assert ready.mbg.count("POST", "/mbg/v1/devices/") == COUNT + 3
    one = await ready.extension("3001")
    assert one["provisioning"]["state"] == "provisioned"
    off = await ends(ready, await start(ready, use_remote_credentials=False, all=True))
    assert off["progress"]["done"] == COUNT + 3
    assert list(ready.mbg.devices) == [by_hand]


async def test_chosen_by_list_by_node_and_by_search(ready: Site) -> None:
    listed = await ends(ready, await start(ready, extensions=["3001", "3002", "3001"]))
    assert listed["total"] == 2
    by_node = await ends(ready, await start(ready, node=2))
    assert by_node["total"] == 1
    found = await ends(ready, await start(ready, search="home"))
    assert found["total"] == 3
    users = {device["icp_username"] for device in ready.mbg.devices.values()}
    assert users == {"3001", "3002", "3060", "2101", "2102", "2103"}
    items = await ready.ok("GET", f"{BULK}/{by_node['id']}/items?state=done")
    assert [item["extension"] for item in items["items"]] == ["3060"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "extensions"),
        ({"all": True, "node": 1}, "extensions"),
        ({"extensions": ["3001", "9999"]}, "extensions"),
        ({"node": 9}, "node"),
        ({"phone_system": 9, "all": True}, "phone_system"),
        ({"extensions": []}, "extensions"),
    ],
)
async def test_what_cannot_be_chosen_is_named_and_switches_nothing(
    ready: Site, body: dict[str, Any], field: str
) -> None:
    chosen = {"phone_system": 1, "use_remote_credentials": True, **body}
    status, error = await ready.call("POST", BULK, chosen)
    assert (status, error["field"]) == (422, field)
    assert (await ready.ok("GET", BULK))["total"] == 0


def pause_after(site: Site, count: int) -> asyncio.Event:
    """Set when so many devices were made."""
    reached = asyncio.Event()

    def watch(method: str, _path: str) -> None:
        if method == "POST" and len(site.mbg.devices) >= count:
            reached.set()

    site.mbg.on_request = watch
    return reached


async def test_pause_holds_the_rest_back_until_it_is_resumed(ready: Site) -> None:
    reached = pause_after(ready, 5)
    switch = await start(ready, all=True)
    await reached.wait()
    await ready.ok("POST", f"{BULK}/{switch['id']}/pause")
    paused = await ends(ready, switch, "paused")
    made = len(ready.mbg.devices)
    assert made == paused["progress"]["done"] < COUNT
    await ready.restart()
    assert (await ready.ok("GET", f"{BULK}/{switch['id']}"))["state"] == "paused"
    assert len(ready.mbg.devices) == made
    await ready.ok("POST", f"{BULK}/{switch['id']}/resume")
    await ends(ready, switch)
    assert len(ready.mbg.devices) == COUNT + 3


async def test_cancel_leaves_the_rest_as_it_was(ready: Site) -> None:
    reached = pause_after(ready, 5)
    switch = await start(ready, all=True)
    await reached.wait()
    await ready.ok("POST", f"{BULK}/{switch['id']}/cancel")
    over = await ends(ready, switch, "cancelled")
    assert over["progress"]["cancelled"] + over["progress"]["done"] == COUNT + 3
    assert len(ready.mbg.devices) == over["progress"]["done"] < COUNT
    (first, *_) = (await ready.ok("GET", f"{BULK}/{switch['id']}/items?state=cancelled"))["items"]
    untouched = await ready.extension(first["extension"])
    assert untouched["use_remote_credentials"] is False
    status, error = await ready.call("POST", f"{BULK}/{switch['id']}/resume")
    assert (status, error["code"]) == (409, "bulk_over")


async def test_it_goes_on_after_a_restart(ready: Site) -> None:
    reached = pause_after(ready, 15)
    switch = await start(ready, all=True)
    await reached.wait()
    await ready.restart()
    ready.clock.advance(61)
    done = await ends(ready, switch)
    assert done["progress"]["done"] == COUNT + 3
    assert len(ready.mbg.devices) == COUNT + 3


async def test_one_that_needs_a_person_holds_nobody_up(ready: Site) -> None:
    # A hand-made device of somebody else has the name that 3001 asks for.
    ready.mbg.add_device(set_username="boss", icp_username="2999")
    await ready.ok("PUT", "/phone-systems/1/nodes/2", {"address": "127.10.0.99"})
    done = await ends(ready, await start(ready, all=True))
    assert (done["progress"]["failed"], done["progress"]["done"]) == (1, COUNT + 2)
    (item,) = (await ready.ok("GET", f"{BULK}/{done['id']}/items?state=failed"))["items"]
    assert item["extension"] == "3060"
    assert "127.10.0.99" in item["message"]


async def test_device_made_by_hand_after_the_list_was_read_is_taken_over(ready: Site) -> None:
    """The list says nothing of it; the MBG refuses a second one, and a look of its own finds it."""

    def by_hand(method: str, path: str) -> None:
        if method == "POST" and path == "/mbg/v1/devices/":
            ready.mbg.on_request = None
            for number in range(3001, 3011):
                ready.mbg.add_device(set_username=f"hand-{number}", icp_username=str(number))

    ready.mbg.on_request = by_hand
    numbers = [str(number) for number in range(3001, 3031)]
    bulk.CHUNK, bulk.WINDOW = 30, 30  # monkeypatched by the fixture, which puts them back
    await ends(ready, await start(ready, extensions=numbers))
    users = sorted(device["icp_username"] for device in ready.mbg.devices.values())
    assert users == numbers
    assert not any(d["set_username"].startswith("hand") for d in ready.mbg.devices.values())


async def test_a_slow_mbg_makes_passes_short(ready: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[tuple[int, int]] = []
    next_size = pace.next_size

    def noted(size: int, done: int, took_s: float) -> int:
        passes.append((size, done))
        return next_size(size, done, took_s)

    def slow(_method: str, path: str) -> None:
        if path.startswith("/mbg/v1/devices/"):
            ready.clock.advance(1.0)

    monkeypatch.setattr(pace, "next_size", noted)
    bulk.CHUNK = bulk.WINDOW = COUNT + 3
    ready.mbg.on_request = slow
    await ends(ready, await start(ready, all=True))
    await ends(ready, await start(ready, use_remote_credentials=False, all=True))
    first, second, third, *_ = passes
    assert first == (pace.FIRST, COUNT + 3)
    assert second == (pace.FEWEST, pace.FEWEST)
    assert third == (pace.FEWEST, COUNT + 3 - pace.FEWEST)
