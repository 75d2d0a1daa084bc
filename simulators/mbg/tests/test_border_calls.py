"""Calls through the border (PHN-7): both ways, refused, cancelled, and with whose addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core import TCP
from simulators.mbg.sip_border.border_terms import (
    INSIDE,
    OUTSIDE,
    CallAnswered,
    CallBegins,
    CallEnds,
)
from simulators.mbg.sip_border.calls import FROM_SET, TO_SET
from simulators.mbg.tests.call_wire import (
    HOME_AT,
    INSIDE_AT,
    OFFICE_AT,
    OUTSIDE_AT,
    PASSWORD,
    PBX_AT,
    CallWire,
    Phone,
)
from simulators.sip.call_events import (
    CallAnswered as Answered,
)
from simulators.sip.call_events import (
    CallEnded,
    CallOffered,
    CallReoffered,
    Reason,
)
from simulators.sip.challenged import Login
from simulators.sip.invitation import Invitation
from simulators.sip.message import Request

ADA_AT, BEN_AT = HOME_AT


def offered(phone: Phone) -> Request:
    event = phone.last(CallOffered)
    assert isinstance(event, CallOffered)
    return event.request


def ended(phone: Phone) -> CallEnded:
    event = phone.last(CallEnded)
    assert isinstance(event, CallEnded)
    return event


def kinds(wire: CallWire) -> list[type]:
    calls = (CallBegins, CallAnswered, CallEnds)
    return [type(event) for event in wire.happened if isinstance(event, calls)]


def test_a_teleworker_calls_the_office_and_the_office_hangs_up() -> None:
    wire = CallWire()
    wire.ada.dial("2200", wire.now)
    wire.settle()
    assert offered(wire.office).headers.get("from").startswith('"Julian" <sip:2101@')
    wire.office.calls.ring(wire.office.key, wire.now)
    wire.office.answer(wire.now)
    wire.settle()
    (talk,) = wire.border.calls.talks.values()
    assert (talk.direction, talk.party, talk.state) == (FROM_SET, "2200", "talking")
    wire.office.calls.hang_up(wire.office.key, wire.now)
    wire.settle()
    assert ended(wire.ada).reason is Reason.BYE
    assert kinds(wire) == [CallBegins, CallAnswered, CallEnds]
    assert wire.ports.opened == {}


def test_the_office_calls_a_teleworker_who_hangs_up() -> None:
    wire = CallWire()
    wire.office.dial("2101", wire.now)
    wire.settle()
    assert offered(wire.ada).uri == "sip:tw0@192.168.1.20:5060", "as the set knows itself"
    assert f"<sip:2200@{OUTSIDE_AT[0]}>" in offered(wire.ada).headers.get("from")
    wire.ada.answer(wire.now)
    wire.settle()
    (talk,) = wire.border.calls.talks.values()
    assert (talk.direction, talk.party) == (TO_SET, "2200")
    wire.ada.calls.hang_up(wire.ada.key, wire.now)
    wire.settle()
    assert ended(wire.office).reason is Reason.BYE


def test_two_teleworkers_call_each_other_through_the_pbx() -> None:
    wire = CallWire()
    wire.ada.dial("2102", wire.now)
    wire.settle()
    wire.ben.answer(wire.now)
    wire.settle()
    assert isinstance(wire.ada.last(Answered), Answered)
    directions = {talk.direction for talk in wire.border.calls.talks.values()}
    assert directions == {FROM_SET, TO_SET}
    wire.ben.calls.hang_up(wire.ben.key, wire.now)
    wire.move(400)
    assert len(wire.border.calls) == 0


def test_each_side_hears_the_borders_own_address_and_ports() -> None:
    """Nothing of a home is told inside, nothing of the office outside; and voice comes through."""
    wire = CallWire()
    wire.ada.dial("2200", wire.now)
    wire.settle()
    wire.office.answer(wire.now)
    wire.settle()
    told_inside = offered(wire.office).body
    answered = wire.ada.last(Answered)
    assert isinstance(answered, Answered)
    told_outside = answered.response.body
    assert b"127.30" not in told_inside
    assert f"c=IN IP4 {INSIDE_AT[0]}".encode() in told_inside
    assert b"m=audio 20002 " in told_inside
    assert b"127.10" not in told_outside
    assert f"c=IN IP4 {OUTSIDE_AT[0]}".encode() in told_outside
    assert b"m=audio 20000 " in told_outside
    assert (OUTSIDE, [(ADA_AT[0], 3000)]) in wire.ports.aimed
    assert (INSIDE, [(OFFICE_AT[0], 4000)]) in wire.ports.aimed
    for message in wire.to(PBX_AT, "INVITE"):
        assert b"127.30" not in message.encode()
    for message in wire.to(ADA_AT, "BYE") + wire.to(ADA_AT, "ACK"):
        assert b"127.10" not in message.encode()


@pytest.mark.parametrize("status", [486, 480])
def test_a_refusal_reaches_the_caller_as_it_was(status: int) -> None:
    wire = CallWire()
    wire.ada.dial("2102", wire.now)
    wire.settle()
    wire.ben.calls.refuse(wire.ben.key, status, wire.now)
    wire.settle()
    response = ended(wire.ada).response
    assert response is not None
    assert response.status == status
    over = [event for event in wire.happened if isinstance(event, CallEnds)]
    assert {event.status for event in over} == {status}


def test_a_caller_who_gives_up_stops_the_ringing_with_487() -> None:
    wire = CallWire()
    key = wire.office.dial("2101", wire.now)
    wire.settle()
    wire.ada.calls.ring(wire.ada.key, wire.now)
    wire.settle()
    wire.office.calls.hang_up(key, wire.now)
    wire.settle()
    assert ended(wire.ada).reason is Reason.CANCELLED
    assert wire.to(ADA_AT, "CANCEL")
    assert ended(wire.office).reason is Reason.CANCELLED
    assert wire.ports.opened == {}


def test_who_is_not_registered_can_not_be_called_and_hears_why() -> None:
    wire = CallWire()
    wire.ben.agent.unregister("1", wire.now)
    wire.settle()
    wire.pbx.contacts["2102"] = f"sip:2102@{INSIDE_AT[0]}:{INSIDE_AT[1]}"  # it has not noticed yet
    wire.office.dial("2102", wire.now)
    wire.settle()
    response = ended(wire.office).response
    assert response is not None
    assert response.status == 480
    assert "not registered" in response.headers.get("warning")
    assert not wire.to(BEN_AT, "INVITE")


def test_an_unknown_number_of_the_icp_is_404() -> None:
    wire = CallWire()
    wire.pbx.contacts["2999"] = f"sip:2999@{INSIDE_AT[0]}:{INSIDE_AT[1]}"
    wire.office.dial("2999", wire.now)
    wire.settle()
    response = ended(wire.office).response
    assert response is not None
    assert response.status == 404


def test_with_a_wrong_icp_side_password_the_icp_refuses_and_the_set_is_not_asked_for_its_own() -> (
    None
):
    wire = CallWire()
    wire.store.patch("1", {"icp_password": "not-the-icps-1"})
    wire.ada.dial("2200", wire.now)
    wire.settle()
    response = ended(wire.ada).response
    assert response is not None
    assert (response.status, bool(wire.pbx.offered)) == (403, False)


def test_nobody_calls_out_with_a_wrong_password() -> None:
    wire = CallWire()
    stranger = Login("tw0", "not-it-at-all")
    wire.ada.calls.invite(
        Invitation(f"sip:2200@{OUTSIDE_AT[0]}", "sip:tw0@x", OUTSIDE_AT, login=stranger), wire.now
    )
    wire.settle()
    response = ended(wire.ada).response
    assert response is not None
    assert response.status == 401
    assert not wire.pbx.offered
    assert wire.border.bindings, "a stranger's guess doesn't end a registration"


def test_a_set_with_the_right_password_that_is_not_registered_calls_nobody() -> None:
    wire = CallWire()
    wire.ada.agent.unregister("1", wire.now)
    wire.settle()
    wire.ada.dial("2200", wire.now)
    wire.settle()
    response = ended(wire.ada).response
    assert response is not None
    assert (response.status, bool(wire.pbx.offered)) == (403, False)


def test_without_media_ports_a_call_is_not_acceptable() -> None:
    wire = CallWire()
    wire.ports.none_left = True
    wire.ada.dial("2200", wire.now)
    wire.settle()
    response = ended(wire.ada).response
    assert response is not None
    assert response.status == 488
    assert wire.border.calls.talks == {}


def test_hold_goes_through_with_the_same_ports() -> None:
    wire = CallWire()
    key = wire.ada.dial("2200", wire.now)
    wire.settle()
    wire.office.answer(wire.now)
    wire.settle()
    held = offered(wire.office).body
    wire.ada.calls.reinvite(
        key, wire.now, body=b"v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 3000 RTP/AVP 0\r\n"
    )
    wire.settle()
    event = wire.office.last(CallReoffered)
    assert isinstance(event, CallReoffered)
    assert b"c=IN IP4 0.0.0.0" in event.request.body
    assert b"m=audio 20002 " in held
    assert b"m=audio 20002 " in event.request.body


def test_a_device_that_is_removed_loses_its_call() -> None:
    wire = CallWire()
    wire.ada.dial("2200", wire.now)
    wire.settle()
    wire.office.answer(wire.now)
    wire.settle()
    removed = wire.store.delete("1")
    wire.border.device_removed(removed, wire.now)
    wire.settle()
    assert ended(wire.ada).reason is ended(wire.office).reason is Reason.BYE
    assert wire.ports.opened == {}


def test_a_set_whose_connection_is_lost_leaves_nobody_on_the_line() -> None:
    wire = CallWire(transport=TCP)
    wire.office.dial("2102", wire.now)
    wire.settle()
    wire.ben.answer(wire.now)
    wire.settle()
    wire.border.lost(ADA_AT, wire.now, OUTSIDE, TCP)
    wire.settle()
    assert len(wire.border.calls.talks) == 1, "Ada's connection is not Ben's"
    wire.border.lost(BEN_AT, wire.now, OUTSIDE, TCP)
    wire.settle()
    assert ended(wire.office).reason is Reason.BYE
    assert wire.ports.opened == {}


def test_the_other_devices_call_goes_on() -> None:
    """The negative control: removing Ada's device does not end Ben's call."""
    wire = CallWire()
    wire.ben.dial("2200", wire.now)
    wire.settle()
    wire.office.answer(wire.now)
    wire.settle()
    wire.border.device_removed(wire.store.delete("1"), wire.now)
    wire.settle()
    assert len(wire.border.calls.talks) == 1


def test_upstream_the_border_shows_the_icp_side_credentials_only() -> None:
    wire = CallWire()
    wire.ada.dial("2200", wire.now)
    wire.settle()
    for message in wire.to(PBX_AT, "INVITE"):
        assert b"tw0" not in message.encode()
        assert PASSWORD.encode() not in message.encode()


@given(st.lists(st.sampled_from("aohmHr"), max_size=6), st.integers(0, 10**6), st.integers(0, 40))
def test_whatever_is_lost_no_call_and_no_port_is_left_over(
    acts: list[str], luck: int, percent: int
) -> None:
    wire = CallWire()
    count = 0

    def lost(_: object) -> bool:
        nonlocal count
        count += 1
        return (luck * 7919 + count * 40_503) % 100 < percent

    wire.loses = lost
    key = wire.ada.dial("2102", wire.now)
    wire.settle()
    for act in acts:
        ringing = any(isinstance(e, CallOffered) for e in wire.ben.heard)
        if act == "m":
            wire.move(2.0)
        elif act == "h":
            wire.ada.calls.hang_up(key, wire.now)
        elif ringing and act == "a":
            wire.ben.calls.answer(wire.ben.key, wire.now, body=offered(wire.ben).body)
        elif ringing and act == "r":
            wire.ben.calls.refuse(wire.ben.key, 486, wire.now)
        elif ringing and act == "H":
            wire.ben.calls.hang_up(wire.ben.key, wire.now)
        wire.settle()
    wire.loses = lambda _: False
    wire.ada.calls.hang_up(key, wire.now)
    wire.settle()
    for phone in wire.phones():
        for left in list(phone.calls.calls):
            phone.calls.hang_up(left, wire.now)
    wire.move(400)
    assert wire.ports.opened == {}
    assert len(wire.border.calls) == 0
    assert wire.border.calls.talks == {}
