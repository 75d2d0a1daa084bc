"""The run's folder: what was run, its scenarios with their steps, the journals.

The format is in reports/README.md.

Written as it happens, so that a run that is cut off still has everything up to then.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from features.verdicts.causes import cause_of
from features.verdicts.core import Level, Phase, Verdict, decide
from features.verdicts.finding import Finding, found, said
from simulators.journal import Journal
from simulators.runs import RUNS, free_folder


def stamp() -> str:
    """Now, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class StepRecord:
    """One step: `outcome` is `pass`, `fail` or `not run`."""

    keyword: str
    text: str
    outcome: str = "not run"
    duration_s: float = 0.0
    error: str = ""


@dataclass(slots=True)
class ScenarioRecord:
    """One scenario: `outcome` is a `Verdict`; `finding` says what stood against a pass."""

    id: str
    feature: str
    name: str
    tags: list[str]
    outcome: str = "pass"
    reason: str = ""
    started: str = field(default_factory=stamp)
    duration_s: float = 0.0
    steps: list[StepRecord] = field(default_factory=list)
    journal: str = ""
    first_seq: int | None = None
    last_seq: int | None = None
    finding: Finding | None = None

    @contextmanager
    def step(self, keyword: str, text: str) -> Iterator[None]:
        """Record a step and what becomes of it."""
        record = StepRecord(keyword, text)
        self.steps.append(record)
        begun = time.monotonic()
        try:
            yield
        except BaseException as error:
            self.fails(record, error)
            raise
        else:
            record.outcome = "pass"
        finally:
            record.duration_s = round(time.monotonic() - begun, 4)

    def fails(
        self,
        record: StepRecord,
        error: BaseException,
        phase: Phase = Phase.WHEN,
        level: Level = Level.MUST,
        entries: Sequence[int] = (),
    ) -> None:
        """The verdict on a scenario whose step ended with this error, and the finding."""
        record.outcome = "fail"
        record.error = f"{type(error).__name__}: {said(error)}"
        verdict = decide(phase, cause_of(error), level)
        self.outcome = verdict.value
        self.reason = record.error.splitlines()[0]
        if verdict is Verdict.NOT_APPLICABLE:
            record.outcome, self.reason = "not run", str(error)
        elif verdict is not Verdict.ERROR:
            ids = [tag for tag in self.tags if tag[-1:].isdigit()]
            expected = f"{record.keyword} {record.text}".strip()
            self.finding = found(ids, level, expected, error, entries)

    def ends(self) -> None:
        """What was not run to its end, and did not fail, was skipped: it proves nothing."""
        waiting = [step.text for step in self.steps if step.outcome == "not run"]
        if self.outcome == "pass" and waiting:
            self.outcome = "not applicable"
            self.reason = f"skipped before: {waiting[0]}"


class RunFolder:
    """One folder below `runs/`."""

    def __init__(self, path: Path, worker: str = "") -> None:
        self.path = path
        self._scenarios = f"scenarios-{worker}.jsonl" if worker else "scenarios.jsonl"
        self._worker = worker
        self._journals = 0

    @classmethod
    def new(cls, kind: str, base: Path = RUNS) -> "RunFolder":
        """A folder named by the time of day; made when something is written."""
        return cls(free_folder(kind, datetime.now(UTC), base))

    def add(
        self, scenario: ScenarioRecord, journal: Journal | None, masked: Journal | None
    ) -> None:
        """Write a scenario, and its journal if it brings one of its own."""
        self.path.mkdir(parents=True, exist_ok=True)
        if journal is not None:
            self._journals += 1
            scenario.journal = f"journals/{self._worker or 'run'}-{self._journals:04}.jsonl"
            journal.write(self.path / scenario.journal)
        document: dict[str, Any] = asdict(scenario)
        line = json.dumps(document, ensure_ascii=False)
        if masked is not None:
            line = masked.masker.view(line)
        with (self.path / self._scenarios).open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def write_run(
        self,
        *,
        kind: str,
        title: str,
        seed: int,
        started: str,
        outcome: str,
        command: str,
        roles: list[dict[str, str]],
        facts: dict[str, object],
        phones: list[dict[str, str]] | None = None,
    ) -> None:
        """Write `run.json`; the run is over."""
        self.path.mkdir(parents=True, exist_ok=True)
        document: dict[str, object] = {
            "kind": kind,
            "title": title,
            "seed": seed,
            "started": started,
            "finished": stamp(),
            "outcome": outcome,
            "command": command,
            "roles": roles,
            "facts": facts,
        }
        if phones is not None:
            document["phones"] = phones
        text = json.dumps(document, ensure_ascii=False, indent=1)
        (self.path / "run.json").write_text(text + "\n", encoding="utf-8")
