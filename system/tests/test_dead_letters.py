"""Operations that need a person too often are kept, shown and retried by hand."""

from typing import Any

import pytest

from system.tests.conftest import Site
from system.tests.helpers import eventually

LIMIT = 3


@pytest.fixture
def config_changes() -> dict[str, Any]:
    return {"failed_attempts_limit": LIMIT}


@pytest.fixture
async def dead(site: Site) -> Site:
    """2101 and 2102 have failed until they were given up."""
    await site.authorize()
    await site.add_phone_system()
    site.mbg.icps[0]["address"] = "127.10.0.99"
    for number in ("2101", "2102"):
        await site.check_remote(number)
        await site.reaches(number, "failed", attempts=1)
    for attempts in range(2, LIMIT + 1):
        site.clock.advance(61)
        for number in ("2101", "2102"):
            await site.reaches(number, "failed", attempts=attempts)
    return site


async def operations(site: Site, state: str) -> list[dict[str, Any]]:
    items = (await site.ok("GET", f"/provisioning/operations?state={state}"))["items"]
    assert isinstance(items, list)
    return items


async def test_given_up_after_the_limit_and_says_so(dead: Site) -> None:
    found = await operations(dead, "dead")
    assert [item["extension"] for item in found] == ["2101", "2102"]
    for item in found:
        assert (item["attempts"], item["next_attempt_at"]) == (LIMIT, None)
        assert "127.10.0.21" in item["message"]
        assert "retry it by hand" in item["message"]
    assert await operations(dead, "failed") == []
    calls = len(dead.mbg.requests)
    dead.clock.advance(86400 * 3)
    await dead.restart()
    await dead.log_in()
    assert [path for _, path in dead.mbg.requests[calls:] if "icps" in path] == []
    assert (await dead.ok("GET", "/provisioning/status"))["operations"]["dead"] == 2


async def test_below_the_limit_it_goes_on_by_itself(site: Site) -> None:
    await site.authorize()
    await site.add_phone_system()
    site.mbg.icps[0]["address"] = "127.10.0.99"
    await site.check_remote("2101")
    await site.reaches("2101", "failed", attempts=1)
    site.clock.advance(61)
    await site.reaches("2101", "failed", attempts=LIMIT - 1)
    site.mbg.icps[0]["address"] = "127.10.0.21"
    site.clock.advance(61)
    await site.reaches("2101", "provisioned")


async def test_retried_one_by_one(dead: Site) -> None:
    dead.mbg.icps[0]["address"] = "127.10.0.21"
    first, second = await operations(dead, "dead")
    await dead.ok("POST", f"/provisioning/operations/{first['id']}/retry")
    await dead.reaches("2101", "provisioned")
    assert [item["id"] for item in await operations(dead, "dead")] == [second["id"]]


async def test_retried_all_at_once(dead: Site) -> None:
    dead.mbg.icps[0]["address"] = "127.10.0.21"
    answer = await dead.ok("POST", "/provisioning/operations/retry")
    assert answer == {"operations": 2, "dead_letters": 2}
    for number in ("2101", "2102"):
        await dead.reaches(number, "provisioned")


async def test_a_retry_has_the_whole_bound_again(dead: Site) -> None:
    await dead.ok("POST", "/provisioning/operations/retry")

    async def failed() -> bool:
        return len(await operations(dead, "failed")) == 2

    await eventually(failed, "both have failed and not been given up")


async def test_a_newer_wish_takes_the_place_of_a_dead_letter(dead: Site) -> None:
    dead.mbg.icps[0]["address"] = "127.10.0.21"
    await dead.check_remote("2101")
    await dead.reaches("2101", "provisioned")
    await dead.uncheck_remote("2102")
    await dead.reaches("2102", "off")
    assert await operations(dead, "dead") == []


async def test_a_new_token_and_changed_settings_bring_them_back(dead: Site) -> None:
    dead.mbg.icps[0]["address"] = "127.10.0.21"
    await dead.set_mbg()
    for number in ("2101", "2102"):
        await dead.reaches(number, "provisioned")


async def test_waiting_for_access_never_makes_a_dead_letter(site: Site) -> None:
    await site.authorize()
    await site.add_phone_system()
    site.mbg.started = False
    await site.check_remote("2101")
    for attempts in range(1, LIMIT + 3):
        await site.reaches("2101", "waiting", attempts=attempts)
        site.clock.advance(61)
    assert await operations(site, "dead") == []
