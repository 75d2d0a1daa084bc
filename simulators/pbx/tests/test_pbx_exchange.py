"""The exchange as a whole: flows of bindings, NOTIFY, several contacts, and other requests."""

import pytest

from simulators.core import TCP, UDP
from simulators.pbx.exchange import ALLOW
from simulators.pbx.exchange_events import (
    Ending,
    ExtensionRegistered,
    ExtensionUnregistered,
    NotifyAnswered,
)
from simulators.pbx.settings import NodeSettings
from simulators.pbx.tests.office import NODE, Office, Phone
from simulators.sip.call_events import CallOffered
from simulators.sip.message import Request, Response, parse
from simulators.sip.registration import State


@pytest.fixture
def office() -> Office:
    return Office()


def unregistered(office: Office) -> list[object]:
    return [e for e in office.happened if isinstance(e, ExtensionUnregistered)]


@pytest.mark.parametrize("transport", [UDP, TCP])
def test_a_binding_remembers_the_way_its_register_came(office: Office, transport: str) -> None:
    phone = office.phone("2101", transport)
    assert phone.state is State.REGISTERED
    binding = office.exchange.bindings.get("2101")
    assert binding is not None
    assert (binding.peer, binding.transport) == (phone.agent.transactions.local, transport)


def test_behind_a_nat_calls_go_where_the_register_came_from(office: Office) -> None:
    inside = Phone(("192.168.1.2", 5060), "2101", "right-2101")  # its own idea of its address
    office.phones["127.30.0.1", 40_000] = inside
    inside.register(NODE, office.now)
    office.run()
    office.dial(office.phone("2102"), "2101")
    assert len(inside.of(CallOffered)) == 1
    assert inside.offered().request.uri == "sip:2101@192.168.1.2:5060"


def test_after_a_lost_connection_the_contact_itself_is_called(office: Office) -> None:
    behind = ("127.30.0.1", 40_000)
    phone = Phone(("127.30.0.1", 5060), "2101", "right-2101", TCP)
    office.phones[behind] = phone
    phone.register(NODE, office.now)
    office.run()
    del office.phones[behind]
    office.phones["127.30.0.1", 5060] = phone
    office.exchange.lost(behind, office.now)
    binding = office.exchange.bindings.get("2101")
    assert binding is not None
    assert (binding.peer, binding.transport) == (("127.30.0.1", 5060), TCP)
    office.dial(office.phone("2102"), "2101")
    assert len(phone.of(CallOffered)) == 1
    assert unregistered(office) == []
    office.exchange.lost(("127.30.0.1", 5060), office.now)  # nor can that be had
    office.run()
    assert unregistered(office) == [ExtensionUnregistered("2101", Ending.CONNECTION_LOST)]


def test_a_lost_connection_of_somebody_else_changes_nothing(office: Office) -> None:
    phone = office.phone("2101", TCP)
    before = office.exchange.bindings.get("2101")
    office.exchange.lost(("127.30.0.9", 5060), office.now)
    office.exchange.lost(phone.agent.transactions.local, office.now, "", "TLS")
    assert office.exchange.bindings.get("2101") is before


@pytest.mark.parametrize("transport", [UDP, TCP])
def test_check_sync_reaches_the_phone_and_its_answer_is_told(
    office: Office, transport: str
) -> None:
    phone = office.phone("2101", transport)
    assert office.exchange.notify("2101", "check-sync", office.now)
    office.run()
    [request] = phone.requests
    assert (request.method, request.headers.get("event")) == ("NOTIFY", "check-sync")
    assert request.uri.startswith("sip:2101@127.30.0.1:5060")
    assert request.headers.get("subscription-state") == "terminated"
    assert request.headers.get("via").startswith(f"SIP/2.0/{transport} {NODE[0]}:{NODE[1]};")
    assert office.happened[-1] == NotifyAnswered("2101", "check-sync", 200)


def test_a_notify_with_a_body_and_one_that_is_refused(office: Office) -> None:
    phone = office.phone("2101")
    phone.status = 489
    office.exchange.notify("2101", "aastra-xml", office.now, b"<A/>", "application/xml")
    office.run()
    [request] = phone.requests
    assert (request.body, request.headers.get("content-type")) == (b"<A/>", "application/xml")
    assert office.happened[-1] == NotifyAnswered("2101", "aastra-xml", 489)


def test_a_notify_that_nobody_answers(office: Office) -> None:
    phone = office.phone("2101")
    phone.status = 0
    office.exchange.notify("2101", "check-sync", office.now)
    office.run()
    assert office.exchange.waiting()
    office.advance(33)
    assert office.happened[-1] == NotifyAnswered("2101", "check-sync", None)
    assert not office.exchange.waiting()


def test_nobody_gets_a_notify_of_an_extension_that_is_not_registered(office: Office) -> None:
    assert not office.exchange.notify("2101", "check-sync", office.now)
    assert office.exchange.to_send() == []


def test_a_notify_for_a_hot_desk_goes_to_where_it_is(office: Office) -> None:
    phone = office.phone("2101")
    office.hot_desk.log_in("2150", "2101")
    assert office.exchange.notify("2150", "check-sync", office.now)
    office.run()
    assert len(phone.requests) == 1


# Several contacts


def test_by_default_a_new_contact_replaces_the_old(office: Office) -> None:
    office.phone("2101")
    other = office.phone("2101", address=("127.30.0.77", 5060))
    office.dial(office.phone("2102"), "2101")
    assert len(office.exchange.bindings.of("2101")) == 1
    assert len(other.of(CallOffered)) == 1
    assert unregistered(office) == []


def test_where_several_are_allowed_the_one_heard_of_last_is_called() -> None:
    office = Office(NodeSettings(contacts_per_extension=2))
    desk, cell = office.phone("2101"), office.phone("2101", address=("127.30.0.77", 5060))
    bob = office.phone("2102")
    office.dial(bob, "2101")
    assert (len(desk.of(CallOffered)), len(cell.of(CallOffered))) == (0, 1)
    desk.agent.retry("it", office.now)
    office.run()
    office.dial(bob, "2101")
    assert len(desk.of(CallOffered)) == 1
    [answer] = [m for m in office.said_to(desk)[-2:] if isinstance(m, Response)]
    assert len(answer.headers.all("contact")) == 2
    assert office.exchange.notify("2101", "check-sync", office.now)
    office.run()
    assert (len(desk.requests), len(cell.requests)) == (1, 1)
    third = office.phone("2101", address=("127.30.0.78", 5060))
    places = {row.peer for row in office.exchange.bindings.of("2101")}
    assert places == {desk.agent.transactions.local, third.agent.transactions.local}
    assert office.exchange.registrar.licences.high_water == 2  # extensions, not contacts


def test_an_extension_is_unregistered_with_its_last_contact() -> None:
    office = Office(NodeSettings(contacts_per_extension=2))
    for phone in (office.phone("2101"), office.phone("2101", address=("127.30.0.77", 5060))):
        assert unregistered(office) == []
        phone.agent.unregister("it", office.now)
        office.run()
    assert unregistered(office) == [ExtensionUnregistered("2101", Ending.UNREGISTERED)]


# Other requests


def request(method: str, *more: str) -> bytes:
    lines = [
        f"{method} sip:2101@{NODE[0]} SIP/2.0",
        "Via: SIP/2.0/UDP 127.30.0.1:5060;branch=z9hG4bKx",
        "From: <sip:2101@h>;tag=a",
        "To: <sip:2101@h>",
        "Call-ID: c",
        f"CSeq: 1 {method}",
        *more,
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def answer_to(office: Office, data: bytes) -> Response:
    office.exchange.receive(data, ("127.30.0.1", 5060), office.now)
    [datagram] = office.exchange.to_send()
    response = parse(datagram.data)
    assert isinstance(response, Response)
    return response


@pytest.mark.parametrize(
    ("method", "status"),
    [("OPTIONS", 200), ("SUBSCRIBE", 405), ("MESSAGE", 405), ("DANCE", 501), ("BYE", 481)],
)
def test_other_methods(office: Office, method: str, status: int) -> None:
    response = answer_to(office, request(method))
    assert response.status == status
    assert response.headers.get("allow") == ("" if status == 481 else ALLOW)


@pytest.mark.parametrize("method", ["REGISTER", "OPTIONS", "INVITE"])
@pytest.mark.parametrize(("more", "status"), [("Require: gruu", 420), ("To: <sip:x@y>", 400)])
def test_what_no_server_may_take(office: Office, method: str, more: str, status: int) -> None:
    assert answer_to(office, request(method, "Contact: <sip:a@b>", more)).status == status


def test_a_description_of_another_kind_is_refused_before_anybody_rings(office: Office) -> None:
    bob = office.phone("2102")
    invite = request("INVITE", "Contact: <sip:a@b>", "Content-Type: text/plain")
    data = invite.replace(b"Content-Length: 0", b"Content-Length: 2") + b"hi"
    assert answer_to(office, data).status == 415
    assert bob.of(CallOffered) == []


def test_refused_requests_do_not_pile_up(office: Office) -> None:
    for number in range(50):
        data = request("INVITE", "Contact: <sip:a@b>").replace(b"bKx", f"bK{number}".encode())
        assert answer_to(office, data).status == 401
    office.advance(60)
    assert len(office.exchange.transactions) == 0


def test_registering_says_so_once(office: Office) -> None:
    office.phone("2101")
    assert [e for e in office.happened if isinstance(e, ExtensionRegistered)] == [
        ExtensionRegistered("2101", "sip:2101@127.30.0.1:5060", 3600)
    ]


def test_a_request_of_ours_is_no_business_of_calls(office: Office) -> None:
    office.phone("2101")
    office.exchange.notify("2101", "check-sync", office.now)
    office.run()
    said = office.said_to(office.phones["127.30.0.1", 5060])
    assert [m.method for m in said if isinstance(m, Request)] == ["NOTIFY"]
    assert len(office.exchange.calls) == 0
