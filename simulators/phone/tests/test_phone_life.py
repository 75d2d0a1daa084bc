"""The phone's life as a core: no socket, time moved by hand (PHN-1, PHN-3, PHN-7)."""

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from simulators.errors import LocalProtocolError
from simulators.phone.files.firmware import Running
from simulators.phone.habits import LifeSettings
from simulators.phone.life import actions as do
from simulators.phone.life.states import IN_SERVICE, TRANSITIONS, Event, RegistrationState, State
from simulators.phone.tests.life_bench import (
    CONTACT,
    FAST,
    FILES,
    LINE,
    LOCAL,
    MAC,
    POLLING,
    RESET,
    URIS,
    Bench,
    image,
    registered,
)

# Configuration


def test_files_are_fetched_in_order_then_the_firmware() -> None:
    bench = Bench().give(do.PowerOn())
    assert bench.fetched() == FILES
    assert bench.at(State.IDLE) and bench.life.reboots == 0
    first = next(action for action in bench.done if isinstance(action, do.Fetch))
    assert first.url == "https://mcs:8202/startup.cfg" and not first.validate


def test_later_files_win_and_missing_ones_are_no_error() -> None:
    bench = Bench()
    bench.files = {"startup.cfg": b"a: 1\nb: 1", f"{MAC}.cfg": b"b: 2"}
    bench.give(do.PowerOn())
    assert bench.life.configuration == LOCAL | {"a": "1", "b": "2"}
    assert "configuration server away" not in bench.notes()


def test_without_a_server_it_is_idle_and_asks_nobody() -> None:
    bench = Bench(local={}).give(do.PowerOn())
    assert bench.at(State.IDLE) and bench.fetched() == []
    assert bench.life.message == "No configuration server"


def test_dhcp_offers_a_server_and_a_stored_one_goes_before_it() -> None:
    offered = Bench(local={}, dhcp_server="http://127.10.0.5:8203").give(do.PowerOn())
    stored = Bench(dhcp_server="http://127.10.0.5:8203").give(do.PowerOn())
    urls = [
        next(a.url for a in bench.done if isinstance(a, do.Fetch)) for bench in (offered, stored)
    ]
    assert urls == ["http://127.10.0.5:8203/startup.cfg", "https://mcs:8202/startup.cfg"]


def test_a_server_that_is_away_leaves_the_cached_configuration_in_use() -> None:
    bench = Bench()
    bench.files[f"{MAC}.cfg"] = LINE
    bench.give(do.PowerOn(), do.PowerOff())
    bench.away = "no answer"
    bench.give(do.PowerOn())
    assert bench.at(State.REGISTERING)
    assert bench.life.message == "Configuration server away"
    assert bench.life.lines[1].line.account.username == "tw7k"


@pytest.mark.parametrize("status", [403, 500, 302])
def test_a_server_in_trouble_is_as_good_as_away(status: int) -> None:
    bench = Bench()
    bench.trouble = status
    bench.give(do.PowerOn())
    assert "configuration server away" in bench.notes() and "a" not in bench.life.configuration


def test_an_absent_server_is_tried_again_and_its_news_restart_the_phone() -> None:
    bench = Bench()
    bench.away = "no answer"
    bench.give(do.PowerOn())
    bench.pass_time(119)
    assert len(bench.fetched()) == 1
    bench.pass_time(1)
    assert len(bench.fetched()) == 2 and bench.at(State.IDLE)
    bench.away = ""
    bench.files[f"{MAC}.cfg"] = LINE
    bench.pass_time(120)
    assert bench.at(State.REGISTERING) and bench.life.reboots == 1
    assert bench.life.message == ""


def test_a_server_that_comes_back_with_nothing_new_restarts_nothing() -> None:
    bench = Bench()
    bench.away = "no answer"
    bench.give(do.PowerOn())
    bench.away = ""
    bench.pass_time(130)
    assert bench.life.reboots == 0 and bench.life.message == "" and bench.life.timer_at() is None


def test_a_refused_certificate_is_shown() -> None:
    bench = Bench(local=LOCAL | {"https validate certificates": "1"})
    for result in (do.PowerOn(), do.Booted(), do.NetworkUp(CONTACT)):
        bench.life.handle(result, 0)
    fetch = bench.life.actions()[-1]
    assert isinstance(fetch, do.Fetch) and fetch.validate
    bench.life.handle(do.FetchFailed("startup.cfg", "self-signed", certificate=True), 0)
    assert bench.life.message == "Certificate validation failed"


def test_a_forced_value_removes_the_local_one_and_others_stay() -> None:
    bench = Bench(local=LOCAL | {"language": "de"})
    bench.files[f"{MAC}.cfg"] = b"^language: en\nhttps port: 9999"
    bench.give(do.PowerOn())
    assert bench.life.configuration["language"] == "en"
    assert "language" not in bench.life.layers.local
    assert bench.life.configuration["https port"] == "8202"


# Firmware


def test_other_firmware_is_flashed_and_all_begins_again() -> None:
    bench = Bench()
    bench.files["6930.st"] = image("6.4")
    bench.give(do.PowerOn())
    assert bench.life.running.version == "6.4" and bench.life.reboots == 1
    assert bench.fetched() == FILES * 2
    assert bench.notes().count("firmware installed") == 1 and bench.at(State.IDLE)


@pytest.mark.parametrize(
    "bad", [image("6.4", name="6940"), image("6.4")[:-1], image("6.4", kind="minet"), b"<html>"]
)
def test_an_unfit_image_is_refused_and_the_old_firmware_keeps_running(bad: bytes) -> None:
    bench = Bench()
    bench.files |= {"6930.st": bad, f"{MAC}.cfg": LINE}
    bench.give(do.PowerOn())
    assert bench.life.running.version == "5.1" and bench.life.reboots == 0
    assert "firmware refused" in bench.notes() and bench.at(State.REGISTERING)


def test_the_power_may_fail_while_flashing() -> None:
    bench = Bench()
    for result in (do.PowerOn(), do.Booted(), do.NetworkUp(CONTACT)):
        bench.life.handle(result, 0)
    for path in FILES[:-1]:
        bench.life.handle(do.Fetched(path, 404), 0)
    bench.life.handle(do.Fetched("6930.st", 200, image("6.4")), 0)
    assert bench.at(State.FLASHING)
    bench.life.handle(do.PowerOff(), 0)
    assert bench.life.running.version == "5.1"
    with pytest.raises(LocalProtocolError):
        bench.life.handle(do.Flashed(), 0)


def test_a_minet_phone_goes_nowhere() -> None:
    bench = Bench(Running("1.2", "minet"), dhcp_server="http://127.10.0.5:8203").give(do.PowerOn())
    assert bench.at(State.MINET) and bench.fetched() == []
    bench.life.running = replace(bench.life.running, kind="sip")
    bench.give(do.RebootAsked("converted"))
    assert bench.at(State.IDLE) and bench.fetched()


# Registration and action URIs


def test_action_uris_are_called_at_the_right_moments() -> None:
    bench = registered(URIS)
    assert bench.at(State.REGISTERED)
    assert bench.called() == [
        "http://x/startup",
        "http://x/r?u=tw7k",
        "http://x/e?s=REGISTERED&c=200",
    ]
    bench.give(do.Registered(1, 300))
    assert len(bench.called()) == 3  # a repeat is silent
    bench.give(do.RegistrationRefused(1, 403, "No teleworker licence"))
    assert bench.called()[3:] == ["http://x/e?s=REFUSED&c=403"]
    assert bench.life.lines[1].warning == "No teleworker licence"
    bench.give(do.Registered(1, 300))
    assert bench.called()[4:] == ["http://x/e?s=REGISTERED&c=200"]  # `registered` only once


def test_without_action_uris_nobody_is_called() -> None:
    assert registered().called() == []


def test_a_registration_that_nobody_renews_times_out_and_expires() -> None:
    bench = registered(URIS)
    bench.pass_time(285)
    bench.give(do.RegistrationTimedOut(1))
    assert bench.line_state() is RegistrationState.TIMEOUT
    bench.pass_time(15)
    assert bench.line_state() is RegistrationState.EXPIRED
    assert bench.at(State.TIMED_OUT)
    assert [url[-15:] for url in bench.called()[3:]] == ["s=TIMEOUT&c=408", "/e?s=EXPIRED&c="]


def test_a_renewed_registration_does_not_expire() -> None:
    bench = registered()
    bench.pass_time(285)
    bench.give(do.Registered(1, 300))
    bench.pass_time(299)
    assert bench.at(State.REGISTERED)


def test_a_line_that_does_not_exist_is_our_mistake() -> None:
    with pytest.raises(LocalProtocolError):
        registered().give(do.Registered(2, 300))
    with pytest.raises(LocalProtocolError):
        Bench().give(do.PowerOn(), do.Registered(1, 300))


# Poll and restart


def test_polls_come_in_the_configured_interval() -> None:
    bench = registered(POLLING)
    bench.pass_time(59)
    assert bench.polls() == 0
    bench.pass_time(121)
    assert bench.polls() == 3 and bench.life.reboots == 0
    silent = registered(b"action uri poll: http://x/poll\n")
    silent.pass_time(1000)
    assert silent.polls() == 0


def test_fast_reboot_skips_the_firmware_and_reset_does_not() -> None:
    for answer, asked in ((FAST, False), (RESET, True)):
        bench = registered(POLLING)
        bench.done.clear()
        bench.poll = answer
        bench.pass_time(60)
        assert bench.life.reboots == 1 and bench.at(State.REGISTERING)
        assert ("6930.st" in bench.fetched()) is asked
        assert any(isinstance(action, do.Unregister) for action in bench.done)


@pytest.mark.parametrize("answer", [b"", b"<nonsense", FAST.replace(b"FastReboot", b"Dance")])
def test_other_answers_to_a_poll_change_nothing(answer: bytes) -> None:
    bench = registered(POLLING)
    bench.poll = answer
    bench.pass_time(60)
    assert bench.life.reboots == 0 and bench.at(State.REGISTERED)


def test_a_restart_does_not_wait_for_ever_for_un_registering() -> None:
    bench = registered()
    bench.life.handle(do.RebootAsked("menu"), bench.now)
    assert isinstance(bench.life.actions()[-1], do.Unregister)
    assert bench.life.timer_at() == bench.now + 4
    bench.pass_time(4)
    assert bench.life.reboots == 1 and bench.at(State.REGISTERING)


def test_a_phone_may_be_set_to_restart_without_un_registering() -> None:
    bench = Bench(settings=LifeSettings(unregister_limit_s=0))
    bench.files[f"{MAC}.cfg"] = LINE
    bench.give(do.PowerOn(), do.Registered(1, 300), do.RebootAsked("menu"))
    assert not any(isinstance(action, do.Unregister) for action in bench.done)
    assert bench.life.reboots == 1


def test_a_power_failure_drops_all_at_once_and_keeps_what_is_stored() -> None:
    bench = registered(POLLING)
    bench.done.clear()
    bench.give(do.PowerOff())
    assert bench.done == [do.Drop()] and bench.life.timer_at() is None
    assert bench.life.lines == {} and bench.life.layers.local == LOCAL
    bench.give(do.PowerOn())
    assert bench.at(State.REGISTERING) and bench.life.reboots == 0


def test_an_answer_that_nobody_asked_for_is_our_mistake() -> None:
    for result in (do.Fetched("startup.cfg", 200), do.FetchFailed("poll", "x"), do.Booted()):
        with pytest.raises(LocalProtocolError):
            Bench().give(result)
    with pytest.raises(LocalProtocolError):
        registered().give(do.Fetched("poll", 200))
    with pytest.raises(LocalProtocolError):
        registered().give(do.Fetched("startup.cfg", 200))


def test_every_state_is_in_the_table_and_the_power_may_fail_in_each() -> None:
    assert set(TRANSITIONS) == set(State)
    reached = {state for moves in TRANSITIONS.values() for state in moves.values()}
    assert reached == set(State)
    for state, moves in TRANSITIONS.items():
        assert (Event.POWER_OFF in moves) is (state is not State.OFF)
        assert {Event.CABLE_PULLED, Event.CABLE_BACK} <= set(moves) or state in (
            State.NETWORK, State.NO_CABLE
        ), state  # fmt: skip


RESULTS = (
    st.sampled_from(
        [
            do.PowerOn(), do.PowerOff(), do.Booted(), do.NetworkUp(CONTACT), do.Flashed(),
            do.Registered(1, 300), do.RegistrationRefused(1, 403), do.RegistrationTimedOut(1),
            do.Unregistered(1), do.Registered(2, 60), do.RebootAsked("any"),
            do.RebootAsked("any", fast=True),
        ]
    )
    | st.builds(
        do.Fetched,
        st.sampled_from(["startup.cfg", "6930.cfg", f"{MAC}.cfg", "6930.st", "poll", "x"]),
        st.sampled_from([200, 404, 500]),
        st.sampled_from([b"", LINE + POLLING, FAST, RESET, image("6.4"), b"\xff: \xff"]),
    )
    | st.builds(do.FetchFailed, st.sampled_from(["startup.cfg", "6930.st", "poll"]), st.just("x"))
)  # fmt: skip


class AnyResults(RuleBasedStateMachine):
    """Any result at any time is taken, or refused as our mistake; nothing else happens."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.bench.files = {f"{MAC}.cfg": LINE + POLLING, "6930.st": image("6.4")}
        self.bench.poll = FAST

    @rule(result=RESULTS)
    def any_result(self, result: do.Result) -> None:
        try:
            self.bench.life.handle(result, self.bench.now)
        except LocalProtocolError:
            self.bench.life.actions()

    @rule(result=RESULTS)
    def any_result_with_a_driver(self, result: do.Result) -> None:
        try:
            self.bench.give(result)
        except LocalProtocolError:
            self.bench.life.actions()

    @rule(away=st.sampled_from(["", "no answer"]))
    def network(self, away: str) -> None:
        self.bench.away = away

    @rule()
    def start_over(self) -> None:
        self.bench.life.actions()
        if self.bench.life.state is not State.OFF:
            self.bench.give(do.PowerOff())
        self.bench.give(do.PowerOn())
        assert self.bench.life.state in IN_SERVICE

    @rule(seconds=st.floats(0, 400))
    def time(self, seconds: float) -> None:
        try:
            self.bench.pass_time(seconds)
        except LocalProtocolError:
            self.bench.life.actions()

    @invariant()
    def nothing_impossible(self) -> None:
        life = self.bench.life
        assert life.running.kind == "sip"
        if life.state is State.OFF:
            assert life.timer_at() is None and not life.lines


TestAnyResults = AnyResults.TestCase
TestAnyResults.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
