"""Each scenario by the command, against the target that it starts; and what each refuses."""

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from loadtests.scenarios.kinds import KINDS, Scenario
from loadtests.target import ROOT, border
from loadtests.tests.test_burst_command import run

SMALL = [s for s in Scenario if s is not Scenario.REGISTER]  # that one has tests of its own


@pytest.mark.parametrize("scenario", SMALL)
async def test_a_scenario_ends_well_by_every_count(scenario: Scenario, tmp_path: Path) -> None:
    kind = KINDS[scenario]
    status, out, err = await run(
        "--scenario", scenario.value, "--phones", "5", "--rate", "20", "--run-dir", str(tmp_path)
    )
    assert (err, status) == ("", 0), out
    assert out.splitlines()[-1] == f"5 of 5 {kind.done}"
    about, burst = (json.loads((tmp_path / f"{n}.json").read_text()) for n in ("run", "burst"))
    assert about["facts"]["Scenario"] == scenario.value
    assert (burst["attempted"], burst["registered"], burst["failed"]) == (5, 5, 0)
    locust: Any = next(v for name, v in about["facts"].items() if name.startswith("Locust"))
    assert locust == f"5 {kind.request}s ended, 0 failed"
    cost = burst["cost_per_phone"]
    assert (cost["datagrams_sent"] >= 1) == (kind.noun == "phones")
    assert (cost["tls_octets_sent"] > 100) == (kind.method != "REGISTER")
    assert cost["octets"] >= cost["octets_sent"] + cost["tls_octets_received"]
    assert None not in cost.values(), "what was sent here is known"
    assert any(role["role"] == "MCS" for role in about["roles"]) == kind.needs_mcs
    assert "4711" not in json.dumps(about)  # the passcode of hot desks


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--scenario", "bake"], "Invalid value for '--scenario'"),
        (["--scenario", "boot", "--phones", "2001"], "at most 2000 phones"),
        (["--scenario", "boot", "--mbg", "127.20.0.10:5060", "--accounts", "x"], "--site FILE"),
        (["--scenario", "storm-tokens", "--site", "x"], "leave out --site"),
        (["--scenario", "boot", "--site", "/nowhere"], "can't use /nowhere"),
        (["--scenario", "tokens", "--time-lines"], "only register"),
        (["--shape", "recorded"], "goes with --moments"),
        (["--shape", "recorded", "--moments", "/nowhere"], "can't read the moments"),
    ],
)
async def test_what_a_scenario_can_not_do_is_said(options: list[str], said: str) -> None:
    status, out, err = await run(*options)
    assert (status, out) == (2, "")
    assert said in err.replace("│", "").replace("\n", " ")
    assert "Traceback" not in err


async def test_phones_come_as_recorded(tmp_path: Path) -> None:
    record = tmp_path / "moments"
    record.write_text("100.0\n101.2\n100.1\n")
    status, out, err = await run(
        "--shape", "recorded", "--moments", str(record), "--phones", "3",
        "--run-dir", str(tmp_path),
    )  # fmt: skip
    assert (err, status) == ("", 0), out
    burst = json.loads((tmp_path / "burst.json").read_text())
    assert burst["scheduled_s"] == pytest.approx(1.2)
    assert [row["started"] for row in burst["series"]] == [2, 1]


async def test_locust_lists_a_user_for_each_scenario() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "--list",
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    assert out.decode().split()[2:] == [kind.user for kind in KINDS.values()]


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [(Scenario.TOKENS, "initiate: 401"), (Scenario.HOTDESK, "log-in: refused")],
)
async def test_a_wrong_secret_fails_one_item_at_a_target_that_runs_already(
    scenario: Scenario, reason: str, tmp_path: Path
) -> None:
    async with border(4, 1, scenario=scenario) as target:
        accounts = tmp_path / "accounts.jsonl"
        items = [json.loads(line) for line in Path(target.ready.accounts).read_text().splitlines()]
        items[2]["password"] = "0815"
        accounts.write_text("".join(json.dumps(item) + "\n" for item in items))
        site = tmp_path / "site.json"
        site.write_text(json.dumps(asdict(target.ready) | {"accounts": str(accounts)}))
        status, out, err = await run(
            "--scenario", scenario.value, "--site", str(site), "--phones", "4", "--rate", "20",
            "--run-dir", str(tmp_path / "run"),
        )  # fmt: skip
    assert (err, status) == ("", 1), out
    burst = json.loads((tmp_path / "run" / "burst.json").read_text())
    assert burst["failures"] == [{"reason": reason, "count": 1}]
    assert out.splitlines()[-1] == f"3 of 4 {KINDS[scenario].done}"
