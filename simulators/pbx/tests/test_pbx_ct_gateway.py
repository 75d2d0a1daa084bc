"""The CT Gateway on a real socket."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from simulators.addresses import AddressPlan, claim_private
from simulators.clock import Clock
from simulators.entropy import Seed
from simulators.errors import ConfigurationError, LocalProtocolError
from simulators.journal import Happened, Journal, LostEntry, OaiEntry
from simulators.network import Network
from simulators.pbx import oai
from simulators.pbx.ct_gateway import CtGateway
from simulators.pbx.node import PbxNode
from simulators.pbx.oai import Command, FrameReader, LogIn, Text

PASSWORD = "gateway-s3cret"
NET_S = 5.0
"""Real seconds after which a test stops hanging."""


class Client:
    """An OAI client on a socket, for the test alone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.frames = FrameReader()
        self.payloads: list[bytes] = []

    @classmethod
    async def connect(cls, gateway: CtGateway, source: str, password: str = PASSWORD) -> "Client":
        streams = await asyncio.open_connection(*gateway.address, local_addr=(source, 0))
        client = cls(*streams)
        client.send(LogIn(password, "MCS").encode())
        return client

    def send(self, payload: bytes) -> None:
        self.writer.write(oai.frame(payload))

    async def next(self) -> list[str]:
        """The fields of the next payload; nothing at the end of the connection."""
        while not self.payloads:
            try:
                data = await asyncio.wait_for(self.reader.read(4096), NET_S)
            except ConnectionError:
                data = b""
            if not data:
                return []
            self.payloads += self.frames.feed(data)
        return oai.split_fields(self.payloads.pop(0))

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            return


class Bench:
    """A gateway over one node of two extensions, all on private addresses."""

    def __init__(self, plan: AddressPlan) -> None:
        self.plan = plan
        self.clock = Clock(start=1_795_435_200.0)
        self.journal = Journal(self.clock.now)
        self.network = Network(plan, self.journal, self.clock)
        self.node = PbxNode(
            1,
            "Head Office",
            "6.3 SP1",
            clock=self.clock,
            network=self.network,
            journal=self.journal,
            entropy=Seed(1).stream("node").randbytes,
        )
        self.gateway = CtGateway(
            [self.node],
            password=PASSWORD,
            clock=self.clock,
            network=self.network,
            journal=self.journal,
        )
        self.journal.name(plan.mcs, "MCS")

    def oai(self) -> list[tuple[str, str, str]]:
        entries = [e for e in self.journal.entries if isinstance(e, OaiEntry)]
        return [(entry.frm, entry.to, entry.command) for entry in entries]

    async def client(self, password: str = PASSWORD) -> Client:
        client = await Client.connect(self.gateway, self.plan.mcs, password)
        assert (await client.next())[1] == "RS"
        assert (await client.next())[1] == "RD"
        return client


@pytest.fixture
def plan() -> Iterator[AddressPlan]:
    held = claim_private()
    yield held.plan
    held.release()


@pytest.fixture
async def bench(plan: AddressPlan) -> AsyncIterator[Bench]:
    bench = Bench(plan)
    await bench.node.start((plan.node(1), 0))
    bench.node.add_extension("2101", "Ada")
    await bench.gateway.start((plan.ct_gateway, 0))
    yield bench
    await bench.gateway.stop()
    await bench.node.stop()


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
