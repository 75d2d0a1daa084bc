"""The 2xx of a call and its ACK, and how a call ends: BYE, time-outs, crossing acts."""

from simulators.sip.call_events import (
    CallAcknowledged,
    Party,
    Reason,
)
from simulators.sip.call_states import State
from simulators.sip.message import Message, Request, response_to
from simulators.sip.tests.call_acts import confirmed, ends, kinds, offered, over, states, strange
from simulators.sip.tests.call_wire import CALLEE_AT, CALLER_AT, HOP_S, OFFER, REPLY, Side, Wire
from simulators.sip.transaction import AckReceived

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
