"""A CT Gateway on a real socket, a node behind it, and clients: for tests."""

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop

from simulators.addresses import AddressPlan, claim_private
from simulators.clock import Clock
from simulators.entropy import Seed
from simulators.journal import Happened, Journal, OaiEntry
from simulators.network import Network
from simulators.pbx import oai
from simulators.pbx.ct_gateway import CtGateway
from simulators.pbx.node import PbxNode
from simulators.pbx.oai import FrameReader, LogIn

PASSWORD = "gateway-s3cret"
NET_S = 60.0
"""Real seconds after which a test stops hanging."""


async def until(holds: Callable[[], bool]) -> None:
    """Let the loop run until something holds, for `NET_S` at most."""
    async with asyncio.timeout(NET_S):
        while not holds():
            await asyncio.sleep(0)


class Client:
    """An OAI client on a socket, for the test alone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.frames = FrameReader(oai.MAX_PAYLOAD)
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
    """A gateway over one node, all on private addresses."""

    def __init__(self, plan: AddressPlan) -> None:
        self.plan = plan
        self.clock = Clock(start=1_795_435_200.0)
        self.journal = Journal(self.clock.now)
        self.network = Network(plan, self.journal, self.clock)
        self.node = self.new_node(1, "Head Office")
        self.gateway = CtGateway(
            [self.node],
            password=PASSWORD,
            clock=self.clock,
            network=self.network,
            journal=self.journal,
        )
        self.journal.name(plan.mcs, "MCS")

    def new_node(self, number: int, name: str, release: str = "6.3 SP1") -> PbxNode:
        return PbxNode(
            number,
            name,
            release,
            clock=self.clock,
            network=self.network,
            journal=self.journal,
            entropy=Seed(number).stream("node").randbytes,
        )

    def reasons(self) -> list[object]:
        """Why sessions were closed, in order."""
        closed = [e for e in self.journal.entries if isinstance(e, Happened)]
        return [e.facts["reason"] for e in closed if e.name == "session closed"]

    def oai(self) -> list[tuple[str, str, str]]:
        entries = [e for e in self.journal.entries if isinstance(e, OaiEntry)]
        return [(entry.frm, entry.to, entry.command) for entry in entries]

    async def client(self, password: str = PASSWORD) -> Client:
        client = await Client.connect(self.gateway, self.plan.mcs, password)
        assert (await client.next())[1] == "RS"
        assert (await client.next())[1] == "RD"
        return client


@asynccontextmanager
async def running() -> AsyncIterator[Bench]:
    """A gateway that runs, over a node that runs and has extension 2101."""
    held = claim_private()
    bench = Bench(held.plan)
    await bench.node.start((held.plan.node(1), 0))
    bench.node.add_extension("2101", "Ada")
    await bench.gateway.start((held.plan.ct_gateway, 0))
    try:
        yield bench
    finally:
        await bench.gateway.stop()
        await bench.node.stop()
        held.release()


def on_both_loops(scenario: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a test of a scenario that takes a `Bench` first: under asyncio, and under uvloop."""

    @functools.wraps(scenario)
    def test(new_loop: Callable[[], asyncio.AbstractEventLoop], **values: Any) -> None:
        async def run() -> None:
            async with running() as bench:
                await scenario(bench, **values)

        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(run())

    first, *others = inspect.signature(scenario).parameters.values()
    parameters = [first.replace(name="new_loop"), *others]
    vars(test)["__signature__"] = inspect.Signature(parameters)
    loops = [asyncio.new_event_loop, uvloop.new_event_loop]
    made: Callable[..., None] = pytest.mark.parametrize(
        "new_loop", loops, ids=["asyncio", "uvloop"]
    )(test)
    return made
