"""The catalogue is complete, and a bad row is named."""

import re
from pathlib import Path

import pytest

from reports.catalogue import CATALOGUE_FILE, Level, load_catalogue
from reports.errors import ReportError

COUNTS = {"PRE": 5, "ADR": 7, "FWD": 3, "ICP": 2, "API": 1, "TOK": 9, "PRV": 4, "EXT": 7, "PHN": 7}
STAGES = {
    "PRE": 0, "ADR": 1, "FWD": 2, "ICP": 3, "API": 4, "TOK": 4, "PRV": 4, "EXT": 5, "PHN": 6,
}  # fmt: skip
GOOD = """
[stages]
0 = "Before"
[extra_tags]
negative = "a control"
[[requirement]]
id = "PRE-1"
stage = 0
level = "SHOULD"
sentence = "It works."
source = "Here"
asked = ["MCS"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "requirements.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_id_is_there_once_in_its_stage() -> None:
    catalogue = load_catalogue()
    ids = [requirement.id for requirement in catalogue.requirements]
    expected = [f"{name}-{at}" for name, count in COUNTS.items() for at in range(1, count + 1)]
    assert ids == expected
    assert all(item.stage == STAGES[item.id[:3]] for item in catalogue.requirements)
    assert sorted(catalogue.stages) == list(range(7))


def test_sentences_are_single_and_sources_given() -> None:
    for item in load_catalogue().requirements:
        assert item.sentence.endswith(".") and not re.search(r"[.!?] [A-Z]", item.sentence), item.id
        assert item.source and item.asked


def test_tags() -> None:
    catalogue = load_catalogue()
    assert catalogue.knows("TOK-6") and catalogue.knows("negative")
    assert not catalogue.knows("TOK-66")
    assert "TOK-6" in catalogue.nearest("TOK-66")
    assert catalogue.nearest("@@@") == "none that looks like it"


def test_a_small_catalogue(tmp_path: Path) -> None:
    (item,) = load_catalogue(written(tmp_path, GOOD)).requirements
    assert (item.id, item.level) == ("PRE-1", Level.SHOULD)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('level = "SHOULD"', 'level = "MAY"', 'requirement 1 (PRE-1), field "level"'),
        ('id = "PRE-1"', 'id = "pre1"', 'requirement 1 (pre1), field "id"'),
        ("stage = 0", "stage = 4", 'requirement 1 (PRE-1), field "stage"'),
        ("stage = 0", 'stage = "0"', 'requirement 1 (PRE-1), field "stage"'),
        ('["MCS"]', '["FAX"]', 'requirement 1 (PRE-1), field "asked"'),
        ('["MCS"]', "[]", 'requirement 1 (PRE-1), field "asked"'),
        ('source = "Here"', "", 'requirement 1 (PRE-1), field "source"'),
        ('sentence = "It works."', 'sentence = " "', 'requirement 1 (PRE-1), field "sentence"'),
        ('0 = "Before"', 'x = "Before"', 'field "x"'),
        ("[stages]", "[stages", "TOML"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    with pytest.raises(ReportError) as caught:
        load_catalogue(written(tmp_path, GOOD.replace(old, new)))
    assert named in str(caught.value)


def test_an_id_twice_and_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="requirement 2"):
        load_catalogue(written(tmp_path, GOOD + GOOD[GOOD.index("[[requirement") :]))
    with pytest.raises(ReportError, match="readable catalogue"):
        load_catalogue(tmp_path / "none.toml")
    assert CATALOGUE_FILE.is_file()
