"""`python -m loadtests capacity`: with a made-up burst, and once with a real one of few phones."""

import asyncio
import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from loadtests.asked import Asked
from loadtests.capacity.command import run_capacity
from loadtests.capacity.documents import Wanted
from loadtests.engine_core.ledger import Ledger
from loadtests.engine_core.totals import Totals
from loadtests.levels import parse_level
from loadtests.plan import Plan
from loadtests.results import Outcome
from loadtests.target import ROOT, Ready, Report
from simulators.errors import ConfigurationError
from simulators.phone.crowd.arrivals import Shape

LEVEL = "99 % registered within 1 s"
ASKED = Wanted((LEVEL,), 10.0, 1000.0, 2, 0.1, phones=2000, seconds=1.0)
LIKE = Asked(
    1, 1.0, Shape.STEADY, 1, 5, 1, None, None, None, None, 30, levels=(parse_level(LEVEL),)
)


class MadeUp:
    """A system that is fast up to its capacity, and a generator that is good up to its own."""

    def __init__(self, capacity: float, generator: float = 1e9) -> None:
        self.capacity, self.generator = capacity, generator
        self.asked: list[Asked] = []

    async def __call__(self, asked: Asked, console: Console) -> Outcome:
        self.asked.append(asked)
        took = 0.05 if asked.rate_per_s <= self.capacity else 1.5
        ledger, totals = Ledger(0), Totals()
        for index in range(asked.phones):
            ledger.started(0, 0.001)
            ledger.registered(0, took, index)
        busy = 0.99 if asked.rate_per_s > self.generator else 0.1
        totals.add(ledger.take(wall_s=0, elapsed_s=2.0, cpu_s=2 * busy, final=True))
        mbg = ("127.20.0.10", 5060)
        plan = Plan(mbg, 30, "a", asked.phones, asked.rate_per_s, limit_s=62.0)
        count = asked.phones
        report = Report(count, count, count, 1.0)
        ready = Ready(mbg, 30, "a")
        return Outcome(plan, ready, totals, "x", report, "", True, {}, levels=asked.levels)


async def searched(
    system: MadeUp, folder: Path, asked: Wanted = ASKED
) -> tuple[bool, str, dict[str, Any]]:
    said = io.StringIO()
    like = replace(LIKE, run_dir=folder)
    found = await run_capacity(asked, like, Console(file=said, width=200), system)
    return found, said.getvalue(), json.loads((folder / "capacity.json").read_text())


async def test_the_capacity_is_found_shown_and_written_down(tmp_path: Path) -> None:
    system = MadeUp(300)
    found, said, document = await searched(system, tmp_path)
    answer = document["answer"]
    assert found
    assert answer["kind"] == "found"
    assert 300 / 1.11 <= answer["rate_per_s"] <= 300
    assert answer["low_per_s"] <= 300 <= answer["high_per_s"]
    lines = [line for line in said.splitlines() if line.startswith("burst ")]
    assert len(lines) == len(document["bursts"]) == len(system.asked)
    assert "held" in lines[0] and any("broken" in line for line in lines)
    assert said.splitlines()[-1] == answer["sentence"]
    assert (tmp_path / "report.html").exists()
    about = json.loads((tmp_path / "run.json").read_text())
    assert (about["kind"], about["outcome"]) == ("capacity", "pass")


async def test_bursts_last_as_long_as_asked_each_with_a_seed_and_folder_of_its_own(
    tmp_path: Path,
) -> None:
    system = MadeUp(300)
    await searched(system, tmp_path)
    assert all(
        abs(asked.phones / asked.rate_per_s - ASKED.seconds) < 0.06 for asked in system.asked
    )
    assert [asked.seed for asked in system.asked] == list(range(5, 5 + len(system.asked)))
    assert len({asked.run_dir for asked in system.asked}) == len(system.asked)


async def test_a_generator_at_its_limit_is_no_capacity(tmp_path: Path) -> None:
    found, said, document = await searched(MadeUp(1e9, generator=300), tmp_path)
    assert found
    assert said.splitlines()[-1].startswith("At least ")
    assert said.splitlines()[-1].endswith("the generator was the limit")
    assert document["answer"]["rate_per_s"] <= 300
    assert document["answer"]["high_per_s"] is None
    assert "not judged (The generator was the bottleneck" in said


async def test_too_few_phones_for_the_range_are_said(tmp_path: Path) -> None:
    found, said, document = await searched(MadeUp(1e9), tmp_path, replace(ASKED, phones=100))
    assert found
    assert document["answer"]["rate_per_s"] == 100
    assert "100 phones do not last 1 s at more: give more with --phones" in said


@pytest.mark.parametrize(
    ("system", "wanted"),
    [(MadeUp(5), None), (MadeUp(1e9, generator=5), None), (MadeUp(300), 310.0)],
)
async def test_what_is_not_reached_fails(
    system: MadeUp, wanted: float | None, tmp_path: Path
) -> None:
    found, _, document = await searched(system, tmp_path, replace(ASKED, wanted=wanted))
    assert not found
    assert json.loads((tmp_path / "run.json").read_text())["outcome"] == "fail"
    assert document["answer"]["wanted_per_s"] == wanted


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (replace(ASKED, seconds=0.1), "bursts of 0.5 s or more"),
        (replace(ASKED, phones=5), "5 phones do not last 1 s at 10 per second"),
        (replace(ASKED, lowest=0), "rates above 0"),
        (replace(ASKED, repeats=0), "1 to 50 repeats"),
    ],
)
async def test_a_search_that_is_none_is_refused(asked: Wanted, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=said):
        await searched(MadeUp(300), tmp_path, asked)


async def test_a_search_with_real_bursts_of_few_phones(tmp_path: Path) -> None:
    """Against targets of its own; one rate alone, which is far below what the slowest machine
    does, so that this is over after one burst."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "loadtests", "capacity", "--from", "5", "--to", "5",
        "--seconds", "1", "--repeats", "1", "--level", "10 % registered within 30 s",
        "--run-dir", str(tmp_path),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert err == b""
    first, *_ = json.loads((tmp_path / "capacity.json").read_text())["bursts"]
    assert (first["rate_per_s"], first["phones"]) == (5, 5)
    assert json.loads((tmp_path / first["folder"] / "burst.json").read_text())["attempted"] == 5
    if first["state"] == "held":  # else the machine was too busy for the generator
        assert process.returncode == 0
        assert b"At least 5 registrations per second hold the levels" in out
