"""`python -m loadtests capacity`: with a made-up burst, and once with a real one of few phones."""

import asyncio
import io
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from loadtests.asked import Asked
from loadtests.capacity.command import run_capacity, wanted
from loadtests.capacity.documents import Wanted
from loadtests.engine_core.ledger import Ledger
from loadtests.engine_core.totals import Totals
from loadtests.plan import Plan
from loadtests.scenarios.kinds import KINDS, Scenario
from loadtests.target import ROOT, Ready, Report, border
from loadtests.verdict.levels import parse_level
from loadtests.verdict.results import Outcome
from simulators.errors import BenchError, ConfigurationError
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
    assert said.count("100 phones do not last 1 s at more than 100 per second") == 2
    assert "what helps is more of them (--phones)" in said.splitlines()[1], "before the first burst"


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


class Restored:
    """Between bursts at a target that runs already: how many items, and after which burst."""

    def __init__(self, system: MadeUp, fails_after: int = 10**9) -> None:
        self.calls: list[tuple[int, int]] = []
        self._system, self._fails_after = system, fails_after

    async def __call__(self, asked: Asked, ready: Ready) -> None:
        self.calls.append((len(self._system.asked), asked.phones))
        if len(self._system.asked) >= self._fails_after:
            raise BenchError("it does not recover")


RUNNING = replace(
    LIKE, scenario=Scenario.REFRESH, mbg=("127.20.0.10", 5060), accounts=Path("accounts.jsonl")
)


def held_at(folder: Path, rate: float, repeats: int = 1) -> tuple[Wanted, Asked]:
    """A search at one rate alone, at a target that runs already."""
    accounts = folder / "accounts.jsonl"
    accounts.write_text('{"username": 1}\n' * 50)
    like = replace(RUNNING, accounts=accounts, run_dir=folder / "run")
    asked = wanted(
        like, lowest=rate, highest=rate, phones=None, seconds=1.0, repeats=repeats, step=0.1,
        pause_s=0.0, at_least=None,
    )  # fmt: skip
    return asked, like


async def test_what_bursts_did_to_a_running_target_is_undone_before_and_after_each(
    tmp_path: Path,
) -> None:
    system, said = MadeUp(1e9), io.StringIO()
    restored = Restored(system)
    asked, like = held_at(tmp_path, 20.0, repeats=2)
    assert await run_capacity(asked, like, Console(file=said, width=300), system, restored)
    assert restored.calls == [(0, 20), (1, 20), (2, 20)]
    assert "ran already and was not fresh" in said.getvalue().splitlines()[1]
    assert (
        "At least 20 re-registrations per second hold the levels, at a target that was not "
        in (said.getvalue().splitlines()[-1])
    )
    document = json.loads((tmp_path / "run" / "capacity.json").read_text())
    assert (document["fresh"], document["scenario"]) == (False, "refresh")


async def test_a_search_ends_where_the_target_can_not_be_restored_but_keeps_its_answer(
    tmp_path: Path,
) -> None:
    system = MadeUp(1e9)
    asked, like = held_at(tmp_path, 20.0, repeats=2)
    with pytest.raises(BenchError, match="it does not recover"):
        await run_capacity(asked, like, Console(file=io.StringIO()), system, Restored(system, 1))
    assert len(system.asked) == 1
    system, said = MadeUp(1e9), io.StringIO()
    last = Restored(system, fails_after=2)
    assert await run_capacity(asked, like, Console(file=said, width=300), system, last)
    assert "What the last burst did is still there: it does not recover" in said.getvalue()


async def test_a_search_that_ends_in_its_middle_says_what_it_has_seen(tmp_path: Path) -> None:
    seen = (
        (0, "it does not recover.*; no burst was played"),
        (1, "it does not recover.*; until then 10 per second held: see "),
        (
            3,
            r"it does not.*; until then (19|20)\S* per second held and 3\d\S* did not: see ",
        ),
    )
    for fails_after, said in seen:
        system = MadeUp(25)
        asked, like = held_at(tmp_path, 20.0)
        asked = replace(asked, lowest=10.0, highest=50.0)
        with pytest.raises(BenchError, match=said):
            await run_capacity(
                asked, replace(like, run_dir=tmp_path / str(fails_after)),
                Console(file=io.StringIO()), system, Restored(system, fails_after),
            )  # fmt: skip


def test_accounts_bound_a_search_at_a_running_target(tmp_path: Path) -> None:
    asked, _ = held_at(tmp_path, 20.0)
    assert (asked.phones, asked.top) == (50, 20)
    assert "a longer file of accounts" in replace(asked, highest=100).shortened
    assert replace(asked, highest=100).top == 50


async def test_homes_that_do_not_reach_a_laboratory_are_refused_before_anything_is_sent(
    tmp_path: Path,
) -> None:
    accounts = tmp_path / "accounts.jsonl"
    accounts.write_text('{"username": "a", "password": "b", "extension": "1", "home_index": 0}\n')
    there = replace(
        LIKE, run_dir=tmp_path, mbg=("10.20.0.10", 5060), network="10.20.0.0/16", accounts=accounts
    )

    async def sent(asked: Asked, ready: object) -> Any:
        raise AssertionError("it has begun")

    one = replace(ASKED, phones=1, lowest=1.0, highest=1.0)
    with pytest.raises(ConfigurationError, match="with --source"):
        await run_capacity(one, there, Console(file=io.StringIO()), sent, sent)


async def capacity(*options: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "loadtests", "capacity", *options,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--scenario", "storm-power"], "no rate to search for: use --scenario boot"),
        (["--scenario", "storm-tokens"], "use --scenario tokens"),
        (["--scenario", "boot", "--phones", "2001"], "at most 2000 phones at the target that is"),
        (["--scenario", "boot", "--from", "300"], "2000 phones do not last 10 s at 300 per second"),
        (["--scenario", "boot", "--mbg", "127.20.0.10:5060"], "give --site FILE for boot"),
        (["--scenario", "tokens", "--level", "9 % booted within 2 s"], "given a token before"),
        (["--mbg", "127.20.0.10:5060"], "--mbg needs --accounts"),
        (["--mbg", "127.20.0.10:5060", "--accounts", "/nowhere"], "can't read the accounts"),
        (["--mbg", "10.1.2.3:5060", "--accounts", "/dev/null"], "127.0.0.0/8 only"),
        (["--site", "/nowhere"], "can't use /nowhere"),
        (["--pause", "-1"], "0 s or more for --pause"),
    ],
)
async def test_what_can_not_be_searched_for_is_said(options: list[str], said: str) -> None:
    status, out, err = await capacity(*options)
    assert (status, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("scenario", "how"),
    [(Scenario.TOKENS, ""), (Scenario.REGISTER, "--mbg"), (Scenario.BOOT, "--site")],
)
async def test_each_kind_of_target_with_real_bursts(
    scenario: Scenario, how: str, tmp_path: Path
) -> None:
    """A target of its own, or one that runs already; phones boot twice there."""
    kind, repeats = KINDS[scenario], 2 if scenario is Scenario.BOOT else 1
    options = ["--scenario", scenario.value, "--from", "3", "--to", "3", "--seconds", "1"]
    options += ["--level", f"10 % {kind.word} within 30 s", "--repeats", str(repeats)]
    options += ["--pause", "0", "--run-dir", str(tmp_path)]
    if not how:
        status, out, err = await capacity(*options)
    else:
        async with border(3, 1, scenario=scenario) as target:
            ready = target.ready
            site = tmp_path / "site.json"
            site.write_text(json.dumps(asdict(ready)))
            mbg = ["--mbg", "{}:{}".format(*ready.mbg), "--accounts", ready.accounts]
            mbg += ["--homes", str(ready.homes)]
            status, out, err = await capacity(*options, *(mbg if how == "--mbg" else [how, site]))
            left = await target.report()
        assert left is not None
        assert (left.registered_at_mbg, left.registered_at_pbx, left.licences_in_use) == (0, 0, 0)
    assert err == "", out
    document = json.loads((tmp_path / "capacity.json").read_text())
    assert document["fresh"] is not bool(how)
    states = [burst["state"] for burst in document["bursts"]]
    assert "broken" not in states, out
    for burst in document["bursts"]:
        assert (burst["phones"], burst["registered"]) == (3, 3)
    if states == ["held"] * repeats:  # else the machine was too busy for the generator
        assert status == 0
        assert f"At least 3 {kind.request}s per second hold the levels" in out
        assert ("not fresh" in out.splitlines()[-1]) is bool(how)


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
