"""Fixtures and hooks of the suites: estate, people, actors; requirement ids as marks; recording."""

import shutil
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_bdd.parser import Feature, Scenario, Step

from features import order
from features.actors.gateway import Gateway
from features.actors.installer import Installer
from features.actors.mcs_site import McsSite
from features.actors.teleworker import Teleworker
from features.defects import plugin as defects
from features.defects.defect import Defect, planted
from features.mcs_in_process import launch
from features.portal import Bench, refuse_async_steps, started
from features.recording import RUNS, RunFolder, ScenarioRecord, StepRecord, stamp
from features.steps.by_hand import *  # noqa: F403 -- pytest finds steps by their fixtures
from features.steps.extensions import *  # noqa: F403
from features.steps.hot_desks import *  # noqa: F403
from features.steps.mbg import *  # noqa: F403
from features.steps.mistakes import *  # noqa: F403
from features.steps.office_phones import *  # noqa: F403
from features.steps.outages import *  # noqa: F403
from features.steps.phone_manager import *  # noqa: F403
from features.steps.phones import *  # noqa: F403
from features.steps.site import *  # noqa: F403
from features.steps.tokens import *  # noqa: F403
from features.steps.variants import *  # noqa: F403
from features.steps.warnings import *  # noqa: F403
from features.steps.year import *  # noqa: F403
from features.words.snippet import snippet
from simulators.estate.config import EstateConfig
from simulators.estate.estate import Estate
from simulators.journal import Journal
from simulators.phone.people import Person, invent

UNNAMED = RUNS / "latest-features"
"""Where a run goes that names no folder; each such run takes the place of the one before."""
UNNAMED_DEFECTS = RUNS / "latest-defects"

CATALOGUE = Path(__file__).parent.parent / "reports" / "requirements.toml"
PEOPLE = 3
BROWSER, BROWSER_LIMIT_S = "browser", 600
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC).timestamp()
"""Calendar time at which each scenario begins, so that runs are alike."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", default="1", help="seed of every scenario's estate")
    parser.addoption("--estate", default="", help="estate file (TOML) that scenarios start from")
    parser.addoption(
        "--run-dir", default="", help="folder for the run; default: runs/latest-features"
    )
    defects.add_options(parser)
    order.add_option(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Requirement ids are marks (an unknown one stops collection); the run gets its folder."""
    catalogue = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    for requirement in catalogue["requirement"]:
        config.addinivalue_line("markers", f"{requirement['id']}: {requirement['sentence']}")
    for mark, meaning in catalogue["extra_tags"].items():
        config.addinivalue_line("markers", f"{mark}: {meaning}")
    run = _Run(config)
    config.pluginmanager.register(run, "teleworker-run")
    config.pluginmanager.register(order.Order(config), "teleworker-order")
    config.pluginmanager.register(_defects(config, run), "teleworker-defects")


@pytest.hookimpl(tryfirst=True)
def pytest_bdd_apply_tag(tag: str, function: Callable[..., object]) -> bool:
    """A tag is a mark of the same name, hyphens and all; browsers get the time they need."""
    getattr(pytest.mark, tag)(function)
    if tag == BROWSER:
        pytest.mark.timeout(BROWSER_LIMIT_S)(function)
    return True


@dataclass
class _Recorded:
    """What is known of the scenario that runs."""

    record: ScenarioRecord
    begun: float = field(default_factory=time.monotonic)
    step_begun: float = 0.0
    journal: Journal | None = None
    estate: Estate | None = None


RECORDED = pytest.StashKey[_Recorded]()


class _Run:
    """Writes the run's folder while scenarios run (in each process of a parallel run)."""

    def __init__(self, config: pytest.Config) -> None:
        worker = getattr(config, "workerinput", None)
        given = str(worker["run_dir"]) if worker else str(config.getoption("--run-dir"))
        unnamed = UNNAMED_DEFECTS if config.getoption("--defects") else UNNAMED
        path = Path(given) if given else unnamed
        if path == unnamed and worker is None:
            shutil.rmtree(path, ignore_errors=True)
        self.folder = RunFolder(path, str(worker["workerid"]) if worker else "")
        self._config = config
        self._is_worker = worker is not None
        self._started = stamp()
        self._roles: list[dict[str, str]] = []
        self._failed = False

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Parallel runs share one folder."""
        node.workerinput["run_dir"] = str(self.folder.path)

    def pytest_bdd_before_scenario(
        self, request: pytest.FixtureRequest, feature: Feature, scenario: Scenario
    ) -> None:
        place = f"{Path(feature.filename).name}::{request.node.name}"
        tags = sorted({*feature.tags, *scenario.tags, *_rule_tags(scenario)})
        record = ScenarioRecord(place, feature.name, scenario.name, tags)
        record.steps = [StepRecord(s.keyword, s.name) for s in scenario.steps]
        request.node.stash[RECORDED] = _Recorded(record)

    def pytest_bdd_before_step(
        self, request: pytest.FixtureRequest, step_func: Callable[..., object]
    ) -> None:
        refuse_async_steps(step_func)
        request.node.stash[RECORDED].step_begun = time.monotonic()

    def pytest_bdd_after_step(self, request: pytest.FixtureRequest, step: Step) -> None:
        self._step(request, step).outcome = "pass"

    def pytest_bdd_step_error(
        self, request: pytest.FixtureRequest, step: Step, exception: Exception
    ) -> None:
        recorded = request.node.stash[RECORDED]
        recorded.record.fails(self._step(request, step), exception)

    def pytest_bdd_step_func_lookup_error(
        self, request: pytest.FixtureRequest, step: Step, exception: Exception
    ) -> None:
        recorded = request.node.stash[RECORDED]
        exception.args = (f"{exception}\n\n{snippet(step.type, step.name)}",)
        recorded.record.fails(self._step(request, step), exception)

    def pytest_bdd_after_scenario(self, request: pytest.FixtureRequest) -> None:
        recorded = request.node.stash[RECORDED]
        recorded.record.duration_s = round(time.monotonic() - recorded.begun, 3)
        recorded.record.ends()
        if recorded.estate is not None:
            self._roles = recorded.estate.roles()
        self.folder.add(recorded.record, recorded.journal, recorded.journal)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """The parallel run's parent, or the only process, writes down what was run."""
        if self._is_worker or not self.folder.path.exists():
            return
        self.folder.write_run(
            kind="features",
            title="Feature suites",
            seed=int(self._config.getoption("--seed")),
            started=self._started,
            outcome="pass" if exitstatus == 0 else "fail",
            command="pytest " + " ".join(sys.argv[1:]),
            roles=self._roles or _usual_roles(),
            facts={},
        )

    @staticmethod
    def _step(request: pytest.FixtureRequest, step: Step) -> StepRecord:
        recorded = request.node.stash[RECORDED]
        waiting = [s for s in recorded.record.steps if s.outcome == "not run"]
        found: StepRecord = next(s for s in waiting if s.text == step.name)
        found.duration_s = round(time.monotonic() - recorded.step_begun, 4)
        return found


def _defects(config: pytest.Config, run: _Run) -> object:
    """What plants defects in this run, or notes who would meet them."""
    worker = str(getattr(config, "workerinput", {}).get("workerid", ""))
    if config.getoption("--defects"):
        reach = Path(str(config.getoption("--reach")) or UNNAMED)
        only = [name for name in str(config.getoption("--only-defects")).split(",") if name]
        thorough = bool(config.getoption("--thorough"))
        return defects.Trial(run.folder.path, reach, only, thorough=thorough, worker=bool(worker))
    name = str(config.getoption("--defect"))
    return defects.Reach(run.folder.path, worker, defects.one_defect(name) if name else None)


def _rule_tags(scenario: Scenario) -> set[str]:
    rule = getattr(scenario, "rule", None)
    return set(getattr(rule, "tags", ()) or ())


def _usual_roles() -> list[dict[str, str]]:
    """What plays the roles by default; a parallel run's parent starts none itself."""
    simulated = ("MBG", "PBX", "CT Gateway", "phones")
    return [{"role": "MCS", "kind": "ours", "where": "in process, one for each scenario"}] + [
        {"role": role, "kind": "simulated", "where": "in process"} for role in simulated
    ]


# Fixtures


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    """The event loop that everything lives on."""
    with started() as running:
        yield running


@pytest.fixture(autouse=True)
def planted_defect(request: pytest.FixtureRequest) -> Iterator[None]:
    """With `--defects`: one of them, in place while the scenario runs."""
    defect: Defect | None = getattr(request, "param", None)
    with planted(defect.place, defect.change) if defect else nullcontext():
        yield


@pytest.fixture
def site_plan() -> dict[str, dict[str, object]]:
    """What the scenario's first steps decide of the estate before it starts: table -> settings."""
    return {}


@pytest.fixture
def estate(
    bench: Bench,
    site_plan: dict[str, dict[str, object]],
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Estate]:
    """A running estate on addresses of its own; our MCS runs in process, on the same clock.

    The MCS logs all it can, so that a secret in its log is found (API-1).
    """
    caplog.set_level("DEBUG", logger="mcs")
    tables = _tables(request.config)
    for table, settings in site_plan.items():
        tables[table] = settings if isinstance(settings, list) else tables.get(table, {}) | settings
    config = EstateConfig.model_validate(tables)
    with bench.entered(_estate(config)) as running:
        recorded = request.node.stash.get(RECORDED, None)
        if recorded is not None:
            recorded.journal, recorded.estate = running.journal, running
        yield running


def _tables(config: pytest.Config) -> dict[str, dict[str, object]]:
    """The estate file's tables, if one was given, on private addresses and with the run's seed."""
    file = str(config.getoption("--estate"))
    tables: dict[str, dict[str, object]] = tomllib.loads(Path(file).read_text()) if file else {}
    seed = int(config.getoption("--seed"))
    return tables | {
        "run": tables.get("run", {}) | {"seed": seed},
        "addresses": {"block": "private"},
    }


def _estate(config: EstateConfig) -> Estate:
    return Estate(config, launch, clock_start=START)


@pytest.fixture
def people(estate: Estate, bench: Bench) -> list[Person]:
    """The scenario's people; each has an extension on the PBX."""
    invented = invent(estate.seed, PEOPLE, models=("6930", "6940", "6920"))
    for person in invented:
        bench.call(estate.node.add_extension, person.extension, person.name)
    return invented


@pytest.fixture
def installer(bench: Bench, estate: Estate, people: list[Person]) -> Iterator[Installer]:
    """The person at both admin sites, logged in."""
    assert estate.mcs is not None
    with bench.entered(McsSite(estate.mcs, estate.claim.plan.administrator, estate.journal)) as mcs:
        bench.run(mcs.log_in())
        yield Installer(estate, mcs)


@pytest.fixture
def gateway(estate: Estate) -> Gateway:
    """The MBG, with its faults and its site."""
    return Gateway(estate)


@pytest.fixture
def teleworker(estate: Estate, bench: Bench, people: list[Person]) -> Teleworker:
    """The first of the people, at home with a phone that is not plugged in yet."""
    return Teleworker(estate, people[0], bench.call(estate.handset, people[0]))


@pytest.fixture
def colleague(estate: Estate, bench: Bench, people: list[Person]) -> Teleworker:
    """The second of the people, at another home."""
    return Teleworker(estate, people[1], bench.call(estate.handset, people[1]))
