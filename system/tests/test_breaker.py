"""The circuit breaker as a table, and in front of a fake MBG."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from system.clock import parse_iso_utc
from system.domain import breaker
from system.domain.breaker import TRANSITIONS, Breaker, Event, Limits, State
from system.tests.conftest import Site
from system.tests.fake_mbg import Refuse
from system.tests.helpers import eventually, seeded_entropy

LIMITS = Limits(failures=3, first_s=5, longest_s=60)
ENTROPY = seeded_entropy(1)


def fail(state: Breaker, now: float, **more: float) -> Breaker:
    return breaker.failed(state, now, LIMITS, ENTROPY, **more)  # type: ignore[arg-type]


def test_it_opens_at_the_limit_and_not_before() -> None:
    state = Breaker()
    for count in range(LIMITS.failures):
        assert state.closed, count
        state = fail(state, 0.0)
    assert (state.state, state.open_until) == (State.OPEN, 5.0)


def test_a_success_in_between_starts_the_count_anew() -> None:
    state = breaker.worked(fail(fail(Breaker(), 0.0), 0.0))
    assert state == Breaker()
    assert fail(fail(state, 0.0), 0.0).closed


def test_after_its_pause_one_probe_decides() -> None:
    opened = fail(Breaker(), 0.0, at_once=True)
    assert breaker.at(opened, 4.9) == opened
    probing = breaker.at(opened, 5.0)
    assert probing.state is State.HALF_OPEN
    assert breaker.worked(probing) == Breaker()
    again = fail(probing, 5.0)
    assert again.state is State.OPEN
    assert again.openings == 2


def test_what_was_under_way_when_it_opened_changes_nothing() -> None:
    opened = fail(Breaker(), 0.0, at_once=True)
    assert breaker.worked(opened) == opened
    assert fail(opened, 1.0) == opened


def test_retry_after_opens_at_once_and_for_as_long_as_it_says() -> None:
    opened = fail(Breaker(), 100.0, asked_s=600.0)
    assert opened.open_until == 700.0


def test_a_person_lets_it_try_at_once() -> None:
    released = breaker.released(fail(Breaker(), 0.0, at_once=True))
    assert (released.state, released.open_until) == (State.HALF_OPEN, None)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["worked", "failed", "probe", "busy", "person", "time"])))
def test_it_is_open_exactly_while_it_has_an_end_and_always_opens_again(moves: list[str]) -> None:
    state, now = Breaker(), 0.0
    for move in moves:
        match move:
            case "worked":
                state = breaker.worked(state)
            case "failed":
                state = fail(state, now)
            case "probe":
                state = fail(state, now, at_once=True)
            case "busy":
                state = fail(state, now, asked_s=7.0)
            case "person":
                state = breaker.released(state)
            case "time":
                now += 61.0
                state = breaker.at(state, now)
                assert state.state is not State.OPEN or (state.open_until or 0) > now
        assert (state.state is State.OPEN) == (state.open_until is not None)
        if state.open_until is not None:
            assert now - 61 < state.open_until <= now + LIMITS.longest_s + 7
    assert breaker.worked(breaker.at(state, now + 1000)).closed


def test_every_state_can_be_left_for_closed() -> None:
    for state in State:
        reached, fringe = {state}, [state]
        while fringe:
            for following in TRANSITIONS[fringe.pop()].values():
                if following not in reached:
                    reached.add(following)
                    fringe.append(following)
        assert State.CLOSED in reached
    assert Event.TRIPPED not in TRANSITIONS[State.OPEN]


@pytest.fixture
async def ready(site: Site) -> Site:
    for number in range(3001, 3041):
        site.gateway.add(str(number), f"Number {number}")
    await site.authorize()
    await site.add_phone_system()
    return site


def only_system_answers(site: Site, monkeypatch: pytest.MonkeyPatch, refuse: Refuse) -> None:
    answer = site.mbg._resource

    def half_dead(request: object, path: str, body: bytes) -> object:
        if path.startswith("/mbg/v1/icps"):
            raise refuse
        return answer(request, path, body)  # type: ignore[arg-type]

    monkeypatch.setattr(site.mbg, "_resource", half_dead)


async def bulk_on(site: Site) -> None:
    # In one transaction, so that one pass takes them all.
    await site.ok("PUT", "/settings/mbg", {"rest_api_enabled": False})
    for number in range(3001, 3041):
        await site.check_remote(str(number))
    await site.ok("PUT", "/settings/mbg", {"rest_api_enabled": True})


async def breaker_is(site: Site, state: str) -> None:
    async def check() -> bool:
        document = await site.ok("GET", "/provisioning/status")
        return bool(document["breaker"]["state"] == state)

    await eventually(check, f"the breaker is {state}")


async def test_it_opens_in_the_middle_of_a_pass(
    ready: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        only_system_answers(ready, patch, Refuse(500, "internal_error"))
        await bulk_on(ready)
        await breaker_is(ready, "open")
        calls = sum(path.startswith("/mbg/v1/icps") for _, path in ready.mbg.requests)
        # Three failures, and what was under way beside the third; without a breaker it is 40.
        assert 3 <= calls <= 6
        status = await ready.ok("GET", "/provisioning/status")
        assert status["breaker"]["open_until"]
        assert "internal_error" in status["breaker"]["message"]

        async def held() -> bool:
            items = (await ready.ok("GET", "/provisioning/operations?state=waiting"))["items"]
            untried = [item for item in items if "internal_error" in (item["message"] or "")]
            return len(untried) >= 34

        await eventually(held, "the rest waits and says for what")
    ready.clock.advance(61)
    await breaker_is(ready, "closed")
    for number in range(3001, 3041):
        await ready.reaches(str(number), "provisioned")


async def test_retry_after_in_the_middle_of_a_pass_holds_all(
    ready: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        only_system_answers(ready, patch, Refuse(503, "busy", headers={"Retry-After": "900"}))
        await bulk_on(ready)
        await breaker_is(ready, "open")
    status = await ready.ok("GET", "/provisioning/status")
    until = parse_iso_utc(status["breaker"]["open_until"])
    assert until - ready.clock.now() >= 899
    seen = len(ready.mbg.requests)
    ready.clock.advance(600)
    await ready.log_in()
    assert len(ready.mbg.requests) == seen
    ready.clock.advance(301)
    await ready.reaches("3001", "provisioned")


async def test_an_open_breaker_survives_a_restart(ready: Site) -> None:
    ready.mbg.started = False
    await ready.check_remote("2101")
    await breaker_is(ready, "open")
    seen = len(ready.mbg.requests)
    await ready.restart()
    await ready.check_remote("2102")
    await ready.waits("2102")
    # The token watch looks at its start; the operations themselves do not call.
    assert {path for _, path in ready.mbg.requests[seen:]} <= {"/mbg/v1/system/"}
    assert len(ready.mbg.requests) <= seen + 1
    ready.mbg.started = True
    ready.clock.advance(61)
    await ready.reaches("2102", "provisioned")


async def test_a_missing_icp_of_many_extensions_does_not_open_it(ready: Site) -> None:
    ready.mbg.icps[0]["address"] = "127.10.0.99"
    await bulk_on(ready)
    for number in range(3001, 3041):
        await ready.reaches(str(number), "failed")
    assert (await ready.ok("GET", "/provisioning/status"))["breaker"]["state"] == "closed"
    # Asked for the node and for the list that the message shows, in each of two passes at most.
    assert ready.mbg.count("GET", "/mbg/v1/icps/") <= 4
