"""Provisioning of many: passes, pauses between them, and what one bad extension does to others."""

from collections.abc import Callable

from system.clock import parse_iso_utc
from system.tests.conftest import Site
from system.tests.helpers import eventually

BOTH_DATABASES = True

DEVICES = "/mbg/v1/devices/"


async def test_stopped_mbg_delays_and_does_not_lose(ready: Site) -> None:
    ready.mbg.started = False
    await ready.check_remote("2101")
    waiting = await ready.reaches("2101", "waiting", attempts=1)
    assert "Start" in waiting["provisioning"]["message"]
    ready.mbg.started = True
    ready.clock.advance(61)
    await ready.reaches("2101", "provisioned")


async def test_many_extensions_are_all_provisioned(ready: Site) -> None:
    for number in ("2101", "2102", "2103"):
        await ready.check_remote(number)
    for number in ("2101", "2102", "2103"):
        await ready.reaches(number, "provisioned")
    names = {device["icp_username"] for device in ready.mbg.devices.values()}
    assert names == {"2101", "2102", "2103"}


async def test_waiting_operations_come_back_as_one_pass(ready: Site) -> None:
    numbers = ("2101", "2102", "2103")
    ready.mbg.token_problem = "token_expired"
    for number in numbers:
        await ready.check_remote(number)
        await ready.waits(number)
    ready.clock.advance(61)
    for attempts in range(1, 5):
        for number in numbers:
            await ready.reaches(number, "waiting", attempts=attempts)
        ready.clock.advance(61)
    for number in numbers:
        await ready.reaches(number, "waiting", attempts=5)
    operations = (await ready.ok("GET", "/provisioning/operations"))["items"]
    assert len({operation["next_attempt_at"] for operation in operations}) == 1
    ready.mbg.token_problem = None
    ready.clock.advance(61)
    for number in numbers:
        await ready.reaches(number, "provisioned")


async def test_pause_grows_with_failed_passes_and_starts_anew_after_a_success(
    ready: Site,
) -> None:
    async def pause_s(number: str) -> float:
        operations = (await ready.ok("GET", "/provisioning/operations"))["items"]
        (at,) = {o["next_attempt_at"] for o in operations if o["extension"] == number}
        return parse_iso_utc(at) - ready.clock.now()

    ready.mbg.started = False
    await ready.check_remote("2101")
    await ready.reaches("2101", "waiting", attempts=1)
    assert await pause_s("2101") <= 5
    for attempts in range(2, 6):
        ready.clock.advance(61)
        await ready.reaches("2101", "waiting", attempts=attempts)
    # A fresh operation does not hurry the others, nor itself: the breaker is open.
    tried = len(ready.mbg.requests)
    await ready.check_remote("2102")
    assert (await ready.waits("2102"))["provisioning"]["attempts"] == 0
    assert len(ready.mbg.requests) == tried
    assert await pause_s("2102") == await pause_s("2101") > 30
    ready.mbg.started = True
    ready.clock.advance(61)
    await ready.reaches("2101", "provisioned")
    await ready.reaches("2102", "provisioned")
    ready.mbg.started = False
    await ready.check_remote("2103")
    await ready.reaches("2103", "waiting", attempts=1)
    assert await pause_s("2103") <= 5


async def test_one_unreadable_password_stops_only_its_own_extension(
    ready: Site, sql: Callable[[str], None]
) -> None:
    ready.mbg.started = False
    for number in ("2101", "2102"):
        await ready.check_remote(number)
        await ready.waits(number)
    sql("UPDATE extensions SET remote_password = 'damaged' WHERE extension = '2101'")
    ready.mbg.started = True
    ready.clock.advance(61)
    await ready.reaches("2102", "provisioned")

    async def failed() -> bool:
        operations = (await ready.ok("GET", "/provisioning/operations?state=failed"))["items"]
        return [(o["extension"], "damaged" in o["message"]) for o in operations] == [("2101", True)]

    await eventually(failed, "the operation of 2101 has failed with a message")
