"""Transactions: RFC 3261's timers to the millisecond, retransmissions on both sides, matching."""

import pytest

from simulators.core import Address
from simulators.entropy import Seed
from simulators.sip.headers import Via
from simulators.sip.message import Headers, Request, Response, parse, response_to
from simulators.sip.transaction import (
    Ignored,
    RequestReceived,
    ResponseReceived,
    TimedOut,
    Timers,
    Transactions,
)

CLIENT_AT, SERVER_AT = ("127.10.0.10", 5060), ("127.10.0.21", 5060)


def transactions(local: Address = CLIENT_AT) -> Transactions:
    return Transactions(local, Seed(1).stream(str(local)).randbytes)


def options(method: str = "OPTIONS", **more: str) -> Request:
    return Request(
        method,
        "sip:127.10.0.21",
        Headers(
            [
                ("From", "<sip:a@b>;tag=1"),
                ("To", "<sip:a@b>"),
                ("Call-ID", more.get("call_id", "c1")),
                ("CSeq", f"{more.get('cseq', '1')} {more.get('of', method)}"),
            ]
        ),
    )


def sent(layer: Transactions) -> list[Request | Response]:
    return [parse(datagram.data) for datagram in layer.to_send()]


def asked(layer: Transactions, now: float = 0.0) -> Request:
    """Send a request, and take it as it left."""
    layer.send(options(), SERVER_AT, now)
    [request] = sent(layer)
    assert isinstance(request, Request)
    return request


def times_of_sending(layer: Transactions, until: float = 100.0) -> list[float]:
    times = []
    while (at := layer.timer_at()) is not None and at <= until:
        layer.handle_timer(at)
        times += [at] * len(layer.to_send())
    return times


def test_an_unanswered_request_goes_out_as_timer_e_says_and_times_out_with_f() -> None:
    layer = transactions()
    key = layer.send(options(), SERVER_AT, 0.0)
    layer.to_send()
    assert layer.waiting()
    times = times_of_sending(layer)
    assert times == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]  # 17.1.2.2
    assert layer.events() == [TimedOut(key)]
    assert layer.retransmissions == layer.requests_sent_again == 10
    assert not layer.waiting()
    assert layer.timer_at() is None


def test_after_a_provisional_answer_it_goes_out_every_t2() -> None:
    layer = transactions()
    request = asked(layer)
    layer.receive(response_to(request, 100).encode(), SERVER_AT, 0.2)
    [event] = layer.events()
    assert isinstance(event, ResponseReceived) and event.response.status == 100
    assert layer.waiting()
    assert times_of_sending(layer) == [0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5]
    assert isinstance(layer.events()[0], TimedOut)


def test_a_final_answer_comes_once_and_ends_the_retransmissions() -> None:
    layer = transactions()
    answer = response_to(asked(layer), 200).encode()
    for at in (0.1, 0.2, 4.9):
        layer.receive(answer, SERVER_AT, at)
    assert [type(event) for event in layer.events()] == [ResponseReceived]
    assert not layer.waiting()
    assert times_of_sending(layer) == []
    layer.receive(answer, SERVER_AT, 101)
    assert [type(event) for event in layer.events()] == [Ignored]


def test_a_late_provisional_answer_changes_nothing() -> None:
    layer = transactions()
    request = asked(layer)
    layer.receive(response_to(request, 200).encode(), SERVER_AT, 0.1)
    layer.receive(response_to(request, 100).encode(), SERVER_AT, 0.2)
    assert len(layer.events()) == 1


@pytest.mark.parametrize(("branch", "cseq"), [("z9hG4bKother", "1 OPTIONS"), (None, "1 REGISTER")])
def test_an_answer_to_something_else_is_ignored(branch: str | None, cseq: str) -> None:
    layer = transactions()
    request = asked(layer)
    own = Via.parse(request.headers.get("via")).branch
    via = request.headers.get("via").replace(own, branch or own)
    headers = request.headers.replaced("Via", via).replaced("CSeq", cseq)
    layer.receive(Response(200, "OK", headers).encode(), SERVER_AT, 0.1)
    assert [type(event) for event in layer.events()] == [Ignored]
    assert layer.waiting()


def test_each_request_has_a_branch_of_its_own_with_the_magic_cookie() -> None:
    layer = transactions()
    branches = {layer.send(options(), SERVER_AT, 0.0) for _ in range(50)}
    assert len(branches) == 50
    assert all(branch.startswith("z9hG4bK") for branch in branches)
    via = Via.parse(asked(transactions()).headers.get("via"))
    assert (via.host, via.port, "rport" in via.params) == (*CLIENT_AT, True)


def received(server: Transactions) -> list[RequestReceived]:
    events = server.events()
    assert all(isinstance(event, RequestReceived) for event in events)
    return [event for event in events if isinstance(event, RequestReceived)]


def test_the_server_marks_where_a_request_came_from() -> None:
    server = transactions(SERVER_AT)
    server.receive(asked(transactions()).encode(), ("127.30.0.2", 40_000), 0.0)
    [event] = received(server)
    via = Via.parse(event.request.headers.get("via"))
    assert (via.params["received"], via.params["rport"]) == ("127.30.0.2", "40000")
    server.respond(event.transaction, response_to(event.request, 200), 0.0)
    [datagram] = server.to_send()
    assert datagram.to == ("127.30.0.2", 40_000)


def test_further_vias_stay_below_the_marked_one() -> None:
    server = transactions(SERVER_AT)
    request = asked(transactions())
    top = request.headers.get("via")
    below = Request(
        request.method, request.uri, request.headers.replaced("Via", f"{top}, SIP/2.0/UDP far")
    )
    server.receive(below.encode(), CLIENT_AT, 0.0)
    vias = received(server)[0].request.headers.all("via")
    assert [Via.parse(via).host for via in vias] == [CLIENT_AT[0], "far"]


def test_a_copy_of_a_request_gets_the_same_answer_and_is_not_seen_again() -> None:
    server, data = transactions(SERVER_AT), asked(transactions()).encode()
    server.receive(data, CLIENT_AT, 0.0)
    [event] = received(server)
    server.receive(data, CLIENT_AT, 0.1)
    assert (received(server), server.to_send()) == ([], [])  # nothing to repeat yet
    server.respond(event.transaction, response_to(event.request, 100), 0.2)
    server.respond(event.transaction, response_to(event.request, 200), 0.3)
    _, final = server.to_send()
    server.receive(data, CLIENT_AT, 31.0)
    assert server.to_send() == [final]
    assert received(server) == []
    server.handle_timer(32.4)  # timer J
    server.receive(data, CLIENT_AT, 32.5)
    assert len(received(server)) == 1


def test_a_second_final_answer_never_leaves() -> None:
    server = transactions(SERVER_AT)
    server.receive(asked(transactions()).encode(), CLIENT_AT, 0.0)
    [event] = received(server)
    for status in (200, 500, 100):
        server.respond(event.transaction, response_to(event.request, status), 0.0)
    server.respond("unheard of", response_to(event.request, 200), 0.0)
    assert [r.status for r in sent(server) if isinstance(r, Response)] == [200]


@pytest.mark.parametrize("branch", ["", ";branch=1"])
def test_requests_of_an_old_agent_are_told_apart_without_a_branch(branch: str) -> None:
    server = transactions(SERVER_AT)
    for call_id, cseq in (("c1", "1"), ("c1", "1"), ("c1", "2"), ("c2", "1")):
        request = options(call_id=call_id, cseq=cseq)
        via = ("Via", f"SIP/2.0/UDP 127.10.0.10{branch}")
        data = Request("OPTIONS", request.uri, Headers([via, *request.headers.items])).encode()
        server.receive(data, CLIENT_AT, 0.0)
    assert len(received(server)) == 3  # the second is a copy of the first
    assert (server.retransmissions, server.requests_sent_again) == (1, 0)


@pytest.mark.parametrize("data", [b"\r\n\r\n", b"\x00", b"", b"\r\n"])
def test_keep_alives_are_passed_over(data: bytes) -> None:
    server = transactions(SERVER_AT)
    server.receive(data, CLIENT_AT, 0.0)
    assert server.events() == []


@pytest.mark.parametrize(
    "broken",
    [
        b"garbage",
        options().encode(),  # no Via
        b"SIP/2.0 200 OK\r\n\r\n",
    ],
)
def test_what_is_no_message_is_ignored_with_the_reason(broken: bytes) -> None:
    server = transactions(SERVER_AT)
    server.receive(broken, CLIENT_AT, 0.0)
    [event] = server.events()
    assert isinstance(event, Ignored)
    assert event.peer == CLIENT_AT and event.reason
    assert server.to_send() == []


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"1 OPTIONS", b"1 REGISTER"),
        (b"1 OPTIONS", b"one OPTIONS"),
        (b"Call-ID: c1\r\n", b""),
        (b"From: <sip:a@b>;tag=1\r\n", b""),
        (b"To: <sip:a@b>\r\n", b""),
        (b"CSeq: 1 OPTIONS\r\n", b""),
    ],
)
def test_a_request_that_lacks_what_each_must_have_is_answered_400(good: bytes, bad: bytes) -> None:
    server, whole = transactions(SERVER_AT), asked(transactions()).encode()
    assert good in whole
    server.receive(whole.replace(good, bad), CLIENT_AT, 0.0)
    [event] = server.events()
    assert isinstance(event, Ignored)
    [response] = sent(server)
    assert isinstance(response, Response) and response.status == 400
    assert response.reason == event.reason[:80]
    assert len(server) == 0
    server.receive(whole.replace(good, bad).replace(b"OPTIONS", b"ACK"), CLIENT_AT, 0.0)
    assert sent(server) == []  # an ACK is never answered


@pytest.mark.parametrize(
    ("good", "bad", "status"),
    [
        (b"SIP/2.0\r\nVia", b"SIP/7.0\r\nVia", 505),
        (b"Content-Length: 0", b"Content-Length: 99", 400),
        (b"Content-Length: 0", b"Content-Length: -1", 400),
        (b"Content-Length: 0", b"no header at all", 400),
        (b"Content-Length: 0", b"\xff\xfe: x", 400),
        (b"sip:127.10.0.21 SIP", b"sip:127.10.0.21 two SIP", 400),
        (b"To: <sip:a@b>", b"Broken\r\nt:\r\n <sip:a@b>", 400),
    ],
)
def test_a_request_that_cannot_be_read_is_refused(good: bytes, bad: bytes, status: int) -> None:
    server, whole = transactions(SERVER_AT), asked(transactions()).encode()
    assert good in whole
    server.receive(whole.replace(good, bad, 1), ("127.30.0.2", 40_000), 0.0)
    assert [type(event) for event in server.events()] == [Ignored]
    [datagram] = server.to_send()
    response = parse(datagram.data)
    assert isinstance(response, Response) and response.status == status
    assert datagram.to == ("127.30.0.2", 40_000)
    assert Via.parse(response.headers.get("via")).params["rport"] == "40000"
    assert response.headers.get("cseq") == "1 OPTIONS"
    assert response.headers.get("to").startswith("<sip:a@b>;tag=")
    assert len(server) == 0


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"OPTIONS", b"ACK"),
        (b"Via: ", b"Nothing: "),
        (b"Via: SIP", b"Via: PIS"),
        (b"Call-ID: c1", b"Call-ID:"),
        (b"OPTIONS sip:127.10.0.21 SIP/2.0", b"SIP/2.0 200 OK"),
    ],
)
def test_what_cannot_be_read_at_all_gets_no_answer(good: bytes, bad: bytes) -> None:
    server = transactions(SERVER_AT)
    whole = asked(transactions()).encode().replace(b"Content-Length: 0", b"Content-Length: x")
    server.receive(whole.replace(good, bad), CLIENT_AT, 0.0)
    assert [type(event) for event in server.events()] == [Ignored]
    assert server.to_send() == []


def test_timers_are_multiples_of_t1() -> None:
    assert Timers().f == 32.0
    assert Timers(t1=0.1).f == pytest.approx(6.4)


def test_a_request_that_is_never_answered_is_forgotten_when_its_sender_has_given_up() -> None:
    client, server = transactions(), transactions(SERVER_AT)
    request = asked(client)
    server.receive(request.encode(), CLIENT_AT, 0.0)
    server.handle_timer(31.9)
    server.receive(request.encode(), CLIENT_AT, 31.9)
    [event] = server.events()
    assert isinstance(event, RequestReceived)
    server.handle_timer(32.0)
    assert server.timer_at() is None
    server.respond(event.transaction, response_to(event.request, 200, to_tag="t"), 33.0)
    assert sent(server) == []


def test_the_limit_of_an_unanswered_request_spares_an_answered_one() -> None:
    client, server = transactions(), transactions(SERVER_AT)
    request = asked(client)
    server.receive(request.encode(), CLIENT_AT, 0.0)
    [event] = server.events()
    assert isinstance(event, RequestReceived)
    server.respond(event.transaction, response_to(event.request, 200, to_tag="t"), 20.0)
    sent(server)
    server.handle_timer(40.0)
    server.receive(request.encode(), CLIENT_AT, 40.0)
    assert len(sent(server)) == 1
