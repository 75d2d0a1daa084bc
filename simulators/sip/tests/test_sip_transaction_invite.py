"""INVITE transactions: figures 5 and 7 with RFC 6026's Accepted, ACK, CANCEL, and their timers."""

from dataclasses import dataclass, field

import pytest

from simulators.core import TCP, TLS, UDP, Address
from simulators.entropy import Seed
from simulators.sip.headers import Via
from simulators.sip.message import Headers, Request, Response, parse, response_to
from simulators.sip.transaction import (
    AckReceived,
    Cancelled,
    Ignored,
    RequestReceived,
    ResponseReceived,
    TimedOut,
    Transactions,
)
from simulators.sip.transaction_tables import (
    CLIENT,
    INVITE_CLIENT,
    INVITE_SERVER,
    SERVER,
    Event,
    State,
)

CLIENT_AT, SERVER_AT = ("127.10.0.10", 5060), ("127.10.0.21", 5060)
REFUSED_AT = [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]  # timer G


def transactions(local: Address) -> Transactions:
    return Transactions(local, Seed(1).stream(str(local)).randbytes)


def invite() -> Request:
    return Request(
        "INVITE",
        "sip:2102@127.10.0.21",
        Headers(
            [
                ("Route", "<sip:127.10.0.21;lr>"),
                ("From", "<sip:2101@a>;tag=1"),
                ("To", "<sip:2102@b>"),
                ("Call-ID", "c1"),
                ("CSeq", "7 INVITE"),
            ]
        ),
        b"v=0\r\n",
    )


def sent(layer: Transactions) -> list[Request | Response]:
    return [parse(datagram.data) for datagram in layer.to_send()]


def statuses(layer: Transactions) -> list[int]:
    return [m.status for m in sent(layer) if isinstance(m, Response)]


def methods(layer: Transactions) -> list[str]:
    return [m.method for m in sent(layer) if isinstance(m, Request)]


def times_of_sending(layer: Transactions, until: float = 400.0) -> list[float]:
    times = []
    while (at := layer.timer_at()) is not None and at <= until:
        layer.handle_timer(at)
        times += [at] * len(layer.to_send())
    return times


@dataclass
class Pair:
    """A client and a server, and an INVITE between them that has arrived at 0."""

    transport: str = UDP
    client: Transactions = field(default_factory=lambda: transactions(CLIENT_AT))
    server: Transactions = field(default_factory=lambda: transactions(SERVER_AT))

    def __post_init__(self) -> None:
        self.key = self.client.send(invite(), SERVER_AT, 0.0, self.transport)
        [self.datagram] = self.client.to_send()
        self.sent = parse(self.datagram.data)
        self.to_server(self.datagram.data, 0.0)
        [event] = self.server.events()
        assert isinstance(event, RequestReceived) and event.transport == self.transport
        self.received = event

    def to_server(self, data: bytes, now: float) -> None:
        self.server.receive(data, CLIENT_AT, now, transport=self.transport)

    def to_client(self, data: bytes, now: float) -> None:
        self.client.receive(data, SERVER_AT, now, transport=self.transport)

    def answers(self, status: int, now: float, tag: str = "t") -> list[bytes]:
        response = response_to(self.received.request, status, to_tag=tag)
        self.server.respond(self.received.transaction, response, now)
        return [datagram.data for datagram in self.server.to_send()]

    def carry(self, now: float) -> None:
        """Everything across, until nobody has anything more to say."""
        while (there := self.client.to_send()) + (back := self.server.to_send()):
            for datagram in there:
                self.to_server(datagram.data, now)
            for datagram in back:
                self.to_client(datagram.data, now)

    def heard(self) -> list[int]:
        events = self.client.events()
        return [e.response.status for e in events if isinstance(e, ResponseReceived)]


def test_an_unanswered_invite_goes_out_as_timer_a_says_and_times_out_with_b() -> None:
    layer = transactions(CLIENT_AT)
    key = layer.send(invite(), SERVER_AT, 0.0)
    layer.to_send()
    assert layer.waiting()
    assert times_of_sending(layer) == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]  # 17.1.1.2: no T2 here
    assert layer.events() == [TimedOut(key)]
    assert (len(layer), layer.timer_at(), layer.waiting()) == (0, None, False)


def test_a_phone_that_rings_is_not_asked_again_and_not_waited_for() -> None:
    pair = Pair()
    [ringing] = pair.answers(180, 0.1)
    pair.to_client(ringing, 0.2)
    assert pair.heard() == [180]
    assert not pair.client.waiting()
    assert times_of_sending(pair.client, 180.0) == []


def test_an_invite_that_rings_for_ever_is_taken_back_with_timer_c() -> None:
    pair = Pair()
    [ringing] = pair.answers(180, 0.0)
    pair.to_client(ringing, 10.0)
    pair.client.events()
    pair.client.handle_timer(190.9)
    assert methods(pair.client) == []
    pair.client.handle_timer(191.0)
    assert methods(pair.client) == ["CANCEL"]
    times_of_sending(pair.client)
    assert pair.client.events() == [TimedOut(pair.key)]
    assert len(pair.client) == 0


@pytest.mark.parametrize("transport", [UDP, TCP, TLS])
def test_a_refusal_is_acknowledged_by_the_layer(transport: str) -> None:
    pair = Pair(transport)
    [refusal] = pair.answers(486, 1.0)
    pair.to_client(refusal, 1.0)
    assert pair.heard() == [486]
    [ack] = sent(pair.client)
    assert isinstance(ack, Request) and isinstance(pair.sent, Request)
    assert (ack.method, ack.uri, ack.body) == ("ACK", pair.sent.uri, b"")
    assert ack.headers.all("via") == pair.sent.headers.all("via")[:1]
    assert ack.headers.get("to") == "<sip:2102@b>;tag=t"
    assert ack.headers.get("cseq") == "7 ACK"
    for name in ("route", "from", "call-id"):
        assert ack.headers.get(name) == pair.sent.headers.get(name)
    pair.to_server(ack.encode(), 1.0)
    assert pair.server.events() == []  # absorbed
    reliable = transport != UDP
    assert (len(pair.server) == 0, len(pair.client) == 0) == (reliable, reliable)  # I and D are 0
    assert times_of_sending(pair.server) == times_of_sending(pair.client) == []
    assert len(pair.server) == len(pair.client) == 0


def test_a_refusal_whose_ack_is_lost_comes_again_and_is_acknowledged_again() -> None:
    pair = Pair()
    [refusal] = pair.answers(486, 0.0)
    for at in (0.0, 0.5, 1.5):
        pair.to_client(refusal, at)
    assert pair.heard() == [486]
    assert len(set(pair.client.to_send())) == 1  # three times the same
    assert times_of_sending(pair.server) == REFUSED_AT
    assert len(pair.server) == 0  # timer H


def test_over_a_stream_nothing_is_sent_twice() -> None:
    layer = transactions(CLIENT_AT)
    key = layer.send(invite(), SERVER_AT, 0.0, TCP)
    layer.to_send()
    assert times_of_sending(layer) == []
    assert layer.events() == [TimedOut(key)]
    pair = Pair(TCP)
    pair.answers(486, 0.0)
    assert times_of_sending(pair.server) == []
    assert len(pair.server) == 0  # timer H


def test_every_2xx_reaches_the_user_and_its_ack_goes_past_the_transaction() -> None:
    pair = Pair()
    [first] = pair.answers(200, 1.0)
    [again] = pair.answers(200, 1.5)
    assert first == again
    for at in (1.0, 1.5):
        pair.to_client(first, at)
    assert pair.heard() == [200, 200]
    assert methods(pair.client) == []
    ack = Request("ACK", "sip:2102@127.10.0.21", invite().headers.replaced("CSeq", "7 ACK"))
    datagram = pair.client.send_ack(ack, SERVER_AT)
    pair.client.send_again(datagram)
    assert pair.client.to_send() == [datagram, datagram]
    for data in (datagram.data, pair.datagram.data):  # the ACK, and a late copy of the INVITE
        pair.to_server(data, 1.6)
    [event] = pair.server.events()
    assert isinstance(event, AckReceived) and event.peer == CLIENT_AT
    assert pair.server.to_send() == []
    assert times_of_sending(pair.server) == times_of_sending(pair.client) == []
    assert len(pair.server) == len(pair.client) == 0  # timers L and M
    pair.to_client(first, 40.0)
    assert [type(event) for event in pair.client.events()] == [Ignored]


def test_an_ack_with_the_branch_of_an_accepted_invite_is_the_users() -> None:
    pair = Pair()
    pair.answers(200, 0.0)
    pair.to_server(pair.datagram.data.replace(b"INVITE", b"ACK"), 0.1)
    assert [type(event) for event in pair.server.events()] == [AckReceived]


def test_an_ack_before_any_answer_is_ignored() -> None:
    pair = Pair()
    pair.to_server(pair.datagram.data.replace(b"INVITE", b"ACK"), 0.1)
    assert [type(event) for event in pair.server.events()] == [Ignored]
    assert pair.answers(486, 0.2)


def test_an_invite_whose_user_thinks_for_200_ms_gets_100() -> None:
    pair = Pair()
    pair.server.handle_timer(0.19)
    assert pair.server.to_send() == []
    pair.server.handle_timer(0.2)
    [trying] = sent(pair.server)
    assert isinstance(trying, Response) and trying.status == 100
    assert "tag" not in trying.headers.get("to")
    pair.to_server(pair.datagram.data, 0.5)
    assert statuses(pair.server) == [100]
    quick = Pair()
    quick.answers(180, 0.1)
    quick.server.handle_timer(0.2)
    assert quick.server.to_send() == []


def test_100_says_the_timestamp_again() -> None:
    server, request = transactions(SERVER_AT), invite()
    via = ("Via", "SIP/2.0/UDP 127.10.0.10;branch=z9hG4bK1")
    headers = Headers([via, ("Timestamp", "54"), *request.headers.items])
    server.receive(Request("INVITE", request.uri, headers).encode(), CLIENT_AT, 0.0)
    server.handle_timer(0.2)
    assert [m.headers.get("timestamp") for m in sent(server)] == ["54"]


def test_an_invite_that_its_user_lets_lie_is_forgotten() -> None:
    pair = Pair()
    assert times_of_sending(pair.server) == [0.2]
    assert pair.server.events() == [TimedOut(pair.received.transaction)]
    assert len(pair.server) == 0
    assert pair.answers(200, 400.0) == []


def test_each_provisional_answer_of_the_user_keeps_an_invite_for_longer() -> None:
    pair = Pair()
    pair.answers(180, 0.0)
    pair.server.handle_timer(100.0)
    pair.answers(180, 100.0)
    pair.server.handle_timer(280.9)
    assert pair.server.events() == []
    pair.server.handle_timer(281.0)
    assert pair.server.events() == [TimedOut(pair.received.transaction)]


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


# The tables


def test_the_tables_speak_of_every_state_and_only_of_reachable_ones() -> None:
    first = {id(CLIENT): State.TRYING, id(SERVER): State.TRYING}
    first |= {id(INVITE_CLIENT): State.CALLING, id(INVITE_SERVER): State.PROCEEDING}
    for table in (CLIENT, SERVER, INVITE_CLIENT, INVITE_SERVER):
        reached = {first[id(table)]}
        for _ in State:
            reached |= {to for state in reached & set(table) for to in table[state].values()}
        assert reached == {*table, State.TERMINATED}
        for row in table.values():
            assert Event.GIVE_UP in row or Event.FORGET in row  # nothing stays for ever
