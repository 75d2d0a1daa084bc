"""States of requirements: what counts, what does not, and contradictions."""

from dataclasses import replace
from pathlib import Path

import pytest

from reports.catalogue import load_catalogue
from reports.coverage import Control, State, cover, notices, outcome_counts, state_counts
from reports.model import Outcome, RunOutcome, Scenario
from reports.run import read_run
from reports.tests import sample
from reports.tests.made import scenario

CATALOGUE = load_catalogue()


def judged(*scenarios: Scenario) -> tuple[State, Control]:
    (item,) = (i for i in cover(CATALOGUE, scenarios) if i.requirement.id == "TOK-6")
    return item.state, item.control


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ((), State.NOT_COVERED),
        ((Outcome.PASS,), State.PASS),
        ((Outcome.PASS, Outcome.FAIL), State.FAIL),
        ((Outcome.PASS, Outcome.ERROR), State.UNDECIDED),
        ((Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.WARNING), State.UNDECIDED),
        ((Outcome.PASS, Outcome.WARNING), State.WARNING),
        ((Outcome.ERROR, Outcome.FAIL), State.FAIL),
        ((Outcome.NOT_APPLICABLE,), State.NOT_APPLICABLE),
        ((Outcome.PASS, Outcome.NOT_APPLICABLE), State.PASS),
    ],
)
def test_state(outcomes: tuple[Outcome, ...], state: State) -> None:
    assert judged(*(scenario("TOK-6", outcome) for outcome in outcomes))[0] is state


def test_a_scenario_counts_for_its_own_ids_only() -> None:
    assert judged(scenario("TOK-5 negative"))[0] is State.NOT_COVERED


@pytest.mark.parametrize(
    ("tags", "outcome", "control"),
    [
        ("TOK-6", Outcome.PASS, Control.NONE),
        ("TOK-6 negative", Outcome.PASS, Control.PROVED),
        ("TOK-6 negative", Outcome.FAIL, Control.BROKEN),
        ("TOK-6 negative", Outcome.WARNING, Control.BROKEN),
        ("TOK-6 negative", Outcome.ERROR, Control.UNDECIDED),
        ("TOK-6 negative", Outcome.INCONCLUSIVE, Control.UNDECIDED),
        ("TOK-6 negative", Outcome.NOT_APPLICABLE, Control.NOT_RUN),
        ("TOK-5 negative", Outcome.PASS, Control.NONE),
    ],
)
def test_negative_control(tags: str, outcome: Outcome, control: Control) -> None:
    assert judged(scenario("TOK-6"), scenario(tags, outcome))[1] is control


def test_nothing_is_left_out_and_counts_add_up() -> None:
    covered = cover(CATALOGUE, [scenario("TOK-6"), scenario("TOK-7", Outcome.FAIL)])
    assert [item.requirement for item in covered] == list(CATALOGUE.requirements)
    counts = {state: n for state, n in state_counts(covered).items() if n}
    assert counts == {State.PASS: 1, State.FAIL: 1, State.NOT_COVERED: 43}
    assert outcome_counts([scenario("TOK-6")])[Outcome.ERROR] == 0


def test_contradictions_are_noticed(tmp_path: Path) -> None:
    run = read_run(sample.write_features(tmp_path), CATALOGUE)
    assert notices(run) == ()
    (said,) = notices(replace(run, outcome=RunOutcome.PASS))
    assert "4 of its scenarios" in said
    failed = next(item for item in run.scenarios if item.outcome is Outcome.FAIL)
    assert (
        "one of its steps"
        in notices(replace(run, scenarios=(replace(failed, outcome=Outcome.PASS),)))[0]
    )
    none = replace(run, outcome=RunOutcome.PASS, scenarios=(scenario("", Outcome.NOT_APPLICABLE),))
    assert "none of its scenarios passed" in notices(none)[0]


def test_a_burst_that_does_not_add_up(tmp_path: Path) -> None:
    run = read_run(sample.write_burst(tmp_path), CATALOGUE)
    assert run.burst is not None and notices(run) == ()
    wrong = replace(run.burst, attempted=5001, failures=(), headline="great")
    assert len(notices(replace(run, burst=wrong))) == 3
