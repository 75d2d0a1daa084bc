"""The drift report end to end: read from the MBG, shown in pages, repaired as operations."""

from typing import Any

import pytest

from system.tests.conftest import Site
from system.tests.helpers import eventually

DRIFT = "/provisioning/drift"


@pytest.fixture
async def ready(site: Site) -> Site:
    """2101 to 2103 are provisioned."""
    await site.authorize()
    await site.add_phone_system()
    for number in ("2101", "2102", "2103"):
        site.clock.advance(10)
        await site.check_remote(number)
        await site.reaches(number, "provisioned")
    return site


async def report(site: Site, more: str = "fresh=true") -> Any:
    return await site.ok("GET", f"{DRIFT}?{more}")


async def kinds(site: Site) -> dict[str, str]:
    return {item["extension"]: item["kind"] for item in (await report(site))["items"]}


def device_of(site: Site, number: str) -> dict[str, Any]:
    return next(d for d in site.mbg.devices.values() if d["icp_username"] == number)


async def test_nothing_differs(ready: Site) -> None:
    ready.mbg.add_device(set_username="boss", icp_username="2999")
    found = await report(ready)
    assert (found["total"], found["devices"], found["foreign_devices"]) == (0, 4, 1)


async def test_deleted_behind_our_back_is_shown_and_made_again(ready: Site) -> None:
    boss = ready.mbg.add_device(set_username="boss", icp_username="2999")
    before = dict(ready.mbg.devices[boss])
    gone = device_of(ready, "2101")
    del ready.mbg.devices[gone["id"]]
    (item,) = (await report(ready))["items"]
    assert (item["extension"], item["kind"], item["repair"]) == ("2101", "missing", "provision")
    assert item["found"] is None
    assert item["wanted"]["set_username"] == gone["set_username"]
    assert gone["set_password"] not in str(item)
    answer = await ready.ok("POST", f"{DRIFT}/repair", {"findings": [item["id"]]})
    assert answer == {"operations": 1, "left_out": 0}
    await ready.reaches("2101", "provisioned")
    made = device_of(ready, "2101")
    assert (made["set_username"], made["set_password"]) == (
        gone["set_username"],
        gone["set_password"],
    )
    assert ready.mbg.devices[boss] == before
    assert await kinds(ready) == {}


async def test_only_chosen_findings_are_repaired(ready: Site) -> None:
    for number in ("2101", "2102"):
        device_of(ready, number)["enabled"] = False
    first, _ = (await report(ready))["items"]
    await ready.ok("POST", f"{DRIFT}/repair", {"findings": [first["id"]]})
    await ready.reaches("2101", "provisioned")
    assert device_of(ready, "2101")["enabled"] is True
    assert device_of(ready, "2102")["enabled"] is False
    assert await kinds(ready) == {"2102": "different"}


async def test_mbg_put_back_from_an_old_backup(ready: Site) -> None:
    backup = {number: dict(device) for number, device in ready.mbg.devices.items()}
    del backup[device_of(ready, "2103")["id"]]
    # After the backup: a new name, a new password, and somebody else takes a free id.
    await ready.check_remote("2101", remote_name="ada")
    await ready.reaches("2101", "provisioned")
    ready.clock.advance(10)
    await ready.check_remote("2102", remote_password="Typed-after-1")
    await ready.reaches("2102", "provisioned")
    ready.mbg.devices = backup
    boss = ready.mbg.add_device(set_username="boss", icp_username="2999")
    assert boss == (await ready.extension("2103"))["mbg_device_id"]
    before = dict(ready.mbg.devices[boss])
    assert await kinds(ready) == {
        "2101": "old name",
        "2102": "password doubted",
        "2103": "id reused",
    }
    answer = await ready.ok("POST", f"{DRIFT}/repair", {"all": True})
    assert answer == {"operations": 3, "left_out": 0}
    for number in ("2101", "2102", "2103"):
        await ready.reaches(number, "provisioned")
    assert device_of(ready, "2101")["set_username"] == "ada"
    assert device_of(ready, "2102")["set_password"] == "Typed-after-1"
    assert ready.mbg.devices[boss] == before
    assert device_of(ready, "2103")["id"] != boss
    assert await kinds(ready) == {}


async def test_readdressed_icp_needs_a_person_and_a_renamed_one_nobody(ready: Site) -> None:
    ready.mbg.icps[0]["name"] = "Main"
    assert await kinds(ready) == {}
    ready.mbg.icps[0]["address"] = "127.10.0.99"
    found = await report(ready)
    assert {item["kind"] for item in found["items"]} == {"no ICP"}
    assert "127.10.0.99" in found["items"][0]["message"]
    answer = await ready.ok("POST", f"{DRIFT}/repair", {"all": True})
    assert answer == {"operations": 0, "left_out": 3}


async def test_lost_answer_is_shown_with_the_operation_that_settles_it(ready: Site) -> None:
    ready.gateway.add("2104", "Dan Home")
    await ready.ok("POST", "/phone-systems/1/sync")
    ready.mbg.lose_answer_to = "POST"
    await ready.check_remote("2104")
    await ready.reaches("2104", "waiting", attempts=1)
    (item,) = (await report(ready))["items"]
    assert (item["extension"], item["kind"]) == ("2104", "answer lost")
    assert item["operation"] is not None
    answer = await ready.ok("POST", f"{DRIFT}/repair", {"all": True})
    assert answer == {"operations": 0, "left_out": 1}
    ready.clock.advance(61)
    await ready.reaches("2104", "provisioned")
    assert await kinds(ready) == {}


async def test_same_name_made_by_hand_is_left_alone(ready: Site) -> None:
    name = device_of(ready, "2101")["set_username"]
    del ready.mbg.devices[device_of(ready, "2101")["id"]]
    boss = ready.mbg.add_device(id="99", set_username=name, icp_username="2999")
    ready.mbg.devices["99"] = ready.mbg.devices.pop(boss)
    before = dict(ready.mbg.devices["99"])
    assert await kinds(ready) == {"2101": "name taken"}
    await ready.ok("POST", f"{DRIFT}/repair", {"all": True})
    assert ready.mbg.devices["99"] == before


async def test_it_is_looked_for_on_a_schedule(ready: Site) -> None:
    assert (await report(ready, "page=1"))["total"] == 0
    del ready.mbg.devices[device_of(ready, "2102")["id"]]
    assert (await report(ready, "page=1"))["total"] == 0
    ready.clock.advance(7 * 3600)
    await ready.log_in()

    async def seen() -> bool:
        return bool((await report(ready, "page=1"))["total"] == 1)

    await eventually(seen, "the scheduled comparison has found it")


async def test_thousands_of_devices_are_read_page_by_page(ready: Site) -> None:
    for number in range(2300):
        ready.mbg.add_device(set_username=f"by-hand-{number}", icp_username=f"9{number}")
    seen = ready.mbg.count("GET", "/mbg/v1/devices/")
    found = await report(ready)
    assert (found["devices"], found["foreign_devices"], found["total"]) == (2303, 2300, 0)
    assert ready.mbg.count("GET", "/mbg/v1/devices/") - seen == 5


async def test_the_report_is_paged_and_filtered(ready: Site) -> None:
    for number in ("2101", "2102"):
        device_of(ready, number)["enabled"] = False
    del ready.mbg.devices[device_of(ready, "2103")["id"]]
    assert (await report(ready))["total"] == 3
    page = await report(ready, "page=2&page_size=2")
    assert [item["extension"] for item in page["items"]] == ["2103"]
    different = await report(ready, "kind=different")
    assert [item["extension"] for item in different["items"]] == ["2101", "2102"]
    status, error = await ready.call("GET", f"{DRIFT}?kind=nonsense")
    assert (status, error["field"]) == (422, "kind")


async def test_an_mbg_that_is_away_keeps_the_earlier_report(ready: Site) -> None:
    device_of(ready, "2101")["enabled"] = False
    assert (await report(ready))["total"] == 1
    ready.mbg.started = False
    status, error = await ready.call("GET", f"{DRIFT}?fresh=true")
    assert (status, error["code"]) == (502, "web_services_stopped")
    assert (await report(ready, "page=1"))["total"] == 1
