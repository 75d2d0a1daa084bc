"""Servers that stand for an MCS on the local network, and phones that end with the test."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from aiohttp import web

from simulators.addresses import AddressPlan, claim_private
from simulators.clock import Clock
from simulators.core import Address
from simulators.entropy import Seed
from simulators.journal import Entry, Happened, Journal
from simulators.network import Network
from simulators.phone.handset import Handset
from simulators.phone.identity import Identity
from simulators.phone.models import model

MAC = "1400E9123456"


class TftpServer:
    """One transfer of a server that repeats its last packet; `content` in blocks, pure."""

    def __init__(self, content: bytes, *, options: bool) -> None:
        self.content, self.options = content, options
        self.size = 512
        self.block = 0
        self.last: bytes | None = None

    def take(self, packet: bytes) -> bytes | None:
        """A reader's packet, and what is sent for it."""
        if packet[:2] == b"\0\1":
            if self.last is not None:
                return self.last  # a request that came twice
            if self.options and b"blksize" in packet:
                self.size = 1024
                tsize = str(len(self.content)).encode()
                self.last = b"\0\6blksize\x001024\0tsize\0" + tsize + b"\0"
                return self.last
            return self._next()
        if packet[:2] == b"\0\4" and int.from_bytes(packet[2:4], "big") == self.block % 65_536:
            # RFC 1123 section 4.2.3.1: only the awaited acknowledgement moves it on
            return self._next() if self.block * self.size <= len(self.content) else None
        return None

    def _next(self) -> bytes:
        at = self.block * self.size
        self.block += 1
        number = (self.block % 65_536).to_bytes(2, "big")
        self.last = b"\0\3" + number + self.content[at : at + self.size]
        return self.last


class TftpPort(asyncio.DatagramProtocol):
    """`files` over TFTP from one port; a refusal of its own for what isn't there."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.asked: list[str] = []
        self._transfers: dict[Address, TftpServer] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if data[:2] == b"\0\1":
            name = data[2:].split(b"\0")[0].decode()
            self.asked.append(name)
            if name not in self.files:
                self.transport.sendto(b"\0\5\0\1File not found\0", addr)
                return
            self._transfers[addr] = TftpServer(self.files[name], options=True)
        if addr in self._transfers and (answer := self._transfers[addr].take(data)):
            self.transport.sendto(answer, addr)


@asynccontextmanager
async def tftp(host: str, files: dict[str, bytes]) -> AsyncIterator[tuple[TftpPort, str]]:
    """A server, and the URL that DHCP names it by."""
    loop = asyncio.get_running_loop()
    transport, port = await loop.create_datagram_endpoint(
        lambda: TftpPort(files), local_addr=(host, 0)
    )
    try:
        yield port, f"tftp://{host}:{transport.get_extra_info('sockname')[1]}"
    finally:
        transport.close()


@dataclass
class WebServer:
    """`files` by path over HTTP or HTTPS."""

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    held: asyncio.Event | None = None
    """Answers to requests for `held_path` (all, where it is empty) wait for it."""
    held_path: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if self.held is not None and self.held_path in ("", request.path):
            await self.held.wait()
        body = self.files.get(request.path.lstrip("/"))
        return web.Response(body=body) if body is not None else web.Response(status=404)

    @asynccontextmanager
    async def serving(self, host: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
        """The port that it listens on."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, host, 0, ssl_context=tls).start()
        try:
            yield int(runner.addresses[0][1])
        finally:
            await runner.cleanup()


@dataclass
class LocalBench:
    """A network, a journal, a clock, and handsets that end with the test."""

    plan: AddressPlan
    clock: Clock
    journal: Journal
    network: Network
    handsets: list[Handset] = field(default_factory=list)

    def handset(self, home: str = "", mac: str = MAC, **options: Any) -> Handset:
        """A phone on the LAN, or elsewhere."""
        handset = Handset(
            Identity(mac),
            model("6930"),
            home or self.plan.local_phone(0),
            clock=self.clock,
            network=self.network,
            journal=self.journal,
            entropy=Seed(7).stream(mac).randbytes,
            **{"firmware_version": "5.1", **options},
        )
        self.handsets.append(handset)
        return handset

    def happened(self, name: str) -> list[Happened]:
        """All of one name so far."""
        return [e for e in self.journal.entries if isinstance(e, Happened) and e.name == name]

    async def until(self, name: str) -> None:
        """Wait until something of that name happens, or has."""
        await self.journal.wait_for(event(name), since=0)


def event(name: str) -> Callable[[Entry], bool]:
    return lambda e: isinstance(e, Happened) and e.name == name


@asynccontextmanager
async def local_bench() -> AsyncIterator[LocalBench]:
    """A bench on addresses of its own."""
    claimed = claim_private()
    clock = Clock()
    journal = Journal(clock.now)
    network = Network(claimed.plan, journal, clock, connect_timeout_s=0.05)
    bench = LocalBench(claimed.plan, clock, journal, network)
    try:
        yield bench
    finally:
        for handset in bench.handsets:
            await handset.power_off()
        claimed.release()
