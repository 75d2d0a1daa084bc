"""A run that tries each planted defect (`--defects`): red scenarios are what it is after.

First each defect by itself, with the scenarios of the requirements that must notice, the quickest
first, until all have; a wait that will be in vain is cut short. Then each scenario with all defects
that it reaches and that are none of its business, at once: it has to stay green, and where it does
not, halves of them are tried until it is known for which. A single one gets a second look then,
with all the time there is.

What became of each is `defects.json` in the run's folder.
"""

import json
import re
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from pytest_bdd.parser import Step
from xdist.scheduler import LoadScopeScheduling

from features.defects.catalogue import by_name
from features.defects.crashes import Crashes, in_a_line, is_crash, is_near, watched
from features.defects.defect import Defect
from features.defects.plugin import gone, ids_of, is_scenario, one_defect, read, scenario_of
from features.defects.verdict import Result, Verdict, culprits, judge, order_of, still_to_see
from simulators.patience import shortened

FIXTURE = "planted_defect"
FOUND = "defects.json"
SHARE = 0.25
"""Of each limit, while a defect is planted."""

ALONE = "alone:"
"""Before a defect's name in an item's."""

LIMIT_S = 600.0
"""Of an item: it may be many runs, until it is known who disturbs a scenario."""

RED = pytest.StashKey[str]()
CRASHES = pytest.StashKey[Crashes]()


@dataclass(slots=True)
class Planting:
    """What is to be in place while an item runs.

    Args:
        alone: whether it is one defect that should be noticed; else others, which should not.
    """

    defects: Sequence[Defect]
    alone: bool


class Trial:
    """Tries all defects.

    Args:
        folder: where `defects.json` goes.
        reach: run folder that says who reaches which defect.
        only: names; none: all.
        thorough: try all scenarios that should notice a defect, and not until all have.
        worker: whether another process collects what this one finds.
    """

    def __init__(
        self, folder: Path, reach: Path, only: list[str], *, thorough: bool, worker: bool
    ) -> None:
        self._folder = folder
        self._worker = worker
        self._thorough = thorough
        self.defects = {n: d for n, d in by_name().items() if not only or n in only}
        for name in only:
            one_defect(name)
        self._gone = gone(self.defects)
        self._reach = read(reach)
        self._results: dict[str, list[Result]] = {name: [] for name in self.defects}
        self._terminal: pytest.TerminalReporter | None = None

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Know where to say what was found."""
        self._terminal = session.config.pluginmanager.get_plugin("terminalreporter")

    @pytest.hookimpl(tryfirst=True)
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Each scenario with each defect that it should notice, and with all others at once."""
        if not is_scenario(metafunc.fixturenames):
            return
        ids = set(ids_of(metafunc.definition))
        own: list[Defect] = []
        others: list[Defect] = []
        for defect in self._reached_by(metafunc.definition.name):
            (own if ids & set(defect.ids) else others).append(defect)
        params = [pytest.param(Planting([d], True), id=f"{ALONE}{d.name}:") for d in own]
        if others:
            params.append(pytest.param(Planting(others, False), id="others"))
        metafunc.parametrize(FIXTURE, params, indirect=True)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Each defect's items in order, then the scenarios with those of others."""
        ids = {scenario_of(item): ids_of(item) for item in items}
        places: dict[tuple[str, str], tuple[float, float]] = {}
        for number, (name, defect) in enumerate(self.defects.items()):
            order = order_of(defect, ids, self._reach.by.get(name, ()), self._reach.seconds)
            places |= {(name, scenario): (number, n) for n, scenario in enumerate(order)}
        kept: list[tuple[tuple[float, float], pytest.Item]] = []
        dropped: list[pytest.Item] = []
        for item in items:
            planting = planting_of(item)
            if planting is None:
                place = None
            elif planting.alone:
                place = places.get((planting.defects[0].name, scenario_of(item)))
            else:
                # the longest ones first, so that nobody waits for one at the end
                place = (len(self.defects), -self._reach.seconds.get(scenario_of(item), 0.0))
            if place is None:
                dropped.append(item)
            else:
                item.add_marker(pytest.mark.timeout(LIMIT_S))
                kept.append((place, item))
        kept.sort(key=lambda each: each[0])
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for _, item in kept]

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> LoadScopeScheduling:
        """In parallel: all of a defect's items in one process."""
        return _ByDefect(config, log)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Run the scenario, if there is something to learn, and report what was learnt."""
        planting = planting_of(item)
        assert planting is not None, item
        if planting.alone:
            self._try_defect(planting.defects[0], item, nextitem)
        else:
            self._try_others(planting, item, nextitem)
        return True

    def _try_defect(self, defect: Defect, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        results = self._results[defect.name]
        if self._thorough or still_to_see(defect, results) & set(ids_of(item)):
            results.append(_run(item, nextitem, shortened(SHARE)))
        following = None if nextitem is None else planting_of(nextitem)
        if following is None or not following.alone or following.defects[0] is not defect:
            verdict = judge(defect, results)
            said = f"{defect.name}: {verdict}"
            _report(item, said, [(defect, r) for r in results], failed=not verdict.caught)

    def _try_others(
        self, planting: Planting, item: pytest.Item, nextitem: pytest.Item | None
    ) -> None:
        everybody, slow = planting.defects, list[str]()

        def tried(defects: Sequence[Defect]) -> Result:
            planting.defects = defects
            result = _run(item, nextitem, shortened(SHARE))
            if len(defects) == 1 and (result.red or result.crash):
                slow.append(defects[0].name)
                result = _run(item, nextitem, nullcontext())
            return result

        found = culprits(tried, everybody)
        planting.defects = everybody  # other examples of the scenario have the same
        red = [defect.name for defect, result in found if result.red or result.crash]
        if red:
            said = f"{scenario_of(item)} is disturbed by {', '.join(red)}"
        else:
            said = f"{scenario_of(item)} does not notice {len(everybody)} defects of others"
            said += f", but gets slow by {', '.join(slow)}" if slow else ""
        _report(item, said, found, failed=bool(red))

    def pytest_bdd_step_error(
        self, request: pytest.FixtureRequest, step: Step, exception: Exception
    ) -> None:
        """Note at which step a scenario turned red."""
        request.node.stash[RED] = f"{step.name}: {in_a_line(exception)}"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note why a scenario turned red, and whether it was for a crash."""
        report = yield
        if report.failed and call.excinfo is not None:
            error = call.excinfo.value
            item.stash.setdefault(RED, in_a_line(error))
            if report.when != "call" or is_crash(error):
                item.stash[CRASHES].seen.append(error)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect what was learnt, and say it."""
        told = _told(report)
        if told is None or self._worker:
            return
        for name, result in told["results"]:
            self._results[name].append(Result(**{**result, "ids": tuple(result["ids"])}))
        if self._terminal is not None:
            self._terminal.write_line(told["said"], red=report.failed)

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """The line of its own says more than a letter."""
        return None if _told(report) is None else (report.outcome, "", "")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what was found; one that was not caught is a failure."""
        if self._worker:
            return
        found = [
            _document(judge(defect, self._results[name], self._gone.get(name, "")))
            for name, defect in self.defects.items()
        ]
        self._folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"defects": found}, indent=1) + "\n"
        (self._folder / FOUND).write_text(text, encoding="utf-8")
        if not all(each["caught"] for each in found):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _reached_by(self, scenario: str) -> list[Defect]:
        """Defects whose place a scenario reaches, in one of its examples at least."""
        return [
            defect
            for name, defect in self.defects.items()
            if name not in self._gone
            and any(each.partition(" {")[0] == scenario for each in self._reach.by.get(name, ()))
        ]


class _ByDefect(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    def _split_scope(self, nodeid: str) -> str:
        found = re.search(rf"{ALONE}([a-z0-9-]+):", nodeid)
        return found[1] if found else nodeid


def planting_of(item: pytest.Item) -> Planting | None:
    """What an item is to be run with."""
    planting = getattr(getattr(item, "callspec", None), "params", {}).get(FIXTURE)
    return planting if isinstance(planting, Planting) else None


def _run(
    item: pytest.Item, nextitem: pytest.Item | None, patience: AbstractContextManager[None]
) -> Result:
    """Run one scenario, and see what it says."""
    if RED in item.stash:
        del item.stash[RED]
    with patience, watched() as crashes:
        item.stash[CRASHES] = crashes
        runtestprotocol(item, nextitem=nextitem, log=False)
    why = item.stash.get(RED, None)
    crash = next((in_a_line(e) for e in crashes.seen if why is not None or is_near(e)), "")
    return Result(scenario_of(item), ids_of(item), why is not None, why or "", crash)


def _report(
    item: pytest.Item, said: str, results: Sequence[tuple[Defect, Result]], *, failed: bool
) -> None:
    """Send around what was learnt: in a parallel run another process collects it."""
    told = {"said": said, "results": [(d.name, asdict(result)) for d, result in results]}
    report = pytest.TestReport(
        nodeid=item.nodeid,
        location=item.location,
        keywords={},
        outcome="failed" if failed else "passed",
        longrepr=said if failed else None,
        when="call",
        user_properties=[(FIXTURE, json.dumps(told))],
    )
    item.ihook.pytest_runtest_logreport(report=report)


def _told(report: pytest.TestReport) -> dict[str, Any] | None:
    """What `_report` put into it."""
    told = dict(report.user_properties).get(FIXTURE)
    found: dict[str, Any] | None = None if told is None else json.loads(str(told))
    return found


def _document(verdict: Verdict) -> dict[str, object]:
    defect = verdict.defect
    return {
        "name": defect.name,
        "role": defect.role,
        "ids": list(defect.ids),
        "sentence": defect.sentence,
        "caught": verdict.caught,
        "verdict": str(verdict),
        "tried": verdict.tried,
        "noticed": [asdict(result) for result in verdict.noticed],
        "missed": list(verdict.missed),
        "strays": [asdict(result) for result in verdict.strays],
        "crashed": [asdict(result) for result in verdict.crashed],
    }
