"""Calls between two ends of ours: made, answered, refused, cancelled, changed, ended; all races."""

import pytest

from simulators.core import TCP, TLS, UDP
from simulators.entropy import Seed
from simulators.sip.agent import RegistrationAgent, RegistrationChanged
from simulators.sip.call_events import (
    CallAcknowledged,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallProgress,
    CallReoffered,
    DialogRequest,
    DialogResponse,
    Party,
    Reason,
    ReofferRefused,
)
from simulators.sip.call_states import TRANSITIONS, Event, State
from simulators.sip.calls import Calls
from simulators.sip.challenged import Login
from simulators.sip.digest import Challenge, Credentials, verifies
from simulators.sip.invitation import Invitation
from simulators.sip.message import Message, Request, Response, parse, response_to
from simulators.sip.registration import Account
from simulators.sip.tests.call_wire import CALLEE_AT, CALLER_AT, HOP_S, OFFER, REPLY, Side, Wire
from simulators.sip.transaction import AckReceived, RequestReceived, TimedOut

LONG_S = 1000.0


def kinds(side: Side) -> list[str]:
    return [type(event).__name__ for event in side.heard]


def ends(side: Side) -> list[tuple[Party, Reason]]:
    return [(event.by, event.reason) for event in side.heard if isinstance(event, CallEnded)]


def offered(wire: Wire, **more: object) -> tuple[str, str]:
    """A call that has reached the callee; both ends' keys."""
    key = wire.invite(**more)
    wire.run(0.05)
    [event] = wire.callee.heard
    assert isinstance(event, CallOffered)
    return key, event.key


def confirmed(wire: Wire, **more: object) -> tuple[str, str]:
    """A call that both ends talk in."""
    here, there = offered(wire, **more)
    assert wire.callee.calls.ring(there, wire.now)
    wire.run(0.5)
    assert wire.callee.calls.answer(there, wire.now, body=REPLY)
    wire.run(0.5)
    assert states(wire) == (State.CONFIRMED, State.CONFIRMED)
    for side in (wire.caller, wire.callee):
        side.heard.clear()
    wire.sent.clear()
    return here, there


def states(wire: Wire) -> tuple[State, ...]:
    return tuple(
        call.state for side in (wire.caller, wire.callee) for call in side.calls.calls.values()
    )


def over(wire: Wire) -> None:
    """All timers run out, and nothing is left."""
    wire.run(LONG_S)
    assert (wire.caller.kept(), wire.callee.kept()) == (0, 0)
    assert wire.caller.timer_at() is wire.callee.timer_at() is None


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


# The 2xx and its ACK


def test_a_2xx_is_repeated_until_its_ack_is_there_and_acknowledged_each_time() -> None:
    lost = iter([True, True, False, False])

    def fate(message: Message, number: int) -> tuple[float, ...]:
        ack = isinstance(message, Request) and message.method == "ACK"
        return () if ack and next(lost, False) else (HOP_S,)

    wire = Wire(fate=fate)
    here, there = offered(wire)
    start = wire.now
    wire.callee.calls.answer(there, wire.now, body=REPLY)
    wire.run(10)
    assert wire.methods() == ["INVITE", "200", "ACK", "200", "ACK", "200", "ACK"]
    acks = [m for m in wire.sent if isinstance(m, Request) and m.method == "ACK"]
    assert acks[0] == acks[1] == acks[2]
    assert kinds(wire.caller) == ["CallAnswered"]
    assert start < 1 and states(wire) == (State.CONFIRMED, State.CONFIRMED)
    wire.caller.calls.hang_up(here, wire.now)
    over(wire)


def test_a_2xx_that_is_never_acknowledged_ends_in_bye() -> None:
    wire = Wire(fate=lambda m, n: () if isinstance(m, Request) and m.method == "ACK" else (HOP_S,))
    _, there = offered(wire)
    wire.callee.calls.answer(there, wire.now, body=REPLY)
    wire.run(40)
    times = wire.methods().count("200")
    assert times == 11 + 1  # 0.5 doubling to 4 within 32 s, and the one to BYE
    assert wire.methods()[-2:] == ["BYE", "200"]
    assert ends(wire.callee) == [(Party.PEER, Reason.TIMEOUT)]
    assert ends(wire.caller) == [(Party.PEER, Reason.BYE)]
    over(wire)


def test_who_answers_and_hangs_up_at_once_waits_for_the_ack() -> None:
    wire = Wire()
    _, there = offered(wire)
    wire.callee.calls.answer(there, wire.now, body=REPLY)
    wire.callee.calls.hang_up(there, wire.now)
    wire.run(0.001)
    assert wire.methods() == ["INVITE", "200"]
    wire.run()
    assert wire.methods() == ["INVITE", "200", "ACK", "BYE", "200"]
    assert ends(wire.callee) == [(Party.US, Reason.BYE)]
    over(wire)


def test_an_offer_in_the_2xx_is_answered_in_the_ack() -> None:
    wire = Wire()
    here, there = offered(wire, body=b"")
    wire.callee.calls.answer(there, wire.now, body=OFFER)
    wire.run(0.1)
    assert wire.methods() == ["INVITE", "200"]
    assert wire.caller.calls.acknowledge(here, body=REPLY)
    assert not wire.caller.calls.acknowledge(here, body=REPLY)
    wire.run()
    event = wire.callee.heard[-1]
    assert isinstance(event, CallAcknowledged) and event.request.body == REPLY
    assert event.request.headers.get("content-type") == "application/sdp"
    assert wire.methods() == ["INVITE", "200", "ACK"]
    wire.caller.calls.hang_up(here, wire.now)
    over(wire)


def test_an_offer_in_the_2xx_that_nobody_answers_is_acknowledged_before_bye() -> None:
    wire = Wire()
    here, there = offered(wire, body=b"")
    wire.callee.calls.answer(there, wire.now, body=OFFER)
    wire.run(0.1)
    wire.caller.calls.hang_up(here, wire.now)
    wire.run()
    assert wire.methods() == ["INVITE", "200", "ACK", "BYE", "200"]
    over(wire)


def test_the_second_of_two_forks_that_answer_is_acknowledged_and_hung_up() -> None:
    wire = Wire()
    here = wire.invite()
    wire.run(0.05)
    invite = wire.sent[0]
    assert isinstance(invite, Request)
    contact = [("Contact", "<sip:fork@127.10.0.30>")]
    for status, tag in ((180, "one"), (180, "two"), (200, "two"), (200, "one"), (200, "one")):
        response = response_to(invite, status, to_tag=tag, headers=contact).encode()
        wire.caller.transactions.receive(response, CALLEE_AT, wire.now)
        wire.caller.work(wire.now)
    assert kinds(wire.caller) == ["CallProgress", "CallProgress", "CallAnswered"]
    wire.sent.clear()
    wire.run(0.001)
    requests = [m for m in wire.sent if isinstance(m, Request)]
    tags = [(m.method, m.headers.get("to").rpartition("=")[2]) for m in requests]
    assert tags == [("ACK", "two"), ("ACK", "one"), ("BYE", "one"), ("ACK", "one")]
    assert wire.caller.calls.calls[here].state is State.CONFIRMED
    wire.caller.calls.hang_up(here, wire.now)
    over(wire)


# BYE


def test_two_byes_that_cross_end_the_call_once() -> None:
    wire = Wire()
    here, there = confirmed(wire)
    wire.caller.calls.hang_up(here, wire.now)
    wire.callee.calls.hang_up(there, wire.now)
    wire.run()
    assert sorted(wire.methods()) == ["200", "200", "BYE", "BYE"]
    assert ends(wire.caller) == ends(wire.callee) == [(Party.US, Reason.BYE)]
    over(wire)


def test_a_bye_that_nobody_answers_ends_the_call_all_the_same() -> None:
    wire = Wire()
    here, _ = confirmed(wire)
    wire.fate = lambda message, number: ()
    wire.caller.calls.hang_up(here, wire.now)
    wire.run(40)
    assert ends(wire.caller) == [(Party.US, Reason.BYE)]
    assert states(wire) == (State.CONFIRMED,)  # the callee heard nothing


def test_a_bye_of_an_unknown_call_is_answered_481() -> None:
    wire = Wire()
    here, _ = confirmed(wire)
    wire.callee.calls = Side(CALLEE_AT, 2).calls
    wire.callee.calls._desk.transactions = wire.callee.transactions
    wire.caller.calls.hang_up(here, wire.now)
    wire.run()
    assert wire.methods() == ["BYE", "481"]
    assert ends(wire.caller) == [(Party.US, Reason.BYE)]


def test_a_caller_who_says_bye_to_what_rings_is_heard() -> None:
    wire = Wire()
    _, there = offered(wire)
    wire.callee.calls.ring(there, wire.now)
    wire.run(0.05)
    ringing, invite = wire.sent[-1], wire.sent[0]
    assert isinstance(invite, Request)
    headers = invite.headers.replaced("To", ringing.headers.get("to")).replaced("CSeq", "2 BYE")
    headers = headers.replaced("Via", "SIP/2.0/UDP 127.10.0.10;branch=z9hG4bKbye")
    bye = Request("BYE", invite.uri, headers).encode()
    wire.callee.transactions.receive(bye, CALLER_AT, wire.now)
    wire.run()
    assert wire.methods() == ["INVITE", "180", "200", "487", "ACK"]
    assert ends(wire.callee) == [(Party.PEER, Reason.BYE)]
    over(wire)


def strange(message: Message, method: str, **headers: str) -> bytes:
    """A request that somebody makes of one that was sent."""
    changed = message.headers.replaced("Via", f"SIP/2.0/UDP x;branch=z9hG4bK{method}")
    for name, value in headers.items():
        changed = changed.replaced(name, value)
    return Request(method, "sip:x", changed).encode()


def test_who_does_not_know_both_tags_cannot_end_a_call() -> None:
    wire = Wire()
    here, _ = confirmed(wire)
    wire.caller.calls.request(here, "INFO", wire.now)
    wire.run(0.01)
    info = wire.sent[0]
    data = strange(info, "BYE", cseq="9 BYE", **{"from": "<sip:2101@x>;tag=guess"})
    wire.callee.transactions.receive(data, CALLER_AT, wire.now)
    wire.run(0.1)
    assert "481" in wire.methods()
    assert states(wire) == (State.CONFIRMED, State.CONFIRMED)


def test_an_ack_of_another_cseq_is_not_the_one() -> None:
    wire = Wire()
    _, there = offered(wire)
    ringing = wire.callee.calls.answer(there, wire.now, body=REPLY)
    assert ringing
    wire.run(0.001)
    answer = wire.sent[-1]
    wire.callee.transactions.receive(strange(answer, "ACK", cseq="7 ACK"), CALLER_AT, wire.now)
    wire.callee.work(wire.now)
    assert [type(event) for event in wire.callee.others] == [AckReceived]
    assert wire.callee.calls.calls[there].state is State.ANSWERED


def test_a_proxy_that_records_its_route_is_asked_first() -> None:
    wire = Wire()
    routes = ["<sip:one.example;lr>", "<sip:two.example;lr>"]
    here, there = confirmed(wire, headers=tuple(("Record-Route", route) for route in routes))
    wire.caller.calls.request(here, "INFO", wire.now)
    wire.callee.calls.request(there, "INFO", wire.now)
    wire.run(0.001)
    assert [message.headers.all("route") for message in wire.sent] == [routes[::-1], routes]


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
