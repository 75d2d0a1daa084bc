"""The suites on systems that are not theirs: an MCS and an MBG in processes of their own."""

import ast
import sys
from pathlib import Path

import pytest

from features.tests.elsewhere import Elsewhere, check, elsewhere

pytestmark = pytest.mark.timeout(600)

LOOKS_INTO_THE_MBG = {"Checking the box provisions the extension"}
"""Happy paths that compare passwords, which nobody can read from an external MBG."""


def test_the_happy_paths_pass_on_an_mcs_and_an_mbg_in_other_processes(tmp_path: Path) -> None:
    with elsewhere(tmp_path) as there:
        status, said, report = check(there, there.estate_file(), "--profile", "smoke")
    verdicts = {s["name"]: (s["outcome"], s["reason"]) for s in report["scenarios"]}
    not_applicable = {name for name, (v, _) in verdicts.items() if v == "not applicable"}
    assert not_applicable == LOOKS_INTO_THE_MBG, said
    assert {v for v, _ in verdicts.values()} == {"pass", "not applicable"}, said
    assert status == 0 and len(verdicts) >= 11
    assert "external" in verdicts[LOOKS_INTO_THE_MBG.copy().pop()][1]
    kinds = {role["role"]: role["kind"] for role in report["roles"]}
    assert (kinds["MCS"], kinds["MBG"], kinds["PBX"]) == ("external", "external", "simulated")


# Second opinion

SECOND = Path(__file__).with_name("second_opinion.py")


def second_opinion(there: Elsewhere) -> list[str]:
    certificate = there.authority.write(there.folder, there.plan.mcs, there.plan.mbg_outside)
    return [
        sys.executable, "-m", "features.tests.second_opinion", "--listen", there.plan.mcs,
        "--certificate", str(certificate.certificate), "--key", str(certificate.key),
        "--trusted-ca", str(there.mbg_ca), "--admin-password-file", str(there.folder / "admin"),
    ]  # fmt: skip


def test_the_happy_paths_pass_on_an_mcs_that_shares_nothing_with_ours(tmp_path: Path) -> None:
    with elsewhere(tmp_path, second_opinion) as there:
        status, said, report = check(there, there.estate_file(), "--profile", "smoke")
    verdicts = {s["name"]: s["outcome"] for s in report["scenarios"]}
    assert set(verdicts.values()) == {"pass", "not applicable"}, said
    assert {n for n, v in verdicts.items() if v == "not applicable"} == LOOKS_INTO_THE_MBG
    assert status == 0


def test_the_second_opinion_is_small_and_independent() -> None:
    text = SECOND.read_text()
    assert len(text.splitlines()) <= 300
    nodes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Import | ast.ImportFrom)]
    names = {
        alias.name if isinstance(node, ast.Import) else str(node.module)
        for node in nodes
        for alias in node.names
    }
    ours = {"system", "simulators", "features", "reports", "loadtests", "tests"}
    assert {name.partition(".")[0] for name in names} & ours == set()
