"""`python -m loadtests target`, and what is refused of networks and machines. No packet is sent."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from loadtests.asked import Asked, check, check_homes
from loadtests.plan import read_plan
from loadtests.target import ROOT
from loadtests.tests.fake_registrar import passwords, write_accounts
from simulators.errors import ConfigurationError
from simulators.phone.crowd.arrivals import Shape

LABORATORY = ("10.20.0.10", 5060)
ASKED = Asked(
    phones=3, rate_per_s=1.0, shape=Shape.STEADY, workers=2, seed=1, phones_per_home=1,
    limit_s=None, run_dir=None, mbg=("127.20.0.10", 5060), accounts=Path("a"), homes=30,
)  # fmt: skip


async def target(*options: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "loadtests", "target", *options,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_a_plan_for_a_laboratory_is_written_and_its_commands_are_told(tmp_path: Path) -> None:
    accounts = write_accounts(tmp_path / "accounts.jsonl", passwords(4))
    folder = tmp_path / "plan"
    status, out, err = await target(
        "--mbg", "10.20.0.10:5060", "--accounts", str(accounts), "--network", "10.20.0.0/16",
        "--phones", "4", "--workers", "2", "--plan", str(folder),
    )  # fmt: skip
    assert (status, err) == (0, "")
    plan = read_plan(folder / "plan.json")
    assert (plan.mbg, plan.network, plan.workers) == (LABORATORY, "10.20.0.0/16", 2)
    assert plan.by_locust
    assert "secret" in Path(plan.accounts).read_text()
    assert "Ctrl-C" not in out, "no target was started"
    assert f"{folder}/plan.json --master --master-bind-host ADDRESS -u 4 -r 100 --headless" in out
    assert "COPY/plan.json --worker --master-host ADDRESS --source NETWORK" in out


def test_homes_from_which_no_way_leads_to_the_target_are_refused_first() -> None:
    there = replace(ASKED, mbg=None, outside="10.20.0.10", network="10.20.0.0/16")
    check_homes(ASKED, "127.20.0.10")
    check_homes(replace(there, source="10.20.1.0/24"), "10.20.0.10")
    check_homes(replace(there, machines=("10.20.0.10", 5557)), "10.20.0.10")
    with pytest.raises(ConfigurationError, match="with --source"):
        check_homes(there, "10.20.0.10")
    with pytest.raises(ConfigurationError, match="never comes from public"):
        check_homes(replace(ASKED, source="8.8.8.8"), "127.20.0.10")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"mbg": LABORATORY}, r"127\.0\.0\.0/8 only"),
        ({"mbg": LABORATORY, "network": "10.21.0.0/16"}, r"10\.21\.0\.0/16 only"),
        ({"mbg": ("8.8.8.8", 5060), "network": "8.8.8.0/24"}, "never goes to public networks"),
        ({"network": "8.8.8.0/24"}, "never goes to public networks"),
        ({"mbg": None, "network": "10.20.0.0/16"}, "with --outside, or name another"),
        ({"outside": "127.20.0.10"}, "leave it out, or --mbg"),
        ({"mbg": None, "outside": "10.20.0.10"}, r"127\.0\.0\.0/8 only"),
        ({"mbg": None, "outside": "8.8.8.8", "network": "10.20.0.0/16"}, "16 only"),
        ({"machines": ("127.0.0.1", 5557)}, "goes with --plan DIR"),
        ({"plan": Path("p")}, "goes with --plan DIR"),
        ({"machines": ("0.0.0.0", 5557), "plan": Path("p")}, "for workers to join"),
        ({"machines": ("8.8.8.8", 5557), "plan": Path("p")}, "for workers to join"),
        (
            {"machines": ("127.0.0.1", 5557), "plan": Path("p"), "source": "127.30.0.0/24"},
            "give --source to each worker",
        ),
        (
            {"machines": ("127.0.0.1", 5557), "plan": Path("p"), "time_lines": True},
            "leave out --time-lines",
        ),
    ],
)
def test_what_leads_to_strangers_or_nowhere_is_refused(
    changed: dict[str, object], said: str
) -> None:
    check(ASKED)
    check(replace(ASKED, mbg=LABORATORY, network="10.20.0.0/16"))
    check(replace(ASKED, mbg=None, outside="10.20.0.10", network="10.20.0.0/16"))
    check(replace(ASKED, machines=("10.20.0.1", 5557), plan=Path("p")))
    with pytest.raises(ConfigurationError, match=said):
        check(replace(ASKED, **changed))  # type: ignore[arg-type]
