"""The words of the suites: short scenarios, a true catalogue, snippets, no step that is not run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_bdd.parser import Feature, FeatureParser

from features.words.catalogue import PAGE, page, said, uses
from features.words.snippet import best_module, snippet
from features.words.steps import FEATURES, StepWords, modules

ROOT = FEATURES.parent
FILES = sorted(path.name for path in FEATURES.glob("*.feature"))
NOT_FOR_QA = re.compile(r"https?:|\b\d+\.\d+\.\d+\.\d+:|[{}\[\]]|\bJSON\b|/api/|\.py\b|\bNone\b")
LIMIT_S = 60.0


def feature(name: str) -> Feature:
    return FeatureParser(str(FEATURES), name).parse()


def test_the_step_catalogue_is_that_of_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "write it anew: python -m features steps --write docs/steps.md"
    )


def test_every_step_is_said_by_a_scenario() -> None:
    words = said()
    steps = [step for module in modules() for step in module.steps]
    assert [step.text for step in steps if not uses(step, words)] == []


def test_no_two_steps_mean_the_same_words() -> None:
    steps = [step for module in modules() for step in module.steps]
    for keyword, words in said():
        meant = [step.text for step in steps if step.says(keyword, words)]
        assert len(meant) == 1, f"{keyword} {words!r} means {meant}"


@pytest.mark.parametrize("name", FILES)
def test_scenarios_are_short_and_need_no_programmer(name: str) -> None:
    found = feature(name)
    shared = len(found.background.steps) if found.background else 0
    assert shared <= 3, "a short background"
    for template in found.scenarios.values():
        steps = template.render({}).steps[shared:]
        assert 2 <= len(steps) <= 7, f"{template.name}: {len(steps)} steps"
        assert steps[-1].type == "then", f"{template.name} proves nothing"
        for step in steps:
            assert not NOT_FOR_QA.search(step.name), f"{template.name}: {step.name}"


def test_a_pattern_is_shown_with_names_in_braces() -> None:
    parsed = StepWords("m", ("when",), "the phone waits {minutes:d} minutes", "parse")
    matched = StepWords("m", ("when",), r"(?P<n>\d+) (?P<unit>(minutes|days)) pass", "re")
    assert parsed.text == "the phone waits {minutes} minutes"
    assert matched.text == "{n} {unit} pass"
    assert parsed.says("when", "the phone waits 3 minutes")
    assert not parsed.says("then", "the phone waits 3 minutes")
    assert not parsed.says("when", "the phone waits long minutes")
    assert matched.says("when", "3 days pass")
    assert not matched.says("when", "3 years pass")


# A step that nobody knows


@pytest.mark.parametrize(
    ("words", "module"),
    [
        ("the MBG's licence server is back", "mbg"),
        ("the teleworker points the phone at another MCS", "phones"),
        ("somebody logs out of the hot desk on the colleague's phone", "hot_desks"),
        ("the installer rejects the temporary token", "tokens"),
        ("the node's page shows nothing as NAT SIP Port", "mistakes"),
    ],
)
def test_a_snippet_goes_where_its_like_are(words: str, module: str) -> None:
    assert best_module(words).name == module


def test_a_snippet_takes_values_as_parameters_and_compiles() -> None:
    text = snippet("when", 'the colleague types "2101" and "x" 3 times')
    assert 'parsers.parse(\'the colleague types "{text}" and "{text_2}" {number:d} times\')' in text
    assert "colleague: Teleworker, text: str, text_2: str, number: int" in text
    compile(text.partition("\n\n")[2], "snippet", "exec")


def run(folder: Path, name: str, words: str, steps: str) -> str:
    """Run a scenario of one step, with the suites' hooks; what pytest said."""
    (folder / f"{name}.feature").write_text(
        f"Feature: {name}\n  Scenario: One step\n    When {words}\n", encoding="utf-8"
    )
    (folder / f"test_{name}.py").write_text(
        f"from pytest_bdd import given, parsers, scenarios, then, when\n{steps}\n"
        f'scenarios("{name}.feature")\n',
        encoding="utf-8",
    )
    command = [
        sys.executable, "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml"),
        "-p", "no:cacheprovider", "-p", "features.conftest", "--rootdir", str(folder),
        f"--run-dir={folder / 'run'}", f"test_{name}.py",
    ]  # fmt: skip
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    return ended.stdout + ended.stderr


def test_an_unknown_step_prints_a_snippet_that_fails_until_it_is_written(tmp_path: Path) -> None:
    words = 'the teleworker presses "Mute" on the phone'
    output = run(tmp_path, "unknown", words, "")
    assert "Add it to features/steps/by_hand.py" in output, output
    assert "@when(parsers.parse('the teleworker presses \"{text}\" on the phone'))" in output
    pasted = snippet("when", words).partition("\n\n")[2]
    assert "1 failed" in (again := run(tmp_path, "pasted", words, pasted)), again
    assert "NotImplementedError" in again or "not implemented" in again.lower(), again


def test_a_step_written_async_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    steps = '@when("it rains")\nasync def _() -> None:\n    raise AssertionError("never run")\n'
    output = run(tmp_path, "rain", "it rains", steps)
    assert "1 failed" in output, output
    assert "is `async def`, which pytest-bdd calls and never awaits" in output
    assert "write it as a plain function and use bench.run(...)" in output
