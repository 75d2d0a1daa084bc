"""Habits, time stamps after an advance, the site's password, and what is refused field by field."""

import asyncio
from typing import Any

import pytest

from simulators.control.tests.test_control import PONG, Controlled, bench, plan, with_token
from simulators.mbg.services.web_services import Settings
from simulators.mbg.sip_border.border_terms import BorderSettings

__all__ = ["bench", "plan"]

YEAR_S = 365 * 86_400


async def test_habits_are_shown_and_changed_and_the_border_takes_them_with_its_restart(
    bench: Controlled,
) -> None:
    before = await bench.ask("GET", "/habits")
    assert before["border"]["set_keepalive_s"] == BorderSettings().set_keepalive_s
    assert set(before["web_services"]) == set(Settings.__dataclass_fields__)
    change = {"border": {"realm": "other", "digest_algorithms": ["SHA-256"]}}
    after = await bench.ask("PATCH", "/habits", change)
    assert after == before | {"border": before["border"] | change["border"]}
    assert bench.mbg.border.settings.realm == "mbg"
    await bench.ask("POST", "/restart", {"state": "kept"})
    assert bench.mbg.border.settings.realm == "other"
    assert await bench.ask("GET", "/habits") == after
    await bench.ask("POST", "/reset")
    assert await bench.ask("GET", "/habits") == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"border": {"realms": "x"}}, "border.realms"),
        ({"border": {"set_idle_s": 1e308}}, "border.set_idle_s"),
        ({"border": {"set_idle_s": -1}}, "border.set_idle_s"),
        ({"border": {"set_expires_max_s": 1.5}}, "border.set_expires_max_s"),
        ({"border": {"icp_port": 65_536}}, "border.icp_port"),
        ({"border": {"realm": 'a"b'}}, "border.realm"),
        ({"border": {"set_idle_s": 10}}, "border"),
        ({"web_services": {"hmac_sha256": "no"}}, "web_services.hmac_sha256"),
        ({"web_services": {"final_life_s": None}}, "web_services.final_life_s"),
    ],
)
async def test_a_habit_that_can_not_be_is_named(
    bench: Controlled, change: dict[str, Any], field: str
) -> None:
    before = await bench.ask("GET", "/habits")
    status, document = await bench.ask("PATCH", "/habits", change)
    assert (status, list(document["detail"]["fields"])) == (422, [field])
    assert await bench.ask("GET", "/habits") == before


async def test_with_any_time_stamp_taken_a_real_clients_calls_pass_after_an_advance(
    bench: Controlled,
) -> None:
    token, secret = await with_token(bench)
    real = str(int(bench.mbg.clock.now()))
    await bench.mbg.clock.advance(YEAR_S - 86_400)
    assert "timestamp_refused" in await bench.call("/ping", token, secret, timestamp=real)
    await bench.ask("PATCH", "/habits", {"web_services": {"timestamp_window_s": None}})
    assert await bench.call("/ping", token, secret, timestamp=real, nonce="n1") == PONG
    again = await bench.call("/ping", token, secret, timestamp=real, nonce="n1")
    assert "nonce_used" in again
    await bench.ask("PATCH", "/habits", {"web_services": {"timestamp_window_s": 300}})
    assert "timestamp_refused" in await bench.call("/ping", token, secret, timestamp=real)


async def test_a_token_lives_as_long_as_the_habit_says(bench: Controlled) -> None:
    await bench.ask("PATCH", "/habits", {"web_services": {"final_life_s": 60}})
    token, secret = await with_token(bench)
    await bench.mbg.clock.advance(61)
    assert "token_expired" in await bench.call("/ping", token, secret)


async def test_the_site_has_the_password_that_was_given(bench: Controlled) -> None:
    await bench.ask("PUT", "/site-password", {"new_password": "another-Password-1"})
    assert bench.mbg.settings.site_password == "another-Password-1"
    status, document = await bench.ask("PUT", "/site-password", {"new_password": "short"})
    assert (status, list(document["detail"]["fields"])) == (422, ["new_password"])
    assert "another-Password-1" not in str(await bench.ask("GET", "/journal"))


async def test_an_icp_is_removed_unless_a_device_uses_it(bench: Controlled) -> None:
    icp = await bench.ask("POST", "/icps", {"name": "Head Office", "address": "127.10.0.21"})
    wish = {"icp_id": icp["id"], "set_username": "tw1", "set_password": "abcdefg1"}
    device = await bench.ask("POST", "/devices", wish)
    path = f"/icps/{icp['id']}"
    status, document = await bench.ask("DELETE", path)
    assert (status, document["code"]) == (409, "icp_in_use")
    await bench.ask("DELETE", f"/devices/{device['id']}")
    assert await bench.ask("DELETE", path) is None
    assert (await bench.ask("GET", "/icps"))["items"] == []
    assert (await bench.ask("DELETE", path))[0] == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"destination_host": "a host"}, "destination_host"),
        ({"destination_port": 0}, "destination_port"),
        ({"sources": ["127.0.0.1/8"]}, "sources.0"),
    ],
)
async def test_a_rule_that_can_not_be_is_refused_by_its_field(
    bench: Controlled, change: dict[str, Any], field: str
) -> None:
    rule = {"outside_port": 0, "destination_host": "127.10.0.5", "destination_port": 8202}
    status, document = await bench.ask("POST", "/forwards", rule | change)
    assert (status, list(document["detail"]["fields"])) == (422, [field])


@pytest.mark.parametrize("for_s", [1e12, 1e308])
async def test_a_fault_ends_at_a_date_or_is_not_switched_on(
    bench: Controlled, for_s: float
) -> None:
    wish = {"name": "delay", "parameters": {"for_s": for_s}}
    status, document = await bench.ask("POST", "/faults", wish)
    assert (status, list(document["detail"]["fields"])) == (422, ["parameters.for_s"])
    assert (await bench.ask("GET", "/faults"))["items"] == []


async def test_permissions_that_are_left_out_stay(bench: Controlled) -> None:
    await with_token(bench)
    (before,) = (await bench.ask("GET", "/consumers"))["items"]
    change = {"permissions": {"MBG/v1/devices": "read"}}
    after = await bench.ask("PATCH", "/consumers/MiVOAppSuite", change)
    assert after["permissions"] == before["permissions"] | change["permissions"]


async def test_a_mode_that_is_had_already_leaves_forwards_alone(bench: Controlled) -> None:
    rule = {"outside_port": 0, "destination_host": "127.10.0.5", "destination_port": 8202}
    forward = await bench.ask("POST", "/forwards", rule)
    system = await bench.ask("PATCH", "/system", {"mode": "gateway"})
    assert system["mode"] == "gateway"
    reader, writer = await asyncio.open_connection(bench.plan.mbg_outside, forward["outside_port"])
    writer.close()
    del reader


async def test_a_mode_that_is_not_possible_changes_nothing_else(bench: Controlled) -> None:
    rule = {"outside_port": 0, "destination_host": "127.10.0.5", "destination_port": 8202}
    forward = await bench.ask("POST", "/forwards", rule)
    before = await bench.ask("PATCH", "/system", {"mode": "server-only"})
    taken = await asyncio.start_server(
        lambda r, w: w.close(), bench.plan.mbg_outside, forward["outside_port"]
    )
    status, document = await bench.ask("PATCH", "/system", {"mode": "gateway", "release": "9"})
    assert (status, document["code"]) == (409, "not_possible")
    assert await bench.ask("GET", "/system") == before
    taken.close()
    await taken.wait_closed()
    changed = await bench.ask("PATCH", "/system", {"mode": "gateway", "release": "9"})
    assert (changed["mode"], changed["release"]) == ("gateway", "9")


async def test_restarts_resets_and_changes_of_mode_at_once_come_one_by_one(
    bench: Controlled,
) -> None:
    rule = {"outside_port": 0, "destination_host": "127.10.0.5", "destination_port": 8202}
    await bench.ask("POST", "/forwards", rule)
    calls = [bench.ask("POST", "/restart", {"state": "kept"}) for _ in range(4)]
    calls += [bench.ask("PATCH", "/system", {"mode": mode}) for mode in ("server-only", "gateway")]
    calls += [bench.ask("POST", "/reset"), bench.ask("POST", "/restart", {"state": "lost"})]
    answers = await asyncio.gather(*calls)
    assert [answer for answer in answers if isinstance(answer, tuple)] == []
    token, secret = await with_token(bench)
    assert await bench.call("/ping", token, secret) == PONG, "REST is there, and but once"


async def test_a_restart_fault_and_a_restart_by_program_both_end(bench: Controlled) -> None:
    token, secret = await with_token(bench)
    bench.mbg.restart_soon(keep_state=True)
    await asyncio.gather(*(bench.ask("POST", "/restart", {"state": "kept"}) for _ in range(2)))
    bench.mbg.restart_soon(keep_state=True)
    await bench.mbg.stop()
    said = [entry.summary for entry in bench.mbg.journal.entries]
    await bench.mbg.start()
    assert await bench.call("/ping", token, secret) == PONG
    assert "restart failed" not in said


async def test_a_restart_that_is_asked_for_during_a_stop_does_not_start_it_again(
    bench: Controlled,
) -> None:
    stopping = asyncio.create_task(bench.mbg.stop())
    await asyncio.sleep(0)
    bench.mbg.restart_soon(keep_state=True)
    await stopping
    assert [
        task for task in asyncio.all_tasks() if "_restart_or_say" in repr(task.get_coro())
    ] == []


async def test_a_search_of_the_journal_lets_others_in_and_masks_what_it_shows_alone(
    bench: Controlled, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = bench.mbg.journal
    journal.masker.learn("s3cret-value")
    for number in range(3000):
        journal.happened("MBG", "noise", number=number)
    journal.happened("MBG", "needle", value="s3cret-value")
    masked: list[str] = []
    view = journal.masker.view

    def counted(text: str) -> str:
        masked.append(text)
        return view(text)

    monkeypatch.setattr(journal.masker, "view", counted)
    found = await bench.ask("GET", "/journal", contains="needle")
    assert [entry["detail"] for entry in found["items"]] == ["value: •••"]
    assert len(masked) < 10
    assert (await bench.ask("GET", "/journal", contains="s3cret"))["items"] == []
    hidden = await bench.ask("GET", "/journal", contains="value: •••")
    assert [entry["summary"] for entry in hidden["items"]] == ["needle"]


async def test_the_clock_refuses_to_go_beyond_the_year_9000(bench: Controlled) -> None:
    bench.mbg.clock._calendar_offset += 6970 * YEAR_S
    status, document = await bench.ask("POST", "/clock/advance", {"seconds": 10 * YEAR_S})
    assert (status, "year 9000" in document["message"]) == (409, True)
    assert (await bench.ask("GET", "/clock"))["now"] < "9000"
    bench.mbg.happened("something")
    assert (await bench.ask("GET", "/journal"))["items"][0]["time"] < "9000"
