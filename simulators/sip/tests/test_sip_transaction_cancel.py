"""INVITE transactions that are cancelled, and connections that end below them."""

from simulators.core import TCP, TLS, UDP
from simulators.entropy import Seed
from simulators.sip.headers import Via
from simulators.sip.message import Headers, Request, Response, parse, response_to
from simulators.sip.tests.invite_pair import (
    CLIENT_AT,
    SERVER_AT,
    Pair,
    invite,
    methods,
    sent,
    statuses,
    times_of_sending,
    transactions,
)
from simulators.sip.transaction import (
    Cancelled,
    RequestReceived,
    TimedOut,
    Transactions,
)

# CANCEL


def test_a_cancel_waits_for_the_first_provisional_answer() -> None:
    pair = Pair()
    pair.client.cancel(pair.key, 0.05)
    pair.client.cancel(pair.key, 0.06)
    assert methods(pair.client) == []
    [ringing] = pair.answers(180, 0.1)
    pair.to_client(ringing, 0.1)
    [cancel] = sent(pair.client)
    assert isinstance(cancel, Request) and isinstance(pair.sent, Request)
    assert (cancel.method, cancel.uri, cancel.body) == ("CANCEL", pair.sent.uri, b"")
    assert cancel.headers.all("via") == pair.sent.headers.all("via")
    assert cancel.headers.get("cseq") == "7 CANCEL"
    assert cancel.headers.get("route") == pair.sent.headers.get("route")
    pair.client.cancel(pair.key, 0.2)
    assert methods(pair.client) == []
    assert pair.client.waiting()


def test_a_cancel_is_answered_by_the_layer_and_told_once() -> None:
    pair = Pair()
    pair.answers(180, 0.0)
    pair.to_client(response_to(pair.received.request, 180, to_tag="t").encode(), 0.0)
    pair.client.cancel(pair.key, 1.0)
    [cancel] = pair.client.to_send()
    pair.to_server(cancel.data, 1.0)
    pair.to_server(cancel.data, 1.5)
    first, second = sent(pair.server)
    assert isinstance(first, Response) and first.status == 200
    assert first == second
    assert first.headers.get("to") == "<sip:2102@b>;tag=t"  # as the INVITE's answers
    assert pair.server.events() == [Cancelled(pair.received.transaction)]
    pair.to_client(first.encode(), 1.0)
    [terminated] = pair.answers(487, 1.1)
    pair.to_client(terminated, 1.1)
    assert pair.heard() == [180, 487]
    pair.carry(1.1)
    assert not pair.client.waiting()
    assert times_of_sending(pair.server) == times_of_sending(pair.client) == []
    assert len(pair.server) == len(pair.client) == 0


def test_a_cancel_that_crosses_a_final_answer_has_no_effect() -> None:
    pair = Pair()
    pair.answers(180, 0.0)
    pair.to_client(response_to(pair.received.request, 180).encode(), 0.0)
    pair.client.cancel(pair.key, 1.0)
    pair.answers(200, 1.0)
    pair.carry(1.1)
    assert pair.server.events() == []
    late = transactions(CLIENT_AT)
    key = late.send(invite(), SERVER_AT, 0.0)
    late.cancel(key, 0.0)
    [there] = sent(late)
    late.receive(response_to(there, 486).encode(), SERVER_AT, 0.0)  # type: ignore[arg-type]
    late.cancel(key, 0.1)
    assert methods(late) == ["ACK"]


def test_a_cancel_of_nothing_is_answered_481() -> None:
    server = transactions(SERVER_AT)
    request = invite()
    headers = Headers(
        [("Via", "SIP/2.0/UDP 127.10.0.10;branch=z9hG4bKnone"), *request.headers.items]
    ).replaced("CSeq", "7 CANCEL")
    server.receive(Request("CANCEL", request.uri, headers).encode(), CLIENT_AT, 0.0)
    assert statuses(server) == [481]
    assert server.events() == []
    server.handle_timer(100.0)
    assert len(server) == 0


def test_a_cancelled_invite_that_is_never_ended_is_given_up() -> None:
    pair = Pair()
    pair.to_client(response_to(pair.received.request, 100).encode(), 0.0)
    pair.client.events()
    pair.client.cancel(pair.key, 1.0)
    times_of_sending(pair.client, 32.9)
    assert pair.client.events() == []
    pair.client.handle_timer(33.0)
    assert pair.client.events() == [TimedOut(pair.key)]  # 9.1: 64*T1 after the CANCEL
    assert (len(pair.client), pair.client.waiting()) == (0, False)


def test_what_is_no_invite_is_never_cancelled() -> None:
    layer = transactions(CLIENT_AT)
    headers = invite().headers.replaced("CSeq", "7 BYE")
    key = layer.send(Request("BYE", "sip:a@b", headers), SERVER_AT, 0.0)
    layer.to_send()
    layer.cancel(key, 0.0)
    layer.cancel("unheard of", 0.0)
    assert layer.to_send() == []


def test_an_old_agent_may_cancel_and_acknowledge_without_a_branch() -> None:
    server = transactions(SERVER_AT)
    via = ("Via", "SIP/2.0/UDP 127.10.0.10")
    base = invite()

    def arrives(method: str) -> None:
        headers = Headers([via, *base.headers.items]).replaced("CSeq", f"7 {method}")
        server.receive(Request(method, base.uri, headers).encode(), CLIENT_AT, 0.0)

    arrives("INVITE")
    arrives("CANCEL")
    received, cancelled = server.events()
    assert isinstance(received, RequestReceived)
    assert cancelled == Cancelled(received.transaction)
    server.respond(received.transaction, response_to(received.request, 487, to_tag="t"), 0.1)
    arrives("ACK")
    assert server.events() == []
    server.to_send()
    assert times_of_sending(server) == []


# Connections that end


def test_what_waits_for_a_lost_connection_fails_at_once() -> None:
    layer = transactions(CLIENT_AT)
    lost = layer.send(invite(), SERVER_AT, 0.0, TLS)
    other = layer.send(invite(), SERVER_AT, 0.0, TCP)
    layer.lost(SERVER_AT, 1.0, transport=TLS)
    assert layer.events() == [TimedOut(lost, "connection lost")]
    layer.lost(("127.10.0.99", 5060), 1.0, transport=TCP)
    assert layer.events() == []
    layer.lost(SERVER_AT, 1.0)
    assert layer.events() == [TimedOut(other, "connection lost")]
    assert (len(layer), layer.waiting()) == (0, False)


def test_a_request_of_a_lost_connection_is_dropped_and_an_open_invite_told() -> None:
    pair = Pair(TLS)
    headers = invite().headers.with_first("Via", "SIP/2.0/TLS x;branch=z9hG4bKo")
    options = Request("OPTIONS", "sip:b", headers.replaced("CSeq", "1 OPTIONS"))
    pair.to_server(options.encode(), 0.0)
    pair.server.events()
    assert len(pair.server) == 2
    pair.server.lost(CLIENT_AT, 1.0, transport=TLS)
    assert pair.server.events() == [TimedOut(pair.received.transaction, "connection lost")]
    assert pair.answers(200, 1.0) == []
    assert len(pair.server) == 0


def test_via_names_the_transport_and_its_own_port() -> None:
    layer = Transactions(
        CLIENT_AT, Seed(1).stream("x").randbytes, stream_locals={TLS: ("127.10.0.10", 5061)}
    )
    for transport in (UDP, TCP, TLS):
        layer.send(invite(), SERVER_AT, 0.0, transport)
    layer.send_ack(invite(), SERVER_AT, TLS)
    datagrams = layer.to_send()
    assert [datagram.transport for datagram in datagrams] == [UDP, TCP, TLS, TLS]
    vias = [Via.parse(parse(datagram.data).headers.get("via")) for datagram in datagrams]
    assert [(via.transport, via.port) for via in vias] == [
        (UDP, 5060),
        (TCP, 5060),
        (TLS, 5061),
        (TLS, 5061),
    ]
