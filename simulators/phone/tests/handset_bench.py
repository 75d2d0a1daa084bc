"""A handset on real sockets, a small TLS server that stands for the MCS, and a registrar."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from aiohttp import web

from simulators.addresses import AddressPlan
from simulators.clock import Clock
from simulators.entropy import Seed
from simulators.journal import Entry, Happened, Journal
from simulators.network import Network
from simulators.phone.handset import Handset
from simulators.phone.identity import Identity
from simulators.phone.life.states import State
from simulators.phone.models import model
from simulators.sip.digest import Challenge
from simulators.sip.message import Request, parse, response_to
from simulators.tls import Authority

MAC = "1400E9123456"
PASSWORD = "c5W-rm7Y_e2u9L"
FAST_REBOOT = (
    '<AastraIPPhoneExecute><ExecuteItem URI="Command: FastReboot"/></AastraIPPhoneExecute>'
)


@dataclass
class Mcs:
    """Serves `files` by path; remembers what was asked for, and by whom."""

    plan: AddressPlan
    authority: Authority
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    peers: set[str] = field(default_factory=set)
    port: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        self.agents.add(request.headers["User-Agent"])
        self.peers.add(request.remote or "")
        body = self.files.get(request.path)
        return web.Response(body=body) if body is not None else web.Response(status=404)

    @asynccontextmanager
    async def serving(self, *, secure: bool = True) -> AsyncIterator["Mcs"]:
        app = web.Application()
        app.router.add_get("/{path:.*}", self.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        context = self.authority.server_context(self.plan.mbg_outside) if secure else None
        site = web.TCPSite(runner, self.plan.mbg_outside, 0, ssl_context=context)
        await site.start()
        self.port = int(runner.addresses[0][1])
        try:
            yield self
        finally:
            await runner.cleanup()

    def configure(self, *extra: str, registrar_port: int = 0) -> None:
        """The MAC's file: keys, action URIs, and a line where there is a registrar."""
        base = f"https://{self.plan.mbg_outside}:{self.port}/phones"
        lines = [
            "topsoftkey1 type: line", "topsoftkey1 label: Line 1", "topsoftkey1 line: 1",
            "topsoftkey2 type: line", "topsoftkey2 label: Line 2", "topsoftkey2 line: 2",
            f"action uri startup: {base}/startup?mac={MAC}",
            f"action uri registered: {base}/registered?user=$$SIPUSERNAME$$",
            f"action uri registration event: {base}/regevent?state=$$REGISTRATIONSTATE$$"
            "&code=$$REGISTRATIONCODE$$",
            f"action uri poll: {base}/poll?mac={MAC}&rev=1", "action uri poll interval: 60",
            *extra,
        ]  # fmt: skip
        if registrar_port:
            lines += [
                "sip line1 screen name: 2101", "sip line1 user name: tw7k",
                "sip line1 auth name: tw7k",
                f"sip line1 password: {PASSWORD}",
                f"sip line1 registrar ip: {self.plan.mbg_outside}",
                f"sip line1 registrar port: {registrar_port}", "sip registration period: 300",
            ]  # fmt: skip
        self.files[f"/{MAC}.cfg"] = "\n".join(lines).encode()


class Registrar:
    """Answers REGISTER: a challenge, then what `outcome` says; a core for `SipDriver`-less use."""

    def __init__(self) -> None:
        self.status = 200
        self.warning = ""
        self.requests: list[Request] = []

    def answer(self, data: bytes) -> bytes:
        request = parse(data)
        assert isinstance(request, Request)
        self.requests.append(request)
        if "authorization" not in request.headers:
            challenge = Challenge(realm="mbg", nonce=f"n{len(self.requests)}")
            extra = [("WWW-Authenticate", str(challenge))]
            return response_to(request, 401, headers=extra, to_tag="t").encode()
        extra = [("Warning", f'399 mbg "{self.warning}"')] if self.warning else []
        if self.status == 200:
            contact = request.headers.get("contact")
            expires = request.headers.get("expires")
            extra.append(("Contact", f"{contact};expires={expires}"))
        return response_to(request, self.status, headers=extra, to_tag="t").encode()


@asynccontextmanager
async def registering(address: str) -> AsyncIterator[tuple[Registrar, int]]:
    registrar = Registrar()

    class Protocol(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast(asyncio.DatagramTransport, transport)

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            self.transport.sendto(registrar.answer(data), addr)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Protocol, local_addr=(address, 0))
    try:
        yield registrar, int(transport.get_extra_info("sockname")[1])
    finally:
        transport.close()


@dataclass
class Bench:
    """A network, a journal, a clock, and handsets that end with the test."""

    plan: AddressPlan
    clock: Clock
    journal: Journal
    network: Network
    mcs: Mcs
    seed: Seed = field(default_factory=lambda: Seed(7))
    handsets: list[Handset] = field(default_factory=list)

    def handset(self, mac: str = MAC, home: str = "", **options: Any) -> Handset:
        handset = Handset(
            Identity(mac),
            model("6930"),
            home or self.plan.home(0),
            clock=self.clock,
            network=self.network,
            journal=self.journal,
            entropy=self.seed.stream(mac).randbytes,
            firmware_version="5.1.0.6044",
            **options,
        )
        self.handsets.append(handset)
        return handset

    def happened(self, name: str) -> list[Happened]:
        return [e for e in self.journal.entries if isinstance(e, Happened) and e.name == name]

    def event(self, name: str) -> Callable[[Entry], bool]:
        return lambda e: isinstance(e, Happened) and e.name == name


async def installed(bench: Bench, **options: Any) -> Handset:
    """A handset that an installer has pointed at the MCS (PHN-2)."""
    handset = bench.handset(**options)
    await handset.power_on()
    await bench.clock.advance(60 if "settings" in options else 0)
    await handset.until(State.IDLE)
    assert handset.configure_server(bench.plan.mbg_outside, bench.mcs.port)
    return handset
