"""Stands for tests of forwards: a site inside, homes outside, and both event loops."""

import asyncio
import functools
import inspect
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop

from simulators.addresses import AddressPlan, claim_private
from simulators.clock import Clock
from simulators.core import Address
from simulators.journal import Journal
from simulators.mbg.forwarding.forward import Forward, ForwardRule
from simulators.network import Network

SMALL_BUFFER = 64 * 1024
"""What the site's kernel takes unread, so that a stalled reader is soon felt."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Stand:
    """One MBG's forwards between homes and a TCP server at the MCS's address."""

    def __init__(self, plan: AddressPlan) -> None:
        self.plan = plan
        self.clock = Clock()
        self.journal = Journal(self.clock.now)
        self.network = Network(plan, self.journal, self.clock)
        self.arrived: asyncio.Queue[Streams] = asyncio.Queue()
        self.arrivals = 0
        self.place: Address = (plan.mcs, 0)
        self.forwards: list[Forward] = []
        self._server: asyncio.Server
        self._writers: list[asyncio.StreamWriter] = []

    async def open(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        listener.bind(self.place)
        self.place = listener.getsockname()
        self._server = await asyncio.start_server(self._accept, sock=listener, backlog=4096)

    async def close(self) -> None:
        for forward in self.forwards:
            await forward.stop()
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        ends = (writer.wait_closed() for writer in self._writers)
        await asyncio.gather(*ends, return_exceptions=True)

    async def forward(self, destination: Address | None = None, **rule: Any) -> Forward:
        """A rule at work; to the site unless told otherwise."""
        made = Forward(
            ForwardRule(0, destination or self.place, **rule),
            self.plan.mbg_outside,
            self.plan.mbg_inside,
            self.network,
            self.journal,
            self.clock,
        )
        self.forwards.append(made)
        await made.start()
        return made

    async def home(self, forward: Forward, index: int = 0) -> Streams:
        """A connection from a home to the forward."""
        streams = await asyncio.open_connection(
            self.plan.mbg_outside, forward.port, local_addr=(self.plan.home(index), 0)
        )
        self._writers.append(streams[1])
        return streams

    async def pair(self, forward: Forward) -> tuple[Streams, Streams]:
        """A forwarded connection: the home's end and the site's."""
        return await self.home(forward), await self.arrived.get()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.arrivals += 1
        self._writers.append(writer)
        self.arrived.put_nowait((reader, writer))


def on_both_loops(scenario: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a test of a scenario that takes a `Stand` first: under asyncio, and under uvloop."""

    @functools.wraps(scenario)
    def test(new_loop: Callable[[], asyncio.AbstractEventLoop], **values: Any) -> None:
        async def run() -> None:
            async with _stand() as stand:
                await scenario(stand, **values)

        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(run())

    _, *parameters = inspect.signature(scenario).parameters.values()
    own = inspect.Parameter("new_loop", inspect.Parameter.KEYWORD_ONLY)
    keywords = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters]
    vars(test)["__signature__"] = inspect.Signature([own, *keywords])
    loops = [asyncio.new_event_loop, uvloop.new_event_loop]
    on_each = pytest.mark.parametrize("new_loop", loops, ids=["asyncio", "uvloop"])
    made: Callable[..., None] = on_each(test)
    return made


@asynccontextmanager
async def _stand() -> AsyncIterator[Stand]:
    held = claim_private()
    stand = Stand(held.plan)
    await stand.open()
    try:
        yield stand
    finally:
        await stand.close()
        held.release()


async def until(true: Callable[[], bool]) -> None:
    """Let the loop turn until something is so; the test's time limit is the net."""
    while not true():
        await asyncio.sleep(0)


def stall(writer: asyncio.StreamWriter) -> None:
    """Read nothing any more."""
    writer.transport.pause_reading()  # type: ignore[attr-defined]


def go_on(writer: asyncio.StreamWriter) -> None:
    """Read again."""
    writer.transport.resume_reading()  # type: ignore[attr-defined]


def cut(writer: asyncio.StreamWriter) -> None:
    """Reset, as a machine does that was switched off."""
    linger = b"\x01\0\0\0\0\0\0\0"
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
