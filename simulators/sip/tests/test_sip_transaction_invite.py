"""INVITE transactions: figures 5 and 7 with RFC 6026's Accepted, ACK, and their timers."""

import pytest

from simulators.core import TCP, TLS, UDP
from simulators.sip.message import Headers, Request, Response
from simulators.sip.tests.invite_pair import (
    CLIENT_AT,
    REFUSED_AT,
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
    AckReceived,
    Ignored,
    TimedOut,
)
from simulators.sip.transaction_tables import (
    CLIENT,
    INVITE_CLIENT,
    INVITE_SERVER,
    SERVER,
    Event,
    State,
)


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
