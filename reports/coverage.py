"""What the scenarios of a run say about each requirement. Pure.

The worst verdict on the scenarios that carry its id decides: *fail* before *undecided* (one was
inconclusive or broke, and proved nothing although it should have) before *warning* before *pass*
before *not applicable*. A requirement without a scenario is *not covered yet*, and a check that no
negative control has ever seen failing is marked as such.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from reports.catalogue import Catalogue, Requirement
from reports.load import Burst
from reports.model import BROKEN, Outcome, Planted, Run, RunOutcome, Scenario, StepOutcome


class State(StrEnum):
    """What a run says about a requirement."""

    PASS = "pass"
    FAIL = "fail"
    WARNING = "warning"
    UNDECIDED = "undecided"
    NOT_APPLICABLE = "not applicable"
    NOT_COVERED = "not covered yet"


WORST_FIRST = (
    (Outcome.FAIL, State.FAIL),
    (Outcome.ERROR, State.UNDECIDED),
    (Outcome.INCONCLUSIVE, State.UNDECIDED),
    (Outcome.WARNING, State.WARNING),
    (Outcome.PASS, State.PASS),
    (Outcome.NOT_APPLICABLE, State.NOT_APPLICABLE),
)
"""The first verdict that a scenario has decides."""


class Control(StrEnum):
    """Whether the check of a requirement has been seen to fail."""

    PROVED = "seen failing"
    BROKEN = "did not catch the defect"
    UNDECIDED = "undecided"
    NOT_RUN = "not applicable here"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Coverage:
    """One requirement, its state, its negative control and the scenarios that carry its id."""

    requirement: Requirement
    state: State
    control: Control
    scenarios: tuple[Scenario, ...]
    planted: tuple[Planted, ...] = ()


def cover(catalogue: Catalogue, scenarios: Sequence[Scenario]) -> tuple[Coverage, ...]:
    """Return one Coverage per requirement, in the order of the catalogue, none left out."""
    return tuple(_cover(requirement, scenarios) for requirement in catalogue.requirements)


def _cover(requirement: Requirement, scenarios: Sequence[Scenario]) -> Coverage:
    mine = tuple(scenario for scenario in scenarios if requirement.id in scenario.tags)
    outcomes = {scenario.outcome for scenario in mine}
    state = next((s for outcome, s in WORST_FIRST if outcome in outcomes), State.NOT_COVERED)
    controls = [scenario for scenario in mine if scenario.is_negative]
    return Coverage(requirement, state, _control({scenario.outcome for scenario in controls}), mine)


def _control(outcomes: set[Outcome]) -> Control:
    if not outcomes:
        return Control.NONE
    if outcomes & {Outcome.FAIL, Outcome.WARNING}:
        return Control.BROKEN
    if outcomes & BROKEN:
        return Control.UNDECIDED
    return Control.PROVED if Outcome.PASS in outcomes else Control.NOT_RUN


def state_counts(covered: Sequence[Coverage]) -> dict[State, int]:
    """Return how many requirements are in each state, zeros included."""
    counts = Counter(item.state for item in covered)
    return {state: counts[state] for state in State}


def outcome_counts(scenarios: Sequence[Scenario]) -> dict[Outcome, int]:
    """Return how many scenarios had each outcome, zeros included."""
    counts = Counter(scenario.outcome for scenario in scenarios)
    return {outcome: counts[outcome] for outcome in Outcome}


def notices(run: Run) -> tuple[str, ...]:
    """Return where the run contradicts itself, one sentence each, for the top of the report."""
    counts = outcome_counts(run.scenarios)
    bad = sum(counts[outcome] for outcome in BROKEN)
    found = []
    if run.outcome is RunOutcome.PASS and bad:
        found.append(f"The run calls itself a pass, yet {bad} of its scenarios failed or broke.")
    if run.outcome is RunOutcome.PASS and run.scenarios and not counts[Outcome.PASS]:
        found.append("The run calls itself a pass, yet none of its scenarios passed.")
    found.extend(
        f"Scenario “{scenario.name}” is recorded as passed, yet one of its steps is not."
        for scenario in run.scenarios
        if scenario.outcome is Outcome.PASS
        and not scenario.is_negative
        and any(step.outcome is not StepOutcome.PASS for step in scenario.steps)
    )
    if run.burst:
        found.extend(_burst_notices(run.burst))
    return tuple(found)


def _burst_notices(burst: Burst) -> list[str]:
    found = []
    if burst.registered + burst.failed != burst.attempted:
        found.append(
            f"The burst does not add up: {burst.attempted:,} attempted, but {burst.registered:,} "
            f"registered and {burst.failed:,} failed."
        )
    reasons = sum(failure.count for failure in burst.failures)
    if reasons != burst.failed:
        found.append(f"{burst.failed:,} registrations failed, but {reasons:,} have a reason.")
    if burst.headline and burst.headline_refused:
        found.append("The burst has a headline and a reason to refuse it; the reason stands.")
    return found
