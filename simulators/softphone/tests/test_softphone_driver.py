"""The softphone on real sockets: a small TLS server for the MCS, PBX nodes as registrars."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from simulators.addresses import AddressPlan, claim_private
from simulators.clock import Clock
from simulators.entropy import Seed
from simulators.errors import BenchError
from simulators.journal import Happened, Journal
from simulators.network import Network
from simulators.pbx.node import PbxNode
from simulators.phone.calls.line_table import Activity
from simulators.softphone.documents import Places
from simulators.softphone.softphone import Softphone
from simulators.softphone.states import State
from simulators.tls import Authority

PASSWORD = "a-Password-1"
TOKEN = "a-token-of-the-mcs"


@dataclass
class Mcs:
    """Answers as docs/wire.md section 6 says; `accounts` by the location that it finds."""

    plan: AddressPlan
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    devices: set[str] = field(default_factory=set)
    port: int = 0

    def location(self, request: web.Request) -> str:
        # the fake listens at the MBG's outside address too, in place of a forward
        return "local" if self.plan.zone(request.remote or "") == "lan" else "remote"

    async def where(self, request: web.Request) -> web.Response:
        self.asked.append(("where", request.remote or ""))
        return web.json_response({"location": self.location(request)})

    async def log_in(self, request: web.Request) -> web.Response:
        document = await request.json()
        self.devices.add(document["device"])
        if document["password"] != PASSWORD:
            refused = {"code": "log_in_failed", "message": "Name or password is wrong"}
            return web.json_response(refused, status=401)
        found = {
            "token": TOKEN,
            "expires_at": "2027-01-01",
            "user": {"display_name": "Ada"},
        }
        return web.json_response(found | {"location": self.location(request)})

    async def settings(self, request: web.Request) -> web.Response:
        found = {"local_address": self.plan.mcs, "remote_address": self.plan.mbg_outside}
        return web.json_response(found | {"port": self.port})

    async def softphone(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        return web.json_response(self.accounts[self.location(request)])

    async def log_out(self, request: web.Request) -> web.Response:
        self.asked.append(("log out", request.headers["Authorization"]))
        return web.Response(status=204)

    @asynccontextmanager
    async def serving(self, context: ssl.SSLContext, port: int = 0) -> AsyncIterator[None]:
        app = web.Application()
        app.add_routes(
            [
                web.get("/pm/v1/where", self.where),
                web.post("/pm/v1/login", self.log_in),
                web.get("/pm/v1/settings", self.settings),
                web.get("/pm/v1/softphone", self.softphone),
                web.post("/pm/v1/logout", self.log_out),
            ]
        )
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, self.plan.mcs, port, ssl_context=context).start()
            self.port = int(runner.addresses[0][1])
            outside = web.TCPSite(runner, self.plan.mbg_outside, self.port, ssl_context=context)
            await outside.start()
            yield
        finally:
            await runner.cleanup()


@dataclass
class World:
    plan: AddressPlan
    clock: Clock
    network: Network
    journal: Journal
    mcs: Mcs
    inside: PbxNode
    outside: PbxNode

    def softphone(self, address: str, known: Places | None = None) -> Softphone:
        return Softphone(
            f"softphone at {address}",
            address,
            known or Places(self.plan.mcs, self.plan.mbg_outside, self.mcs.port),
            clock=self.clock,
            network=self.network,
            journal=self.journal,
            entropy=Seed(1).stream(address).randbytes,
        )

    def happened(self, name: str) -> list[Happened]:
        return [e for e in self.journal.entries if isinstance(e, Happened) and e.name == name]


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    claim = claim_private()
    plan, clock = claim.plan, Clock()
    journal = Journal(clock.now)
    network = Network(plan, journal, clock)
    mcs = Mcs(plan)

    async def registrar(number: int, host: str, location: str) -> PbxNode:
        node = PbxNode(
            number, f"Node {number}", "6.3 SP1", clock=clock, network=network, journal=journal,
            entropy=Seed(number).stream("node").randbytes,
        )  # fmt: skip
        await node.start((host, 5060))
        for extension in ("2101", "2102"):
            made = node.add_extension(extension, "Ada")
            mcs.accounts.setdefault(
                location,
                {
                    "extension": extension, "display_name": "Ada", "registrar": host,
                    "port": 5060, "transport": "udp", "user_name": extension,
                    "auth_name": made.auth_name, "password": made.auth_password,
                    "location": location,
                },
            )  # fmt: skip
        return node

    inside = await registrar(1, plan.node(1), "local")
    outside = await registrar(2, plan.mbg_outside, "remote")
    context = Authority().server_context(plan.mcs, plan.mbg_outside)
    try:
        async with mcs.serving(context):
            yield World(plan, clock, network, journal, mcs, inside, outside)
    finally:
        await inside.stop()
        await outside.stop()
        claim.release()


async def test_inside_it_registers_with_the_node_outside_with_the_mbg() -> None:
    async with world() as it:
        phone = it.softphone(it.plan.local_phone(1))
        await phone.open("ada", PASSWORD)
        await phone.until(State.REGISTERED)
        assert it.inside.is_registered("2101") and not it.outside.is_registered("2101")
        assert phone.location == "local"
        assert it.mcs.asked == [("where", it.plan.local_phone(1))]

        await phone.move_to(it.plan.home(1))
        with pytest.raises(BenchError, match="looking for MCS"):
            await phone.until(State.REGISTERED, within_s=0.05)
        await it.clock.advance(seconds=6)  # the local address answers nobody from outside
        await phone.until(State.REGISTERED)
        assert it.outside.is_registered("2101")
        assert (phone.location, it.mcs.asked[-1]) == ("remote", ("where", it.plan.home(1)))
        await phone.close()


async def test_closing_takes_the_registration_back_and_ends_the_log_in() -> None:
    async with world() as it:
        phone = it.softphone(it.plan.local_phone(1))
        await phone.open("ada", PASSWORD)
        await phone.until(State.REGISTERED)
        mark = it.journal.mark()
        await phone.close()
        assert ("log out", f"Bearer {TOKEN}") in it.mcs.asked
        await it.journal.wait_for(
            lambda e: isinstance(e, Happened) and e.name == "extension unregistered", since=mark
        )
        assert not it.inside.is_registered("2101")


async def test_no_secret_is_in_the_journal(tmp_path: Path) -> None:
    async with world() as it:
        phone = it.softphone(it.plan.local_phone(1))
        await phone.open("ada", PASSWORD)
        await phone.until(State.REGISTERED)
        await phone.close()
        it.journal.write(tmp_path / "journal.jsonl")
        text = (tmp_path / "journal.jsonl").read_text()
        assert "/pm/v1/softphone" in text
        password = it.mcs.accounts["local"]["password"]
        assert [s for s in (PASSWORD, TOKEN, password) if s in text] == []


async def test_a_wrong_password_shows() -> None:
    async with world() as it:
        phone = it.softphone(it.plan.local_phone(1))
        await phone.open("ada", "a-wrong-One-1")
        await phone.until(State.LOG_IN_REFUSED)
        assert phone.message == "Name or password is wrong"
        assert phone.account is None
        await phone.close()


async def test_it_calls_and_is_called() -> None:
    async with world() as it:
        first, second = (it.softphone(it.plan.local_phone(n)) for n in (1, 2))
        await first.open("ada", PASSWORD)
        await first.until(State.REGISTERED)
        made = it.inside.extensions["2102"]
        it.mcs.accounts["local"] |= {
            "extension": "2102",
            "user_name": "2102",
            "auth_name": made.auth_name,
            "password": made.auth_password,
        }
        await second.open("bob", PASSWORD)
        await second.until(State.REGISTERED)
        first.dial("2102")
        await second.until_call(Activity.INCOMING)
        second.answer()
        await first.until_call(Activity.CONNECTED)
        await it.journal.wait_for(
            lambda e: isinstance(e, Happened) and (e.frm, e.name) == (first.role, "audio heard")
        )
        first.hang_up()
        await second.until_call(Activity.IDLE)
        await first.close()
        await second.close()


async def test_without_a_registration_it_cannot_call() -> None:
    async with world() as it:
        phone = it.softphone(it.plan.local_phone(1))
        with pytest.raises(BenchError, match="closed"):
            phone.dial("2102")
        with pytest.raises(BenchError, match="answer"):
            phone.answer()


async def test_a_changed_certificate_is_refused_until_a_person_says_yes() -> None:
    async with world() as it:
        phone = it.softphone(it.plan.local_phone(1))
        await phone.open("ada", PASSWORD)
        await phone.until(State.REGISTERED)
        other = Mcs(it.plan, it.mcs.accounts)
        async with other.serving(Authority().server_context(it.plan.mcs), 0):
            moved = it.softphone(it.plan.local_phone(2), Places(it.plan.mcs, None, it.mcs.port))
            await moved.open("ada", PASSWORD)
            await moved.until(State.REGISTERED)
            known = moved._mcs._pinned[it.plan.mcs]
            moved._life.places = Places(it.plan.mcs, None, other.port)
            await moved.move_to(it.plan.local_phone(3))
            await moved.until(State.NOT_FOUND)
            assert "another certificate" in moved.message
            assert other.asked == [], "nothing was said to the stranger"
            moved.trust_new_certificate()
            await moved.until(State.REGISTERED)
            assert moved._mcs._pinned[it.plan.mcs] != known
            await moved.close()
        await phone.close()


async def test_with_no_mcs_it_says_so_and_finds_it_later() -> None:
    async with world() as it:
        phone = it.softphone(it.plan.local_phone(1), Places(it.plan.mcs, None, 9))
        await phone.open("ada", PASSWORD)
        await phone.until(State.NOT_FOUND)
        assert "MCS not found" in phone.message
        phone._life.places = Places(it.plan.mcs, None, it.mcs.port)
        await it.clock.advance(seconds=61)
        await phone.until(State.REGISTERED)
        await phone.close()
