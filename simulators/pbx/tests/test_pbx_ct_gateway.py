"""The CT Gateway on a real socket: its nodes, its clients, its running."""

from collections.abc import AsyncIterator

import pytest

from simulators.errors import ConfigurationError, LocalProtocolError
from simulators.journal import Happened, LostEntry
from simulators.pbx.ct_gateway import CtGateway
from simulators.pbx.oai import Command, Text
from simulators.pbx.oai_messages import LinkReason
from simulators.pbx.tests.gateway_bench import PASSWORD, Bench, Client, running, until


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with running() as bench:
        yield bench


async def test_a_client_reads_nodes_stations_and_credentials(bench: Bench) -> None:
    client = await bench.client()
    password = bench.node.extensions["2101"].auth_password
    expected = {
        "_XN": ["1", "Head Office", bench.plan.node(1), "6.3 SP1"],
        "_QX": ["2101", "Ada", "38", "1"],
        "_XC": ["2101", "2101", password],
    }
    for name, arguments in (("_XN", ()), ("_QX", ("1",)), ("_XC", (Text(""),))):
        client.send(Command(name, "7", arguments).encode())
        assert (await client.next())[2:] == [name, "7", "0", "0", "1", *expected[name]]
    await client.close()
    assert bench.oai() == [
        ("MCS", "CT Gateway", "log-in"),
        ("CT Gateway", "MCS", "RS"),
        ("CT Gateway", "MCS", "RD"),
        ("MCS", "CT Gateway", "_XN"),
        ("CT Gateway", "MCS", "CF"),
        ("MCS", "CT Gateway", "_QX"),
        ("CT Gateway", "MCS", "CF"),
        ("MCS", "CT Gateway", "_XC"),
        ("CT Gateway", "MCS", "CF"),
    ]
    written = str([bench.journal.view(entry) for entry in bench.journal.entries])
    assert "Head Office" in written
    assert PASSWORD not in written and password not in written


async def test_a_wrong_password_ends_the_connection_without_an_answer(bench: Bench) -> None:
    client = await Client.connect(bench.gateway, bench.plan.mcs, "wrong-s3cret")
    assert await client.next() == []
    await client.close()
    assert bench.oai() == [("MCS", "CT Gateway", "log-in")]
    assert PASSWORD not in bench.journal.masker.view(f"{PASSWORD}, wherever it turns up")
    closed = [e for e in bench.journal.entries if isinstance(e, Happened)]
    assert closed[-1].facts == {"reason": "wrong password from MCS"}


async def test_from_where_no_path_leads_there_is_no_answer(bench: Bench) -> None:
    try:
        client = await Client.connect(bench.gateway, bench.plan.home(0))
    except ConnectionError:
        client = None
    if client is not None:
        assert await client.next() == []
        await client.close()
    assert bench.oai() == []
    lost = [e for e in bench.journal.entries if isinstance(e, LostEntry)]
    assert [entry.reason for entry in lost] == ["no path from home to lan"]
    await (await bench.client()).close()  # from the LAN the same words are welcome


async def test_changes_reach_who_monitors(bench: Bench) -> None:
    silent, client = await bench.client(), await bench.client()
    client.send(b"_MS,1,11\r")
    assert (await client.next())[1] == "CF"
    bench.node.add_extension("2102", "Bob")
    assert (await client.next())[1:] == ["EC", "", "2102"]
    bench.node.renew_credentials("2102")
    assert (await client.next())[1:] == ["XC", "2102"]
    bench.node.set_auth_name("2102", "9002")
    assert (await client.next())[1:] == ["XC", "2102"]
    bench.node.remove_extension("2102")
    assert (await client.next())[1:] == ["EC", "2102", ""]
    silent.send(b"_NO,9\r")
    assert (await silent.next())[1:] == ["CF", "_NO", "9", "0"]  # and nothing before
    await client.close()
    await silent.close()


async def test_pre_4_the_release_may_be_set_while_it_runs(bench: Bench) -> None:
    client = await bench.client()
    for release, outcome in (("5.0.63", "1"), ("5.0.100", "0")):
        bench.gateway.release = release
        client.send(b"_XN,7\r")
        assert (await client.next())[4] == outcome
    await client.close()
    assert str(bench.gateway.release) == "5.0.100"


async def test_a_silent_client_loses_its_monitors(bench: Bench) -> None:
    client = await bench.client()
    client.send(b"_MS,1,11\r")
    assert (await client.next())[1] == "CF"
    await bench.clock.advance(269)
    client.send(b"_NO,2\r")
    assert (await client.next())[1] == "CF"
    await bench.clock.advance(271)
    assert (await client.next())[1] == "RS"
    bench.node.renew_credentials("2101")
    client.send(b"_NO,3\r")
    assert (await client.next())[1] == "CF"
    await client.close()


async def test_stopping_cuts_the_clients_off_and_may_be_repeated(bench: Bench) -> None:
    client = await bench.client()
    address = bench.gateway.address
    with pytest.raises(ConfigurationError, match="runs already"):
        await bench.gateway.start(address)
    await bench.gateway.stop()
    await bench.gateway.stop()
    assert await client.next() == []
    await client.close()
    assert not bench.gateway.connections
    assert bench.node.on_change == []
    with pytest.raises(ConnectionError):
        await Client.connect(bench.gateway, bench.plan.mcs)
    await bench.gateway.start(address)
    await (await bench.client()).close()


async def test_a_gateway_that_was_never_started(bench: Bench) -> None:
    other = CtGateway(
        [],
        password=PASSWORD,
        clock=bench.clock,
        network=bench.network,
        journal=bench.journal,
    )
    with pytest.raises(LocalProtocolError, match="no address"):
        _ = other.address
    with pytest.raises(ConfigurationError, match="can't open TCP"):
        await other.start(bench.gateway.address)
    await other.stop()


# Several clients


async def test_each_client_has_its_own_monitors_and_sequence_numbers(bench: Bench) -> None:
    first, second = await bench.client(), await bench.client()
    first.send(b"_MS,1,11\r")
    assert (await first.next())[:2] == ["003", "CF"]
    second.send(b"_NO,1\r")
    second.send(b"_MS,2,,11\r")
    assert [(await second.next())[0] for _ in range(2)] == ["003", "004"]
    bench.node.add_extension("2102", "Bob")
    assert await first.next() == ["004", "EC", "", "2102"]
    assert await second.next() == ["005", "EC", "", "000001", "1", "", "2102", "38"]
    await first.close()
    await second.close()


# Several nodes


async def test_nodes_come_and_go(bench: Bench) -> None:
    client = await bench.client()
    client.send(b"_NA,1,1\r")
    client.send(b"_MS,2,11\r")
    assert [(await client.next())[2] for _ in range(2)] == ["_NA", "_MS"]
    branch = bench.new_node(2, "Branch")
    branch.add_extension("2201", "Bob")
    await branch.start((bench.plan.node(2), 0))
    bench.gateway.add_node(branch)
    assert (await client.next())[1:] == ["LS", "", "2", "1", "5"]
    branch.add_extension("2202", "Eve")
    assert (await client.next())[1:] == ["EC", "", "2202"]
    bench.gateway.node_lost(2)
    bench.gateway.node_lost(2)
    assert (await client.next())[1:] == ["LS", "", "2", "0", "3"]
    client.send(b"_QX,3,1\r")
    assert (await client.next())[5:] == ["0", "1", "2101", "Ada", "38", "1"]
    bench.gateway.node_back(2)
    bench.gateway.node_back(2)
    assert (await client.next())[1:] == ["LS", "", "2", "1", "4"]
    client.send(b"_QX,4,1\r")
    assert (await client.next())[6] == "3"
    bench.gateway.remove_node(2)
    assert (await client.next())[1:] == ["LS", "", "2", "0", "6"]
    assert [node.number for node in bench.gateway.nodes] == [1]
    branch.add_extension("2203", "Kim")  # no node of the gateway's any more
    client.send(b"_NO,5\r")
    assert (await client.next())[1:] == ["CF", "_NO", "5", "0", "1", "1", "1"]
    await client.close()
    await branch.stop()


async def test_a_phone_that_comes_and_goes_is_told_to_who_monitors_it(bench: Bench) -> None:
    client = await bench.client()
    client.send(b"_MS,1,2101,1\r")
    assert (await client.next())[1] == "CF"
    bench.gateway.device_changed(1, "2101", online=True)
    assert (await client.next())[1:] == ["OL", "", "000001", "2101", "1", "38", "38"]
    bench.gateway.device_changed(1, "9999", online=True)
    bench.gateway.device_changed(1, "2101", online=False)
    assert (await client.next())[1:] == ["OL", "", "000001", "2101", "0", "38", "0"]
    await client.close()


async def test_a_node_number_is_given_once(bench: Bench) -> None:
    with pytest.raises(ConfigurationError, match="has a node 1 already"):
        bench.gateway.add_node(bench.new_node(1, "Twin"))
    for act in (bench.gateway.node_lost, bench.gateway.node_back, bench.gateway.remove_node):
        with pytest.raises(ConfigurationError, match="has no node 7"):
            act(7)


async def test_a_gateway_that_starts_waits_for_its_nodes(bench: Bench) -> None:
    await bench.gateway.stop()
    late = bench.new_node(2, "Branch")
    bench.gateway.add_node(late)
    await bench.gateway.start(bench.gateway.address)
    early = await Client.connect(bench.gateway, bench.plan.mcs)
    early.send(b"_NA,1,1\r")
    await until(lambda: ("MCS", "CT Gateway", "log-in") in bench.oai())
    await bench.clock.advance(59)
    assert bench.oai() == [("MCS", "CT Gateway", "log-in")]
    await bench.clock.advance(2)
    assert [(await early.next())[1] for _ in range(4)] == ["RS", "RD", "CS", "CF"]
    await late.start((bench.plan.node(2), 0))
    bench.gateway.node_back(2)
    assert (await early.next())[1:] == ["CS", "", "2", "1", "", "2"]
    bench.gateway.node_lost(2, LinkReason.TIMED_OUT)
    assert (await early.next())[1:] == ["LS", "", "2", "0", "7"]
    await early.close()
    await late.stop()


async def test_the_wait_ends_when_the_last_node_answers(bench: Bench) -> None:
    await bench.gateway.stop()
    late = bench.new_node(2, "Branch")
    bench.gateway.add_node(late)
    await bench.gateway.start(bench.gateway.address)
    early = await Client.connect(bench.gateway, bench.plan.mcs)
    await until(lambda: ("MCS", "CT Gateway", "log-in") in bench.oai())
    bench.gateway.node_back(2)  # not yet: it was never started
    assert len(bench.oai()) == 1
    await late.start((bench.plan.node(2), 0))
    bench.gateway.node_back(2)
    assert [(await early.next())[1] for _ in range(2)] == ["RS", "RD"]
    await early.close()
    await late.stop()
