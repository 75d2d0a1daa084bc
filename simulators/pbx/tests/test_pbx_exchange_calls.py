"""Calls between extensions, phones and exchange back to back in memory."""

from dataclasses import replace

import pytest

from simulators.core import TCP, UDP, Datagram
from simulators.pbx.exchange_events import CallAnswered, CallBegins, CallEnds, CallRefused
from simulators.pbx.settings import NodeSettings
from simulators.pbx.tests.office import ANSWER, NODE, OFFER, Office, Phone
from simulators.sip.call_events import (
    CallAcknowledged,
    CallOffered,
    CallProgress,
    Party,
    Reason,
)
from simulators.sip.call_events import CallAnswered as Answered
from simulators.sip.call_events import CallReoffered as Reoffered
from simulators.sip.challenged import Login
from simulators.sip.headers import NameAddress
from simulators.sip.message import Response

CALLED = (CallBegins("2101", "2102"), CallAnswered("2101", "2102"))


@pytest.fixture
def office() -> Office:
    return Office()


def calls_of(office: Office) -> list[object]:
    kinds = CallBegins | CallAnswered | CallEnds | CallRefused
    return [event for event in office.happened if isinstance(event, kinds)]


@pytest.mark.parametrize("called_by", [UDP, TCP])
@pytest.mark.parametrize("caller_by", [UDP, TCP])
def test_ring_answer_and_hang_up_over_every_transport(
    office: Office, caller_by: str, called_by: str
) -> None:
    ada, bob = office.phone("2101", caller_by), office.phone("2102", called_by)
    office.dial(ada, "2102")
    bob.calls.ring(bob.offered().key, office.now)
    office.run()
    [progress] = ada.of(CallProgress)
    assert isinstance(progress, CallProgress) and progress.response.status == 180
    assert [talk.state for talk in office.exchange.calls.talks.values()] == ["ringing"]
    bob.calls.answer(bob.offered().key, office.now, body=ANSWER)
    office.run()
    [answered] = ada.of(Answered)
    assert isinstance(answered, Answered) and answered.response.body == ANSWER
    assert bob.offered().request.body == OFFER
    assert len(bob.of(CallAcknowledged)) == 1
    ada.calls.hang_up(ada.key, office.now)
    office.run()
    assert (bob.ended().by, bob.ended().reason) == (Party.PEER, Reason.BYE)
    assert calls_of(office) == [*CALLED, CallEnds("2101", "2102", "bye", None)]
    assert {d.transport for _, d in office.sent if d.to == bob.agent.transactions.local} == {
        called_by
    }


def test_via_and_contact_of_what_the_node_sends_name_its_port(office: Office) -> None:
    ada, bob = office.phone("2101"), office.phone("2102", TCP)
    office.talk(ada, bob)
    headers = bob.offered().request.headers
    assert headers.get("via").startswith(f"SIP/2.0/TCP {NODE[0]}:{NODE[1]};branch=z9hG4bK")
    assert headers.get("contact") == f"<sip:2101@{NODE[0]}:{NODE[1]};transport=tcp>"


def test_the_called_phone_hangs_up(office: Office) -> None:
    ada, bob = office.phone("2101"), office.phone("2102")
    office.talk(ada, bob)
    bob.calls.hang_up(bob.offered().key, office.now)
    office.run()
    assert (ada.ended().by, ada.ended().reason) == (Party.PEER, Reason.BYE)
    assert office.exchange.calls.talks == {}


def test_the_called_phone_shows_the_extension_whatever_from_said(office: Office) -> None:
    ada, bob = office.phone("2101"), office.phone("2102")
    office.dial(ada, "2102")
    shown = NameAddress.parse(bob.offered().request.headers.get("from"))
    assert (shown.name, shown.uri.user, shown.uri.host) == ("Ada", "2101", NODE[0])
    assert "Boss" not in str(bob.offered().request.headers)


def test_the_caller_is_asked_for_its_own_credentials(office: Office) -> None:
    ada, bob = office.phone("2101", on=False), office.phone("2102")
    office.dial(ada, "2102")
    answers = [m.status for m in office.said_to(ada) if isinstance(m, Response)]
    assert answers[0] == 401
    assert len(bob.of(CallOffered)) == 1  # it may call although it is not registered


@pytest.mark.parametrize(
    ("login", "status"),
    [(Login("2101", "wrong"), 401), (Login("9999", "right-2101"), 401)],
)
def test_a_caller_without_credentials_reaches_nobody(
    office: Office, login: Login, status: int
) -> None:
    ada, bob = office.phone("2101"), office.phone("2102")
    ada.login = login
    office.dial(ada, "2102")
    assert ada.refusal().status == status
    assert bob.of(CallOffered) == []
    [refused] = calls_of(office)
    assert isinstance(refused, CallRefused) and refused.status == status


def test_a_caller_whose_name_is_not_its_number_is_refused_as_in_ext_6(office: Office) -> None:
    bob = office.phone("2102")
    ada = office.phone("2101")
    office.extensions["2101"] = replace(office.extensions["2101"], auth_name="9001")
    ada.login = Login("9001", "right-2101")
    office.dial(ada, "2102")
    assert ada.refusal().status == 403
    assert "9001 is not the extension number 2101" in ada.refusal().headers.get("warning")
    assert bob.of(CallOffered) == []


def test_a_busy_phone(office: Office) -> None:
    ada, bob = office.phone("2101"), office.phone("2102")
    office.dial(ada, "2102")
    bob.calls.refuse(bob.offered().key, 486, office.now)
    office.run()
    assert (ada.refusal().status, ada.refusal().reason) == (486, "Busy Here")
    assert calls_of(office)[-1] == CallEnds("2101", "2102", "refused", 486)


def test_nobody_answers(office: Office) -> None:
    office = Office(NodeSettings(ring_limit_s=30))
    ada, bob = office.phone("2101"), office.phone("2102")
    office.dial(ada, "2102")
    bob.calls.ring(bob.offered().key, office.now)
    office.run()
    office.advance(29.9)
    assert ada.of(CallOffered) == [] and office.exchange.calls.talks
    office.advance(0.2)
    assert ada.refusal().status == 480
    assert bob.ended().reason is Reason.CANCELLED
    assert calls_of(office)[-1] == CallEnds("2101", "2102", "timeout", None)


def test_the_caller_gives_up(office: Office) -> None:
    ada, bob = office.phone("2101"), office.phone("2102")
    office.dial(ada, "2102")
    bob.calls.ring(bob.offered().key, office.now)
    office.run()
    ada.calls.hang_up(ada.key, office.now)
    office.run()
    assert (ada.ended().reason, bob.ended().reason) == (Reason.CANCELLED, Reason.CANCELLED)
    assert calls_of(office)[-1] == CallEnds("2101", "2102", "cancelled", None)


def refused_for(office: Office, phone: Phone, digits: str) -> tuple[int, str]:
    office.dial(phone, digits)
    return phone.refusal().status, phone.refusal().headers.get("warning").partition('"')[2]


def test_calls_that_the_node_itself_refuses(office: Office) -> None:
    ada = office.phone("2101")
    assert refused_for(office, ada, "2102") == (480, 'Extension 2102 is not registered"')
    assert refused_for(office, ada, "9999") == (404, 'Extension 9999 does not exist on this PBX"')
    assert refused_for(office, ada, "2101") == (486, 'Extension 2101 calls itself"')
    assert [e.status for e in calls_of(office) if isinstance(e, CallRefused)] == [480, 404, 486]
    assert office.exchange.calls.talks == {}


def test_a_phone_that_is_dead_ends_as_a_timeout(office: Office) -> None:
    ada, bob = office.phone("2101"), office.phone("2102")
    lost = bob.agent.transactions.local
    office.loses = lambda datagram: datagram.to == lost
    office.dial(ada, "2102")
    office.advance(33)
    assert ada.refusal().status == 408
    assert calls_of(office)[-1] == CallEnds("2101", "2102", "timeout", None)


def test_a_reinvite_passes_with_its_description(office: Office) -> None:
    ada, bob = office.phone("2101"), office.phone("2102")
    office.talk(ada, bob)
    hold = OFFER + b"a=sendonly\r\n"
    assert ada.calls.reinvite(ada.key, office.now, body=hold)
    office.run()
    [reoffered] = bob.of(Reoffered)
    assert isinstance(reoffered, Reoffered) and reoffered.request.body == hold


def test_removing_an_extension_hangs_up_its_calls(office: Office) -> None:
    ada, bob = office.phone("2101"), office.phone("2102")
    office.talk(ada, bob)
    del office.extensions["2102"]
    office.exchange.remove("2102", office.now)
    office.run()
    assert (ada.ended().reason, bob.ended().reason) == (Reason.BYE, Reason.BYE)


def test_a_lost_connection_ends_the_call_that_rings_over_it(office: Office) -> None:
    ada, bob = office.phone("2101"), office.phone("2102", TCP)
    office.dial(ada, "2102")
    office.exchange.lost(bob.agent.transactions.local, office.now)
    office.run()
    assert ada.refusal().status == 503


def test_a_request_with_no_hop_left_is_refused(office: Office) -> None:
    ada = office.phone("2101")
    office.phone("2102")
    ada.dial("2102", NODE, office.now)
    for datagram in ada.to_send():
        data = datagram.data.replace(b"Max-Forwards: 70", b"Max-Forwards: 0")
        office.exchange.receive(data, ada.agent.transactions.local, office.now)
    office.run()
    assert ada.refusal().status == 483


def test_nothing_is_left_of_calls_that_are_over(office: Office) -> None:
    ada, bob = office.phone("2101"), office.phone("2102", TCP)
    for _ in range(3):
        office.talk(ada, bob)
        ada.calls.hang_up(ada.key, office.now)
        office.run()
    office.dial(ada, "9999")
    office.advance(60)
    assert (len(office.exchange.calls), len(office.exchange.transactions)) == (0, 0)


def test_garbage_from_a_phone_in_a_call_does_no_harm(office: Office) -> None:
    ada, bob = office.phone("2101"), office.phone("2102")
    office.talk(ada, bob)
    for octets in (b"INVITE", b"\xff" * 40, b"SIP/2.0 200 OK\r\n\r\n", b"BYE x SIP/2.0\r\n\r\n"):
        office.exchange.receive(octets, ada.agent.transactions.local, office.now)
    office.run()
    assert [talk.state for talk in office.exchange.calls.talks.values()] == ["talking"]


def test_a_datagram_in_a_call_that_is_lost_comes_again(office: Office) -> None:
    ada, bob = office.phone("2101"), office.phone("2102")
    first: list[Datagram] = []

    def lose_the_first_invite(datagram: Datagram) -> bool:
        if datagram.data.startswith(b"INVITE") and datagram.to != NODE and not first:
            first.append(datagram)
            return True
        return False

    office.loses = lose_the_first_invite
    office.dial(ada, "2102")
    assert bob.of(CallOffered) == []
    office.advance(0.6)
    assert len(bob.of(CallOffered)) == 1
