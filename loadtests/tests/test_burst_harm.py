"""Lasting harm by name, in real bursts: a target whose counts are right and whose names aren't."""

import asyncio
import io
import json
import os
import signal
import sys
import tempfile
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from loadtests import burst
from loadtests.asked import Asked
from loadtests.batches import Held
from loadtests.plan import PhoneAccount, Plan
from loadtests.scenarios.kinds import Scenario
from loadtests.scenarios.living import Living
from loadtests.target import border
from loadtests.tests.test_burst_loss import engine_of
from loadtests.verdict.results import Outcome
from simulators.phone.crowd.arrivals import Shape

SITE = """
import json, sys
from simulators.estate import border_site
from simulators.running import run

populate, report = border_site.populate, border_site.report
"""
WRONG_PASSWORD = """
def with_a_wrong_password(estate, phones, seed, accounts):
    numbers = populate(estate, phones, seed, accounts)
    lines = [json.loads(line) for line in accounts.read_text().splitlines()]
    lines[1]["password"] = "wrong"
    accounts.write_text("".join(json.dumps(line) + "\\n" for line in lines))
    return numbers

border_site.populate = with_a_wrong_password
"""
TAKES_FOR_ANOTHER = """
def taken_for_another(estate, numbers):
    bindings = estate.mbg.border.bindings
    ids = {device.icp_username: id for id, device in estate.mbg.store.devices.items()}
    bindings[ids["100001"]] = bindings.pop(ids["100003"])
    return report(estate, numbers)

border_site.report = taken_for_another
"""
DEAF_AND_FORGETFUL = """
def deaf(estate, phones, seed, accounts):
    border = estate.mbg.border
    receive = border.receive
    border.receive = lambda data, *more: b"tw100001" in data or receive(data, *more)
    return populate(estate, phones, seed, accounts)

def forgetful(estate, numbers):
    ids = {device.icp_username: id for id, device in estate.mbg.store.devices.items()}
    del estate.mbg.border.bindings[ids["100002"]]
    return report(estate, numbers)

border_site.populate, border_site.report = deaf, forgetful
"""
RUNS = "run(border_site.serve(int(sys.argv[2]), int(sys.argv[4])))"


def storm(
    script: str, folder: Path, monkeypatch: pytest.MonkeyPatch, said: io.StringIO | None = None
) -> Coroutine[Any, Any, Outcome]:
    """A storm of 5 phones on 2 workers against a target that is the real one, changed so."""
    made = partial(border, command=[sys.executable, "-c", SITE + script + RUNS])
    monkeypatch.setattr(burst, "border", made)
    asked = Asked(
        phones=5, rate_per_s=20.0, shape=Shape.AT_ONCE, workers=2, seed=1, phones_per_home=1,
        limit_s=None, run_dir=folder / "run", mbg=None, accounts=None, homes=0,
    )  # fmt: skip
    return burst.play(asked, Console(file=said or io.StringIO(), width=200))


async def test_one_lost_and_another_held_in_vain_are_found_though_counts_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = await storm(WRONG_PASSWORD + TAKES_FOR_ANOTHER, tmp_path, monkeypatch)
    assert outcome.counts == {"MBG": 4, "PBX": 4}, "as many as the phones hold"
    assert outcome.totals.held.registered == {0, 2, 3, 4}
    assert outcome.registered == 3
    assert outcome.problems == [
        "1 phone failed to register",
        "1 ghost at the MBG (phone 1, extension 100001)",
        "1 forgotten by the MBG (phone 3, extension 100003)",
    ]
    found = json.loads((tmp_path / "run" / "burst.json").read_text())["recovery"]
    named = {harm["name"]: harm["who"] for harm in found["harm"] if harm["count"]}
    assert named == {
        "ghosts at the MBG": [{"phone": 1, "extension": "100001"}],
        "forgotten by the MBG": [{"phone": 3, "extension": "100003"}],
    }
    assert "1 ghost at the MBG (phone 1, extension 100001)" in found["verdict"]


async def test_a_phone_that_fails_at_an_honest_target_leaves_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = await storm(WRONG_PASSWORD, tmp_path, monkeypatch)
    assert outcome.registered == 4
    assert outcome.problems == ["1 phone failed to register"]
    assert all(harm.count == 0 for harm in outcome.harm)


async def test_the_phones_of_a_lost_worker_are_unknown_and_the_others_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Worker 1 is killed while phone 1 waits for an answer; 3 is registered, and nobody says so."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    said = io.StringIO()
    work = asyncio.create_task(storm(DEAF_AND_FORGETFUL, tmp_path, monkeypatch, said))
    while "5 of 5 started, 4 registered" not in said.getvalue() and not work.done():
        await asyncio.sleep(0.05)
    os.kill(engine_of(1, tmp_path), signal.SIGKILL)
    outcome = await work
    assert list(outcome.totals.lost_workers) == [1]
    assert outcome.report is not None and outcome.report.who is not None
    assert outcome.report.who.mbg.items == {0, 3, 4}
    assert outcome.problems[1:] == ["1 forgotten by the MBG (phone 2, extension 100002)"]
    recovery = outcome.recovery
    assert recovery is not None and (recovery.unknown, recovery.open_ends) == (2, 1)


class FakeLives:
    """Phones by number and what they are registered as."""

    def __init__(self, *found: list[str] | None) -> None:
        self._found = found

    def registered_as(self, number: int) -> list[str] | None:
        return self._found[number]


def test_a_whole_phone_holds_its_own_extension_or_is_a_guest_or_nobody_knows() -> None:
    accounts = [PhoneAccount(f"50{i}", "p", f"10{i}", i, "", "6930") for i in range(4)]
    places = {"files": "127.20.0.10:8202", "firmware": "5.0.0.1018"}
    plan = Plan(
        ("127.20.0.10", 5060), 30, "a", 4, 2.0, limit_s=9.0, scenario=Scenario.HOTDESK,
        places=places,
    )  # fmt: skip
    living: Any = Living(plan, 0, accounts, [], lambda: None)  # type: ignore[arg-type]
    living._phones = [0, 1, 2, 3]
    living._lives = FakeLives(["100"], ["501"], None, [])
    everybody = frozenset(range(4))
    assert living.held() == Held(everybody, frozenset({0}), frozenset({2}), {1: "501"})
