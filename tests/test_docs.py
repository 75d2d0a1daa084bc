"""What the documents say is so."""

import re
from pathlib import Path

import pytest

from tests import state_diagrams

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/**/README.md")]
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)
MODULE = re.compile(
    r"`((?:examples|features|loadtests|reports|simulators|system|teleworker_bench)/[\w/.-]+)`"
)
LINK = re.compile(r"\]\(([^)#:]+)\)")


def test_state_diagrams_are_those_of_the_tables() -> None:
    assert state_diagrams.PAGE.read_text(encoding="utf-8") == state_diagrams.page(), (
        "draw them anew: python -m tests.state_diagrams"
    )


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_a_document_names_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = [ROOT / name for name in MODULE.findall(text)]
    named += [path.parent / link for link in LINK.findall(text)]
    assert [str(file) for file in named if not file.exists()] == []


def test_decisions_are_numbered_in_order_and_short() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    # What is written side by side takes a range each: a number may be missing, never twice.
    numbers = [int(record.name[:4]) for record in records]
    assert len(set(numbers)) == len(numbers)
    for record in records:
        assert len(record.read_text().splitlines()) <= 30, record.name


def test_make_targets_of_the_readme_exist() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(r"`make ([a-z]+)", (ROOT / "README.md").read_text())
    assert named
    assert set(named) <= set(targets)
