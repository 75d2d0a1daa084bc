"""Fixtures and hooks of the suites: estate, people, actors; requirement ids as marks; recording."""

import shutil
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_bdd.parser import Feature, Scenario, Step

from features import order
from features.actors.desk import Desk
from features.actors.gateway import Gateway
from features.actors.installer import Installer
from features.actors.speakers import at_mbg, at_mcs, desk_for, needs_person
from features.actors.teleworker import Teleworker
from features.defects import plugin as defects
from features.defects.defect import planted
from features.defects.trial import Planting, Trial
from features.mcs_in_process import launch
from features.offered import Offered, offered_by
from features.portal import Bench, refuse_async_steps, started
from features.recording import RunFolder, ScenarioRecord, StepRecord, stamp
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
from features.verdicts import plugin as verdicts
from features.verdicts.core import Phase, Verdict
from features.verdicts.finding import showing
from features.words.snippet import snippet
from simulators.errors import NotOffered
from simulators.estate.config import EstateConfig
from simulators.estate.estate import Estate
from simulators.journal import Journal
from simulators.phone.people import Person, invent
from simulators.runs import RUNS

UNNAMED = RUNS / "latest-features"
"""Where a run goes that names no folder; each such run takes the place of the one before."""
UNNAMED_DEFECTS = RUNS / "latest-defects"

CATALOGUE = Path(__file__).parent.parent / "reports" / "requirements.toml"
PEOPLE = 3
BROWSER, BROWSER_LIMIT_S = "browser", 600
ACTS_OF_A_PERSON = 30
"""In one step, at most."""
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC).timestamp()
"""Calendar time at which each scenario begins, so that runs are alike."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", default="1", help="seed of every scenario's estate")
    parser.addoption("--estate", default="", help="estate file (TOML) that scenarios start from")
    parser.addoption(
        "--run-dir", default="", help="folder for the run; default: runs/latest-features"
    )
    defects.add_options(parser)
    verdicts.add_options(parser)
    order.add_option(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Requirement ids are marks (an unknown one stops collection); the run gets its folder."""
    catalogue = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    for requirement in catalogue["requirement"]:
        config.addinivalue_line("markers", f"{requirement['id']}: {requirement['sentence']}")
    for mark, meaning in catalogue["extra_tags"].items():
        config.addinivalue_line("markers", f"{mark}: {meaning}")
    worker, trial = hasattr(config, "workerinput"), bool(config.getoption("--defects"))
    measure = verdicts.Verdicts(config, worker=worker, trial=trial)
    run = _Run(config, measure)
    config.stash[MEASURE] = measure
    config.pluginmanager.register(measure, "teleworker-verdicts")
    config.pluginmanager.register(run, "teleworker-run")
    config.pluginmanager.register(order.Order(config), "teleworker-order")
    config.pluginmanager.register(_defects(config, run), "teleworker-defects")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where a person is asked, no time limit falls due."""
    if needs_person(EstateConfig.model_validate(_tables(config))):
        for item in items:
            item.add_marker(pytest.mark.timeout(0))


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
    mark: int = 0
    """Where the journal was when the step began."""
    journal: Journal | None = None
    estate: Estate | None = None


RECORDED = pytest.StashKey[_Recorded]()
MEASURE = pytest.StashKey[verdicts.Verdicts]()


class _Run:
    """Writes the run's folder while scenarios run (in each process of a parallel run)."""

    def __init__(self, config: pytest.Config, measure: verdicts.Verdicts) -> None:
        self._measure = measure
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
        if reason := self._measure.applicability.against(tags):
            record.outcome, record.reason = Verdict.NOT_APPLICABLE.value, reason
            self.pytest_bdd_after_scenario(request)
            pytest.skip(f"not applicable: {reason}")

    def pytest_bdd_before_step(
        self, request: pytest.FixtureRequest, step: Step, step_func: Callable[..., object]
    ) -> None:
        try:
            refuse_async_steps(step_func)
        except TypeError as error:
            self._fails(request, step, error)
            raise
        recorded = request.node.stash[RECORDED]
        recorded.step_begun = time.monotonic()
        recorded.mark = recorded.journal.mark() if recorded.journal else 0

    def pytest_bdd_after_step(self, request: pytest.FixtureRequest, step: Step) -> None:
        self._step(request, step).outcome = "pass"

    def pytest_bdd_step_error(
        self, request: pytest.FixtureRequest, step: Step, exception: Exception
    ) -> None:
        self._fails(request, step, exception)

    def pytest_bdd_step_func_lookup_error(
        self, request: pytest.FixtureRequest, step: Step, exception: Exception
    ) -> None:
        exception.args = (f"{exception}\n\n{snippet(step.type, step.name)}",)
        self._fails(request, step, exception)

    def _fails(self, request: pytest.FixtureRequest, step: Step, error: Exception) -> None:
        recorded = request.node.stash[RECORDED]
        ended = recorded.journal.mark() if recorded.journal else 0
        recorded.record.fails(
            self._step(request, step),
            error,
            Phase(step.type),
            self._measure.level(recorded.record.tags),
            showing(recorded.mark, ended),
        )

    def pytest_bdd_after_scenario(self, request: pytest.FixtureRequest) -> None:
        recorded = request.node.stash[RECORDED]
        recorded.record.duration_s = round(time.monotonic() - recorded.begun, 3)
        recorded.record.ends()
        said = Verdict(recorded.record.outcome), recorded.record.reason
        request.node.stash[verdicts.SPOKEN] = said
        if recorded.estate is not None:
            self._roles = recorded.estate.roles()
        self.folder.add(recorded.record, recorded.journal, recorded.journal)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """The parallel run's parent, or the only process, writes down what was run."""
        if self._is_worker or not self.folder.path.exists():
            return
        self.folder.write_run(
            kind="features",
            title="Feature suites",
            seed=int(self._config.getoption("--seed")),
            started=self._started,
            outcome="pass" if session.exitstatus == 0 else "fail",
            command="pytest " + " ".join(sys.argv[1:]),
            roles=self._roles or _usual_roles(),
            facts=self._measure.facts(),
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
        return Trial(run.folder.path, reach, only, thorough=thorough, worker=bool(worker))
    name = str(config.getoption("--defect"))
    return defects.Reach(run.folder.path, worker, defects.plantable(name) if name else None)


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


@pytest.fixture(scope="session")
def desk(bench: Bench, pytestconfig: pytest.Config) -> Iterator[Desk | None]:
    """Where a person is asked, if one speaks for a role of this run."""
    config = EstateConfig.model_validate(_tables(pytestconfig))
    found = bench.run(desk_for(config))
    if found is not None:
        bench.limit_s = ACTS_OF_A_PERSON * config.person.patience_s
        capture = pytestconfig.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            sys.stdout.write(f"\nSomebody is asked at {getattr(found, 'url', 'this terminal')}\n")
            sys.stdout.flush()
    yield found
    if found is not None:
        bench.run(found.stop())


@pytest.fixture(autouse=True)
def planted_defect(request: pytest.FixtureRequest) -> Iterator[None]:
    """With `--defects`: some of them, in place while the scenario runs."""
    planting: Planting | None = getattr(request, "param", None)
    with ExitStack() as stack:
        for defect in planting.defects if planting else ():
            stack.enter_context(planted(defect.place, defect.change))
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
    if config.mbg.role == "external" and "mbg" in site_plan:
        wished = ", ".join(site_plan["mbg"])
        raise NotOffered(f"the MBG is an external one, which stays as it is: {wished}")
    with bench.entered(_estate(config)) as running:
        recorded = request.node.stash.get(RECORDED, None)
        if recorded is not None:
            recorded.journal, recorded.estate = running.journal, running
        offered_by(running, request.config.stash[MEASURE].applicability)
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
    external = "external" in (config.mcs.role, config.mbg.role)
    return Estate(config, launch, clock_start=None if external else START)


@pytest.fixture
def people(estate: Estate, bench: Bench) -> list[Person]:
    """The scenario's people; each has an extension on the PBX."""
    invented = invent(estate.seed, PEOPLE, models=("6930", "6940", "6920"))
    for person in invented:
        bench.call(estate.node.add_extension, person.extension, person.name)
    return invented


@pytest.fixture
def installer(
    bench: Bench, estate: Estate, people: list[Person], desk: Desk | None
) -> Iterator[Installer]:
    """The person at both admin sites, logged in."""
    mbg = at_mbg(estate, desk)
    bench.run(mbg.begins())
    with bench.entered(at_mcs(estate, desk)) as mcs:
        bench.run(mcs.log_in())
        person = Installer(estate, mcs, mbg)
        yield person
        if (table := estate.config.mcs).role == "external" and not table.reset_command:
            bench.run(person.tidies_up(people))


@pytest.fixture
def offered(estate: Estate, request: pytest.FixtureRequest) -> Offered:
    """What this run offers beside the product's business."""
    return offered_by(estate, request.config.stash[MEASURE].applicability)


@pytest.fixture
def gateway(estate: Estate, offered: Offered) -> Gateway:
    """The MBG, with its faults and its site."""
    return Gateway(estate, offered)


@pytest.fixture
def teleworker(estate: Estate, bench: Bench, people: list[Person]) -> Teleworker:
    """The first of the people, at home with a phone that is not plugged in yet."""
    return Teleworker(estate, people[0], bench.call(estate.handset, people[0]))


@pytest.fixture
def colleague(estate: Estate, bench: Bench, people: list[Person]) -> Teleworker:
    """The second of the people, at another home."""
    return Teleworker(estate, people[1], bench.call(estate.handset, people[1]))
