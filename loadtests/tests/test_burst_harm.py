"""Lasting harm by name, in real bursts: a target whose counts are right and whose names aren't."""

import io
import json
import sys
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
from simulators.phone.crowd.arrivals import Shape

HONEST = """
import json, sys
from simulators.estate import border_site
from simulators.running import run

populate, report = border_site.populate, border_site.report

def with_a_wrong_password(estate, phones, seed, accounts):
    numbers = populate(estate, phones, seed, accounts)
    lines = [json.loads(line) for line in accounts.read_text().splitlines()]
    lines[1]["password"] = "wrong"
    accounts.write_text("".join(json.dumps(line) + "\\n" for line in lines))
    return numbers

border_site.populate = with_a_wrong_password
"""
LIES = """
def taken_for_another(estate, numbers):
    bindings = estate.mbg.border.bindings
    ids = {device.icp_username: id for id, device in estate.mbg.store.devices.items()}
    bindings[ids["100001"]] = bindings.pop(ids["100003"])
    return report(estate, numbers)

border_site.report = taken_for_another
"""
RUNS = "run(border_site.serve(int(sys.argv[2]), int(sys.argv[4])))"


async def storm(script: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A storm of 5 phones, of which number 1 has a wrong password; the outcome."""
    made = partial(border, command=[sys.executable, "-c", script + RUNS])
    monkeypatch.setattr(burst, "border", made)
    asked = Asked(
        phones=5, rate_per_s=20.0, shape=Shape.AT_ONCE, workers=2, seed=1, phones_per_home=1,
        limit_s=None, run_dir=folder, mbg=None, accounts=None, homes=0,
    )  # fmt: skip
    return await burst.play(asked, Console(file=io.StringIO()))


async def test_one_lost_and_another_held_in_vain_are_found_though_counts_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = await storm(HONEST + LIES, tmp_path, monkeypatch)
    assert outcome.counts == {"MBG": 4, "PBX": 4}, "as many as the phones hold"
    assert outcome.totals.held.registered == {0, 2, 3, 4}
    assert outcome.registered == 3
    assert outcome.problems == [
        "1 phones failed to register",
        "1 ghosts at the MBG (phone 1, extension 100001)",
        "1 forgotten by the MBG (phone 3, extension 100003)",
    ]
    found = json.loads((tmp_path / "burst.json").read_text())["recovery"]
    named = {harm["name"]: harm["who"] for harm in found["harm"] if harm["count"]}
    assert named == {
        "ghosts at the MBG": [{"phone": 1, "extension": "100001"}],
        "forgotten by the MBG": [{"phone": 3, "extension": "100003"}],
    }
    assert "ghosts at the MBG (phone 1, extension 100001)" in found["verdict"]


async def test_a_phone_that_fails_at_an_honest_target_leaves_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = await storm(HONEST, tmp_path, monkeypatch)
    assert outcome.registered == 4
    assert outcome.problems == ["1 phones failed to register"]
    assert all(harm.count == 0 for harm in outcome.harm)


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
