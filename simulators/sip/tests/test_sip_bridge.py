"""Two calls joined: what one end says, the other hears, and neither is ever left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core import Datagram
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
from simulators.sip.message import Message, Request, Response
from simulators.sip.tests.switchboard import Telephone, Wire, offer, wire

LONG_S = 400.0
"""Longer than any timer of a call, ringing included."""


def calling(body: bytes = b"") -> tuple[Wire, Telephone, Telephone, str]:
    """The first telephone has dialled the second."""
    line, first, second = wire()
    key = first.invite("3002", line.switch.address, line.now, body or offer(4000))
    line.settle()
    return line, first, second, key


def talking() -> tuple[Wire, Telephone, Telephone, str]:
    """They talk."""
    line, first, second, key = calling()
    second.calls.answer(second.key, line.now, body=offer(5000))
    line.settle()
    return line, first, second, key


def ended(telephone: Telephone) -> CallEnded:
    event = telephone.last(CallEnded)
    assert isinstance(event, CallEnded)
    return event


def test_ringing_and_the_answer_go_through_as_the_carrier_changed_them() -> None:
    line, first, second, _ = calling()
    second.calls.ring(second.key, line.now)
    line.settle()
    progress = first.last(CallProgress)
    assert isinstance(progress, CallProgress)
    assert progress.response.status == 180
    second.calls.answer(second.key, line.now, body=offer(5000))
    line.settle()
    answered = first.last(CallAnswered)
    assert isinstance(answered, CallAnswered)
    assert b"s=carried" in answered.response.body
    assert b"m=audio 5000" in answered.response.body
    assert line.switch.told == ["progress 180", "talking"]


@pytest.mark.parametrize("who", [0, 1])
def test_either_end_hangs_up(who: int) -> None:
    line, first, second, key = talking()
    if who == 0:
        first.calls.hang_up(key, line.now)
    else:
        second.calls.hang_up(second.key, line.now)
    line.settle()
    assert {ended(first).reason, ended(second).reason} == {Reason.BYE}
    assert line.switch.told[-1] == "over: bye"
    line.move(LONG_S)
    assert len(line.switch.bridge) == len(line.switch.calls) == len(line.switch.layer) == 0


@pytest.mark.parametrize("status", [486, 480, 603, 404])
def test_the_caller_hears_the_refusal_and_its_reason(status: int) -> None:
    line, first, second, _ = calling()
    second.calls.refuse(
        second.key, status, line.now, reason="No way", headers=(("Warning", '399 x "why"'),)
    )
    line.settle()
    response = ended(first).response
    assert response is not None
    assert (response.status, response.reason) == (status, "No way")
    assert response.headers.get("warning") == '399 x "why"'
    assert len(line.switch.bridge) == 0


def test_a_challenge_of_the_far_end_is_no_question_for_the_callers_password() -> None:
    line, first, second, _ = calling()
    second.calls.refuse(second.key, 401, line.now)
    line.settle()
    response = ended(first).response
    assert response is not None
    assert response.status == 403


def test_a_caller_that_gives_up_stops_the_ringing() -> None:
    line, first, second, key = calling()
    second.calls.ring(second.key, line.now)
    line.settle()
    first.calls.hang_up(key, line.now)
    line.settle()
    assert ended(second).reason is Reason.CANCELLED
    assert ended(first).reason is Reason.CANCELLED


def test_a_far_end_that_is_not_there_is_a_time_out_for_the_caller() -> None:
    line, first, _ = wire()
    line.telephones.pop()
    first.invite("3002", line.switch.address, line.now, offer(4000))
    line.move(LONG_S)
    response = ended(first).response
    assert response is not None
    assert response.status == 408


def test_nobody_comes_to_the_telephone() -> None:
    line, first, second, _ = calling()
    second.calls.ring(second.key, line.now)
    line.move(LONG_S)
    assert ended(first).response is not None
    assert len(line.switch.bridge) == 0


def test_hold_and_resume_go_through() -> None:
    line, first, second, key = talking()
    first.calls.reinvite(key, line.now, body=offer(4000).replace(b"RTP/AVP 0", b"RTP/AVP 8"))
    line.settle()
    reoffered = second.last(CallReoffered)
    assert isinstance(reoffered, CallReoffered)
    assert b"RTP/AVP 8" in reoffered.request.body
    second.calls.answer(second.key, line.now, body=offer(5002))
    line.settle()
    answered = first.last(CallAnswered)
    assert isinstance(answered, CallAnswered)
    assert b"m=audio 5002" in answered.response.body
    assert line.switch.told.count("talking") == 1


def test_a_refused_re_invite_leaves_the_call_as_it_was() -> None:
    line, first, second, key = talking()
    first.calls.reinvite(key, line.now, body=offer(4002))
    line.settle()
    second.calls.refuse(second.key, 488, line.now)
    line.settle()
    refused = first.last(ReofferRefused)
    assert isinstance(refused, ReofferRefused)
    assert refused.response.status == 488
    assert not any(isinstance(e, CallEnded) for e in first.heard + second.heard)


def test_two_offers_that_cross_are_told_apart_with_491_and_both_come_through_in_the_end() -> None:
    line, first, second, key = talking()
    statuses: list[int] = []

    def seen(_: Datagram, message: Message) -> bool:
        if isinstance(message, Response) and message.headers.get("cseq").endswith("INVITE"):
            statuses.append(message.status)
        return False

    line.loses = seen
    first.calls.reinvite(key, line.now, body=offer(4002))
    second.calls.reinvite(second.key, line.now, body=offer(5002))
    line.settle()
    assert 491 in statuses
    for telephone in (first, second):
        if any(isinstance(event, CallReoffered) for event in telephone.heard):
            own = key if telephone is first else second.key
            telephone.calls.answer(own, line.now, body=offer(6000))
    line.move(10)
    assert not any(isinstance(event, CallEnded) for event in first.heard + second.heard)


def test_a_request_within_the_call_goes_through_and_so_does_its_answer() -> None:
    line, first, second, key = talking()
    first.calls.request(
        key, "INFO", line.now, body=b"Signal=5", content_type="application/dtmf-relay"
    )
    line.settle()
    asked = second.last(DialogRequest)
    assert isinstance(asked, DialogRequest)
    assert asked.request.body == b"Signal=5"
    assert asked.request.headers.get("content-type") == "application/dtmf-relay"
    second.calls.respond(asked.transaction, asked.request, 200, line.now)
    line.settle()
    answer = first.last(DialogResponse)
    assert isinstance(answer, DialogResponse)
    assert answer.response is not None
    assert answer.response.status == 200


def test_an_offer_that_comes_with_the_answer_is_answered_with_the_ack() -> None:
    line, first, second = wire()
    key = first.invite("3002", line.switch.address, line.now)
    line.settle()
    second.calls.answer(second.key, line.now, body=offer(5000))
    line.settle()
    first.calls.acknowledge(key, body=offer(4000))
    line.settle()
    acknowledged = second.last(CallAcknowledged)
    assert isinstance(acknowledged, CallAcknowledged)
    assert b"m=audio 4000" in acknowledged.request.body


def test_an_answer_that_can_not_be_carried_ends_the_call_at_both_ends() -> None:
    line, first, second, _ = calling()
    line.switch.refuses_descriptions = True
    second.calls.answer(second.key, line.now, body=offer(5000))
    line.move(LONG_S)
    assert ended(first).key
    assert ended(second).by is Party.PEER
    assert len(line.switch.bridge) == len(line.switch.calls) == 0


@given(
    st.lists(st.sampled_from("rabcdhHm"), max_size=8),
    st.integers(0, 2**32 - 1),
    st.integers(0, 60),
)
def test_whatever_people_do_and_the_wire_loses_nothing_is_left_over(
    acts: list[str], luck: int, percent: int
) -> None:
    line, first, second, key = calling()
    count = 0

    def lost(datagram: Datagram, message: Message) -> bool:
        nonlocal count
        count += 1
        return (luck * 2654435761 + count * 40503) % 100 < percent

    line.loses = lost
    offered = any(isinstance(e, CallOffered) for e in second.heard)
    for act in acts:
        if act == "h":
            first.calls.hang_up(key, line.now)
        elif act == "d":
            first.calls.reinvite(key, line.now, body=offer(4002))
        elif act == "m":
            line.move(3.0)
        elif offered and act == "r":
            second.calls.ring(second.key, line.now)
        elif offered and act == "a":
            second.calls.answer(second.key, line.now, body=offer(5000))
        elif offered and act == "b":
            second.calls.refuse(second.key, 486, line.now)
        elif offered and act == "c":
            second.calls.reinvite(second.key, line.now, body=offer(5002))
        elif offered and act == "H":
            second.calls.hang_up(second.key, line.now)
        line.settle()
    first.calls.hang_up(key, line.now)
    line.move(LONG_S)
    second_key = second.key if offered else ""
    second.calls.hang_up(second_key, line.now)  # the wire may have lost the BYE for good
    line.move(LONG_S)
    for party in line.parties():
        assert len(party.calls) == 0, party
        assert len(party.layer) == 0, party
    assert len(line.switch.bridge) == 0
    assert sum(told.startswith("over") for told in line.switch.told) <= 1


def test_the_property_would_see_an_end_that_is_forgotten() -> None:
    """The negative control: a bridge that tells the other end nothing leaves it talking alone."""
    line, first, second, key = talking()
    line.switch.bridge._ended = lambda *_: None  # type: ignore[method-assign]
    first.calls.hang_up(key, line.now)
    line.move(LONG_S)
    assert not any(isinstance(e, CallEnded) for e in second.heard)
    assert len(line.switch.bridge) == 1


def test_what_the_far_end_must_not_see_stays_here() -> None:
    """Via, Contact, From and credentials belong to one hop."""
    _, _, second, _ = calling()
    offered = second.last(CallOffered)
    assert isinstance(offered, CallOffered)
    request: Request = offered.request
    assert request.headers.get("from").startswith("<sip:caller@switch>")
    assert "3001" not in request.headers.get("contact") + request.headers.get("call-id")
