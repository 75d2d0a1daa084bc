"""Locust by hand, as its manual has it: real `locust` processes against the fake registrar.

`--stop-timeout` lets phones end that are open when the test stops, however slow the machine is.
"""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from loadtests.plan import LONGEST_S, Plan
from loadtests.target import ROOT
from loadtests.tests.fake_registrar import (
    FakeRegistrar,
    passwords,
    private_plan,
    serving,
    write_accounts,
)


@dataclass
class Ended:
    """A Locust process that has ended, with rows of its statistics by method."""

    status: int | None
    out: str
    err: str

    @property
    def rows(self) -> dict[str, Any]:
        """Workers say `[]` before."""
        document = self.out[self.out.rindex("\n[\n") :] if "\n[\n" in self.out else self.out
        return {row["method"]: row for row in json.loads(document)}


@asynccontextmanager
async def planned(
    registrar: FakeRegistrar, tmp_path: Path, workers: int = 1, *, by_locust: bool = True
) -> AsyncIterator[Path]:
    """A plan for all phones of the registrar; without `by_locust` 100 a second come."""
    accounts = write_accounts(tmp_path / "accounts.jsonl", registrar.passwords)
    async with private_plan() as addresses, serving(registrar, addresses) as mbg:
        plan = Plan(
            mbg, addresses.homes, str(accounts), len(registrar.passwords), 100.0,
            workers=workers, limit_s=LONGEST_S, by_locust=by_locust,
        )  # fmt: skip
        path = tmp_path / "plan.json"
        path.write_bytes(plan.to_json())
        yield path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def start(plan: Path, *options: str, user: str = "Register") -> asyncio.subprocess.Process:
    settings = {name: value for name, value in os.environ.items() if "LOCUST" not in name}
    port = str(free_port())
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", user,
        "--plan", str(plan), "--json", "--stop-timeout", "60", "--master-bind-port", port,
        "--master-bind-host", "127.0.0.1", "--master-port", port, *options,
        cwd=ROOT, env=settings, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def end(process: asyncio.subprocess.Process) -> Ended:
    out, err = await asyncio.wait_for(process.communicate(), 120)
    return Ended(process.returncode, out.decode(), err.decode())


async def until_registered(registrar: FakeRegistrar, count: int) -> None:
    async with asyncio.timeout(120):
        while len(registrar.registered) < count:
            await asyncio.sleep(0.05)


async def test_as_many_come_as_u_says_and_t_ends_the_test(tmp_path: Path) -> None:
    registrar = FakeRegistrar(passwords(20))
    async with planned(registrar, tmp_path) as plan:
        ended = await end(await start(plan, "--headless", "-u", "12", "-r", "50", "-t", "4"))
    assert ended.status == 0, ended.err
    assert len(registrar.registered) == 12
    assert ended.rows["REGISTER"]["num_requests"] == 12
    assert ended.rows["REGISTER"]["num_failures"] == 0


async def test_r_says_how_many_a_second(tmp_path: Path) -> None:
    """One comes in the first 100 seconds, whatever the number of users is."""
    registrar = FakeRegistrar(passwords(20))
    async with planned(registrar, tmp_path) as plan:
        process = await start(plan, "--headless", "-u", "20", "-r", "0.01")
        await until_registered(registrar, 1)
        process.send_signal(signal.SIGTERM)
        ended = await end(process)
    assert len(registrar.registered) == ended.rows["REGISTER"]["num_requests"] == 1


async def test_processes_share_the_phones_whoever_has_the_odd_one(tmp_path: Path) -> None:
    registrar = FakeRegistrar(passwords(7), refuse={"tw3"})
    async with planned(registrar, tmp_path, workers=2) as plan:
        process = await start(plan, "--headless", "-u", "7", "-r", "100", "--processes", "2")
        await until_registered(registrar, 6)
        process.send_signal(signal.SIGTERM)
        ended = await end(process)
    assert ended.status == 1, "as in Locust's manual: something failed"
    assert len(registrar.peers) == 7, "no phone came twice, none was left out"
    row = ended.rows["REGISTER"]
    assert (row["num_requests"], row["num_failures"]) == (7, 1)


async def test_a_shape_rules_and_says_no_to_u_r_and_t(tmp_path: Path) -> None:
    registrar = FakeRegistrar(passwords(5))
    async with planned(registrar, tmp_path, by_locust=False) as plan:
        refused = await end(await start(plan, "--headless", "-u", "3", "-t", "5"))
        assert refused.status not in (0, None)
        assert "-u, -t can't be followed" in refused.err and refused.status == 2
        assert "5 phones at 100 per second" in refused.err
        assert registrar.requests == 0
        followed = await end(await start(plan, "--headless"))
    assert followed.status == 0, followed.err
    assert followed.rows["REGISTER"]["num_requests"] == len(registrar.registered) == 5


@pytest.mark.parametrize(
    ("workers", "options", "said"),
    [
        (1, ["-u", "6"], "more users than the 5 phones of the plan"),
        (2, ["-u", "5"], "the plan has 2 workers, and Locust runs in one process"),
        (3, ["-u", "5", "--processes", "2"], "the plan has 3 workers, and Locust has 2"),
    ],
)
async def test_what_can_not_be_is_said_before_anything_is_sent(
    workers: int, options: list[str], said: str, tmp_path: Path
) -> None:
    registrar = FakeRegistrar(passwords(5))
    async with planned(registrar, tmp_path, workers) as plan:
        # Locust waits for its workers so long, although nothing has begun.
        ended = await end(await start(plan, "--headless", "--stop-timeout", "1", *options))
    assert ended.status not in (0, None)
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert registrar.requests == 0


async def test_the_user_class_is_that_of_the_plan(tmp_path: Path) -> None:
    async with planned(FakeRegistrar(passwords(1)), tmp_path) as plan:
        ended = await end(await start(plan, "--headless", user="Boot"))
    assert ended.status not in (0, None)
    assert "the plan is one of the scenario register: its user is Register" in ended.err
    assert ended.status == 2
