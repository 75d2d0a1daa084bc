"""Planted defects in a run of the suites.

`--defect NAME` plants one for the whole run. `--defects` tries each with the scenarios that reach
its place, which an ordinary run writes down (`reach-*.jsonl` in its folder); a scenario that turns
red is a success there, and `defects.json` says what became of each.
"""

import functools
import json
from collections.abc import Generator, Iterable
from contextlib import ExitStack
from pathlib import Path

import pytest

from features.defects.catalogue import by_name
from features.defects.defect import Defect, planted, watching
from features.defects.verdict import Result, Verdict, chosen, judge

FIXTURE = "planted_defect"
RED = pytest.StashKey[str]()
EXAMPLE = "_pytest_bdd_example"
FOUND = "defects.json"


def add_options(parser: pytest.Parser) -> None:
    """What can be asked for."""
    parser.addoption("--defect", default="", help="plant this defect for the whole run")
    parser.addoption("--defects", action="store_true", help="try every planted defect")
    parser.addoption("--only-defects", default="", help="with --defects: these, comma-separated")
    parser.addoption("--thorough", action="store_true", help="with --defects: all scenarios")
    parser.addoption("--reach", default="", help="with --defects: run folder that says who reaches")


def scenario_of(item: pytest.Item) -> str:
    """A scenario's name, with its example, whatever is planted."""
    name = str(getattr(item, "originalname", item.name))
    params = getattr(getattr(item, "callspec", None), "params", {})
    example = params.get(EXAMPLE)
    return name if not example else f"{name} {json.dumps(example, sort_keys=True)}"


def ids_of(item: pytest.Item) -> tuple[str, ...]:
    """The requirements that a scenario checks."""
    return tuple(mark.name for mark in item.iter_markers() if mark.name[-1:].isdigit())


def one_defect(name: str) -> Defect:
    """The defect of that name.

    Raises:
        pytest.UsageError: there is none.
    """
    defects = by_name()
    if name not in defects:
        raise pytest.UsageError(f"no defect {name!r}: `python -m features defects --list` has all")
    return defects[name]


def is_scenario(fixtures: Iterable[str]) -> bool:
    """Whether a test with these fixtures is a scenario of a feature file."""
    return EXAMPLE in fixtures


class Reach:
    """An ordinary run: notes who reaches which defect's place; plants `--defect`, if one is given.

    Args:
        folder: of the run.
        worker: of a parallel run, "" alone.
    """

    def __init__(self, folder: Path, worker: str, defect: Defect | None) -> None:
        self._file = folder / f"reach-{worker or 'run'}.jsonl"
        self._defect = defect

    def pytest_report_header(self) -> str | None:
        """Say that the product is not what it seems."""
        defect = self._defect
        return None if defect is None else f"planted: {defect.name} ({defect.sentence})"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Plant, or write down what the scenario reaches."""
        if not is_scenario(getattr(item, "fixturenames", ())):
            return (yield)
        if self._defect is not None:
            with planted(self._defect.place, self._defect.change):
                return (yield)
        if item.get_closest_marker("browser") is not None:
            return (yield)  # noticed by the same requirement's other scenarios, in far less time
        reached: set[str] = set()
        with ExitStack() as stack:
            for name, defect in by_name().items():
                told = watching(functools.partial(reached.add, name))
                stack.enter_context(planted(defect.place, told))
            found = yield
        self._file.parent.mkdir(parents=True, exist_ok=True)
        line = {"scenario": scenario_of(item), "reached": sorted(reached)}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        return found


class Trial:
    """A run that tries each defect.

    Args:
        folder: where `defects.json` goes.
        reach: run folder that says who reaches which defect.
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
        self._reach: dict[str, set[str]] = {name: set() for name in self.defects}
        for file in sorted(reach.glob("reach-*.jsonl")):
            for line in file.read_text(encoding="utf-8").splitlines():
                found = json.loads(line)
                for name in set(found["reached"]) & set(self._reach):
                    self._reach[name].add(found["scenario"])
        self._results: dict[str, list[Result]] = {name: [] for name in self.defects}

    @pytest.hookimpl(tryfirst=True)
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Each scenario with each defect that it reaches, in one of its examples at least."""
        if is_scenario(metafunc.fixturenames):
            scenario = metafunc.definition.name
            names = [n for n, s in self._reach.items() if any(_is_of(each, scenario) for each in s)]
            metafunc.parametrize(
                FIXTURE, [self.defects[n] for n in names], ids=names, indirect=True
            )

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave out what a defect can't change, and most of what it should not."""
        ids = {scenario_of(item): ids_of(item) for item in items}
        tried = {
            name: chosen(defect, ids, self._reach[name], thorough=self._thorough)
            for name, defect in self.defects.items()
        }
        kept: list[pytest.Item] = []
        dropped: list[pytest.Item] = []
        for item in items:
            defect = _planted_in(item)
            wanted = defect is not None and scenario_of(item) in tried[defect.name]
            (kept if wanted else dropped).append(item)
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A scenario that turns red is no failure of this run."""
        report = yield
        if report.failed:
            text = str(call.excinfo.value) if call.excinfo else ""
            item.stash.setdefault(RED, (text.splitlines() or ["?"])[0][:200])
            report.outcome, report.longrepr = "passed", None
        if report.when == "teardown" and (defect := _planted_in(item)) is not None:
            told = {
                "defect": defect.name, "scenario": scenario_of(item), "ids": ids_of(item),
                "why": item.stash.get(RED, None),
            }  # fmt: skip
            report.user_properties = [*report.user_properties, ("defect", json.dumps(told))]
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect what became of each."""
        for name, value in report.user_properties:
            if name == "defect" and report.when == "teardown":
                told = json.loads(str(value))
                why = told["why"]
                result = Result(told["scenario"], tuple(told["ids"]), why is not None, why or "")
                self._results[told["defect"]].append(result)

    def verdicts(self) -> list[Verdict]:
        """What became of each, by name."""
        return [judge(defect, self._results[name]) for name, defect in self.defects.items()]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what was found; not all caught is a failure."""
        if self._worker:
            return
        found = self.verdicts()
        self._folder.mkdir(parents=True, exist_ok=True)
        document = [_document(verdict) for verdict in found]
        (self._folder / FOUND).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        if not all(verdict.caught for verdict in found):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _is_of(name: str, scenario: str) -> bool:
    return name.partition(" {")[0] == scenario


def _planted_in(item: pytest.Item) -> Defect | None:
    defect = getattr(getattr(item, "callspec", None), "params", {}).get(FIXTURE)
    return defect if isinstance(defect, Defect) else None


def _document(verdict: Verdict) -> dict[str, object]:
    defect = verdict.defect
    return {
        "name": defect.name,
        "role": defect.role,
        "ids": list(defect.ids),
        "sentence": defect.sentence,
        "caught": verdict.caught,
        "tried": verdict.tried,
        "noticed": [{"scenario": r.scenario, "why": r.why} for r in verdict.noticed],
        "missed": list(verdict.missed),
        "strays": [{"scenario": r.scenario, "why": r.why} for r in verdict.strays],
    }
