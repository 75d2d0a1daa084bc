"""Within a call: re-INVITE both ways, offers that cross, other requests."""

import pytest

from simulators.sip.call_events import (
    CallAnswered,
    CallReoffered,
    DialogRequest,
    DialogResponse,
    Party,
    Reason,
    ReofferRefused,
)
from simulators.sip.call_states import State
from simulators.sip.message import Request
from simulators.sip.tests.call_acts import confirmed, ends, kinds, over, states, strange
from simulators.sip.tests.call_wire import CALLEE_AT, CALLER_AT, REPLY, Wire

# Within the call


@pytest.mark.parametrize("again", ["caller", "callee"])
def test_either_end_offers_anew(again: str) -> None:
    wire = Wire()
    here, there = confirmed(wire)
    one, other, key, peer = (
        (wire.caller, wire.callee, here, there)
        if again == "caller"
        else (wire.callee, wire.caller, there, here)
    )
    assert one.calls.reinvite(key, wire.now, body=b"new")
    assert not one.calls.reinvite(key, wire.now, body=b"newer")
    wire.run(0.1)
    [reoffer] = other.heard
    assert isinstance(reoffer, CallReoffered)
    assert (reoffer.key, reoffer.request.body) == (peer, b"new")
    assert not other.calls.reinvite(peer, wire.now)
    assert other.calls.answer(peer, wire.now, body=b"yes")
    wire.run()
    assert wire.methods() == ["INVITE", "200", "ACK"]
    [event] = one.heard
    assert isinstance(event, CallAnswered) and event.response.body == b"yes"
    assert kinds(other) == ["CallReoffered", "CallAcknowledged"]
    one.calls.reinvite(key, wire.now, body=b"more")
    wire.run(0.1)
    other.calls.refuse(peer, 488, wire.now)
    wire.run()
    refused = one.heard[-1]
    assert isinstance(refused, ReofferRefused) and refused.response.status == 488
    assert states(wire) == (State.CONFIRMED, State.CONFIRMED)
    other.calls.hang_up(peer, wire.now)
    over(wire)


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_a_new_contact_is_where_later_requests_go(method: str) -> None:
    wire = Wire()
    here, there = confirmed(wire)
    for side, key, place in ((wire.caller, here, "new-a"), (wire.callee, there, "new-b")):
        dialog = side.calls.calls[key].dialog
        assert dialog is not None
        dialog.contact = f"<sip:{place}@127.10.0.99>"
    if method == "INVITE":
        wire.caller.calls.reinvite(here, wire.now, body=b"new")
        wire.run(0.1)
        wire.callee.calls.answer(there, wire.now, body=REPLY)
    else:
        wire.caller.calls.request(here, "UPDATE", wire.now)
    wire.run(0.1)
    wire.sent.clear()
    wire.callee.calls.request(there, "INFO", wire.now)
    if method == "INVITE":
        wire.caller.calls.request(here, "INFO", wire.now)
    wire.run(0.001)
    uris = [message.uri for message in wire.sent if isinstance(message, Request)]
    expected = ["sip:new-b@127.10.0.99", "sip:new-a@127.10.0.99"]
    assert uris == (expected if method == "INVITE" else expected[1:])


def test_a_2xx_to_an_offer_of_a_call_that_has_ended_is_still_acknowledged() -> None:
    wire = Wire()
    here, there = confirmed(wire)
    wire.caller.calls.reinvite(here, wire.now, body=b"new")
    wire.run(0.001)
    invite = wire.sent[0]
    assert isinstance(invite, Request)
    bye = strange(
        invite,
        "BYE",
        cseq="9 BYE",
        **{"from": invite.headers.get("to"), "to": invite.headers.get("from")},
    )
    wire.caller.transactions.receive(bye, CALLEE_AT, wire.now)
    wire.run(0.1)
    assert ends(wire.caller) == [(Party.PEER, Reason.BYE)]
    wire.callee.calls.answer(there, wire.now, body=REPLY)
    wire.run(0.1)
    assert wire.methods() == ["INVITE", "200", "200", "ACK", "BYE", "200"]
    over(wire)


def test_offers_that_cross_are_refused_491_and_the_callee_tries_again_first() -> None:
    wire = Wire()
    here, there = confirmed(wire)
    wire.callee.on_event = wire.caller.on_event = lambda event: None
    wire.caller.calls.reinvite(here, wire.now, body=b"caller's")
    wire.callee.calls.reinvite(there, wire.now, body=b"callee's")
    wire.run(0.04)
    assert sorted(wire.methods()) == ["491", "491", "ACK", "ACK", "INVITE", "INVITE"]
    assert wire.caller.heard == wire.callee.heard == []
    wire.run(2.0)
    assert kinds(wire.caller) == ["CallReoffered"]
    wire.caller.calls.answer(here, wire.now, body=REPLY)
    wire.run(3.0)
    assert kinds(wire.callee) == ["CallAnswered", "CallReoffered"]
    wire.callee.calls.answer(there, wire.now, body=REPLY)
    wire.run()
    assert kinds(wire.caller) == ["CallReoffered", "CallAcknowledged", "CallAnswered"]
    wire.callee.calls.hang_up(there, wire.now)
    over(wire)


def test_a_peer_who_always_says_491_is_believed_at_last() -> None:
    wire = Wire()
    here, there = confirmed(wire)

    def refuse(event: object) -> None:
        if isinstance(event, CallReoffered):
            wire.callee.calls.refuse(there, 491, wire.now)

    wire.callee.on_event = refuse
    wire.caller.calls.reinvite(here, wire.now, body=b"new")
    wire.run(60)
    assert kinds(wire.caller) == ["ReofferRefused"]
    wire.caller.calls.hang_up(here, wire.now)
    over(wire)


def test_an_offer_within_the_call_that_is_left_lying_is_refused() -> None:
    wire = Wire()
    here, _ = confirmed(wire)
    wire.caller.calls.reinvite(here, wire.now, body=b"new")
    wire.run(181)
    assert wire.methods() == ["INVITE", "100", "480", "ACK"]
    assert kinds(wire.caller) == ["ReofferRefused"]
    wire.caller.calls.hang_up(here, wire.now)
    over(wire)


@pytest.mark.parametrize("who", ["caller", "callee"])
def test_hanging_up_while_an_offer_is_open_ends_both(who: str) -> None:
    wire = Wire()
    here, there = confirmed(wire)
    wire.caller.calls.reinvite(here, wire.now, body=b"new")
    wire.run(0.1)
    side, key = (wire.caller, here) if who == "caller" else (wire.callee, there)
    side.calls.hang_up(key, wire.now)
    wire.run()
    assert "487" in wire.methods()
    assert len(ends(wire.caller)) == len(ends(wire.callee)) == 1
    over(wire)


def test_other_requests_are_carried_both_ways() -> None:
    wire = Wire()
    here, there = confirmed(wire)
    asked = wire.caller.calls.request(
        here, "INFO", wire.now, body=b"Signal=5", content_type="application/dtmf-relay"
    )
    wire.run(0.1)
    [event] = wire.callee.heard
    assert isinstance(event, DialogRequest) and event.key == there
    assert (event.request.method, event.request.body) == ("INFO", b"Signal=5")
    wire.callee.calls.respond(event.transaction, event.request, 200, wire.now, body=b"ok")
    wire.run()
    [answer] = wire.caller.heard
    assert isinstance(answer, DialogResponse) and answer.response is not None
    assert (answer.transaction, answer.response.body) == (asked, b"ok")
    assert wire.caller.calls.request("unheard of", "INFO", wire.now) == ""
    wire.callee.calls.hang_up(there, wire.now)
    over(wire)


@pytest.mark.parametrize("who", ["caller", "callee"])
def test_who_was_called_answers_a_caller_that_moved(who: str) -> None:
    wire = Wire()
    here, there = confirmed(wire)
    moved = ("127.10.0.77", 40_000)
    one, key, peer, other, at = (
        (wire.caller, here, there, wire.callee, CALLEE_AT)
        if who == "caller"
        else (wire.callee, there, here, wire.caller, CALLER_AT)
    )
    one.calls.request(key, "INFO", wire.now)
    one.work(wire.now)
    [info] = one.transactions.to_send()
    assert info.to == at
    other.transactions.receive(info.data, moved, wire.now)
    other.work(wire.now)
    other.calls.hang_up(peer, wire.now)
    [bye] = other.transactions.to_send()
    assert bye.to == (moved if who == "caller" else CALLEE_AT)


def test_a_request_out_of_order_is_refused() -> None:
    wire = Wire()
    here, _ = confirmed(wire)
    dialog = wire.caller.calls.calls[here].dialog
    assert dialog is not None
    dialog.local_cseq = 0
    wire.caller.calls.request(here, "INFO", wire.now)
    wire.run()
    assert wire.methods() == ["INFO", "500"]
    wire.caller.calls.hang_up(here, wire.now)
    over(wire)


@pytest.mark.parametrize("silent", [True, False])
def test_a_peer_that_lost_the_call_ends_it(silent: bool) -> None:
    wire = Wire()
    here, there = confirmed(wire)
    if silent:
        wire.fate = lambda message, number: ()
    wire.caller.calls.request(here, "INFO", wire.now)
    wire.run(0.05)
    if not silent:
        [event] = wire.callee.heard
        assert isinstance(event, DialogRequest)
        wire.callee.calls.respond(event.transaction, event.request, 481, wire.now)
    wire.run(100)
    assert ends(wire.caller) == [(Party.PEER, Reason.TIMEOUT)]
    wire.callee.calls.hang_up(there, wire.now)
    over(wire)
