"""A plan's folder holds all that is read, for its owner alone, and works wherever it is copied."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from loadtests.machines.plan_folder import mark, write_plan
from loadtests.plan import Plan, read_accounts, read_plan
from loadtests.scenarios.kinds import Scenario
from loadtests.tests.fake_registrar import passwords, write_accounts
from simulators.errors import ConfigurationError


def plan(tmp_path: Path, phones: int = 3) -> Plan:
    """With accounts for five phones."""
    accounts = write_accounts(tmp_path / "of the target.jsonl", passwords(5))
    (tmp_path / "ca.pem").write_text("certificate")
    (tmp_path / "admin.json").write_text('{"password": "of the MCS"}')
    places = {
        "ca": str(tmp_path / "ca.pem"),
        "mbg": "https://127.10.0.10/mslrest",
        "administrator": str(tmp_path / "admin.json"),
    }
    return Plan(
        ("127.20.0.10", 5060), 30, str(accounts), phones, 10.0, limit_s=9.0, places=places,
        scenario=Scenario.TOKENS,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("where", "name"), [("new/folder", "plan.json"), ("new/mine.json", "mine.json")]
)
def test_a_copy_of_the_folder_is_as_good(where: str, name: str, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    path = write_plan(here / where, plan(here))
    assert path.name == name
    there = tmp_path / "there"
    shutil.copytree(path.parent, there)
    shutil.rmtree(here)
    read = read_plan(there / name)
    assert read.phones == 3
    assert [one.username for one in read_accounts(Path(read.accounts), 3)] == ["tw0", "tw1", "tw2"]
    assert Path(read.places["ca"]).read_text() == "certificate"
    assert read.places["mbg"] == "https://127.10.0.10/mslrest"
    assert "administrator" not in read.places, "no engine logs in at the MCS"
    for file in there.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file
    assert str(here) not in (there / name).read_text()
    assert "secret-3" not in Path(read.accounts).read_text(), "of no phone that does not come"


def test_a_plan_that_was_there_is_replaced(tmp_path: Path) -> None:
    write_plan(tmp_path / "p", plan(tmp_path, phones=5)).chmod(0o644)
    path = write_plan(tmp_path / "p", plan(tmp_path, phones=2))
    assert read_plan(path).phones == 2
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "plan.accounts.jsonl", "plan.ca.pem", "plan.json",
    ]  # fmt: skip


def test_where_none_can_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="can't write the plan"):
        write_plan(tmp_path / "file" / "folder", plan(tmp_path))
    gone = replace(plan(tmp_path), accounts=str(tmp_path / "gone"))
    with pytest.raises(ConfigurationError, match="can't write the plan"):
        write_plan(tmp_path / "p", gone)


def test_copies_have_one_mark_and_other_plans_another(tmp_path: Path) -> None:
    made = plan(tmp_path)
    path = write_plan(tmp_path / "one", made)
    shutil.copytree(path.parent, tmp_path / "two")
    copy = read_plan(tmp_path / "two" / path.name)
    assert mark(copy) == mark(read_plan(path)) == mark(made)
    assert mark(replace(copy, workers=2)) != mark(copy)
    assert mark(replace(copy, seed=2)) != mark(copy)
    lines = Path(copy.accounts).read_text().splitlines()
    moved = json.loads(lines[2]) | {"home_index": 77}
    Path(copy.accounts).write_text("\n".join([*lines[:2], json.dumps(moved)]) + "\n")
    assert mark(copy) != mark(read_plan(path)), "another split of the homes"
