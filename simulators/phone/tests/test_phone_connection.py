"""How many connections a phone makes for its files, by the ports that the server sees."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from simulators.faults.phone_drops_download import PhoneDropsDownload
from simulators.journal import HttpEntry
from simulators.phone.habits import LifeSettings
from simulators.phone.handset import Handset
from simulators.phone.life.states import State
from simulators.phone.tests.local_bench import LocalBench, WebServer, local_bench
from simulators.tls import Authority

FILES = ["/startup.cfg", "/6930.cfg", "/1400E9123456.cfg", "/6930.st"]
FOUND = {path[1:]: b"language: 1\n" for path in FILES[:3]}


@dataclass
class Ports(WebServer):
    """Remembers who asked by which port; ends the connection after each path of `ends_after`."""

    asked_by: list[tuple[str, int]] = field(default_factory=list)
    ends_after: tuple[str, ...] = ()

    async def answer(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        port = int(request.transport.get_extra_info("peername")[1])
        self.asked_by.append((request.path, port))
        answer = await super().answer(request)
        if request.path in self.ends_after:
            answer.force_close()
        return answer

    @property
    def ports(self) -> list[int]:
        """As numbered by the first use: 0, 0, 1 says that the third came on another connection."""
        seen: dict[int, int] = {}
        return [seen.setdefault(port, len(seen)) for _, port in self.asked_by]


@pytest.fixture
async def bench() -> AsyncIterator[LocalBench]:
    async with local_bench() as made:
        yield made


async def boot(bench: LocalBench, server: Ports, port: int, **options: Any) -> Handset:
    """A phone that has taken its files over TLS and is idle."""
    phone = bench.handset(local=entered(bench, port), **options)
    await phone.power_on()
    await phone.until(State.IDLE)
    assert [path for path, _ in server.asked_by][:4] == FILES
    return phone


def entered(bench: LocalBench, port: int) -> dict[str, str]:
    return {
        "download protocol": "HTTPS",
        "https server": bench.plan.mcs,
        "https port": str(port),
        "https validate certificates": "0",
    }


async def test_the_files_of_a_boot_come_over_one_connection(bench: LocalBench) -> None:
    server, tls = Ports(FOUND), Authority().server_context(bench.plan.mcs)
    async with server.serving(bench.plan.mcs, tls) as port:
        phone = await boot(bench, server, port)
        assert server.ports == [0, 0, 0, 0]
        phone.check_sync()  # in the background each request has its own
        await bench.until("configuration compared")
        assert server.ports[4:] == [1, 2, 3]
        phone.restart()
        await phone.until(State.IDLE)
        assert server.ports[7:] == [4, 4, 4, 4]


async def test_a_habit_makes_one_for_each_request(bench: LocalBench) -> None:
    server, tls = Ports(FOUND), Authority().server_context(bench.plan.mcs)
    async with server.serving(bench.plan.mcs, tls) as port:
        await boot(bench, server, port, settings=LifeSettings(keeps_connection=False))
        assert server.ports == [0, 1, 2, 3]


async def test_the_journal_names_the_port_of_each_request(bench: LocalBench) -> None:
    server = Ports(FOUND, ends_after=(FILES[1],))
    async with server.serving(bench.plan.mcs, Authority().server_context("x")) as port:
        await boot(bench, server, port)
        assert server.ports == [0, 0, 1, 1]
        entries = [e for e in bench.journal.entries if isinstance(e, HttpEntry)]
        asked = [(e.path, e.source[1]) for e in entries if e.status is None and e.source]
        answered = [(e.path, e.destination[1]) for e in entries if e.status and e.destination]
        assert asked == server.asked_by == answered


async def test_a_download_that_is_dropped_ends_the_connection(bench: LocalBench) -> None:
    server = Ports(FOUND | {"6930.st": b"x" * 100_000})
    async with server.serving(bench.plan.mcs, Authority().server_context("x")) as port:
        phone = bench.handset(local=entered(bench, port))
        phone.faults.switch_on(PhoneDropsDownload(file="6930.cfg", octets=4))
        await phone.power_on()
        await phone.until(State.IDLE)
        await bench.until("configuration server away")
        assert server.ports == [0, 0]


@pytest.mark.parametrize("gone", ["power", "cable"])
async def test_it_ends_with_power_and_cable(bench: LocalBench, gone: str) -> None:
    server = Ports(FOUND, held=asyncio.Event(), held_path=FILES[2])
    assert server.held is not None
    async with server.serving(bench.plan.mcs, Authority().server_context("x")) as port:
        phone = bench.handset(local=entered(bench, port))
        await phone.power_on()
        await bench.journal.wait_for(
            lambda e: isinstance(e, HttpEntry) and e.path == FILES[2], since=0
        )
        if gone == "power":
            await phone.power_off()
            server.held.set()
            await phone.power_on()
        else:
            phone.pull_cable()
            server.held.set()
            phone.put_cable_back()
        await phone.until(State.IDLE)
        ports = server.ports
        assert ports[:3] == [0, 0, 0] and 0 not in ports[3:], "what was open before is not used"
