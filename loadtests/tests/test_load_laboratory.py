"""Bursts over real links: the target on one machine, its phones on two others.

Commands are those of README's "Several machines". Each machine is a network namespace (see
`laboratory`), so routes may be missing, queues overflow, and cables are pulled.
"""

import asyncio
import json
import re
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from loadtests.target import ROOT
from loadtests.tests import laboratory as places
from loadtests.tests.laboratory import TARGET, Laboratory, homes_of

WITHIN_S = 110
PORT = "5557"

if why_not := places.lacking():
    pytest.skip(why_not, allow_module_level=True)


@dataclass
class Burst:
    """A burst on the target's machine, whose workers are on the others."""

    laboratory: Laboratory
    folder: Path
    user: str
    running: list[asyncio.subprocess.Process] = field(default_factory=list)
    said: str = ""

    async def begin(self, *options: str) -> None:
        """Start the target, and wait for the plan that workers need a copy of."""
        await self._start(
            "target", "-m", "loadtests", "burst", "--workers", "2", "--outside", TARGET,
            "--machines", f"{TARGET}:{PORT}", "--plan", str(self.folder / "plan"),
            "--run-dir", str(self.folder / "run"), *options,
        )  # fmt: skip
        await self.until("Waiting for 2 workers")

    async def take_part(self, machine: str) -> None:
        """Start the worker of a machine with its own copy of the plan."""
        copy = shutil.copytree(self.folder / "plan", self.folder / machine) / "plan.json"
        await self._start(
            machine, "-m", "locust", "-f", "loadtests/locustfile.py", self.user, "--worker",
            "--plan", str(copy), "--master-host", TARGET, "--source", homes_of(machine),
        )  # fmt: skip

    async def until(self, words: str) -> None:
        """Wait until the burst has said so."""
        stdout = self.running[0].stdout
        assert stdout is not None
        async with asyncio.timeout(WITHIN_S):
            while words not in self.said:
                line = await stdout.readline()
                assert line, self.said
                self.said += line.decode()

    async def ended(self) -> tuple[int | None, dict[str, Any]]:
        """The status of the burst, and its burst.json."""
        out, _ = await asyncio.wait_for(self.running[0].communicate(), WITHIN_S)
        self.said += out.decode()
        return self.running[0].returncode, json.loads(
            (self.folder / "run" / "burst.json").read_text()
        )

    async def _start(self, machine: str, *words: str) -> None:
        with (self.folder / f"{machine}.log").open("wb") as log:
            is_burst = machine == "target"
            self.running.append(
                await asyncio.create_subprocess_exec(
                    *self.laboratory.on(machine, sys.executable, *words),
                    cwd=ROOT,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.PIPE if is_burst else log,
                    stderr=asyncio.subprocess.STDOUT if is_burst else log,
                )
            )

    async def close(self) -> None:
        for process in self.running:
            if process.returncode is None:
                process.terminate()
        for process in self.running:
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()


@asynccontextmanager
async def bursting(tmp_path: Path, user: str = "Register") -> AsyncIterator[Burst]:
    with places.laboratory() as made:
        burst = Burst(made, tmp_path, user)
        try:
            yield burst
        finally:
            await burst.close()


async def test_whole_phones_boot_over_the_links(tmp_path: Path) -> None:
    """TLS through the MBG's forward and SIP, from homes that another machine routes."""
    async with bursting(tmp_path, "Boot") as burst:
        await burst.begin("--scenario", "boot", "--phones", "6", "--rate", "3")
        await burst.take_part("first")
        await burst.take_part("second")
        status, told = await burst.ended()
        sent = [burst.laboratory.sent(machine) for machine in ("first", "second")]
    assert status == 0, burst.said
    assert (told["attempted"], told["registered"], told["failed"]) == (6, 6, 0)
    phone = told["cost_per_phone"]
    assert phone["tls_connections"] > 0
    # What the kernels of both machines sent over their links holds what the burst says, and more.
    half = 3 * (phone["octets_sent"] + phone["tls_octets_sent"])
    assert min(sent) > half


async def test_what_a_narrow_link_loses_is_sent_again_and_told(tmp_path: Path) -> None:
    async with bursting(tmp_path) as burst:
        await burst.begin("--phones", "40", "--shape", "at-once")
        burst.laboratory.narrow("second", "256kbit", 3000)
        await burst.take_part("first")
        await burst.take_part("second")
        status, told = await burst.ended()
        lost = burst.laboratory.lost_in_queue("second")
    assert status == 0, burst.said
    assert (told["attempted"], told["registered"], told["failed"]) == (40, 40, 0)
    assert lost > 0
    assert told["generator"]["retransmissions"] > 0
    assert told["latency_ms"]["max"] > 500, "timer E, RFC 3261 section 17.1.2.2"


async def test_a_machine_whose_cable_is_pulled_is_a_lost_worker(tmp_path: Path) -> None:
    async with bursting(tmp_path) as burst:
        await burst.begin("--phones", "40", "--rate", "4")
        await burst.take_part("first")
        await burst.take_part("second")
        await burst.until(" of 40 started")
        burst.laboratory.pull("second")
        status, told = await burst.ended()
    assert status == 1, burst.said
    assert "worker" in burst.said and "was lost, with 20 items" in burst.said
    assert told["failed"] == 0
    assert 20 <= told["registered"] < 40
    assert told["headline"] is None


async def test_homes_that_the_target_has_no_route_to_get_no_answer(tmp_path: Path) -> None:
    """Step 1 of "Several machines" was left out for one of them."""
    async with bursting(tmp_path) as burst:
        await burst.begin("--phones", "6", "--rate", "100", "--limit", "15")
        burst.laboratory.do("target", "ip", "route", "del", homes_of("second"))
        await burst.take_part("first")
        await burst.take_part("second")
        status, told = await burst.ended()
    assert status == 1, burst.said
    assert (told["attempted"], told["registered"], told["failed"]) == (6, 3, 3)
    one = re.findall(r"nothing came back to worker \d: is the target there, and has", burst.said)
    assert len(one) == 1, burst.said  # whoever came second to the master
