"""The run as JSON for machines: verdicts and coverage, without the messages.

The document's ``format`` is 1 and grows by adding fields. Times are ISO 8601 UTC, durations are
seconds.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict

from reports.coverage import Coverage, notices, outcome_counts, state_counts
from reports.model import Run, Scenario


def report_json(run: Run, covered: Sequence[Coverage]) -> str:
    """Return the document, indented, ending in a newline."""
    document = {
        "format": 1,
        "kind": run.kind,
        "title": run.title,
        "outcome": run.outcome,
        "seed": run.seed,
        "command": run.command,
        "started": run.started.isoformat(),
        "finished": run.finished.isoformat(),
        "duration_s": run.duration_s,
        "fingerprint_sha256": run.fingerprint,
        "notices": notices(run),
        "roles": [asdict(role) for role in run.roles],
        "facts": dict(run.facts),
        "phones": [asdict(phone) for phone in run.phones],
        "counts": {
            "scenarios": outcome_counts(run.scenarios),
            "requirements": state_counts(covered),
        },
        "requirements": [_requirement(item) for item in covered],
        "scenarios": [_scenario(scenario) for scenario in run.scenarios],
        "burst": asdict(run.burst) if run.burst else None,
        "capacity": asdict(run.capacity) if run.capacity else None,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _requirement(item: Coverage) -> dict[str, object]:
    return {
        **asdict(item.requirement),
        "state": item.state,
        "negative_control": item.control,
        "planted_defects": {defect.name: defect.caught for defect in item.planted},
        "scenarios": [scenario.id for scenario in item.scenarios],
    }


def _scenario(scenario: Scenario) -> dict[str, object]:
    return {
        "id": scenario.id,
        "feature": scenario.feature,
        "name": scenario.name,
        "tags": scenario.tags,
        "outcome": scenario.outcome,
        "reason": scenario.reason,
        "finding": asdict(scenario.finding) if scenario.finding else None,
        "started": scenario.started.isoformat(),
        "duration_s": scenario.duration_s,
        "steps": [asdict(step) for step in scenario.steps],
        "messages": len(scenario.entries),
    }
