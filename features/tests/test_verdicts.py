"""Verdicts: the table, levels by profile, causes, applicability files, findings."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.recording import ScenarioRecord, StepRecord
from features.verdicts.applicability import Applicability, Capability, parse
from features.verdicts.causes import cause_of
from features.verdicts.core import (
    FAILING,
    Cause,
    Level,
    Phase,
    Profile,
    Rule,
    Verdict,
    decide,
    is_failure,
    level_of,
)
from features.verdicts.finding import FEW_ENTRIES, MOST_ENTRIES, said, showing
from features.verdicts.rules import checked_by, read_rules
from simulators.errors import (
    ConfigurationError,
    LocalProtocolError,
    NotOffered,
    RemoteProtocolError,
)
from simulators.journal.journal import NothingCame

MUST = Rule("TOK-8", Level.MUST, from_manual=True)
OURS = Rule("PRE-5", Level.MUST, from_manual=False)
SHOULD = Rule("XXX-1", Level.SHOULD, from_manual=True)


@pytest.mark.parametrize(
    ("phase", "cause", "level", "verdict"),
    [
        (Phase.THEN, Cause.NOTHING, Level.MUST, Verdict.PASS),
        (Phase.THEN, Cause.UNMET, Level.MUST, Verdict.FAIL),
        (Phase.WHEN, Cause.UNMET, Level.MUST, Verdict.FAIL),
        (Phase.THEN, Cause.UNMET, Level.SHOULD, Verdict.WARNING),
        (Phase.GIVEN, Cause.UNMET, Level.MUST, Verdict.INCONCLUSIVE),
        (Phase.SETUP, Cause.UNMET, Level.SHOULD, Verdict.INCONCLUSIVE),
        (Phase.THEN, Cause.SURROUNDINGS, Level.MUST, Verdict.INCONCLUSIVE),
        (Phase.THEN, Cause.NOT_OFFERED, Level.MUST, Verdict.NOT_APPLICABLE),
        (Phase.GIVEN, Cause.BUG, Level.MUST, Verdict.ERROR),
        (Phase.THEN, Cause.BUG, Level.SHOULD, Verdict.ERROR),
    ],
)
def test_the_table(phase: Phase, cause: Cause, level: Level, verdict: Verdict) -> None:
    assert decide(phase, cause, level) is verdict


@given(st.sampled_from(Phase), st.sampled_from(Cause), st.sampled_from(Level))
def test_nothing_but_an_unmet_expectation_is_held_against_a_product(
    phase: Phase, cause: Cause, level: Level
) -> None:
    verdict = decide(phase, cause, level)
    assert (verdict in (Verdict.FAIL, Verdict.WARNING)) <= (cause is Cause.UNMET)
    assert (verdict is Verdict.PASS) == (cause is Cause.NOTHING)
    assert (verdict is Verdict.ERROR) == (cause is Cause.BUG)


@pytest.mark.parametrize(
    ("rules", "profile", "stricter", "level"),
    [
        ([MUST], Profile.STRICT, False, Level.MUST),
        ([MUST], Profile.STRICT, True, Level.MUST),
        ([MUST], Profile.MANUAL, False, Level.MUST),
        ([MUST], Profile.MANUAL, True, Level.SHOULD),
        ([OURS], Profile.STRICT, False, Level.MUST),
        ([OURS], Profile.MANUAL, False, Level.SHOULD),
        ([OURS, MUST], Profile.MANUAL, False, Level.MUST),
        ([SHOULD], Profile.STRICT, False, Level.SHOULD),
        ([SHOULD, MUST], Profile.SMOKE, False, Level.MUST),
        ([], Profile.MANUAL, True, Level.MUST),
    ],
)
def test_the_most_binding_requirement_decides(
    rules: list[Rule], profile: Profile, stricter: bool, level: Level
) -> None:
    assert level_of(rules, profile, stricter=stricter) is level


@pytest.mark.parametrize("profile", Profile)
def test_what_makes_a_run_fail(profile: Profile) -> None:
    for verdict in Verdict:
        assert is_failure([Verdict.PASS, verdict], profile) is (verdict in FAILING[profile])
    assert is_failure([Verdict.NOT_APPLICABLE], profile), "nothing was proved"
    assert not is_failure([], profile), "no scenario was to be played"
    assert (Verdict.WARNING in FAILING[profile]) is (profile is Profile.STRICT)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (AssertionError("x"), Cause.UNMET),
        (NothingCame("x"), Cause.UNMET),
        (RemoteProtocolError("x"), Cause.UNMET),
        (NotOffered("x"), Cause.NOT_OFFERED),
        (ConfigurationError("x"), Cause.SURROUNDINGS),
        (LocalProtocolError("x"), Cause.BUG),
        (KeyError("x"), Cause.BUG),
        (TimeoutError(), Cause.BUG),
    ],
)
def test_causes(error: Exception, cause: Cause) -> None:
    assert cause_of(error) is cause


def test_every_requirement_of_the_catalogue_is_known_and_ours_are_told_apart() -> None:
    rules = read_rules()
    assert {r.id for r in rules.values() if not r.from_manual} == {"PRE-5", "TOK-6"}
    assert [r.id for r in checked_by(rules, ["strict", "TOK-8", "ADR-1"])] == ["ADR-1", "TOK-8"]


def test_an_applicability_file() -> None:
    tables = {
        "product": "MCS 6.3",
        "not_supported": {"EXT-7": "no hot desks"},
        "capabilities": {"clock": False, "faults": "a real MBG", "records": True},
    }
    read = parse(tables, "x.toml", read_rules())
    assert read.against(["EXT-7", "ADR-1"]) == "EXT-7 is not supported: no hot desks"
    assert read.against(["ADR-1"]) == "" == Applicability().against(["EXT-7"])
    assert set(read.lacking) == {Capability.CLOCK, Capability.FAULTS}
    assert read.lacking[Capability.FAULTS] == "a real MBG"


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"produkt": "x"}, "unknown key 'produkt'"),
        ({"product": 3}, "a name in quotes"),
        ({"not_supported": ["EXT-7"]}, "is no table"),
        ({"not_supported": {"EXT-70": "x"}}, "near: EXT-7"),
        ({"not_supported": {"EXT-7": True}}, "needs its reason"),
        ({"capabilities": {"klock": True}}, "unknown capability 'klock'"),
        ({"capabilities": {"clock": 3}}, "true, false or a reason"),
    ],
)
def test_what_nobody_knows_is_refused_by_name(tables: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        parse(tables, "x.toml", read_rules())


def record(*tags: str) -> tuple[ScenarioRecord, StepRecord]:
    step = StepRecord("Then", "it is so")
    return ScenarioRecord("a", "F", "name", list(tags), steps=[step]), step


def test_a_failure_is_a_finding_with_its_ids_and_messages() -> None:
    scenario, step = record("TOK-8", "negative")
    scenario.fails(step, AssertionError("it was not"), Phase.THEN, Level.MUST, [4, 5])
    assert (scenario.outcome, step.outcome) == ("fail", "fail")
    finding = scenario.finding
    assert finding is not None
    assert (finding.requirements, finding.level) == (["TOK-8"], "MUST")
    assert (finding.expected, finding.actual) == ("Then it is so", "it was not")
    assert finding.entries == [4, 5]


def test_what_can_not_be_done_and_what_is_our_bug_are_no_findings() -> None:
    scenario, step = record("TOK-8")
    scenario.fails(step, NotOffered("a real one's clock"), Phase.WHEN)
    assert (scenario.outcome, scenario.reason, scenario.finding) == (
        "not applicable", "a real one's clock", None,
    )  # fmt: skip
    assert step.outcome == "not run", "nothing was tried"
    scenario, step = record("TOK-8")
    scenario.fails(step, KeyError("verifier"), Phase.WHEN)
    assert (scenario.outcome, scenario.finding) == ("error", None)


def test_an_assertion_without_words_shows_its_line() -> None:
    try:
        exec(compile("assert 1 == 2", __file__, "exec"))
    except AssertionError as error:
        assert said(error).startswith("not so: ")
    assert said(AssertionError()) == "AssertionError"


@given(st.integers(0, 50), st.integers(0, 50))
def test_the_messages_of_the_step_show_it_or_else_those_before(begun: int, more: int) -> None:
    shown = showing(begun, begun + more)
    assert len(shown) <= MOST_ENTRIES and shown == sorted(shown)
    assert all(1 <= seq <= begun + more for seq in shown)
    if more:
        assert shown[-1] == begun + more and shown[0] > begun
    else:
        assert len(shown) == min(begun, FEW_ENTRIES)


def test_every_stage_has_a_happy_path() -> None:
    folder = Path(__file__).parent.parent
    for stage in range(1, 7):
        (feature,) = folder.glob(f"stage_{stage}_*.feature")
        assert "@smoke" in feature.read_text(), feature.name
