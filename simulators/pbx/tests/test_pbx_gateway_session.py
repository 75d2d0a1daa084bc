"""One client's session: log-in, every command with its refusal, events, keep-alive."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.errors import LocalProtocolError
from simulators.pbx import oai
from simulators.pbx.gateway_session import (
    KEEP_ALIVE_S,
    LOG_IN_WITHIN_S,
    Closed,
    LoggedIn,
    PayloadReceived,
)
from simulators.pbx.gateway_session_states import TRANSITIONS, Event, State, following
from simulators.pbx.oai import Command, LogIn, Text, frame
from simulators.pbx.oai_directory import Link
from simulators.pbx.oai_messages import LinkReason
from simulators.pbx.release import Release
from simulators.pbx.tests.oai_client import Client, extension


@pytest.fixture
def client() -> Client:
    return Client()


# Log-in


def test_the_right_password_is_welcomed_with_rs_and_rd() -> None:
    client = Client(logged_in=False)
    assert client.log_in() == [
        b"001,RS,0,12:00,112326,10.20,5.0.64,0,1,1,US,1\r",
        b"002,RD\r",
    ]
    assert client.events == [PayloadReceived("log-in", "application MCS"), LoggedIn("MCS")]
    assert not client.session.closed


@pytest.mark.parametrize("password", ["wrong", "", "s3cret-1 ", "é"])
def test_a_wrong_password_closes_without_an_answer(password: str) -> None:
    client = Client(logged_in=False)
    assert client.log_in(password) == []
    assert client.session.closed
    assert client.events[-1] == Closed("wrong password from MCS")
    assert client.log_in() == []  # a closed session stays closed
    assert client.events == []


def test_no_event_ever_shows_the_password() -> None:
    client = Client(logged_in=False)
    client.log_in()
    assert "s3cret-1" not in repr(client.events)


@pytest.mark.parametrize("payload", [b"_NA,1,1\r", b"\x84s3cret-1\0MCS\0"])
def test_who_does_not_log_in_first_is_let_go(payload: bytes) -> None:
    client = Client(logged_in=False)
    assert client.send(payload) == []
    assert client.session.closed


def test_who_says_nothing_is_let_go_after_a_while() -> None:
    client = Client(logged_in=False)
    assert client.session.timer_at() == LOG_IN_WITHIN_S
    client.session.handle_timer(LOG_IN_WITHIN_S - 1)
    assert not client.session.closed
    client.session.handle_timer(LOG_IN_WITHIN_S)
    assert client.session.closed
    assert client.session.events() == [Closed("no log-in came")]
    assert client.session.timer_at() is None
    client.session.handle_timer(1000)
    assert client.take() == []
    assert client.session.events() == []


def test_log_in_and_first_command_may_come_in_one_piece() -> None:
    client = Client(logged_in=False)
    both = frame(LogIn("s3cret-1", "MCS").encode()) + frame(b"_NA,7,1\r")
    client.session.receive(both, 0)
    assert client.take()[2:] == [b"003,CF,_NA,7,0\r"]


def test_what_follows_a_wrong_password_is_not_looked_at() -> None:
    client = Client(logged_in=False)
    both = frame(LogIn("wrong", "MCS").encode()) + frame(b"_XC,7,||\r")
    client.session.receive(both, 0)
    assert client.take() == []
    assert len(client.session.events()) == 2


@given(st.integers(1, 60))
def test_however_the_stream_is_cut_the_answers_are_the_same(size: int) -> None:
    stream = frame(LogIn("s3cret-1", "MCS").encode()) + b"".join(
        frame(line) for line in (b"_NA,1,1\r", b"_MS,2,11\r", b"_QX,3,1\r", b"_XC,4,||\r")
    )
    whole, cut = Client(logged_in=False), Client(logged_in=False)
    whole.session.receive(stream, 0)
    for start in range(0, len(stream), size):
        cut.session.receive(stream[start : start + size], 0)
    answers = whole.take()
    assert cut.take() == answers
    assert len(answers) == 6


@given(st.lists(st.binary(max_size=80), max_size=8), st.booleans())
def test_whatever_octets_come_the_session_answers_or_closes_with_a_reason(
    pieces: list[bytes], logged_in: bool
) -> None:
    client = Client(logged_in=logged_in)
    client.session.events()
    for piece in pieces:
        client.session.receive(piece, 0)
        client.take()
    reasons = [event for event in client.session.events() if isinstance(event, Closed)]
    assert len(reasons) == int(client.session.closed)
    assert all(each.reason for each in reasons)


@pytest.mark.parametrize("length", [0, 65_537, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_length_that_can_not_be_closes_with_a_reason(client: Client, length: int) -> None:
    client.session.receive(length.to_bytes(4, "little") + b"x" * 100, 0)
    assert client.session.closed
    [closed] = client.session.events()
    assert isinstance(closed, Closed)
    assert str(length) in closed.reason


def test_a_log_in_that_is_too_long_closes_with_a_reason() -> None:
    client = Client(logged_in=False)
    assert client.send(LogIn("s3cret-1", "M" * 300).encode()) == []
    assert client.events == [Closed("expected a log-in of at most 256 octets, got 311")]


# States


@given(st.lists(st.sampled_from(Event), max_size=12))
def test_the_table_leads_to_the_end_and_not_back(events: list[Event]) -> None:
    state = State.CONNECTED
    for event in events:
        if event not in TRANSITIONS[state]:
            with pytest.raises(LocalProtocolError, match="knows no"):
                following(state, event)
            continue
        before, state = state, following(state, event)
        assert state is not State.CONNECTED
        assert before is not State.CLOSED


def test_who_logs_in_early_is_greeted_when_the_nodes_are_known() -> None:
    client = Client(logged_in=False, nodes_known=False)
    client.directory[2].link = Link.NEVER_UP
    assert client.log_in() == []
    assert client.send(b"_NO,7\r") == []
    assert client.session.state is State.HELD
    assert client.session.backlogged
    assert client.session.timer_at() is None
    client.session.tell_nodes_known(60.0)
    assert client.session.timer_at() == 60 + KEEP_ALIVE_S
    assert [payload[:6] for payload in client.take()] == [
        b"001,RS",
        b"002,RD",
        b"003,CS",
        b"004,CF",
    ]
    assert not client.session.backlogged


def test_who_has_not_logged_in_hears_nothing_of_the_nodes() -> None:
    client = Client(logged_in=False, nodes_known=False)
    client.session.tell_nodes_known(1.0)
    client.session.node_connected(client.directory[1])
    client.session.link_changed(1, LinkReason.TCP_FAILURE)
    assert client.take() == []
    assert len(client.log_in()) == 2


# Commands


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("_NA", ["1"]), ("_NA", ["0"]), ("_MS", ["0"]), ("_MS", ["11"]), ("_NO", [])],
)
def test_plain_commands_are_confirmed(client: Client, name: str, arguments: list[str]) -> None:
    assert client.ask(name, *arguments) == ["0"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("_NA", []),
        ("_NA", ["2"]),
        ("_NA", ["1", "1"]),
        ("_MS", []),
        ("_MS", ["12"]),
        ("_MS", ["x"]),
        ("_MS", ["111"]),
        ("_NO", ["1"]),
        ("_QX", []),
        ("_QX", ["3"]),
        ("_XN", ["1"]),
        ("_XC", []),
        ("_XC", ["2101"]),  # text stands in pipes
        ("_XC", [Text("2101"), Text("2102")]),
    ],
)
def test_bad_arguments_have_outcome_2(client: Client, name: str, arguments: list[str]) -> None:
    assert client.ask(name, *arguments) == ["2"]
    assert not client.session.closed


@pytest.mark.parametrize("name", ["_MC", "_XX", "_"])
def test_an_unknown_command_has_outcome_1(client: Client, name: str) -> None:
    assert client.ask(name, "1") == ["1"]


@pytest.mark.parametrize(
    "payload", [b"_NO\r", b"_NO,1", b"garbage\r", b"_NO,\xff\r", b"\x87a\0b\0"]
)
def test_what_can_not_be_answered_closes(client: Client, payload: bytes) -> None:
    assert client.send(payload) == []
    assert client.session.closed
    assert isinstance(client.events[-1], Closed)


def test_stations_of_all_nodes(client: Client) -> None:
    assert client.ask("_QX", "1") == [
        *("0", "0", "3"),
        *("2101", "Home, Ada", "38", "1"),
        *("2102", "Ada", "48", "1"),
        *("2201", "Ada", "38", "2"),
    ]


def test_nodes_with_address_and_release(client: Client) -> None:
    assert client.ask("_XN") == [
        *("0", "0", "2"),
        *("1", "Head Office", "127.10.0.21", "6.3 SP1"),
        *("2", "D?p?t", "127.10.0.22", "6.3"),
    ]


def test_credentials_of_one_and_of_all(client: Client) -> None:
    one = ["2101", "2101", "pass-2101~"]
    assert client.ask("_XC", Text("2101")) == ["0", "0", "1", *one]
    assert client.ask("_XC", Text("")) == ["0", "0", "2", *one, "2102", "2102", "pass-2102~"]
    assert client.ask("_XC", Text("9999")) == ["0", "0", "0"]


def test_pre_3_a_node_below_6_3_sp1_lists_no_credentials(client: Client) -> None:
    assert client.ask("_XC", Text("2201")) == ["0", "0", "0"]
    client.second.release = Release.parse("6.10")
    assert client.ask("_XC", Text("2201")) == ["0", "0", "1", "2201", "2201", "pass-2201~"]


@pytest.mark.parametrize("name", ["_XN", "_XC"])
def test_pre_4_a_gateway_below_5_0_64_knows_neither(name: str) -> None:
    arguments = [Text("")] if name == "_XC" else []
    old = Client("5.0.63")
    assert old.ask(name, *arguments) == ["1"]
    assert old.ask("_QX", "1")[0] == "0"
    old.release = Release.parse("5.0.100")
    assert old.ask(name, *arguments)[0] == "0"


def test_long_lists_come_in_frames_of_fifty(client: Client) -> None:
    many = [extension(number) for number in range(3000, 3120)]
    client.first.extensions = {each.number: each for each in many}
    del client.directory[2]
    for command in (Command("_XC", "7", (Text(""),)), Command("_QX", "7", ("1",))):
        answers = [oai.split_fields(answer) for answer in client.send(command.encode())]
        assert [(a[5], a[6]) for a in answers] == [("1", "50"), ("1", "50"), ("0", "20")]
        assert [a[4] for a in answers] == ["0"] * 3
        width = (len(answers[0]) - 7) // 50
        numbers = [n for answer in answers for n in answer[7::width]]
        assert numbers == [each.number for each in many]


def test_sequence_numbers_go_to_999_and_then_to_000(client: Client) -> None:
    last = [client.send(b"_NO,1\r")[0][:3] for _ in range(998)][-2:]
    assert last == [b"999", b"000"]


# Events and keep-alive


def test_events_go_to_who_started_a_monitor_only(client: Client) -> None:
    new, renewed = extension(2103), replace(extension(2103), auth_password="other")
    client.session.extension_changed(1, None, new)
    client.session.extension_changed(1, new, renewed)
    assert client.take() == []
    client.ask("_MS", "11")
    assert client.session.state is State.MONITORING
    client.session.extension_changed(1, None, new)
    client.session.extension_changed(1, new, renewed)
    client.session.extension_changed(1, renewed, None)
    assert client.take() == [
        b"004,EC,||,|2103|\r",
        b"005,XC,|2103|\r",
        b"006,EC,|2103|,||\r",
    ]


def test_pre_4_an_old_gateway_has_no_xc() -> None:
    client = Client("5.0.63")
    client.ask("_MS", "11")
    new = extension(2103)
    client.session.extension_changed(1, new, replace(new, auth_password="other", name="Bob"))
    assert client.take() == [b"004,EC,|2103|,|2103|\r"]
    client.release = Release.parse("5.0.100")
    client.session.extension_changed(1, new, replace(new, auth_password="other"))
    assert client.take() == [b"005,XC,|2103|\r"]


def test_silence_drops_the_monitors_and_says_rs_again(client: Client) -> None:
    client.ask("_MS", "11", now=10.0)
    due = client.session.timer_at()
    assert due == 10 + KEEP_ALIVE_S
    client.session.handle_timer(due - 0.1)
    assert client.take() == []
    assert client.session.state is State.MONITORING
    client.session.handle_timer(due)
    [again] = client.take()
    assert again.startswith(b"004,RS,0,")
    assert client.session.state.name == "READY"
    client.session.extension_changed(1, None, extension(2103))
    assert client.take() == []
    assert client.session.timer_at() == due + KEEP_ALIVE_S


@pytest.mark.parametrize("name", ["_NO", "_MC"])
def test_any_command_keeps_the_monitors_alive(client: Client, name: str) -> None:
    client.ask("_MS", "11")
    for now in (200.0, 400.0, 600.0):
        client.session.handle_timer(now)
        assert client.take(now) == []
        client.ask(name, now=now)
    assert client.session.state is State.MONITORING
