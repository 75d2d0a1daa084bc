"""A session between nodes that come and go, lists that change and clients that do not read."""

from dataclasses import replace

import pytest

from simulators.pbx.gateway_session import (
    MOST_WAITING_COMMANDS,
    MOST_WAITING_EVENTS,
    READ_WITHIN_S,
    Closed,
)
from simulators.pbx.oai import frame
from simulators.pbx.oai_directory import Link
from simulators.pbx.oai_messages import LinkReason
from simulators.pbx.tests.oai_client import Client, extension


@pytest.fixture
def client() -> Client:
    return Client()


# Nodes that come and go


def test_links_are_told_to_who_is_node_aware(client: Client) -> None:
    client.session.link_changed(2, LinkReason.TCP_FAILURE)
    assert client.take() == []
    client.ask("_NA", "1")
    client.session.link_changed(2, LinkReason.TCP_FAILURE)
    client.session.link_changed(2, LinkReason.TCP_RECONNECT)
    client.session.link_changed(3, LinkReason.NODE_ADDED)
    client.session.link_changed(3, LinkReason.NODE_DELETED)
    client.session.link_changed(2, LinkReason.TIMED_OUT)
    assert client.take() == [
        b"004,LS,,2,0,3\r",
        b"005,LS,,2,1,4\r",
        b"006,LS,,3,1,5\r",
        b"007,LS,,3,0,6\r",
        b"008,LS,,2,0,7\r",
    ]
    client.ask("_NA", "0")
    client.session.link_changed(2, LinkReason.TCP_RECONNECT)
    assert client.take() == []


def test_a_node_that_never_answered_is_told_at_the_log_in() -> None:
    client = Client(logged_in=False)
    client.directory[2].link = Link.NEVER_UP
    assert client.log_in()[2:] == [b"003,CS,,2,0,,\r"]
    client.directory[2].link = Link.UP
    client.session.node_connected(client.directory[2])
    assert client.take() == [b"004,CS,,2,1,,2\r"]


def test_who_is_node_aware_asks_for_the_nodes_by_keep_alive(client: Client) -> None:
    assert client.ask("_NO") == ["0"]
    client.ask("_NA", "1")
    client.directory[2].link = Link.DOWN
    assert client.ask("_NO") == ["0", "2", "1", "1", "2", "0"]


# Clients that don't read, lists that change


def test_events_that_nobody_takes_end_the_session(client: Client) -> None:
    client.ask("_MS", "11")
    new = extension(2103)
    for _ in range(MOST_WAITING_EVENTS):
        client.session.extension_changed(1, None, new)
    assert not client.session.closed
    client.session.extension_changed(1, None, new)
    assert client.session.closed
    [closed] = client.session.events()
    assert closed == Closed("the client has left more than 20000 events unread")
    assert client.take() == []


def test_who_does_not_read_is_cut_off_after_a_while(client: Client) -> None:
    client.session.blocked(100.0)
    assert client.session.timer_at() == 100 + READ_WITHIN_S
    client.session.unblocked()
    client.session.handle_timer(100 + READ_WITHIN_S)
    assert not client.session.closed
    client.session.blocked(200.0)
    client.session.handle_timer(200 + READ_WITHIN_S)
    assert client.session.events() == [Closed("the client has not read for 60 s")]


def test_commands_beyond_a_hundred_wait_in_the_stream_and_none_is_lost(client: Client) -> None:
    client.session.receive(frame(b"_NO,7\r") * 950, 0)
    assert client.session.backlogged
    assert len(client.session.events()) == MOST_WAITING_COMMANDS
    answers = client.take()
    assert [int(answer[:3]) for answer in answers] == [*range(3, 953)]
    assert not client.session.backlogged


def test_changes_between_two_messages_of_a_list(client: Client) -> None:
    many = [extension(number) for number in range(3000, 3120)]
    client.first.extensions = {each.number: each for each in many}
    client.ask("_MS", "11")
    client.session.receive(frame(b"_XC,7,||\r"), 0)
    first = client.session.next_payload(0)
    assert first is not None and first.startswith(b"004,CF,_XC,7,0,1,50,|3000|")
    client.first.extensions["3999"] = extension(3999)
    client.session.extension_changed(1, None, extension(3999))
    gone = client.first.extensions.pop("3060")
    client.session.extension_changed(1, gone, None)
    client.first.extensions["3119"] = renewed = replace(many[-1], auth_password="renewed")
    client.session.extension_changed(1, many[-1], renewed)
    rest = client.take()
    assert rest[:3] == [b"005,EC,||,|3999|\r", b"006,EC,|3060|,||\r", b"007,XC,|3119|\r"]
    assert rest[3].startswith(b"008,CF,_XC,7,0,1,49,") and b"|3060|" not in rest[3]
    assert rest[4].startswith(b"009,CF,_XC,7,0,0,20,")
    assert rest[4].endswith(b"|3119|,|3119|,|renewed|\r")
