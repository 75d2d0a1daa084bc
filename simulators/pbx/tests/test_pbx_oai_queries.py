"""The public form of the commands: `_QX` with its masks, `_QI`, `_MS` with its cross references."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.pbx import oai, oai_lists, oai_monitors
from simulators.pbx.extensions import Extension
from simulators.pbx.gateway_session_states import State
from simulators.pbx.oai_directory import Link, Linked
from simulators.pbx.oai_monitors import MonitorType
from simulators.pbx.tests.oai_client import Client, FakeNode, extension

ALL_STATIONS = ("", "1", "101", "1", "1")


@pytest.fixture
def client() -> Client:
    return Client()


# Lists


def test_a_mask_chooses_the_fields_of_a_station(client: Client) -> None:
    assert client.ask("_QX", *ALL_STATIONS) == [
        *("0", "1", "101", "0", "3"),
        *("2101", "Home, Ada", "38"),
        *("2102", "Ada", "48"),
        *("2201", "Ada", "38"),
    ]
    assert client.ask("_QX", "", "1", "0", "1", "1")[4:] == ["3", "2101", "2102", "2201"]
    every = client.ask("_QX", "2:", "1", "7FF", "1", "1")[5:]
    assert every == ["2201", "Ada", "Ada", "", "0", "0", "0", "0", "", "38", "2", "0"]


def test_the_physical_type_is_0_as_long_as_the_phone_is_off_line(client: Client) -> None:
    assert client.ask("_QX", "1:", "1", "400", "1", "1")[5:] == ["2101", "0", "2102", "0"]
    client.first.registered.add("2101")
    assert client.ask("_QX", "1:", "1", "400", "1", "1")[5:] == ["2101", "38", "2102", "0"]


def test_the_affected_field_names_a_node_or_an_extension_of_it(client: Client) -> None:
    for affected in ("2:", "2201"):
        assert client.ask("_QX", affected, "1", "0", "1", "1")[4:] == ["1", "2201"]
    for affected in ("3:", "9999"):
        assert client.ask("_QX", affected, "1", "0", "1", "1") == ["4"]


def test_groups_are_as_large_as_the_client_says(client: Client) -> None:
    many = [extension(number) for number in range(3000, 3007)]
    client.first.extensions = {each.number: each for each in many}
    groups = client.confirmations("_QX", "1:", "1", "0", "2", "3")
    assert [(each[3], each[4], len(each) - 5) for each in groups] == [
        ("1", "3", 3),
        ("1", "3", 3),
        ("0", "1", 1),
    ]
    [whole] = client.confirmations("_QX", "1:", "1", "0", "1", "3")
    assert whole[4] == "7"


def test_a_whole_list_is_cut_only_where_a_message_could_not_hold_it(client: Client) -> None:
    many = [extension(number, "A" * 300) for number in range(3000, 3000 + 1001)]
    client.first.extensions = {each.number: each for each in many}
    parts = client.confirmations("_QX", "1:", "1", "7FF", "1", "1")
    assert [each[4] for each in parts] == ["1000", "1"]


def test_the_network_list_tells_of_nodes(client: Client) -> None:
    assert client.ask("_QX", "", "19", "103", "1", "1") == [
        *("0", "19", "103", "0", "2"),
        *("1", "Head Office", "127.10.0.21", "6.3 SP1"),
        *("2", "D?p?t", "127.10.0.22", "6.3"),
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("", "3", "0", "1", "1"),
        ("", "1", "", "1", "1"),
        ("", "1", "G", "1", "1"),
        ("", "1", "12345", "1", "1"),
        ("", "1", "0", "3", "1"),
        ("", "1", "0", "2", "0"),
        ("", "1", "0", "1", ""),
        ("", "1", "0", "1"),
        (oai.Text("1:"), "1", "0", "1", "1"),
    ],
)
def test_a_query_that_does_not_fit_has_outcome_2(client: Client, arguments: tuple[str]) -> None:
    assert client.ask("_QX", *ALL_STATIONS)[0] == "0"
    assert client.ask("_QX", *arguments) == ["2"]


@given(st.integers(0, 130), st.integers(1, 60), st.sets(st.integers(0, 129)))
def test_messages_hold_every_row_once_and_the_last_one_says_so(
    count: int, size: int, gone: set[int]
) -> None:
    messages = list(
        oai_lists.in_messages(range(count), lambda k: None if k in gone else [str(k)], size)
    )
    assert [more for more, _ in messages] == [True] * (len(messages) - 1) + [False]
    rows = [row[0] for _, rows in messages for row in rows]
    assert rows == [str(key) for key in range(count) if key not in gone]
    assert all(len(rows) <= size for _, rows in messages)


# Nodes that the gateway does not reach


@pytest.mark.parametrize("link", [Link.DOWN, Link.NEVER_UP])
def test_a_node_that_is_not_reached_has_no_part_in_the_lists(client: Client, link: Link) -> None:
    client.directory[1].link = link
    assert client.ask("_QX", "1")[2:] == ["1", "2201", "Ada", "38", "2"]
    assert client.ask("_XC", oai.Text("")) == ["0", "0", "0"]
    assert client.ask("_XC", oai.Text("2101")) == ["0", "0", "0"]
    assert client.ask("_QI", "2101") == ["4"]
    assert client.ask("_QX", "1:", "1", "0", "1", "1") == ["4"]
    assert client.ask("_XN")[2] == "2"  # ours tells of all nodes that are configured
    client.directory[1].link = Link.UP
    assert client.ask("_QX", "1")[2] == "3"


@pytest.mark.parametrize("command", [b"_QX,7,1\r", b"_XC,7,||\r", b"_QX,7,,1,0,2,50\r"])
def test_a_node_lost_in_the_middle_of_a_list_or_before(client: Client, command: bytes) -> None:
    many = [extension(number) for number in range(3000, 3120)]
    client.first.extensions = {each.number: each for each in many}
    del client.directory[2]
    client.session.receive(oai.frame(command), 0)
    first = client.session.next_payload(0)
    assert first is not None and b"3049" in first
    client.directory[1].link = Link.DOWN
    rest = client.take()
    assert len(rest) == 2  # the list comes to its end, with nothing more of the node
    assert not any(b"30" in payload for payload in rest)
    assert len(client.send(command)) == 1
    client.directory[1].link = Link.UP
    assert len(client.send(command)) == 3


class Counted(dict[str, Extension]):
    """Extensions that count how often they are looked at."""

    looks = 0

    def get(self, number: str, default: object = None) -> Extension | None:  # type: ignore[override]
        self.looks += 1
        return super().get(number)

    def __iter__(self) -> Iterator[str]:
        for number in super().__iter__():
            self.looks += 1
            yield number


@pytest.mark.parametrize(
    ("command", "looks"),
    [
        (b"_QX,7,1\r", 2 * 1000),
        (b"_XC,7,||\r", 2 * 1000),
        (b"_QX,7,,1,101,1,1\r", 2 * 1000),
        (b"_XC,7,|10500|\r", 1),
        (b"_QI,7,10500\r", 1),
        (b"_MS,7,10500,1\r", 1),
    ],
)
def test_the_work_grows_with_what_is_asked_for_only(
    client: Client, command: bytes, looks: int
) -> None:
    del client.directory[2]
    counted = Counted({str(n): extension(n) for n in range(10_000, 11_000)})
    client.first.extensions = counted
    client.send(command)
    assert counted.looks == looks


# One device


def test_device_info(client: Client) -> None:
    assert client.ask("_QI", "2102") == ["0", "2102", "Ada", "48", "0", "1"]
    client.first.registered.add("2102")
    assert client.ask("_QI", "2102") == ["0", "2102", "Ada", "48", "48", "1"]
    assert client.ask("_QI", "9999") == ["4"]
    assert client.ask("_QI") == ["2"]
    assert client.ask("_QI", "2101", "2102") == ["2"]


# Monitors


def test_a_system_monitor_has_a_cross_reference_for_each_node(client: Client) -> None:
    results = client.ask("_MS", "", "11", "S:FFFF")
    assert results == ["0", "0002", "000001", "1:", "000002", "2:", "S:FFFF"]
    assert client.session.state is State.MONITORING
    old = extension(2201)
    client.session.extension_changed(2, None, extension(2202))
    client.session.extension_changed(2, old, replace(old, name="Bob, B"))
    client.session.extension_changed(1, old, None)
    client.session.extension_changed(1, old, replace(old, auth_password="renewed"))
    assert client.take() == [
        b"004,EC,,000002,2,,2202,38\r",
        b"005,DC,,000002,2,1,38,2201,|Bob, B|\r",
        b"006,EC,,000001,1,2201,,38\r",  # and no XC: in public it means something else
    ]


def test_a_system_monitor_of_one_node_tells_of_that_one(client: Client) -> None:
    assert client.ask("_MS", "2:", "11") == ["0", "0001", "000001", "2:"]
    client.session.extension_changed(1, None, extension(2103))
    assert client.take() == []
    client.session.extension_changed(2, None, extension(2202))
    assert client.take() == [b"004,EC,,000001,2,,2202,38\r"]


def test_an_all_stations_monitor_has_a_cross_reference_for_each(client: Client) -> None:
    results = client.ask("_MS", "", "3", "A:FFFF", "C:FFFF", "F:FFFF")
    references = ["000001", "2101", "000002", "2102", "000003", "2201"]
    assert results == ["0", "0003", *references, "A:FFFF", "C:FFFF", "F:FFFF"]
    client.session.device_changed(extension(2102, kind=48), online=True)
    client.session.device_changed(extension(2102, kind=48), online=False)
    client.session.device_changed(extension(9999), online=True)
    client.session.extension_changed(1, None, extension(2103))
    assert client.take() == [
        b"004,OL,,000002,2102,1,48,48\r",
        b"005,OL,,000002,2102,0,48,0\r",
    ]


@pytest.mark.parametrize("kind", ["1", ""])
def test_a_device_monitor_watches_one_station(client: Client, kind: str) -> None:
    assert client.ask("_MS", "2101", kind) == ["0", "0001", "000001", "2101"]
    client.session.device_changed(extension(2102), online=True)
    client.session.device_changed(extension(2101), online=True)
    assert client.take() == [b"004,OL,,000001,2101,1,38,38\r"]


def test_a_resync_tells_who_is_off_line_and_then_that_this_was_all(client: Client) -> None:
    client.first.registered.add("2101")
    answers = client.send(b"_MS,7,,6\r")
    assert answers[1:] == [
        b"004,OL,1,000002,2102,0,48,0\r",
        b"005,OL,1,000003,2201,0,38,0\r",
        b"006,RD,1,\r",
    ]
    assert client.send(b"_MS,7,2101,5\r") == [
        b"007,CF,_MS,7,0,0001,000004,2101\r",
        b"008,RD,1,2101\r",
    ]


def test_each_monitor_of_a_station_gets_its_own_event(client: Client) -> None:
    client.ask("_MS", "2101", "1")
    client.ask("_MS", "2101", "1")
    client.session.device_changed(extension(2101), online=True)
    assert [payload[4:14] for payload in client.take()] == [b"OL,,000001", b"OL,,000002"]


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        (("2101", "12"), "2"),
        (("2101", "x"), "2"),
        (("", "11", "S"), "2"),
        (("", "11", "S:12345"), "2"),
        (("", "11", *["S:FF"] * 5), "2"),
        (("9999", "1"), "4"),
        (("", "1"), "4"),
        (("3:", "11"), "4"),
    ],
)
def test_a_monitor_that_can_not_be_has_an_outcome(
    client: Client, arguments: tuple[str, ...], outcome: str
) -> None:
    assert client.ask("_MS", *arguments) == [outcome]
    assert client.session.state is State.READY


@pytest.mark.parametrize("kind", sorted(MonitorType))
def test_every_public_type_is_taken(client: Client, kind: MonitorType) -> None:
    affected = "2101" if kind in oai_monitors.ONE_DEVICE else ""
    answers = client.send(f"_MS,7,{affected},{int(kind)}\r".encode())
    assert answers[0].startswith(b"003,CF,_MS,7,0,")
    assert (b",RD,1," in answers[-1]) is (kind in oai_monitors.WITH_RESYNC)


def test_cross_references_are_bounded_and_free_again_after_a_silence(client: Client) -> None:
    many = [extension(number) for number in range(10_000, 60_001)]
    node = FakeNode(3, "Large", "6.3 SP1", many)
    client.directory[3] = Linked(node, 3, "127.10.0.23", Link.UP)
    assert client.ask("_MS", "3:", "3") == ["5"]
    del node.extensions["10000"]
    assert client.ask("_MS", "3:", "3")[1:3] == ["50000", "000001"]
    assert client.ask("_MS", "2101", "1") == ["5"]
    due = client.session.timer_at()
    assert due is not None
    client.session.handle_timer(due)
    client.take(due)
    assert client.ask("_MS", "2101", "1", now=due)[2] == "000001"
