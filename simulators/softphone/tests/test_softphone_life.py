"""The softphone's life, without sockets: what it asks for, what it makes of the answers."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from simulators.errors import LocalProtocolError
from simulators.phone.life import actions as line
from simulators.softphone import actions as do
from simulators.softphone import documents
from simulators.softphone.actions import Call
from simulators.softphone.documents import Places, Refusal
from simulators.softphone.life import Habits, Life
from simulators.softphone.states import WITH_LINE, State

INSIDE, OUTSIDE = "10.1.0.5", "mcs.example.test"
BOTH = Places(INSIDE, OUTSIDE)
SESSION = {
    "token": "a-token",
    "expires_at": "2027-01-01",
    "user": {"display_name": "Ada"},
}
ACCOUNT = {
    "extension": "2101", "display_name": "Ada", "registrar": "203.0.113.10", "port": 5060,
    "transport": "udp", "user_name": "tw7k", "auth_name": "tw7k", "password": "c5W-rm7Y",
    "location": "remote",
}  # fmt: skip


class Told(Life):
    """A life, and what it wanted done."""

    def __init__(self, known: Places = BOTH) -> None:
        super().__init__(known, Habits(look_s=300, retry_s=60))
        self.now = 0.0
        self.done: list[do.Action] = []

    def gets(self, result: Any) -> None:
        self.handle(result, self.now)
        self.done += self.actions()

    def passes(self, seconds: float) -> None:
        self.now += seconds
        self.handle_timer(self.now)
        self.done += self.actions()

    def answers(self, call: Call, body: Any = None, status: int = 200, **more: Any) -> None:
        data = json.dumps(body or {}).encode()
        self.gets(do.Answered(call, self.host, status, data, **more))

    def is_silent(self, call: Call) -> None:
        self.gets(do.NotAnswered(call, self.host, "no answer"))

    def asks(self) -> list[tuple[Call, str]]:
        """The calls wanted since the last look."""
        found = [(ask.call, ask.host) for ask in self.done if isinstance(ask, do.Ask)]
        self.done = [action for action in self.done if not isinstance(action, do.Ask)]
        return found

    def has(self, kind: type) -> list[Any]:
        return [action for action in self.done if isinstance(action, kind)]


def opened(known: Places = BOTH) -> Told:
    life = Told(known)
    life.gets(do.Opened("ada", "a-Password-1"))
    return life


def logged_in(known: Places = BOTH) -> Told:
    life = opened(known)
    life.answers(Call.WHERE, {"location": "remote"})
    life.answers(Call.LOG_IN, SESSION)
    life.asks()
    return life


def registered() -> Told:
    life = logged_in()
    life.answers(Call.SOFTPHONE, ACCOUNT)
    life.gets(line.Registered(1, 300))
    life.done.clear()
    return life


def test_it_tries_the_local_address_first_then_the_remote_one() -> None:
    life = opened()
    assert life.asks() == [(Call.WHERE, INSIDE)]
    life.is_silent(Call.WHERE)
    assert life.asks() == [(Call.WHERE, OUTSIDE)]
    life.answers(Call.WHERE, {"location": "remote"})
    assert life.asks() == [(Call.LOG_IN, OUTSIDE)]


def test_who_is_inside_never_asks_outside() -> None:
    life = opened()
    life.answers(Call.WHERE, {"location": "local"})
    assert life.asks() == [(Call.WHERE, INSIDE), (Call.LOG_IN, INSIDE)]


def test_something_else_at_the_address_is_not_the_mcs() -> None:
    life = opened()
    life.answers(Call.WHERE, status=404)
    assert life.asks()[-1] == (Call.WHERE, OUTSIDE)


def test_without_an_answer_anywhere_it_says_so_and_looks_again_later() -> None:
    life = opened()
    life.is_silent(Call.WHERE)
    life.is_silent(Call.WHERE)
    assert (life.state, life.message) == (State.NOT_FOUND, "MCS not found: no answer")
    life.asks()
    life.passes(59)
    assert life.asks() == []
    life.passes(1)
    assert (life.state, life.asks()) == (State.LOOKING, [(Call.WHERE, INSIDE)])


def test_without_any_address_it_asks_nobody() -> None:
    life = opened(Places(None, None))
    assert (life.state, life.asks()) == (State.NOT_FOUND, [])


def test_it_learns_where_the_mcs_is_and_keeps_what_it_is_not_told() -> None:
    life = logged_in(Places(None, OUTSIDE))
    life.answers(Call.SETTINGS, {"local_address": "10.1.0.9", "remote_address": "-", "port": 9204})
    assert life.places == Places("10.1.0.9", OUTSIDE, 9204)


def test_it_registers_with_what_it_is_handed() -> None:
    life = logged_in()
    life.answers(Call.SOFTPHONE, ACCOUNT)
    (register,) = life.has(do.Register)
    account = register.account
    assert (account.registrar, account.port) == ("203.0.113.10", 5060)
    assert (account.user_name, account.password, life.location) == ("tw7k", "c5W-rm7Y", "remote")
    assert "c5W-rm7Y" not in repr(register)
    life.gets(line.Registered(1, 300))
    assert life.state is State.REGISTERED


def test_a_wrong_password_is_said_and_not_tried_again() -> None:
    life = opened()
    life.answers(Call.WHERE, {"location": "remote"})
    refused = {"code": "log_in_failed", "message": "Name or password is wrong"}
    life.answers(Call.LOG_IN, refused, 401)
    assert (life.state, life.message) == (State.LOG_IN_REFUSED, "Name or password is wrong")
    assert life.timer_at() is None
    life.gets(do.Opened("ada", "the-right-One-1"))
    assert life.state is State.LOOKING


def test_a_busy_mcs_is_asked_again_when_it_says() -> None:
    life = opened()
    life.answers(Call.WHERE, {"location": "remote"})
    life.answers(Call.LOG_IN, {"code": "x", "message": "later"}, 429, retry_after="17")
    assert (life.state, life.timer_at()) == (State.NOT_FOUND, 17.0)


def test_no_softphone_is_said_and_asked_for_again() -> None:
    life = logged_in()
    life.answers(Call.SOFTPHONE, {"code": "not_provisioned", "message": "Wait for the MBG"}, 409)
    assert (life.state, life.message) == (State.NO_SOFTPHONE, "Wait for the MBG")
    assert life.has(do.Register) == []
    life.passes(60)
    assert (life.state, life.asks()) == (State.ASKING, [(Call.SOFTPHONE, INSIDE)])
    life.answers(Call.SOFTPHONE, ACCOUNT)
    assert (life.state, life.message) == (State.REGISTERING, "")


def test_news_are_taken_and_the_same_again_is_left_alone() -> None:
    life = registered()
    life.passes(300)
    life.answers(Call.SOFTPHONE, ACCOUNT)
    assert (life.state, life.has(do.Register)) == (State.REGISTERED, [])
    life.passes(300)
    life.answers(Call.SOFTPHONE, ACCOUNT | {"password": "another-One-2"})
    (register,) = life.has(do.Register)
    assert (life.state, register.account.password) == (State.REGISTERING, "another-One-2")


def test_an_mcs_that_is_away_costs_no_registration() -> None:
    life = registered()
    life.passes(300)
    life.is_silent(Call.SOFTPHONE)
    assert (life.state, life.message) == (State.REGISTERED, "")
    assert life.has(do.Unregister) == []
    life.asks()
    life.passes(300)
    assert life.asks() == [(Call.SOFTPHONE, INSIDE)]


def test_a_log_in_that_is_over_is_made_anew_without_losing_the_registration() -> None:
    life = registered()
    life.passes(300)
    life.asks()
    life.answers(Call.SOFTPHONE, {"code": "session_ended"}, 401)
    assert (life.state, life.asks()) == (State.REGISTERED, [(Call.LOG_IN, INSIDE)])
    life.answers(Call.LOG_IN, SESSION | {"token": "another"})
    life.answers(Call.SOFTPHONE, ACCOUNT)
    assert (life.state, life.has(do.Register)) == (State.REGISTERED, [])


def test_who_may_no_longer_log_in_loses_the_registration() -> None:
    life = registered()
    life.passes(300)
    life.answers(Call.SOFTPHONE, {}, 401)
    life.answers(Call.LOG_IN, {"code": "phone_manager_not_allowed", "message": "Not allowed"}, 403)
    assert (life.state, life.account) == (State.LOG_IN_REFUSED, None)
    assert len(life.has(do.Unregister)) == 1


def test_an_extension_taken_away_is_unregistered() -> None:
    life = registered()
    life.passes(300)
    life.answers(Call.SOFTPHONE, {"code": "no_extension", "message": "You have none"}, 409)
    assert (life.state, life.account) == (State.NO_SOFTPHONE, None)
    assert len(life.has(do.Unregister)) == 1


def test_on_another_network_it_looks_anew() -> None:
    life = registered()
    life.gets(do.Moved())
    assert (life.state, life.account) == (State.LOOKING, None)
    assert life.asks() == [(Call.WHERE, INSIDE)]
    assert len(life.has(do.Drop)) == 1


def test_an_answer_to_the_network_that_was_is_nobodys_business() -> None:
    life = registered()
    life.passes(300)
    late = do.Answered(Call.SOFTPHONE, life.host, 200, json.dumps(ACCOUNT).encode())
    life.gets(do.Moved())
    life.gets(late)
    assert (life.state, life.account) == (State.LOOKING, None)


def test_closing_takes_the_registration_back_and_logs_out() -> None:
    life = registered()
    life.gets(do.Closed())
    (log_out,) = life.has(do.Ask)
    assert (log_out.call, log_out.host, log_out.token) == (Call.LOG_OUT, INSIDE, "a-token")
    assert (life.state, len(life.has(do.Unregister)), life.timer_at()) == (State.CLOSED, 1, None)
    assert "a-token" not in repr(log_out)


def test_check_sync_makes_it_look_at_once() -> None:
    life = registered()
    life.gets(line.CheckSyncAsked())
    assert life.asks() == [(Call.SOFTPHONE, INSIDE)]


@pytest.mark.parametrize(
    ("result", "state", "message"),
    [
        (line.RegistrationRefused(1, 403, "No teleworker licence is free on this MBG"),
         State.REFUSED, "No teleworker licence is free on this MBG"),
        (line.RegistrationRefused(1, 401), State.REFUSED, "Registration refused 401"),
        (line.RegistrationTimedOut(1), State.TIMED_OUT, "No service"),
    ],
)  # fmt: skip
def test_a_registration_that_fails_is_said(result: Any, state: State, message: str) -> None:
    life = logged_in()
    life.answers(Call.SOFTPHONE, ACCOUNT)
    life.gets(result)
    assert (life.state, life.message) == (state, message)
    life.gets(line.Registered(1, 300))
    assert (life.state, life.message) == (State.REGISTERED, "")


def test_what_a_state_has_no_room_for_is_a_mistake_of_the_driver() -> None:
    with pytest.raises(LocalProtocolError, match="closed"):
        Told().gets(do.Closed())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"registrar": ""}, "registrar"),
        ({"port": 0}, "port"),
        ({"port": "5060"}, "port"),
        ({"transport": "tls"}, "transport"),
        ({"user_name": None, "extension": 7}, "extension, user_name"),
    ],
)
def test_an_account_that_is_no_account_is_refused(change: dict[str, Any], expected: str) -> None:
    found = documents.account(json.dumps(ACCOUNT | change).encode())
    assert isinstance(found, Refusal)
    assert expected in found.message


@given(st.binary() | st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from([*ACCOUNT, *SESSION, "code", "message", "local_address"]), inner),
).map(lambda document: json.dumps(document).encode()))  # fmt: skip
def test_no_answer_whatever_makes_it_fall_over(body: bytes) -> None:
    documents.account(body)
    documents.session(body)
    assert documents.places(body, BOTH).port in range(1, 65_536)
    assert len(documents.refusal(500, body, body.decode("latin-1")).message) <= documents.MAX_TEXT


class AnyLife(RuleBasedStateMachine):
    """Whatever comes in whatever order: it never falls over, and never has two accounts."""

    def __init__(self) -> None:
        super().__init__()
        self.life = Told()
        self.wants: bool = False

    @rule()
    def opens(self) -> None:
        self.life.gets(do.Opened("ada", "a-Password-1"))

    @rule(moved=st.booleans())
    def leaves(self, moved: bool) -> None:
        if self.life.state is not State.CLOSED:
            self.life.gets(do.Moved() if moved else do.Closed())

    @rule(
        call=st.sampled_from(Call),
        status=st.sampled_from([200, 200, 200, 401, 403, 404, 409, 429, 500]),
        body=st.sampled_from([SESSION, ACCOUNT, ACCOUNT | {"port": 5070}, {}]),
    )
    def answered(self, call: Call, status: int, body: dict[str, Any]) -> None:
        self.life.answers(call, body, status)

    @rule(call=st.sampled_from(Call))
    def silent(self, call: Call) -> None:
        self.life.is_silent(call)

    @rule(
        result=st.sampled_from(
            [
                line.Registered(1, 60),
                line.RegistrationTimedOut(1),
                line.RegistrationRefused(1, 403),
                line.Unregistered(1),
                line.CheckSyncAsked(),
            ]
        )
    )
    def line_says(self, result: line.LineResult | line.CheckSyncAsked) -> None:
        self.life.gets(result)

    @rule(seconds=st.sampled_from([1, 60, 400]))
    def time_passes(self, seconds: int) -> None:
        self.life.passes(seconds)

    @invariant()
    def account_and_state_agree(self) -> None:
        assert (self.life.account is not None) == (self.life.state in WITH_LINE)

    @invariant()
    def registrations_are_taken_back(self) -> None:
        """What was begun and is not dropped with the network is taken back once not wanted."""
        for action in self.life.done:
            if isinstance(action, do.Register):
                self.wants = True
            elif isinstance(action, do.Unregister | do.Drop):
                self.wants = False
        self.life.done.clear()
        assert self.wants == (self.life.account is not None)


TestAnyLife = AnyLife.TestCase
