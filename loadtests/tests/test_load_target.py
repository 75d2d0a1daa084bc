"""The target as a child process: ready, asked, ended; and each way in which it can fail."""

import os
import sys
import time
from pathlib import Path

import pytest

from loadtests.driver import Engine
from loadtests.errors import TargetError
from loadtests.machines.sources import parse_sources
from loadtests.plan import Plan, read_accounts
from loadtests.scenarios.kinds import Scenario
from loadtests.target import Ready, Report, Target, border
from simulators.addresses import claim_private

GOOD = """
import json, os, sys
print(json.dumps({"ready": True, "mbg": ["127.20.0.10", 5060], "pbx": ["127.10.0.21", 5060],
                  "homes": 30, "accounts": "/nowhere", "pid": os.getpid()}), flush=True)
for line in sys.stdin:
    print(json.dumps({"registered_at_pbx": 3, "registered_at_mbg": 2, "licences_in_use": 1,
                      "cpu_s": 0.5}), flush=True)
open(sys.argv[1], "w").write("ended " + str(os.getpid()))
"""
DIES = """
import json
print(json.dumps({"ready": True, "mbg": ["127.20.0.10", 5060], "homes": 30, "accounts": "x"}))
"""


async def test_ready_asked_and_ended(tmp_path: Path) -> None:
    told = tmp_path / "told"
    async with border(5, 1, [sys.executable, "-c", GOOD, str(told)]) as target:
        assert target.ready == Ready(("127.20.0.10", 5060), 30, "/nowhere", ("127.10.0.21", 5060))
        assert await target.report() == Report(3, 2, 1, 0.5)
        assert await target.report() == Report(3, 2, 1, 0.5)
    word, pid = told.read_text().split()
    assert word == "ended"
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("import sys; sys.exit('no address is free: stop another run')", "no address is free"),
        ("print('hello')", "it said nothing"),
        ("print('{}')", "did not get ready"),
        ("", "it said nothing"),
    ],
)
async def test_a_target_that_does_not_get_ready(script: str, said: str) -> None:
    with pytest.raises(TargetError, match=said):
        async with border(5, 1, [sys.executable, "-c", script]):
            pytest.fail("it is not ready")


async def test_a_target_that_dies_is_said() -> None:
    async with border(5, 1, [sys.executable, "-c", DIES]) as target:
        with pytest.raises(TargetError, match="did not say how many"):
            await target.report()


async def test_a_target_is_ended_when_the_burst_fails(tmp_path: Path) -> None:
    told = tmp_path / "told"
    with pytest.raises(ZeroDivisionError):
        async with border(5, 1, [sys.executable, "-c", GOOD, str(told)]):
            _ = 1 / 0
    assert told.read_text().startswith("ended")


async def test_a_target_that_was_running_already_is_not_asked() -> None:
    target = Target(Ready(("127.20.0.10", 5060), 30, "/nowhere"))
    assert not target.started_here
    assert await target.report() is None


async def test_a_target_stands_at_another_address(tmp_path: Path) -> None:
    """Here one of another block: phones that are nobody's home register there as any."""
    held = claim_private()
    outside = held.plan.mbg_outside
    try:
        async with border(3, 1, outside=outside) as target:
            assert target.ready.mbg == (outside, 5060)
            plan = Plan(target.ready.mbg, 1, target.ready.accounts, 3, 100.0, limit_s=60.0)
            accounts = read_accounts(Path(plan.accounts), 3)
            sources = parse_sources(f"127.{held.plan.homes}.9.9")
            engine = Engine(plan, 0, accounts, lambda _: None, sources=sources)
            try:
                await engine.open()
                await engine.run(time.monotonic())
            finally:
                await engine.close()
            report = await target.report()
    finally:
        held.release()
    assert report is not None
    assert (report.registered_at_mbg, report.registered_at_pbx) == (3, 3)


@pytest.mark.parametrize("scenario", [Scenario.REGISTER, Scenario.BOOT])
async def test_a_target_has_no_public_address(scenario: Scenario) -> None:
    with pytest.raises(TargetError, match="--outside: expected an address of this machine in"):
        async with border(3, 1, scenario=scenario, outside="8.8.8.8"):
            pytest.fail("it is not ready")
