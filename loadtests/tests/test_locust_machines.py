"""Locust's master and workers as commands of their own, as on several machines.

Each worker has a copy of the plan's folder, addresses of its own for its homes, and a clock that is
wrong. What is not here is a real network between them. Nothing is timed: a test goes on when
somebody has said so.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from loadtests.machines.plan_folder import write_plan
from loadtests.plan import LONGEST_S, Plan
from loadtests.target import ROOT
from loadtests.tests.fake_registrar import (
    FakeRegistrar,
    passwords,
    private_plan,
    serving,
    write_accounts,
)
from loadtests.tests.test_burst_command import start
from loadtests.tests.test_locust_pages import begun, ended_by_the_pages
from loadtests.tests.test_locust_users import free_port, until_registered

PHONES = 14
HALF = PHONES // 2
WITHIN_S = 110
WRONG_CLOCK = """
import time
true_time = time.time
time.time = lambda: true_time() + {ahead_s}
"""
USERS = ("-u", str(PHONES), "-r", "100")


@dataclass
class Command:
    """A Locust command that runs, and what it has said so far."""

    process: asyncio.subprocess.Process
    out: Path
    err: Path

    async def has_said(self, pattern: str) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not re.search(pattern, self.err.read_text()):
                assert self.process.returncode is None, self.err.read_text()
                await asyncio.sleep(0.1)

    async def ended(self) -> int:
        return await asyncio.wait_for(self.process.wait(), WITHIN_S)

    async def stopped(self) -> int:
        """By Locust's own way to do that: the test is ended first."""
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()

    @property
    def row(self) -> dict[str, Any]:
        """Of Locust's statistics, those of the phones."""
        rows = {row["method"]: row for row in json.loads(self.out.read_text())}
        return dict(rows["REGISTER"])


@dataclass
class Machines:
    """A plan's folder, and who runs with a copy of it."""

    folder: Path
    homes: int
    registrar: FakeRegistrar
    port: str = field(default_factory=lambda: str(free_port()))
    running: list[Command] = field(default_factory=list)

    async def master(self, *options: str) -> Command:
        return await self.start(
            self.folder / "plan.json", "--master", "--headless", "--master-bind-port", self.port,
            "--master-bind-host", "127.0.0.1", *options,
        )  # fmt: skip

    async def worker(self, number: int) -> Command:
        """With a copy of the folder under another name, and 127.homes.<number>.0/28.

        The first has a clock that is an hour ahead, that of the second is half an hour behind.
        """
        machine = self.folder.parent / f"machine {number}"
        copy = shutil.copytree(self.folder, machine / "a copy")
        ahead_s = {1: 3600, 2: -1800}.get(number, 0)
        (machine / "sitecustomize.py").write_text(WRONG_CLOCK.format(ahead_s=ahead_s))
        source = f"127.{self.homes}.{number}.0/28"
        return await self.take_part(copy / "plan.json", source, PYTHONPATH=str(machine))

    async def take_part(self, plan: Path, source: str, **environment: str) -> Command:
        return await self.start(
            plan, "--worker", "--master-host", "127.0.0.1", "--master-port", self.port,
            "--source", source, **environment,
        )  # fmt: skip

    async def start(self, plan: Path, *options: str, **environment: str) -> Command:
        said = self.folder.parent / f"said by {len(self.running)}"
        mine = {name: value for name, value in os.environ.items() if "LOCUST" not in name}
        out, err = said.with_suffix(".out"), said.with_suffix(".err")
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "Register",
                "--plan", str(plan), "--json", "--stop-timeout", "60", *options,
                cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=stdout, stderr=stderr,
                env=mine | environment,
            )  # fmt: skip
        self.running.append(Command(process, out, err))
        return self.running[-1]

    async def close(self, *more: asyncio.subprocess.Process) -> None:
        for process in (*(command.process for command in self.running), *more):
            if process.returncode is None:
                process.kill()
                await process.wait()

    def came_from(self, number: int) -> int:
        """How many phones of that machine."""
        return sum(peer[0].split(".")[2] == str(number) for peer in self.registrar.peers)


@asynccontextmanager
async def machines(
    tmp_path: Path, *, by_locust: bool = True, ignore: Collection[str] = ()
) -> AsyncIterator[Machines]:
    """For two workers; without `by_locust` 100 phones a second come."""
    registrar = FakeRegistrar(passwords(PHONES), ignore=ignore)
    accounts = write_accounts(tmp_path / "accounts.jsonl", registrar.passwords)
    async with private_plan() as addresses, serving(registrar, addresses) as mbg:
        plan = Plan(
            mbg, addresses.homes, str(accounts), PHONES, 100.0, workers=2,
            limit_s=LONGEST_S, by_locust=by_locust,
        )  # fmt: skip
        folder = write_plan(tmp_path / "plan", plan).parent
        accounts.unlink()
        them = Machines(folder, addresses.homes, registrar)
        try:
            yield them
        finally:
            await them.close()


def all_came_once(them: Machines, master: Command) -> None:
    """Each phone by itself, half of them from each machine's own addresses; and what is told."""
    assert len(them.registrar.registered) == len(them.registrar.peers) == PHONES
    assert them.came_from(1) == them.came_from(2) == HALF
    assert {port for _, port in them.registrar.peers} == {5060}
    row, now = master.row, time.time()
    assert (row["num_requests"], row["num_failures"]) == (PHONES, 0)
    said = master.err.read_text()
    assert f"merged: {PHONES} registered, 0 failed; p50" in said
    # An hour is 3,600,000 ms: with a wrong clock it would be in the latency and in the times.
    assert re.search(r"its clock is 3[56]\d{5}\.\d\d ms ahead of the master's, within", said)
    assert re.search(r"its clock is 1[78]\d{5}\.\d\d ms behind the master's, within", said)
    assert row["max_response_time"] < 1_000_000
    assert abs(row["last_request_timestamp"] - now) < 1000
    assert abs(row["start_time"] - now) < 1000


async def test_locusts_own_options_rule_over_machines(tmp_path: Path) -> None:
    """A worker may begin before its master, which waits for both, however long that takes."""
    async with machines(tmp_path) as them:
        first = await them.worker(1)
        master = await them.master(*USERS)
        second = await them.worker(2)
        await until_registered(them.registrar, PHONES)
        assert await master.stopped() == 0, master.err.read_text()
        assert (await first.ended(), await second.ended()) == (0, 0)
        all_came_once(them, master)


async def test_a_shape_rules_over_machines(tmp_path: Path) -> None:
    async with machines(tmp_path, by_locust=False) as them:
        master, first, second = await them.master(), await them.worker(1), await them.worker(2)
        assert await master.ended() == 0, master.err.read_text()
        assert (await first.ended(), await second.ended()) == (0, 0)
        all_came_once(them, master)


async def test_a_burst_has_its_workers_on_machines(tmp_path: Path) -> None:
    """With the report of a burst, whose percentiles come from merged histograms."""
    registrar = FakeRegistrar(passwords(PHONES))
    accounts = write_accounts(tmp_path / "accounts.jsonl", registrar.passwords)
    async with private_plan() as addresses, serving(registrar, addresses) as mbg:
        them = Machines(tmp_path / "plan", addresses.homes, registrar)
        process = await start(
            "--mbg", f"{mbg[0]}:{mbg[1]}", "--accounts", str(accounts), "--homes", "1",
            "--phones", str(PHONES), "--run-dir", str(tmp_path / "run"), "--workers", "2",
            "--machines", f"127.0.0.1:{them.port}", "--plan", str(them.folder),
        )  # fmt: skip
        try:
            async with asyncio.timeout(WITHIN_S):
                while not (them.folder / "plan.json").exists():
                    await asyncio.sleep(0.1)
            first, second = await them.worker(1), await them.worker(2)
            out, err = await asyncio.wait_for(process.communicate(), WITHIN_S)
            assert (process.returncode, err) == (0, b""), (out, err)
            assert (await first.ended(), await second.ended()) == (0, 0)
        finally:
            await them.close(process)
    assert len(registrar.registered) == len(registrar.peers) == PHONES
    assert them.came_from(1) == them.came_from(2) == HALF
    burst = json.loads((tmp_path / "run" / "burst.json").read_text())
    assert (burst["attempted"], burst["registered"], burst["failed"]) == (PHONES, PHONES, 0)
    assert burst["latency_ms"]["max"] < 1_000_000, "no hour of a wrong clock is in it"
    assert f"--master-host 127.0.0.1 --master-port {them.port}" in out.decode()
    assert "ms ahead of the master's" in out.decode()


async def test_pages_start_one_test_after_the_other_on_machines(tmp_path: Path) -> None:
    """Locust forgets its workers between tests: they say hello again.

    In the first, users leave and come back, which brings no other phones.
    """
    async with machines(tmp_path) as them:
        port = free_port()
        master = await them.master(
            "--headful", "--web-host", "127.0.0.1", "--web-port", str(port), "--stop-timeout", "0"
        )
        for number in (1, 2):
            await (await them.worker(number)).has_said("the master has this worker take part")
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
            async with asyncio.timeout(WITHIN_S):
                for users in (6, 2, 6):
                    await begun(http, users)
                    await users_are(http, users)
                await stopped_by_the_pages(http)
                assert len(them.registrar.registered) == 6
                await begun(http, PHONES)
                while await ended_by_the_pages(http) != PHONES:
                    await asyncio.sleep(0.1)
                await stopped_by_the_pages(http)
        assert await master.stopped() == 0, master.err.read_text()
    assert len(them.registrar.registered) == PHONES
    assert master.row["num_requests"] == PHONES, "of the last test"


async def users_are(http: aiohttp.ClientSession, count: int) -> None:
    while True:
        async with http.get("/stats/requests") as answer:
            if (await answer.json())["user_count"] == count:
                return
        await asyncio.sleep(0.1)


async def stopped_by_the_pages(http: aiohttp.ClientSession) -> None:
    async with http.post("/stop") as answer:
        assert (await answer.json())["success"]


async def test_who_can_not_take_part_is_told_and_the_others_do(tmp_path: Path) -> None:
    """One with another plan, one with addresses of another; in the middle one too many."""
    async with machines(tmp_path) as them:
        master, first = await them.master(*USERS), await them.worker(1)
        await first.has_said("the master has this worker take part")
        other = shutil.copytree(them.folder, tmp_path / "other") / "plan.json"
        other.write_text(other.read_text().replace('"seed": 1', '"seed": 2'))
        source = f"127.{them.homes}.1.7"
        for plan, why in (
            (other, "its plan is another one than the master's"),
            (them.folder / "plan.json", f"another worker has addresses of its --source {source}"),
        ):
            refused = await them.take_part(plan, source)
            assert await refused.ended() == 2
            assert f"can't take part: {why}" in refused.err.read_text()
        assert them.registrar.requests == 0
        await them.worker(2)
        await until_registered(them.registrar, PHONES)
        third = await them.worker(3)
        assert await third.ended() == 2
        assert "has 2 workers, and they are all here" in third.err.read_text()
        assert await master.stopped() == 0, master.err.read_text()
        all_came_once(them, master)


async def test_too_few_workers_are_waited_for_as_long_as_is_said(tmp_path: Path) -> None:
    async with machines(tmp_path) as them:
        master = await them.master("-u", "3", "--expect-workers-max-wait", "1")
        assert await master.ended() == 2
        assert "the plan has 2 workers, and 0 came: start as many" in master.err.read_text()


@pytest.mark.parametrize(
    ("by_locust", "how"),
    [(True, signal.SIGTERM), (False, signal.SIGKILL)],
)
async def test_a_worker_that_is_lost_is_told_and_its_phones_are_no_failures(
    by_locust: bool, how: signal.Signals, tmp_path: Path
) -> None:
    """Two phones of the second are never answered, so that it can't be through before.

    A test with a shape ends by itself, once the other worker is through.
    """
    unanswered = ("tw11", "tw13")
    async with machines(tmp_path, by_locust=by_locust, ignore=unanswered) as them:
        master, first = await them.master(*(USERS if by_locust else ())), await them.worker(1)
        await first.has_said("the master has this worker take part")
        second = await them.worker(2)
        await master.has_said(r"registration +12 ")
        second.process.send_signal(how)
        await master.has_said("worker 1 was lost")
        status = await (master.stopped() if by_locust else master.ended())
        assert status == 1, master.err.read_text()
    said = master.err.read_text()
    assert f"with {HALF} items, of which {HALF} had started and 5 ended (its Locust worker" in said
    assert "more users than" not in said
    assert (master.row["num_requests"], master.row["num_failures"]) == (12, 0)
