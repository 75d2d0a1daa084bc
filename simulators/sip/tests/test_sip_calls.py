"""Calls between two ends of ours: made, answered, refused, cancelled; all races."""

import pytest

from simulators.core import TCP, TLS, UDP
from simulators.sip.call_events import (
    CallAnswered,
    CallEnded,
    CallOffered,
    Party,
    Reason,
)
from simulators.sip.message import Request, Response
from simulators.sip.tests.call_acts import confirmed, ends, kinds, offered, over
from simulators.sip.tests.call_wire import CALLER_AT, HOP_S, OFFER, REPLY, Wire

# Made and answered


@pytest.mark.parametrize("transport", [UDP, TCP, TLS])
def test_a_call_rings_is_answered_and_hung_up(transport: str) -> None:
    wire = Wire(transport=transport)
    here, there = offered(wire, display='Ada "Home"')
    wire.callee.calls.ring(there, wire.now)
    wire.run()
    wire.callee.calls.answer(there, wire.now, body=REPLY)
    wire.run()
    assert wire.methods() == ["INVITE", "180", "200", "ACK"]
    assert kinds(wire.caller) == ["CallProgress", "CallAnswered"]
    assert kinds(wire.callee) == ["CallOffered", "CallAcknowledged"]
    event = wire.caller.heard[-1]
    assert isinstance(event, CallAnswered) and event.response.body == REPLY
    offer = wire.callee.heard[0]
    assert isinstance(offer, CallOffered)
    assert (offer.request.body, offer.peer, offer.transport) == (OFFER, CALLER_AT, transport)
    assert offer.request.headers.get("from").startswith('"Ada \\"Home\\"" <sip:2101@')
    assert wire.caller.calls.hang_up(here, wire.now)
    assert not wire.caller.calls.hang_up(here, wire.now)
    wire.run()
    assert wire.methods()[4:] == ["BYE", "200"]
    assert ends(wire.caller) == [(Party.US, Reason.BYE)]
    assert ends(wire.callee) == [(Party.PEER, Reason.BYE)]
    over(wire)


def test_the_dialog_carries_contact_route_and_cseq() -> None:
    wire = Wire()
    here, there = confirmed(wire)
    wire.callee.calls.hang_up(there, wire.now)
    wire.run()
    bye = wire.sent[0]
    assert isinstance(bye, Request) and bye.method == "BYE"
    assert bye.uri == "sip:2101@127.10.0.10:5060"
    assert bye.headers.get("cseq") == "1 BYE"
    assert ends(wire.caller) == [(Party.PEER, Reason.BYE)]
    assert here not in wire.caller.calls.calls


def test_the_callee_refuses() -> None:
    wire = Wire()
    _, there = offered(wire)
    wire.callee.calls.refuse(there, 486, wire.now, reason="Busy Here")
    wire.run()
    assert wire.methods() == ["INVITE", "486", "ACK"]
    assert ends(wire.caller) == [(Party.PEER, Reason.REFUSED)]
    [event] = wire.caller.heard
    assert isinstance(event, CallEnded) and event.response is not None
    assert (event.response.status, event.response.reason) == (486, "Busy Here")
    assert ends(wire.callee) == [(Party.US, Reason.REFUSED)]
    assert not wire.callee.calls.answer(there, wire.now)
    over(wire)


def test_hanging_up_what_rings_here_declines_it() -> None:
    wire = Wire()
    _, there = offered(wire)
    wire.callee.calls.hang_up(there, wire.now)
    wire.run()
    assert wire.methods() == ["INVITE", "603", "ACK"]
    over(wire)


def test_nobody_comes_to_the_phone() -> None:
    wire = Wire()
    _, there = offered(wire)
    wire.callee.calls.ring(there, wire.now)
    wire.run(181)
    assert wire.methods() == ["INVITE", "180", "480", "ACK"]
    assert ends(wire.callee) == [(Party.US, Reason.TIMEOUT)]
    assert ends(wire.caller) == [(Party.PEER, Reason.REFUSED)]
    over(wire)


def test_nobody_answers_the_invite() -> None:
    wire = Wire(fate=lambda message, number: ())
    wire.invite()
    wire.run(31)
    assert ends(wire.caller) == []
    wire.run(2)
    assert ends(wire.caller) == [(Party.PEER, Reason.TIMEOUT)]
    over(wire)


def test_the_callees_silence_in_an_early_call_ends_it() -> None:
    wire = Wire(fate=lambda message, number: (HOP_S,) if number <= 2 else ())
    _, there = offered(wire)
    wire.callee.calls.ring(there, wire.now)
    over(wire)
    assert ends(wire.caller) == [(Party.PEER, Reason.TIMEOUT)]


def test_several_calls_at_once_do_not_mix() -> None:
    wire = Wire()
    keys = [wire.invite(body=b"%d" % number) for number in range(5)]
    wire.run(0.05)
    offers = [event for event in wire.callee.heard if isinstance(event, CallOffered)]
    assert [event.request.body for event in offers] == [b"%d" % number for number in range(5)]
    for event in offers[:3]:
        wire.callee.calls.answer(event.key, wire.now, body=event.request.body)
    wire.run()
    answers = [event for event in wire.caller.heard if isinstance(event, CallAnswered)]
    assert [(e.key, e.response.body) for e in answers] == [
        (key, b"%d" % n) for n, key in enumerate(keys[:3])
    ]
    wire.caller.calls.hang_up(keys[1], wire.now)
    wire.caller.calls.hang_up(keys[4], wire.now)
    for event in offers[3:]:
        wire.callee.calls.ring(event.key, wire.now)
    wire.run()
    assert {event.key for event in wire.caller.heard if isinstance(event, CallEnded)} == {
        keys[1],
        keys[4],
    }
    assert sorted(wire.caller.calls.calls) == [keys[0], keys[2], keys[3]]
    for key in (keys[0], keys[2], keys[3]):
        wire.caller.calls.hang_up(key, wire.now)
    over(wire)


# CANCEL and its races


def test_a_call_that_rings_is_cancelled() -> None:
    wire = Wire()
    here, there = offered(wire)
    wire.callee.calls.ring(there, wire.now)
    wire.run()
    wire.caller.calls.hang_up(here, wire.now)
    wire.run()
    assert wire.methods() == ["INVITE", "180", "CANCEL", "200", "487", "ACK"]
    assert ends(wire.caller) == [(Party.US, Reason.CANCELLED)]
    assert ends(wire.callee) == [(Party.PEER, Reason.CANCELLED)]
    assert not wire.callee.calls.answer(there, wire.now)
    over(wire)


def test_a_cancel_waits_until_the_callee_was_heard_of() -> None:
    wire = Wire()
    here = wire.invite()
    wire.caller.calls.hang_up(here, wire.now)
    wire.run(0.1)
    assert wire.methods() == ["INVITE"]
    wire.run()
    assert wire.methods() == ["INVITE", "100", "CANCEL", "200", "487", "ACK"]
    over(wire)


def test_an_answer_that_crosses_the_cancel_wins_and_is_hung_up() -> None:
    wire = Wire()
    here, there = offered(wire)
    wire.callee.calls.ring(there, wire.now)
    wire.run()
    wire.caller.calls.hang_up(here, wire.now)
    wire.callee.calls.answer(there, wire.now, body=REPLY)
    wire.run()
    assert wire.methods()[2:] == ["CANCEL", "200", "ACK", "BYE", "200", "200"]
    assert ends(wire.caller) == [(Party.US, Reason.CANCELLED)]
    assert ends(wire.callee) == [(Party.PEER, Reason.BYE)]
    assert "CallAnswered" not in kinds(wire.caller)
    over(wire)


def test_a_refusal_that_crosses_the_cancel_ends_it() -> None:
    wire = Wire()
    here, there = offered(wire)
    wire.callee.calls.ring(there, wire.now)
    wire.run()
    wire.caller.calls.hang_up(here, wire.now)
    wire.callee.calls.refuse(there, 486, wire.now)
    wire.run()
    assert ends(wire.caller) == [(Party.US, Reason.CANCELLED)]
    over(wire)


def test_a_cancelled_call_whose_487_never_comes_ends_all_the_same() -> None:
    wire = Wire(fate=lambda m, n: () if isinstance(m, Response) and m.status >= 200 else (HOP_S,))
    here, there = offered(wire)
    wire.callee.calls.ring(there, wire.now)
    wire.run()
    wire.caller.calls.hang_up(here, wire.now)
    over(wire)
    assert ends(wire.caller) == [(Party.US, Reason.CANCELLED)]
