"""Verdicts in a run of the suites: options, what is played, what pytest shows, the exit status."""

import json
from collections import Counter
from collections.abc import Collection, Generator
from pathlib import Path

import pytest

from features.verdicts.applicability import Applicability, load
from features.verdicts.core import FAILING, Level, Profile, Verdict, is_failure, level_of
from features.verdicts.rules import checked_by, read_rules
from simulators.errors import ConfigurationError

SMOKE = "smoke"
PROPERTY = "verdict"
EXAMPLE = "_pytest_bdd_example"
SPOKEN = pytest.StashKey[tuple[Verdict, str]]()
"""Verdict on a scenario that has ended, and why."""

LETTERS = {
    Verdict.WARNING: ("warning", "w", "WARNING"),
    Verdict.INCONCLUSIVE: ("failed", "I", "INCONCLUSIVE"),
    Verdict.ERROR: ("failed", "E", "ERROR"),
}


def add_options(parser: pytest.Parser) -> None:
    """What can be asked for."""
    parser.addoption(
        "--profile",
        default=Profile.STRICT.value,
        choices=[profile.value for profile in Profile],
        help="strict: all; manual: only what the manual page says must hold; smoke: happy paths",
    )
    parser.addoption(
        "--applicability", default="", help="file (TOML): what the product does not support"
    )


class Verdicts:
    """The measure that this run lays on its scenarios, and what came of it.

    Args:
        worker: this is one process of a parallel run.
        trial: planted defects are tried: pytest's own outcomes are left as they are.
    """

    def __init__(self, config: pytest.Config, *, worker: bool, trial: bool) -> None:
        self.profile = Profile(str(config.getoption("--profile")))
        self.rules = read_rules()
        self.applicability = Applicability()
        self._worker, self._trial = worker, trial
        self._spoken: list[tuple[Verdict, str, str]] = []
        if file := str(config.getoption("--applicability")):
            try:
                self.applicability = load(Path(file), self.rules)
            except ConfigurationError as error:
                raise pytest.UsageError(str(error)) from error

    def level(self, tags: Collection[str]) -> Level:
        """How binding a scenario with these tags is in this run."""
        return level_of(checked_by(self.rules, tags), self.profile, stricter="strict" in tags)

    def facts(self) -> dict[str, object]:
        """What the report says of the measure."""
        facts: dict[str, object] = {"profile": self.profile.value}
        if self.applicability.product:
            facts["product under test"] = self.applicability.product
        return facts

    # What is played

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """The profile `smoke` plays the happy path of each stage alone."""
        if self.profile is not Profile.SMOKE:
            return
        dropped = [i for i in items if _is_scenario(i) and not i.get_closest_marker(SMOKE)]
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in dropped]

    # What became of each

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """What does not make the run fail is no failure for pytest either."""
        report = yield
        spoken = item.stash.get(SPOKEN, None)
        if spoken is None or self._trial or report.when != "call":
            return report
        verdict, why = spoken
        if report.failed and verdict is Verdict.NOT_APPLICABLE:
            report.outcome = "skipped"
            line = item.location[1] or 0
            report.longrepr = (str(item.path), line, f"not applicable: {why}")
        elif report.failed and verdict not in FAILING[self.profile]:
            report.outcome, report.longrepr = "passed", None
        told = json.dumps({"verdict": verdict, "name": item.name, "why": why})
        report.user_properties = [*report.user_properties, (PROPERTY, told)]
        return report

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Letters of their own for verdicts that pytest has no word for."""
        verdict = next((told[0] for told in _told(report)), None)
        return LETTERS.get(verdict) if verdict is not None else None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect; in a parallel run the parent hears of all."""
        self._spoken += _told(report)

    # What is said at the end

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Where nothing was proved the run has failed, though nothing else did."""
        verdicts = [verdict for verdict, _, _ in self._spoken]
        if not self._worker and session.exitstatus == 0 and is_failure(verdicts, self.profile):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Counts, and a line for each that did not simply pass."""
        if not self._spoken or self._trial:
            return
        terminalreporter.section(f"verdicts, profile {self.profile.value}")
        for wanted in Verdict:
            for verdict, name, why in self._spoken:
                if verdict is wanted and verdict is not Verdict.PASS:
                    first = (why.splitlines() or [""])[0]
                    terminalreporter.write_line(f"{verdict.value}: {name}: {first}")
        counts = Counter(verdict for verdict, _, _ in self._spoken)
        told = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict)
        if Verdict.PASS not in counts:
            told += "; nothing was proved"
        terminalreporter.write_line(told)


def _told(report: pytest.TestReport) -> list[tuple[Verdict, str, str]]:
    """What a report of a test carries of verdicts."""
    if getattr(report, "when", "") != "call":
        return []
    values = [value for name, value in report.user_properties if name == PROPERTY]
    documents = [json.loads(str(value)) for value in values]
    return [(Verdict(each["verdict"]), each["name"], each["why"]) for each in documents]


def _is_scenario(item: pytest.Item) -> bool:
    return EXAMPLE in getattr(item, "fixturenames", ())
