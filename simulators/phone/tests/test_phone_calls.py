"""The user agent of a phone in calls, pure: two of them through a PBX."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.core import TCP
from simulators.mbg.tests.call_wire import PBX_AT, description
from simulators.phone.calls.line_call import FarEnd
from simulators.phone.calls.line_table import LAMPS, TRANSITIONS, Activity, Lamp, Step
from simulators.phone.calls.unsolicited import CheckSync
from simulators.phone.files.lines import lines
from simulators.phone.tests.phone_wire import (
    ADA_AT,
    BEN_AT,
    STRANGER_AT,
    Phone,
    PhoneWire,
    configuration,
)
from simulators.sip.message import Request

CONTACT = ("Contact", "<sip:who@127.10.64.9>")


@pytest.fixture
def wire() -> PhoneWire:
    return PhoneWire()


def uses(wire: PhoneWire) -> tuple[Activity, Activity]:
    return wire.ada.line.activity, wire.ben.line.activity


def test_a_call_rings_is_answered_and_both_hear_where_the_other_is(wire: PhoneWire) -> None:
    wire.dial(wire.ada, "2102")
    assert uses(wire) == (Activity.OUTGOING, Activity.INCOMING)
    assert wire.ben.line.far_end == FarEnd("2101", "Person 2101")
    assert wire.ada.line.far_end == FarEnd("2102")
    assert wire.ben.ports.aimed == [], "nothing is said before the answer"
    assert wire.ben.core.calls.answer(1, wire.now)
    wire.settle()
    assert uses(wire) == (Activity.CONNECTED, Activity.CONNECTED)
    assert wire.ada.ports.aimed == [(wire.ben.ports.opened[1], True)]
    assert wire.ben.ports.aimed == [(wire.ada.ports.opened[1], True)]


@pytest.mark.parametrize("who", ["caller", "callee"])
def test_either_end_hangs_up(wire: PhoneWire, who: str) -> None:
    wire.talk()
    first, second = (wire.ada, wire.ben) if who == "caller" else (wire.ben, wire.ada)
    assert first.core.calls.hang_up(1, wire.now)
    assert first.line.activity is Activity.CLEARING
    wire.settle()
    assert uses(wire) == (Activity.IDLE, Activity.IDLE)
    assert first.endings() == [("we", None)] and second.endings() == [("the peer", None)]
    assert not first.ports.opened and not second.ports.opened
    assert second.line.message == "Call ended"


def test_a_call_that_is_refused_says_so(wire: PhoneWire) -> None:
    wire.dial(wire.ada, "2102")
    assert wire.ben.core.calls.ignore(1, wire.now)
    wire.settle()
    assert uses(wire) == (Activity.IDLE, Activity.IDLE)
    assert wire.ada.endings() == [("the peer", 603)]
    assert wire.ada.line.message == "Declined"


def test_goodbye_refuses_a_call_that_rings(wire: PhoneWire) -> None:
    wire.dial(wire.ada, "2102")
    assert wire.ben.core.calls.hang_up(1, wire.now)
    wire.settle()
    assert wire.ada.endings() == [("the peer", 603)]


def test_a_caller_who_gives_up_is_cancelled(wire: PhoneWire) -> None:
    wire.dial(wire.ada, "2102")
    assert wire.ada.core.calls.hang_up(1, wire.now)
    wire.settle()
    assert uses(wire) == (Activity.IDLE, Activity.IDLE)
    assert 487 in wire.statuses(BEN_AT, "INVITE")
    assert not wire.ben.core.calls.answer(1, wire.now), "too late"


def test_a_line_in_a_call_is_busy(wire: PhoneWire) -> None:
    wire.talk()
    body = description("127.10.64.9", 4000)
    busy = wire.ask(wire.ada, "INVITE", CONTACT, body=body)
    assert busy.status == 486
    assert uses(wire) == (Activity.CONNECTED, Activity.CONNECTED)


def test_a_line_that_is_being_dialled_is_busy(wire: PhoneWire) -> None:
    assert wire.ada.core.calls.off_hook(1)
    assert wire.ask(wire.ada, "INVITE", CONTACT).status == 486
    assert wire.ada.core.calls.hang_up(1, wire.now)
    assert wire.ask(wire.ada, "INVITE", CONTACT).status == 180


def test_a_busy_person_is_told_to_the_caller(wire: PhoneWire) -> None:
    assert wire.ben.core.calls.off_hook(1)
    wire.dial(wire.ada, "2102")
    assert wire.ada.endings() == [("the peer", 486)]
    assert wire.ada.line.message == "Busy"


def test_a_number_that_nobody_has(wire: PhoneWire) -> None:
    wire.dial(wire.ada, "2999")
    assert wire.ada.endings() == [("the peer", 404)]
    assert wire.ada.line.message == "No such number"


def test_a_call_that_nobody_answers_ends_by_itself(wire: PhoneWire) -> None:
    wire.dial(wire.ada, "2102")
    wire.move(181)
    assert uses(wire) == (Activity.IDLE, Activity.IDLE)
    assert wire.ada.endings() == [("the peer", 480)]


def test_a_server_that_is_silent_ends_the_call(wire: PhoneWire) -> None:
    wire.loses = lambda datagram: datagram.to == PBX_AT
    wire.dial(wire.ada, "2102")
    wire.move(33)
    assert uses(wire)[0] is Activity.IDLE
    assert wire.ada.line.message == "No answer"


def test_hold_stops_the_voice_both_ways_and_resume_begins_it_again(wire: PhoneWire) -> None:
    wire.talk()
    assert wire.ada.core.calls.hold(1, wire.now)
    wire.settle()
    assert uses(wire) == (Activity.HELD, Activity.CONNECTED)
    assert wire.ben.line.held_by_peer and not wire.ada.line.held_by_peer
    assert wire.ada.ports.aimed[-1] == (None, False)
    assert wire.ben.ports.aimed[-1] == (None, False)
    assert not wire.ada.core.calls.hold(1, wire.now), "it is held"
    assert wire.ada.core.calls.resume(1, wire.now)
    wire.settle()
    assert uses(wire) == (Activity.CONNECTED, Activity.CONNECTED)
    assert not wire.ben.line.held_by_peer
    assert wire.ada.ports.aimed[-1] == (wire.ben.ports.opened[1], True)
    assert wire.ben.ports.aimed[-1] == (wire.ada.ports.opened[1], True)


def test_who_is_held_may_hold_too(wire: PhoneWire) -> None:
    wire.talk()
    for phone in (wire.ada, wire.ben):
        assert phone.core.calls.hold(1, wire.now)
        wire.settle()
    assert uses(wire) == (Activity.HELD, Activity.HELD)
    assert wire.ben.line.peer is not None and wire.ben.line.peer.direction == "inactive"


def test_a_held_call_can_be_hung_up(wire: PhoneWire) -> None:
    wire.talk()
    assert wire.ada.core.calls.hold(1, wire.now)
    wire.settle()
    assert wire.ben.core.calls.hang_up(1, wire.now)
    wire.settle()
    assert uses(wire) == (Activity.IDLE, Activity.IDLE)


def test_an_offer_without_a_codec_of_ours_is_refused(wire: PhoneWire) -> None:
    body = description("127.10.64.9", 4000).replace(b"RTP/AVP 0", b"RTP/AVP 18")
    assert wire.ask(wire.ada, "INVITE", CONTACT, body=body).status == 488
    assert wire.ask(wire.ada, "INVITE", CONTACT, body=body[3:]).status == 488
    assert wire.ada.line.activity is Activity.IDLE


def test_without_a_free_port_no_call_is_taken(wire: PhoneWire) -> None:
    wire.ada.ports.none_left = True
    assert wire.ask(wire.ada, "INVITE", CONTACT).status == 480
    assert wire.ada.core.calls.off_hook(1) and wire.ada.core.calls.digit(1, "1")
    assert not wire.ada.core.calls.dial(1, wire.now)


def test_a_call_without_an_offer_gets_ours(wire: PhoneWire) -> None:
    assert wire.ask(wire.ada, "INVITE", CONTACT).status == 180
    assert wire.ada.core.calls.answer(1, wire.now)
    wire.settle()
    ok = [m for _, to, m in wire.sent if to == STRANGER_AT][-1]
    assert b"m=audio" in ok.body and b"a=sendrecv" in ok.body
    assert wire.ada.ports.aimed == [], "until the ACK has the answer"


def test_a_call_for_somebody_else_is_not_ours(wire: PhoneWire) -> None:
    answer = wire.ask(wire.ada, "INVITE", CONTACT, uri="sip:2199@127.10.64.2")
    assert answer.status == 404


def test_with_the_whitelist_only_the_proxy_may_call() -> None:
    strict = PhoneWire(sip_whitelist="1")
    assert strict.ask(strict.ada, "INVITE", CONTACT).status == 403
    strict.talk()
    assert uses(strict) == (Activity.CONNECTED, Activity.CONNECTED)
    open_to_all = PhoneWire()
    assert open_to_all.ask(open_to_all.ada, "INVITE", CONTACT).status == 180


def test_the_caller_s_name_is_shown(wire: PhoneWire) -> None:
    wire.dial(wire.ada, "2102")
    assert wire.asked_names()[0] == "Person 2101"


def test_a_number_with_a_hash_is_escaped(wire: PhoneWire) -> None:
    wire.dial(wire.ada, "#348")
    uris = {m.uri for _, _, m in wire.sent if isinstance(m, Request) and m.method == "INVITE"}
    assert uris == {f"sip:%23348@{PBX_AT[0]}"}


# What belongs to no call


def test_options_tells_what_the_phone_takes(wire: PhoneWire) -> None:
    answer = wire.ask(wire.ada, "OPTIONS")
    assert answer.status == 200
    assert "INVITE" in answer.headers.get("allow") and "NOTIFY" in answer.headers.get("allow")


@pytest.mark.parametrize(
    ("event", "reboot"),
    [("check-sync", False), ("Check-Sync;reboot=true", True), ("check-sync;reboot=false", False)],
)
def test_check_sync_is_taken(wire: PhoneWire, event: str, reboot: bool) -> None:
    assert wire.ask(wire.ada, "NOTIFY", ("Event", event)).status == 200
    assert wire.ada.heard[-1] == CheckSync(reboot)


@pytest.mark.parametrize("event", ["message-summary", "aastra-xml", "", "check-syncs"])
def test_other_events_are_not(wire: PhoneWire, event: str) -> None:
    before = list(wire.ada.heard)
    answer = wire.ask(wire.ada, "NOTIFY", ("Event", event))
    assert (answer.status, answer.headers.get("allow-events")) == (489, "check-sync")
    assert wire.ada.heard == before


def test_a_notify_within_a_subscription_that_never_was(wire: PhoneWire) -> None:
    answer = wire.ask(wire.ada, "NOTIFY", ("Event", "check-sync"), to="<sip:2101@pbx>;tag=x")
    assert answer.status == 481


@pytest.mark.parametrize(
    ("method", "status"), [("MESSAGE", 405), ("REGISTER", 405), ("DANCE", 501), ("BYE", 481)]
)
def test_what_a_phone_does_not_serve(wire: PhoneWire, method: str, status: int) -> None:
    assert wire.ask(wire.ada, method).status == status


def test_an_extension_that_is_required_and_unknown(wire: PhoneWire) -> None:
    assert wire.ask(wire.ada, "OPTIONS", ("Require", "telepathy")).status == 420


# Connections


def test_a_line_registers_anew_when_its_connection_is_lost() -> None:
    found = lines(configuration("2101", sip_transport_protocol="2"), ADA_AT)
    phone = Phone(ADA_AT, found)
    wire = PhoneWire()
    wire.ada = phone
    wire.settle()
    registers = sum(getattr(m, "method", "") == "REGISTER" for _, _, m in wire.sent)
    phone.core.lost(PBX_AT, 1.0, "", TCP)
    wire.settle()
    again = sum(getattr(m, "method", "") == "REGISTER" for _, _, m in wire.sent)
    assert again == registers + 1
    wire.loses = lambda datagram: True
    phone.core.lost(PBX_AT, 2.0, "", TCP)
    phone.core.lost(PBX_AT, 2.0, "", TCP)
    assert len(phone.core.to_send()) == 1, "one try a loss: one that fails waits for its timer"


# The table


def test_every_activity_has_a_lamp_and_is_reached() -> None:
    assert set(LAMPS) == set(TRANSITIONS) == set(Activity)
    reached = {after for steps in TRANSITIONS.values() for after in steps.values()}
    assert reached == set(Activity)
    assert {step for steps in TRANSITIONS.values() for step in steps} == set(Step)
    assert LAMPS[Activity.INCOMING] is Lamp.FAST and LAMPS[Activity.HELD] is Lamp.SLOW


ACTS = ("off_hook", "digit", "dial", "answer", "ignore", "hold", "resume", "hang_up", "settle")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from(ACTS)), max_size=30))
def test_whatever_people_do_nothing_breaks_and_all_ends(acts: list[tuple[bool, str]]) -> None:
    wire = PhoneWire()
    for first, act in acts:
        phone, number = (wire.ada, "2102") if first else (wire.ben, "2101")
        calls = phone.core.calls
        match act:
            case "off_hook":
                calls.off_hook(1)
            case "digit":
                for digit in number:
                    calls.digit(1, digit)
            case "settle":
                wire.settle()
            case _:
                getattr(calls, act)(1, wire.now)
    for phone in (wire.ada, wire.ben):
        phone.core.calls.hang_up(1, wire.now)
    wire.move(200)
    assert uses(wire) == (Activity.IDLE, Activity.IDLE)
    assert not wire.ada.ports.opened and not wire.ben.ports.opened
