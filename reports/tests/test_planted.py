"""Planted defects in the report: read from the run folder, shown with their requirements."""

import json
from pathlib import Path

import pytest

from reports.catalogue import load_catalogue
from reports.coverage import Control, Coverage, cover
from reports.defects import with_defects
from reports.errors import ReportError
from reports.html import render
from reports.json_view import report_json
from reports.model import Outcome, Planted
from reports.run import read_run
from reports.tests import sample
from reports.tests.made import scenario

CATALOGUE = load_catalogue()


def planted(ids: str, *, caught: bool = True) -> Planted:
    ids_ = tuple(ids.split())
    return Planted(f"{ids_[0].lower()}-x", "MBG", ids_, "It does.", caught)


def judged(tags: str, outcome: Outcome, *defects: Planted) -> Coverage:
    covered = with_defects(cover(CATALOGUE, [scenario(tags, outcome)]), defects)
    return next(item for item in covered if item.requirement.id == "TOK-6")


@pytest.mark.parametrize(
    ("tags", "outcome", "defects", "control"),
    [
        ("TOK-6", Outcome.PASS, [], Control.NONE),
        ("TOK-6", Outcome.PASS, [planted("TOK-6")], Control.PROVED),
        ("TOK-6", Outcome.PASS, [planted("TOK-8 TOK-6")], Control.PROVED),
        ("TOK-6", Outcome.PASS, [planted("TOK-8")], Control.NONE),
        ("TOK-6", Outcome.PASS, [planted("TOK-6"), planted("TOK-6", caught=False)], Control.BROKEN),
        ("TOK-6 negative", Outcome.PASS, [planted("TOK-6", caught=False)], Control.BROKEN),
        ("TOK-6 negative", Outcome.FAIL, [planted("TOK-6")], Control.BROKEN),
    ],
)
def test_a_defect_that_was_caught_shows_that_the_check_can_fail(
    tags: str, outcome: Outcome, defects: list[Planted], control: Control
) -> None:
    assert judged(tags, outcome, *defects).control is control


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return sample.write_features(tmp_path / "features")


def write(folder: Path, *defects: dict[str, object]) -> None:
    (folder / "defects.json").write_text(json.dumps({"defects": defects}), encoding="utf-8")


ROW: dict[str, object] = {
    "name": "adr-3-old-address-called", "role": "MCS", "ids": ["ADR-3"], "sentence": "It does.",
    "caught": True, "verdict": "more than the report reads",
}  # fmt: skip


def test_the_folder_may_hold_them_and_page_and_json_show_them(folder: Path) -> None:
    before = read_run(folder, CATALOGUE)
    assert before.planted == ()
    write(folder, ROW, ROW | {"name": "adr-3-other", "caught": False})
    run = read_run(folder, CATALOGUE)
    assert run.fingerprint != before.fingerprint, "it is evidence like the rest"
    covered = with_defects(cover(CATALOGUE, run.scenarios), run.planted)
    document = json.loads(report_json(run, covered))
    shown = {item["id"]: item["planted_defects"] for item in document["requirements"]}
    assert shown["ADR-3"] == {"adr-3-old-address-called": True, "adr-3-other": False}
    assert shown["PRE-1"] == {}
    page = render(run, covered, CATALOGUE)
    assert "caught: adr-3-old-address-called" in page and "not caught: adr-3-other" in page


@pytest.mark.parametrize("broken", [{"caught": "yes"}, {"name": ""}, {"ids": "ADR-3"}])
def test_a_file_that_is_not_as_it_should_be_is_refused(
    folder: Path, broken: dict[str, object]
) -> None:
    write(folder, ROW | broken)
    with pytest.raises(ReportError, match=r"defects\.json"):
        read_run(folder, CATALOGUE)
