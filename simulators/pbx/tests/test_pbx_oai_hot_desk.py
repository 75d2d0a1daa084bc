"""`_XH`, `XH` and `_XL` (docs/wire.md section 2): hot desk log-in and log-out through OAI."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.pbx import oai
from simulators.pbx.gateway_session import PayloadReceived
from simulators.pbx.oai import Command, Text
from simulators.pbx.oai_directory import Link
from simulators.pbx.oai_messages import Outcome
from simulators.pbx.tests.gateway_bench import Bench, on_both_loops, until
from simulators.pbx.tests.oai_client import Client, extension
from simulators.pbx.tests.office import Phone
from simulators.sockets import SipDriver

DESK, PASSCODE = Text("2102"), Text("92102")
BASE = Text("2101")


@pytest.fixture
def client() -> Client:
    return Client()


def log_in(client: Client, *, passcode: str = PASSCODE, base: str = BASE) -> list[str]:
    return client.ask("_XH", "1", DESK, Text(passcode), Text(base))


def test_a_log_in_and_a_log_out_are_done_and_seen_at_the_node(client: Client) -> None:
    assert log_in(client) == ["0"]
    assert dict(client.first.hot_desk) == {"2102": "2101"}
    assert client.ask("_XH", "0", DESK) == ["0"]
    assert dict(client.first.hot_desk) == {}
    assert client.ask("_XH", "0", DESK) == ["0"], "also where nobody is logged in"


@pytest.mark.parametrize(
    ("desk", "passcode"),
    [("2102", "92101"), ("2102", ""), ("9999", "92102"), ("2101", "92101"), ("", "")],
)
def test_what_does_not_match_is_the_same_answer_whatever_is_wrong(
    client: Client, desk: str, passcode: str
) -> None:
    answer = client.ask("_XH", "1", Text(desk), Text(passcode), BASE)
    assert answer == [str(int(Outcome.NO_MATCH))] == ["6"]
    assert dict(client.first.hot_desk) == {}


@pytest.mark.parametrize("release", ["5.0.63", "5.0.9", "4.10"])
def test_an_older_gateway_knows_neither_command_nor_event(release: str) -> None:
    client = Client(release)
    client.ask("_MS", "11")
    assert log_in(client) == ["1"]
    client.session.hot_desk_changed("2102", "2101", logged_in=True)
    assert client.take() == []


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("1",),
        ("2", DESK),
        (Text("1"), DESK, PASSCODE, BASE),
        ("1", DESK, PASSCODE),
        ("1", "2102", PASSCODE, BASE),
        ("1", DESK, PASSCODE, "2101"),
        ("1", DESK, PASSCODE, BASE, Text("")),
        ("0",),
        ("0", "2102"),
        ("0", DESK, PASSCODE),
    ],
)
def test_arguments_that_do_not_fit_change_nothing(
    client: Client, arguments: tuple[str, ...]
) -> None:
    assert client.ask("_XH", *arguments) == ["2"]
    assert dict(client.first.hot_desk) == {}


def test_a_phone_without_an_extension_of_its_own_has_an_empty_base(client: Client) -> None:
    assert log_in(client, base="") == ["0"]
    assert dict(client.first.hot_desk) == {"2102": ""}


def test_a_base_that_is_no_phone_is_no_such_device(client: Client) -> None:
    assert log_in(client, base="9999") == ["4"]
    assert log_in(client, base=DESK) == ["4"]
    assert client.ask("_XH", "0", Text("9999")) == ["4"]
    assert client.ask("_XH", "0", BASE) == ["4"]
    assert dict(client.first.hot_desk) == {}


def test_at_a_phone_of_another_node_the_base_counts_as_none(client: Client) -> None:
    assert log_in(client, base="2201") == ["0"]
    assert (dict(client.first.hot_desk), dict(client.second.hot_desk)) == ({"2102": ""}, {})


def test_a_node_that_is_away_is_not_the_users_mistake(client: Client) -> None:
    client.directory[1].link = Link.DOWN
    assert log_in(client) == ["4"]
    client.directory[1].link = Link.UP
    assert log_in(client) == ["0"]
    client.directory[1].link = Link.DOWN
    assert client.ask("_XH", "0", DESK) == ["4"]


def test_who_is_logged_in_where_can_be_asked(client: Client) -> None:
    assert client.ask("_XL") == ["0", "0", "0"]
    log_in(client)
    assert client.ask("_XL") == ["0", "0", "1", "2102", "2101"]
    client.directory[1].link = Link.DOWN
    assert client.ask("_XL") == ["0", "0", "0"], "a node that is away has no part in it"
    client.directory[1].link = Link.UP
    log_in(client, base="")
    assert client.ask("_XL") == ["0", "0", "1", "2102", ""]
    client.ask("_XH", "0", DESK)
    assert client.ask("_XL") == ["0", "0", "0"]
    assert client.ask("_XL", "1") == ["2"]
    assert Client("5.0.63").ask("_XL") == ["1"]


def test_only_the_short_form_hears_of_it(client: Client) -> None:
    client.ask("_MS", "", "11")
    client.session.hot_desk_changed("2102", "2101", logged_in=True)
    assert client.take() == []
    client.ask("_MS", "11")
    client.session.hot_desk_changed("2102", "", logged_in=True)
    client.session.hot_desk_changed("2102", "2101", logged_in=False)
    assert client.take() == [b"005,XH,|2102|,||,1\r", b"006,XH,|2102|,|2101|,0\r"]


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("1", DESK, PASSCODE, BASE), "_XH,7,1,|2102|,|•••|,|2101|"),
        (("0", DESK), "_XH,7,0,|2102|"),
        (("1", DESK, PASSCODE), "_XH,•••"),
        (("1", DESK, Text("9,2102"), BASE), "_XH,•••"),
    ],
)
def test_no_passcode_gets_into_the_journal(
    client: Client, arguments: tuple[str, ...], shown: str
) -> None:
    client.ask("_XH", *arguments)
    assert client.events == [PayloadReceived("_XH", shown)]


texts = st.sampled_from(["", "2101", "2102", "2103", "2150", "2151", "92150", "92151", "x"])
asked = st.one_of(
    st.tuples(st.just("1"), texts, texts, texts),
    st.tuples(st.just("0"), texts),
)


@given(st.lists(asked, max_size=20))
def test_in_any_order_the_node_is_as_the_model_says(taken: list[tuple[str, ...]]) -> None:
    client = Client()
    people = [extension(2101), extension(2103), *(extension(n, kind=48) for n in (2150, 2151))]
    client.first = type(client.first)(1, "Head Office", "6.3 SP1", people)
    client.directory[1].node = client.first
    desks, phones, model = (
        {"2150": "92150", "2151": "92151"},
        ("2101", "2103", ""),
        dict[str, str](),
    )
    for verb, *fields in taken:
        command = Command("_XH", "7", (verb, *(Text(each) for each in fields)))
        [answer] = client.send(command.encode())
        outcome = oai.split_fields(answer)[4]
        if verb == "0":
            expected = "0" if fields[0] in desks else "4"
            model.pop(fields[0], None)
        elif desks.get(fields[0]) != fields[1]:
            expected = "6"
        elif fields[2] not in phones:
            expected = "4"
        else:
            expected = "0"
            model = {d: b for d, b in model.items() if not b or b != fields[2]}
            model[fields[0]] = fields[2]
        assert outcome == expected
        assert dict(client.first.hot_desk) == model


@on_both_loops
async def test_over_sockets_every_client_hears_of_every_way_to_log_in(bench: Bench) -> None:
    for number in ("2102", "2150"):
        bench.node.add_extension(number, "It", hot_desk=number == "2150", passcode="4711")
    mcs, other = await bench.client(), await bench.client()
    for client in (mcs, other):
        client.send(b"_MS,1,11\r")
        assert (await client.next())[1:] == ["CF", "_MS", "1", "0"]
    mcs.send(b"_XH,2,1,|2150|,|4712|,||\r")
    assert (await mcs.next())[1:] == ["CF", "_XH", "2", "6"]
    mcs.send(b"_XH,3,1,|2150|,|4711|,||\r")
    assert (await mcs.next())[1:] == ["XH", "2150", "", "1"], "the event goes before the answer"
    assert (await mcs.next())[1:] == ["CF", "_XH", "3", "0"]
    assert (await other.next())[1:] == ["XH", "2150", "", "1"]
    # Pushed out by a second log-in, which another phone makes with the feature code.
    at = (bench.plan.local_phone(0), 5060)
    phone = Phone(at, "2101", bench.node.extensions["2101"].auth_password)
    driver = SipDriver(phone, bench.clock, bench.network, bench.journal, lambda event: None)
    phone.agent.transactions.local = await driver.open((at[0], 0))
    phone.dial("3482150*4711", bench.node.address, bench.clock.steady())
    driver.pump()
    for client in (mcs, other):
        assert (await client.next())[1:] == ["XH", "2150", "", "0"]
        assert (await client.next())[1:] == ["XH", "2150", "2101", "1"]
    other.send(b"_XH,4,0,|2150|\r")
    assert (await other.next())[1:] == ["XH", "2150", "2101", "0"]
    assert (await other.next())[1:] == ["CF", "_XH", "4", "0"]
    assert (await mcs.next())[1:] == ["XH", "2150", "2101", "0"]
    await until(lambda: bench.node.hot_desk == {})
    told = [e for e in bench.journal.entries if getattr(e, "name", "").startswith("hot desk")]
    assert [getattr(e, "name", "") for e in told] == [
        "hot desk log-in",
        "hot desk log-out",
        "hot desk log-in",
        "hot desk log-out",
    ]
    driver.close()
    await driver.wait_closed()
    for client in (mcs, other):
        await client.close()
