"""What a run of the suites makes of the same findings, by profile and applicability file."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LIMIT_S = 200
WEAK = ("--defect", "ext-2-weak-password-taken", "-k", "password_equal_to_the_name")
"""A defect that shows in a scenario which asks for more than the manual page does."""

pytestmark = pytest.mark.timeout(300)


def check(folder: Path, *words: str) -> tuple[int, str, dict[str, Any], Path]:
    """`features check`: exit status, output, report.json, and the run's folder."""
    done = subprocess.run(
        [sys.executable, "-m", "features", "check", *words],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    run = sorted(folder.glob("runs/*-features*"))[-1]
    return done.returncode, done.stdout, json.loads((run / "report.json").read_text()), run


@pytest.mark.parametrize(("profile", "verdict"), [("strict", "fail"), ("manual", "warning")])
def test_a_broken_choice_of_ours_fails_strictly_and_is_advice_by_the_manual(
    tmp_path: Path, profile: str, verdict: str
) -> None:
    found, said, report, run = check(tmp_path, "--profile", profile, *WEAK)
    (scenario,) = report["scenarios"]
    assert scenario["outcome"] == verdict, said
    assert scenario["finding"]["level"] == ("MUST" if verdict == "fail" else "SHOULD")
    assert scenario["finding"]["requirements"] == ["EXT-2"]
    assert f"1 {verdict}" in said and f"profile {profile}" in said
    assert report["facts"]["profile"] == profile
    # with a warning alone nothing was proved; the next test has a pass beside it
    assert (found, report["outcome"]) == (1, "fail"), said
    assert verdict.upper() in (run / "report.txt").read_text()
    assert f'value="{verdict}"' in (run / "junit.xml").read_text()


def test_a_warning_beside_a_pass_fails_no_run_by_the_manual(tmp_path: Path) -> None:
    words = (*WEAK[:2], "-k", "password_equal_to_the_name or what_is_no_address")
    found, said, report, _ = check(tmp_path, "--profile", "manual", *words)
    counts = report["counts"]["scenarios"]
    assert (counts["warning"], counts["pass"], found, report["outcome"]) == (1, 1, 0, "pass"), said


def test_what_a_product_does_not_support_is_not_applicable(tmp_path: Path) -> None:
    file = tmp_path / "product.toml"
    file.write_text('product = "MCS X"\n[not_supported]\nADR-1 = "has no such page"\n')
    found, said, report, _ = check(
        tmp_path, "--applicability", str(file), "-k", "what_is_no_address or asked_again"
    )
    outcomes = {s["name"]: (s["outcome"], s["reason"]) for s in report["scenarios"]}
    assert outcomes["What is no address is refused"] == (
        "not applicable", "ADR-1 is not supported: has no such page",
    ), said  # fmt: skip
    states = {r["id"]: r["state"] for r in report["requirements"]}
    assert states["ADR-1"] == "not applicable"
    assert report["facts"]["product under test"] == "MCS X"
    assert "not applicable: " in said and found == 0
