"""The access token's end is warned of at 60, 30, 7 days and daily after, each once (TOK-7)."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from system.clock import parse_iso_utc
from system.domain import expiry
from system.domain.expiry import DAY_S, WARNING_DAYS
from system.tests.conftest import Site
from system.tests.helpers import eventually

END = 100 * DAY_S


@pytest.mark.parametrize(
    ("days", "warned"),
    [
        (61, None),
        (60.1, None),
        (60, 60),
        (31, 60),
        (30, 30),
        (7, 7),
        (6.9, 7),
        (6, 6),
        (0.5, 1),
        (0, 0),
        (-100, 0),
    ],
)
def test_the_latest_warning_whose_time_has_come(days: float, warned: int | None) -> None:
    assert expiry.reached(END, END - days * DAY_S) == warned


@settings(deadline=None)
@given(st.floats(-10 * DAY_S, 110 * DAY_S))
def test_waiting_for_the_next_one_misses_none(start: float) -> None:
    now, seen = start, []
    while (following := expiry.next_at(END, now)) is not None:
        assert following > now
        now = following
        seen.append(expiry.reached(END, now))
    expected = [days for days in WARNING_DAYS if END - days * DAY_S > start]
    assert seen == expected


def test_days_left_counts_begun_ones() -> None:
    assert expiry.days_left(END, END - 1) == 1
    assert expiry.days_left(END, END - DAY_S) == 1
    assert expiry.days_left(END, END + 1) == 0


async def notices(site: Site) -> list[dict[str, Any]]:
    await site.log_in()
    items = (await site.ok("GET", "/notices"))["items"]
    assert isinstance(items, list)
    return [item for item in items if item["kind"] == "token expiry"]


async def has_come(site: Site, count: int) -> list[dict[str, Any]]:
    async def check() -> bool:
        return len(await notices(site)) >= count

    await eventually(check, f"{count} notices")
    found = await notices(site)
    assert len(found) == count
    return found


async def asleep(site: Site, at_most_s: float = float("inf")) -> None:
    """The watch has done what was due and sleeps again, until that long from now."""

    async def check() -> bool:
        return 0 < site.clock.next_wake_s() <= at_most_s

    await eventually(check, "everybody sleeps")


async def test_each_warning_comes_once_in_its_time(site: Site) -> None:
    await site.authorize()
    end = parse_iso_utc(site.mbg.expires_at)
    assert await notices(site) == []
    for count, days in enumerate(WARNING_DAYS, 1):
        site.clock.advance(end - days * DAY_S - site.clock.now() - 1)
        await asleep(site, 1.0)  # else it may look at the clock only after the next advance
        assert len(await notices(site)) == count - 1
        site.clock.advance(1)
        latest = (await has_come(site, count))[0]
        assert ("expired" in latest["message"]) == (days == 0)
        if days:
            assert f"in {days} day" in latest["message"]
        assert "Renew" in latest["message"]
        if days == 7:
            await site.restart()
            await has_come(site, count)
    site.clock.advance(40 * DAY_S)
    await asleep(site)
    assert len(await notices(site)) == len(WARNING_DAYS)


async def test_a_renewed_token_is_warned_of_anew_and_a_leap_warns_once(site: Site) -> None:
    await site.authorize()
    end = parse_iso_utc(site.mbg.expires_at)
    site.clock.advance(end - 3.5 * DAY_S - site.clock.now())
    (first,) = await has_come(site, 1)
    assert "in 4 days" in first["message"]
    site.mbg.expires_at = "2029-01-01T00:00:00Z"
    site.clock.advance(DAY_S)

    async def renewed() -> bool:
        await site.log_in()
        return bool(
            (await site.ok("GET", "/settings/mbg"))["token"]["expires_at"] == site.mbg.expires_at
        )

    await eventually(renewed, "the new end is known")
    count = len(await notices(site))
    site.clock.advance(parse_iso_utc(site.mbg.expires_at) - 59 * DAY_S - site.clock.now())
    latest = (await has_come(site, count + 1))[0]
    assert "2029-01-01" in latest["message"]


async def test_a_notice_is_taken_note_of(site: Site) -> None:
    await site.authorize()
    site.clock.advance(parse_iso_utc(site.mbg.expires_at) - 50 * DAY_S - site.clock.now())
    (notice,) = await has_come(site, 1)
    assert notice["acknowledged_at"] is None
    taken = await site.ok("POST", f"/notices/{notice['id']}/acknowledge")
    assert taken["acknowledged_at"]
    assert (await site.ok("GET", "/notices?open=true"))["total"] == 0
    assert (await site.ok("GET", "/notices"))["total"] == 1
    status, _ = await site.call("POST", "/notices/999/acknowledge")
    assert status == 404
