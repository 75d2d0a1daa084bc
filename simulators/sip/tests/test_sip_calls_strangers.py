"""Calls that are challenged, lose their connection, or are none of ours."""

import pytest

from simulators.core import TLS
from simulators.entropy import Seed
from simulators.sip.agent import RegistrationAgent, RegistrationChanged
from simulators.sip.call_events import (
    CallEnded,
    CallOffered,
    CallProgress,
    DialogRequest,
    Party,
    Reason,
)
from simulators.sip.call_states import TRANSITIONS, Event, State
from simulators.sip.calls import Calls
from simulators.sip.challenged import Login
from simulators.sip.digest import Challenge, Credentials, verifies
from simulators.sip.invitation import Invitation
from simulators.sip.message import Request, parse, response_to
from simulators.sip.registration import Account
from simulators.sip.tests.call_acts import confirmed, ends, offered, over, states
from simulators.sip.tests.call_wire import CALLEE_AT, CALLER_AT, OFFER, REPLY, Wire
from simulators.sip.transaction import AckReceived, RequestReceived, TimedOut

# Challenges


class Guard:
    """Challenges each request of the caller, before the callee's calls see it."""

    def __init__(self, wire: Wire, status: int = 401, stale: bool = False) -> None:
        self.asked: list[str] = []
        self._wire, self._status, self._stale = wire, status, stale
        self._calls = wire.callee.calls
        wire.callee.calls = self  # type: ignore[assignment]

    def __getattr__(self, name: str) -> object:
        return getattr(self._calls, name)

    def __len__(self) -> int:
        return len(self._calls)

    def take(self, event: object, now: float) -> bool:
        if isinstance(event, RequestReceived):
            name = "authorization" if self._status == 401 else "proxy-authorization"
            text = event.request.headers.get(name)
            if not text or self._stale:
                self.asked.append(event.request.method)
                kind = "WWW" if self._status == 401 else "Proxy"
                challenge = Challenge("pbx", f"n{len(self.asked)}", stale=self._stale)
                headers = [(f"{kind}-Authenticate", str(challenge))]
                response = response_to(event.request, self._status, headers=headers, to_tag="g")
                self._wire.callee.transactions.respond(event.transaction, response, now)
                return True
            credentials = Credentials.parse(text)
            assert credentials.username == "tw1"
            if not verifies(credentials, method=event.request.method, password="right"):
                self.asked.append("wrong")
                headers = [("WWW-Authenticate", str(Challenge("pbx", "another")))]
                response = response_to(event.request, 401, headers=headers, to_tag="g")
                self._wire.callee.transactions.respond(event.transaction, response, now)
                return True
        if isinstance(event, AckReceived):
            assert event.request.headers.get("authorization") or self._status == 407
        return self._calls.take(event, now)


@pytest.mark.parametrize("status", [401, 407])
def test_challenges_to_invite_and_bye_are_answered(status: int) -> None:
    wire = Wire()
    guard = Guard(wire, status)
    here, there = offered(wire, login=Login("tw1", "right"))
    wire.callee.calls.answer(there, wire.now, body=REPLY)
    wire.run()
    assert states(wire) == (State.CONFIRMED, State.CONFIRMED)
    wire.caller.calls.hang_up(here, wire.now)
    wire.run()
    assert guard.asked == ["INVITE", "BYE"]
    assert ends(wire.callee) == [(Party.PEER, Reason.BYE)]
    over(wire)


@pytest.mark.parametrize(
    ("login", "stale", "asked"),
    [
        (None, False, ["INVITE"]),
        (Login("tw1", "wrong"), False, ["INVITE", "wrong"]),
        (Login("tw1", "right"), True, ["INVITE"] * 5),
    ],
)
def test_a_challenge_that_cannot_be_answered_is_a_refusal(
    login: Login | None, stale: bool, asked: list[str]
) -> None:
    wire = Wire()
    guard = Guard(wire, stale=stale)
    wire.invite(login=login)
    wire.run()
    [event] = wire.caller.heard
    assert isinstance(event, CallEnded) and event.response is not None
    assert (event.reason, event.response.status) == (Reason.REFUSED, 401)
    assert guard.asked == asked
    over(wire)
    assert "wrong" not in repr(Login("tw1", "wrong"))


def test_a_challenge_within_the_call_counts_its_cseq_on() -> None:
    wire = Wire()
    Guard(wire)
    here, _ = confirmed(wire, login=Login("tw1", "right"))
    wire.caller.calls.request(here, "INFO", wire.now)
    wire.run(0.1)
    [event] = wire.callee.heard
    assert isinstance(event, DialogRequest)
    wire.callee.calls.respond(event.transaction, event.request, 200, wire.now)
    wire.run(0.1)
    wire.caller.calls.hang_up(here, wire.now)
    wire.run()
    requests = [m for m in wire.sent if isinstance(m, Request)]
    assert [m.headers.get("cseq") for m in requests] == ["3 INFO", "4 INFO", "5 BYE", "6 BYE"]
    over(wire)


# Connections


def test_a_lost_connection_ends_a_call_that_waits_for_an_answer() -> None:
    wire = Wire(transport=TLS)
    offered(wire)
    wire.caller.transactions.lost(CALLEE_AT, wire.now, transport=TLS)
    wire.callee.transactions.lost(CALLER_AT, wire.now, transport=TLS)
    wire.run(0.1)
    assert ends(wire.caller) == ends(wire.callee) == [(Party.PEER, Reason.LOST)]
    over(wire)


def test_a_lost_connection_ends_a_call_that_says_something_within_it() -> None:
    wire = Wire(transport=TLS)
    here, there = confirmed(wire)
    wire.fate = lambda message, number: ()
    wire.caller.calls.reinvite(here, wire.now, body=b"new")
    wire.caller.transactions.lost(CALLEE_AT, wire.now, transport=TLS)
    wire.run(40)
    assert ends(wire.caller) == [(Party.PEER, Reason.LOST)]
    wire.callee.calls.hang_up(there, wire.now)
    over(wire)


# What is not ours


def test_what_is_about_no_call_is_left_to_others() -> None:
    wire = Wire()
    invite = wire.invite()
    wire.run(0.05)
    base = wire.sent[0]
    assert isinstance(base, Request)
    headers = base.headers.replaced("Via", "SIP/2.0/UDP x;branch=z9hG4bKreg")
    for number, method in enumerate(("REGISTER", "OPTIONS", "NOTIFY")):
        request = Request(method, "sip:x", headers.replaced("CSeq", f"{number} {method}"))
        wire.callee.transactions.receive(request.encode(), CALLER_AT, wire.now)
    ack = Request("ACK", "sip:x", headers.replaced("CSeq", "1 ACK"))
    wire.callee.transactions.receive(ack.encode(), CALLER_AT, wire.now)
    wire.callee.work(wire.now)
    assert [type(event).__name__ for event in wire.callee.others] == [
        *["RequestReceived"] * 3,
        "AckReceived",
    ]
    assert not wire.caller.calls.take(TimedOut("somebody else's"), wire.now)
    assert not wire.caller.calls.take("nonsense", wire.now)
    assert wire.caller.calls.hang_up(invite, wire.now)
    over(wire)


def test_a_line_registers_and_is_called_over_one_transaction_layer() -> None:
    wire = Wire()
    agent = RegistrationAgent(CALLEE_AT, Seed(3).stream("agent").randbytes, registers_only=True)
    calls = Calls(agent.transactions, Seed(3).stream("calls").randbytes)
    account = Account(CALLER_AT, "127.10.0.10", "2102", "2102", "right", CALLEE_AT)
    agent.register("line1", account, 0.0)
    invitation = Invitation("sip:2102@b", "sip:2101@a", CALLEE_AT, body=OFFER)
    wire.caller.calls.invite(invitation, 0.0)
    [register] = agent.to_send()
    accepted = response_to(parse_request(register.data), 200, headers=[("Expires", "300")])
    [invite] = wire.caller.transactions.to_send()
    for data in (accepted.encode(), invite.data):
        agent.receive(data, CALLER_AT, 0.1)
    events = [event for event in agent.events() if not calls.take(event, 0.1)]
    assert {type(event) for event in events} == {RegistrationChanged}
    [offer] = calls.events()
    assert isinstance(offer, CallOffered)
    assert calls.ring(offer.key, 0.1)
    [ringing] = agent.to_send()
    assert ringing.data.startswith(b"SIP/2.0 180 ")


def parse_request(data: bytes) -> Request:
    message = parse(data)
    assert isinstance(message, Request)
    return message


def test_an_invite_that_cannot_be_taken_is_refused_before_anybody_hears_of_it() -> None:
    wire = Wire()
    wire.invite(headers=(("Require", "precondition"),))
    wire.run()
    assert wire.methods() == ["INVITE", "420", "ACK"]
    assert wire.callee.heard == []
    over(wire)


def test_the_table_names_reachable_states_only_and_all_of_them_end() -> None:
    reached = {State.CALLING, State.OFFERED}
    for _ in State:
        reached |= {
            to for state in reached & set(TRANSITIONS) for to in TRANSITIONS[state].values()
        }
    assert reached == set(State)
    assert set(TRANSITIONS) == set(State) - {State.ENDED}
    assert all(Event.HANG_UP in row for row in TRANSITIONS.values())


def test_progress_carries_a_body_and_its_own_headers() -> None:
    wire = Wire()
    _, there = offered(wire)
    wire.callee.calls.progress(there, 183, wire.now, body=REPLY, headers=(("X-A", "b"),))
    wire.run(0.1)
    [event] = wire.caller.heard
    assert isinstance(event, CallProgress)
    assert (event.response.status, event.response.body) == (183, REPLY)
    assert event.response.headers.get("x-a") == "b"
    assert not wire.callee.calls.progress("unheard of", 180, wire.now)
