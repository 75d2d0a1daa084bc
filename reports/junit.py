"""The run as JUnit XML: one suite per feature, one case per scenario.

fail becomes <failure>, error and inconclusive <error> of that type, not applicable <skipped> with
its reason; a warning is a pass here, with the warning in <system-err>. Verdict and requirement ids
are properties of the case. Counts are of cases, times are seconds.
"""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from reports.model import Outcome, Run, Scenario, Step, StepOutcome
from reports.text import clean

_MARKS = {StepOutcome.PASS: "+", StepOutcome.FAIL: "!", StepOutcome.NOT_RUN: "-"}


def junit_xml(run: Run) -> str:
    """Return the whole document, with its XML declaration."""
    root = Element("testsuites", {"name": clean(run.title), **_counts(run.scenarios)})
    features: dict[str, list[Scenario]] = {}
    for scenario in run.scenarios:
        features.setdefault(scenario.feature, []).append(scenario)
    for feature, scenarios in features.items():
        suite = SubElement(
            root,
            "testsuite",
            {
                "name": clean(feature),
                "timestamp": min(scenario.started for scenario in scenarios).isoformat(),
                **_counts(scenarios),
            },
        )
        properties = SubElement(suite, "properties")
        for name, value in (("seed", run.seed), ("command", run.command), ("kind", str(run.kind))):
            SubElement(properties, "property", {"name": name, "value": clean(value)})
        for scenario in scenarios:
            _case(suite, scenario)
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=False).join(
        ('<?xml version="1.0" encoding="UTF-8"?>\n', "\n")
    )


def _counts(scenarios: Sequence[Scenario]) -> dict[str, str]:
    outcomes = [scenario.outcome for scenario in scenarios]
    return {
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count(Outcome.FAIL)),
        "errors": str(outcomes.count(Outcome.ERROR) + outcomes.count(Outcome.INCONCLUSIVE)),
        "skipped": str(outcomes.count(Outcome.NOT_APPLICABLE)),
        "time": f"{sum(scenario.duration_s for scenario in scenarios):.3f}",
    }


def _case(suite: Element, scenario: Scenario) -> None:
    case = SubElement(
        suite,
        "testcase",
        {
            "classname": clean(scenario.feature),
            "name": clean(scenario.name),
            "time": f"{scenario.duration_s:.3f}",
        },
    )
    properties = SubElement(case, "properties")
    SubElement(properties, "property", {"name": "id", "value": clean(scenario.id)})
    SubElement(properties, "property", {"name": "verdict", "value": str(scenario.outcome)})
    for tag in scenario.tags:
        SubElement(properties, "property", {"name": "tag", "value": clean(tag)})
    failed = next((step for step in scenario.steps if step.error), None)
    reason = clean(scenario.reason or (failed.error if failed else ""))
    message = reason.strip().split("\n", 1)[0] or str(scenario.outcome)
    told = _finding(scenario) or reason
    kind = {"message": message, "type": str(scenario.outcome)}
    if scenario.outcome is Outcome.FAIL:
        SubElement(case, "failure", kind).text = told
    elif scenario.outcome in (Outcome.ERROR, Outcome.INCONCLUSIVE):
        SubElement(case, "error", kind).text = told
    elif scenario.outcome is Outcome.NOT_APPLICABLE:
        SubElement(case, "skipped", {"message": message})
    if scenario.outcome is Outcome.WARNING:
        SubElement(case, "system-err").text = f"warning: {told}"
    SubElement(case, "system-out").text = "\n".join(_step(step) for step in scenario.steps)


def _finding(scenario: Scenario) -> str:
    """The finding as text, with the messages that show it."""
    finding = scenario.finding
    if finding is None:
        return ""
    lines = [
        f"{' '.join(finding.requirements)} ({finding.level})",
        f"expected: {finding.expected}",
        f"actual:   {finding.actual}",
        *(f"{e.seq:>6} {e.sender} -> {e.receiver}: {e.summary}" for e in scenario.shown_by),
    ]
    return clean("\n".join(lines))


def _step(step: Step) -> str:
    line = f"{_MARKS[step.outcome]} {step.keyword} {step.text} ({step.duration_s:.3f} s)"
    return clean(f"{line}\n{step.error}" if step.error else line)
