"""The run as plain text, for a terminal or a mail: counts, findings, requirements that are open.

Lines end in LF. Long texts are cut; everything is in the page.
"""

from collections.abc import Sequence

from reports.coverage import Coverage, State, notices, outcome_counts, state_counts
from reports.model import Outcome, Run, Scenario
from reports.text import clip, duration, moment, one_line

WIDTH = 400
ORDER = (Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE, Outcome.WARNING, Outcome.NOT_APPLICABLE)


def plain_text(run: Run, covered: Sequence[Coverage]) -> str:
    """Return the text, ending in a newline."""
    lines = [
        f"{str(run.outcome).upper()}: {one_line(run.title)}",
        f"{moment(run.started)}, took {duration(run.duration_s)}, seed {run.seed or 'none'}",
        *(f"{name}: {one_line(value)}" for name, value in run.facts),
        *(f"{role.role}: {role.kind}, {one_line(role.where)}" for role in run.roles),
        *(f"! {notice}" for notice in notices(run)),
        *_measured(run),
    ]
    if not run.proves:
        return "\n".join(lines) + "\n"
    lines += [
        "",
        "scenarios:    " + _counted(outcome_counts(run.scenarios)),
        "requirements: " + _counted(state_counts(covered)),
    ]
    for outcome in ORDER:
        found = [scenario for scenario in run.scenarios if scenario.outcome is outcome]
        for scenario in found:
            lines += ["", *_told(scenario)]
    open_ids = [item.requirement.id for item in covered if item.state is State.NOT_COVERED]
    if open_ids:
        lines += ["", "not covered: " + " ".join(open_ids)]
    return "\n".join(lines) + "\n"


def _measured(run: Run) -> list[str]:
    """What a burst or a search came to."""
    if run.capacity is not None:
        return ["", one_line(run.capacity.sentence)]
    if run.burst is None:
        return []
    burst = run.burst
    refused = f"No headline: {burst.headline_refused}"
    said = [refused if burst.headline_refused else burst.headline]
    if burst.recovery is not None:
        said.append(f"Recovery: {burst.recovery.verdict}")
    said += [f"{level.level}: {level.state}" for level in burst.levels]
    return ["", *(one_line(line) for line in said)]


def _counted(counts: dict[Outcome, int] | dict[State, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def _told(scenario: Scenario) -> list[str]:
    ids = " ".join(tag for tag in scenario.tags if tag[-1:].isdigit())
    lines = [f"{str(scenario.outcome).upper()} {ids}: {one_line(scenario.name)}"]
    finding = scenario.finding
    if finding is None:
        return [*lines, f"  {clip(scenario.reason, WIDTH)}"]
    return [
        *lines,
        f"  expected ({finding.level}): {clip(finding.expected, WIDTH)}",
        f"  actual: {clip(finding.actual, WIDTH)}",
        *(
            f"  {entry.seq:>6} {entry.sender} -> {entry.receiver}: {clip(entry.summary, WIDTH)}"
            for entry in scenario.shown_by
        ),
    ]
