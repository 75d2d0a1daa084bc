"""Planted defects in an ordinary run of the suites.

`--defect NAME` plants one for the whole run. Without one a run writes down which scenario reaches
which place, and how long it takes (`reach-*.jsonl` in its folder): what a `Trial` goes by. A defect
whose place is gone is left out, and said at the end.
"""

import functools
import json
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from features.defects.catalogue import by_name
from features.defects.defect import Defect, planted, watching

EXAMPLE = "_pytest_bdd_example"
FOLLOW = "the code has moved on, and the defect has to follow (features/defects)"


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


def plantable(name: str) -> Defect:
    """The defect of that name, whose place is there.

    Raises:
        pytest.UsageError: there is none, or its place is gone.
    """
    defect = one_defect(name)
    if why := defect.gone():
        raise pytest.UsageError(f"{name} can't be planted: {why}; {FOLLOW}")
    return defect


def gone(defects: Mapping[str, Defect]) -> dict[str, str]:
    """Those of the defects that can't be planted, with the reason."""
    return {name: why for name, defect in defects.items() if (why := defect.gone())}


def is_scenario(fixtures: Iterable[str]) -> bool:
    """Whether a test with these fixtures is a scenario of a feature file."""
    return EXAMPLE in fixtures


@dataclass(slots=True)
class Reached:
    """What ordinary runs wrote down: who reaches each defect's place, and everybody's seconds."""

    by: dict[str, set[str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def read(folder: Path) -> Reached:
    """What the ordinary run with this folder wrote down; nothing, if there was none."""
    found = Reached()
    for file in sorted(folder.glob("reach-*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            found.seconds[told["scenario"]] = float(told["seconds"])
            for name in told["reached"]:
                found.by.setdefault(name, set()).add(told["scenario"])
    return found


class Reach:
    """An ordinary run: notes who reaches which defect's place; plants `--defect`, if one is given.

    Args:
        folder: of the run.
        worker: of a parallel run, "" alone.
    """

    def __init__(self, folder: Path, worker: str, defect: Defect | None) -> None:
        self._file = folder / f"reach-{worker or 'run'}.jsonl"
        self._defect = defect

    @functools.cached_property
    def _gone(self) -> dict[str, str]:
        return gone(by_name())

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
        begun = time.monotonic()
        with ExitStack() as stack:
            for name, defect in by_name().items():
                if name in self._gone:
                    continue
                told = watching(functools.partial(reached.add, name))
                stack.enter_context(planted(defect.place, told))
            found = yield
        self._file.parent.mkdir(parents=True, exist_ok=True)
        line = {
            "scenario": scenario_of(item),
            "reached": sorted(reached),
            "seconds": round(time.monotonic() - begun, 3),
        }
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        return found

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which defects nobody can try."""
        for name, why in self._gone.items():
            terminalreporter.write_line(f"{name} can't be planted: {why}; {FOLLOW}", red=True)
