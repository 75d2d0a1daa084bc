"""The pair `two-nodes` of the bench, in tiny counts."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from loadtests.bench import two_nodes as pair
from loadtests.bench.figures import Of
from loadtests.bench.processes import Child, on_one_core
from loadtests.bench.registering import PASSWORD, made_up_accounts
from loadtests.bench.rounds import Size
from loadtests.bench.sipp_load import Task, words
from loadtests.bench.two_nodes import registered, two_nodes
from loadtests.errors import TargetError

needs_sipp = pytest.mark.skipif(
    shutil.which("sipp") is None,
    reason="SIPp, a SIP generator, is not installed: apt-get install sip-tester",
)
PHONES = 40


@needs_sipp
@pytest.mark.parametrize("processes", [1, 2])
async def test_all_register_at_so_many_processes_and_the_busiest_is_told(
    tmp_path: Path, processes: int
) -> None:
    accounts = tmp_path / "accounts.jsonl"
    accounts.write_text(made_up_accounts(PHONES))
    shares: list[float] = []
    side = await registered(accounts, PHONES, processes, shares)
    assert (side.count, side.failed) == (PHONES, 0)
    if processes == 1:
        assert (side.busiest_cpu_s, shares) == (0, [])
    else:
        assert 0 < side.busiest_cpu_s < side.server_cpu_s
        [share] = shares
        assert 0.5 <= share < 1, "dealt to both"


@needs_sipp
async def test_without_a_right_password_nobody_is_registered(tmp_path: Path) -> None:
    accounts, shares = tmp_path / "accounts.jsonl", [0.0]
    made = made_up_accounts(PHONES)
    accounts.write_text(made.replace('"username": "1', '"username": "9').replace(PASSWORD, "x"))
    side = await registered(accounts, PHONES, 2, shares)
    assert (side.count, side.failed, shares) == (0, PHONES, [0.0, 0.0])


@needs_sipp
async def test_cost_and_rate_come_from_the_same_rounds() -> None:
    busiest, rate = await two_nodes(Size(rounds=1, phones=4), lambda _: None)
    assert (busiest.of, rate.of) == (Of.BUSIEST, Of.RATE)
    assert (busiest.rounds, busiest.failed, busiest.refused) == (rate.rounds, False, "")
    assert "percent of the phones in the process that had most" in busiest.facts
    there = os.sched_getaffinity(0)
    assert busiest.facts["cores that a round had"] == (1 if rate.lacks else len(there))


def test_on_one_core_is_what_starts_inside_and_nothing_later() -> None:
    before = os.sched_getaffinity(0)
    with on_one_core():
        assert len(os.sched_getaffinity(0)) == 1
        count = [sys.executable, "-c", "import os; print(len(os.sched_getaffinity(0)))"]
        assert subprocess.check_output(count) == b"1\n"
    assert os.sched_getaffinity(0) == before


async def test_without_sipp_the_pair_is_skipped_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    figures = await two_nodes(Size(rounds=1, phones=1), lambda _: None)
    assert len(figures) == 2
    assert all("apt-get install sip-tester" in figure.skipped for figure in figures)


def test_phones_have_a_port_each_only_where_that_is_asked_for() -> None:
    task = Task(("127.0.0.1", 5060), "127.0.1.1", "", 5, 3, 1)
    assert "u1" in words(task)
    assert "un" in words(replace(task, own_ports=True))


class Deaf:
    """A parent that hears of so many phones at each look."""

    def __init__(self, *heard: int) -> None:
        self.heard = iter(heard)

    async def ask(self, _line: str) -> dict[str, Any]:
        return {"registered": next(self.heard, 0), "losses": 0, "by_process": [1, 3]}


async def test_the_parent_may_hear_of_phones_later_but_not_never(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pair, "LOOK_EVERY_S", 0)
    assert await pair._share(cast(Child, Deaf(2, 3, 4)), 4) == 0.75
    with pytest.raises(TargetError, match="heard of 0 of 4"):
        await pair._share(cast(Child, Deaf()), 4)
