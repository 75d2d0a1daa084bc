"""Requests of an ICP to a set outside of any dialog, and what either side does not serve."""

import pytest

from simulators.core import TLS, Address
from simulators.mbg.sip_border.border_terms import INSIDE, OUTSIDE
from simulators.mbg.tests.border_wire import (
    INSIDE_AT,
    OUTSIDE_AT,
    OUTSIDE_TLS_AT,
    PBX_AT,
    Set,
    Wire,
    estate,
    plug_in,
)
from simulators.sip.message import Headers, Request, Response

STRANGER: Address = ("127.10.0.77", 5060)
SET_AT: Address = ("127.30.0.9", 5060)
EVENT = ("Event", "check-sync;reboot=false")


def from_icp(
    wire: Wire,
    *more: tuple[str, str],
    method: str = "NOTIFY",
    user: str = "2101",
    source: Address = PBX_AT,
    side: str = INSIDE,
    to_tag: str = "",
    body: bytes = b"",
    **changed: str,
) -> list[Response]:
    """Send a request to the border as an ICP does; returns what it is answered."""
    uri = f"sip:{user}@{INSIDE_AT[0]}:{INSIDE_AT[1]}"
    headers = {
        "via": f"SIP/2.0/UDP {source[0]}:{source[1]};branch=z9hG4bK{len(wire.sent)}",
        "max_forwards": "70",
        "from_": f'"PBX" <sip:system@{PBX_AT[0]}>;tag=p',
        "to": f"<{uri}>{to_tag}",
        "call_id": f"icp-{len(wire.sent)}",
        "cseq": f"7 {method}",
        "contact": f"<sip:{PBX_AT[0]}>",
        **changed,
    }
    items = [(name.rstrip("_").replace("_", "-"), value) for name, value in headers.items()]
    before = len(wire.said_to(source))
    request = Request(method, uri, Headers([*items, *more]), body)
    wire.border.receive(request.encode(), source, wire.now, side)
    wire.settle()
    return [m for m in wire.said_to(source)[before:] if isinstance(m, Response)]


def notified(transport: str = "UDP") -> tuple[Wire, Set]:
    """A border with one registered set."""
    wire = estate()
    agent = wire.sets[plug_in(wire, transport=transport)]
    assert isinstance(agent, Set)
    return wire, agent


def test_check_sync_reaches_the_set_as_its_own_and_the_answer_comes_back() -> None:
    wire, agent = notified()
    answers = from_icp(wire, EVENT, ("Subscription-State", "terminated"))
    assert [(a.status, a.headers.get("cseq")) for a in answers] == [(200, "7 NOTIFY")]
    assert answers[0].headers.get("call-id").startswith("icp-")
    (request,) = agent.requests
    headers = request.headers
    assert (request.method, request.uri) == ("NOTIFY", "sip:tw0@127.30.0.2:5060")
    assert headers.get("to") == f"<sip:tw0@{OUTSIDE_AT[0]}>"
    assert headers.get("from").startswith(f"<sip:system@{OUTSIDE_AT[0]}>;tag=")
    assert headers.get("contact") == f"<sip:system@{OUTSIDE_AT[0]}:{OUTSIDE_AT[1]}>"
    assert headers.get("max-forwards") == "69"
    assert headers.get("event") == EVENT[1]
    assert headers.get("subscription-state") == "terminated"
    inside = (PBX_AT[0], INSIDE_AT[0], "2101", "icp-")
    assert not any(text in value for _, value in headers.items for text in inside)


def test_an_xml_push_keeps_its_body_and_type() -> None:
    wire, agent = notified(TLS)
    body = "<AastraIPPhoneTextScreen><Text>grüß</Text></AastraIPPhoneTextScreen>".encode()
    kind = ("c", "application/xml")
    assert [a.status for a in from_icp(wire, ("o", "aastra-xml"), kind, body=body)] == [200]
    (request,) = agent.requests
    assert request.body == body
    assert request.headers.get("content-type") == "application/xml"
    assert request.headers.get("event") == "aastra-xml"
    host, port = OUTSIDE_TLS_AT
    assert request.headers.get("contact") == f"<sip:system@{host}:{port};transport=tls>"


def test_a_message_is_carried_like_a_notify() -> None:
    wire, agent = notified()
    kind = ("Content-Type", "text/plain")
    assert [a.status for a in from_icp(wire, kind, method="MESSAGE", body=b"Hello")] == [200]
    assert [(r.method, r.body) for r in agent.requests] == [("MESSAGE", b"Hello")]


@pytest.mark.parametrize("status", [202, 405, 489])
def test_the_sets_answer_is_the_icps(status: int) -> None:
    wire, agent = notified()
    agent.status, agent.said = status, b"why"
    (answer,) = from_icp(wire, EVENT)
    assert (answer.status, answer.body, answer.headers.get("retry-after")) == (status, b"why", "5")
    assert answer.headers.all("server") == ["MBG"]


def test_a_device_that_is_not_registered_is_told_apart_from_none() -> None:
    wire = estate()
    (away,) = from_icp(wire, EVENT)
    assert away.status == 480
    warning = f'399 {INSIDE_AT[0]} "SIP device tw0 is not registered"'
    assert away.headers.get("warning") == warning
    (unknown,) = from_icp(wire, EVENT, user="2999")
    assert unknown.status == 404
    plug_in(wire)
    assert [a.status for a in from_icp(wire, EVENT)] == [200]


def test_only_the_devices_own_icp_reaches_it() -> None:
    wire, agent = notified()
    assert [a.status for a in from_icp(wire, EVENT, source=STRANGER)] == [404]
    wire.border.store.add_icp("Branch", STRANGER[0])
    assert [a.status for a in from_icp(wire, EVENT, source=STRANGER)] == [404]
    assert agent.requests == []


def test_an_icp_with_a_host_name_is_known_by_its_ip_address() -> None:
    wire, agent = notified()
    wire.border.store.change_icp("1", address="office.example", ip=STRANGER[0])
    assert [a.status for a in from_icp(wire, EVENT)] == [404]
    assert [a.status for a in from_icp(wire, EVENT, source=STRANGER)] == [200]
    assert len(agent.requests) == 1


def test_a_set_that_does_not_answer_ends_in_480() -> None:
    wire, agent = notified()
    agent.status = 0
    assert from_icp(wire, EVENT) == []
    since = wire.now + 1
    wire.move(32.5)
    said = [m for m in wire.said_to(PBX_AT, since) if isinstance(m, Response)]
    assert [m.status for m in said] == []  # the ICP has given up too: its transaction is over
    assert wire.border._relay._carried == {}


def test_a_connection_that_ends_half_way_ends_in_480() -> None:
    wire, agent = notified(TLS)
    agent.status = 0
    assert from_icp(wire, EVENT) == []
    since = wire.now
    wire.hang_up(next(iter(wire.sets)), TLS)
    (said,) = [m for m in wire.said_to(PBX_AT, since) if isinstance(m, Response)]
    assert said.status == 480
    assert "SIP device tw0 did not answer" in said.headers.get("warning")
    assert wire.border._relay._carried == {}


def test_requests_that_can_not_be_carried_are_answered() -> None:
    wire, agent = notified()
    assert [a.status for a in from_icp(wire, EVENT, to_tag=";tag=x")] == [481]
    assert [a.status for a in from_icp(wire, EVENT, max_forwards="0")] == [483]
    assert [a.status for a in from_icp(wire, EVENT, from_="nobody")] == [400]
    assert agent.requests == []
    assert [a.status for a in from_icp(wire, EVENT, max_forwards="1")] == [200]
    assert agent.requests[0].headers.get("max-forwards") == "0"


def test_what_no_server_may_take_is_refused_on_either_side() -> None:
    wire, agent = notified()
    for where in ({"source": PBX_AT, "side": INSIDE}, {"source": SET_AT, "side": OUTSIDE}):
        for more, status in ((("Require", "nothing"), 420), (("Call-ID", "second"), 400)):
            (answer,) = from_icp(wire, EVENT, more, **where)  # type: ignore[arg-type]
            assert answer.status == status
    assert agent.requests == []


def test_either_side_tells_what_it_serves() -> None:
    wire = estate()
    calls = "INVITE, ACK, CANCEL, BYE, INFO, UPDATE"
    icp = {"source": PBX_AT, "side": INSIDE}, f"OPTIONS, NOTIFY, MESSAGE, {calls}"
    phone = {"source": SET_AT, "side": OUTSIDE}, f"REGISTER, OPTIONS, {calls}"
    for where, allow in (icp, phone):
        for method, status in (("OPTIONS", 200), ("PUBLISH", 405), ("BREW", 501)):
            (answer,) = from_icp(wire, method=method, **where)  # type: ignore[arg-type]
            assert (answer.status, answer.headers.get("allow")) == (status, allow)
