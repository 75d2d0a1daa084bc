"""Locust's users and shape for a burst, nothing more.

    locust -f loadtests/locustfile.py --list
    locust -f loadtests/locustfile.py Register --plan PLAN.json [--headless] [--processes N]

One class for each scenario; `python -m loadtests target` makes a plan. Where that was made with a
shape, it rules: one user per worker drives a whole load engine. Else -u, -r and -t rule, and each
user is one item. Phone code is in the engines alone, one child process per Locust process.
"""

import sys
from pathlib import Path
from typing import NoReturn

from locust import LoadTestShape, User, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import MasterRunner

from loadtests.by_locust.engine import Bench, bench_of
from loadtests.by_locust.users import ByLocust
from loadtests.machines.sources import check_sources, parse_sources
from loadtests.plan import LONGEST_S, Plan, read_plan
from loadtests.scenarios.kinds import KINDS
from simulators.errors import ConfigurationError

COUNTED = {"num_users": "-u", "spawn_rate": "-r", "run_time": "-t"}


def _refuse(why: str) -> NoReturn:
    """Leave: it can't be done as asked."""
    sys.stderr.write(f"{why}\n")
    sys.exit(2)


def _options(parser: LocustArgumentParser) -> None:
    parser.add_argument(
        "--plan",
        help="The plan of the burst, as JSON. Where it was made without --shape, -u is how many "
        "phones (or other items) come, each once, -r how many a second, -t when the test ends; "
        "where it was made with one, that rules, and -u, -r and -t are refused.",
        default="",
        include_in_web_ui=False,
    )
    parser.add_argument(
        "--source",
        metavar="NETWORK",
        help="Addresses of this machine for the homes of its phones, as a network (10.20.1.0/24) "
        "or one address; without, homes are 127.homes.x.y. Each --worker has its own.",
        default="",
        include_in_web_ui=False,
    )
    parser.add_argument(
        "--json-lines",
        action="store_true",
        help="Write what the engines say to standard output, for the command that started this.",
        include_in_web_ui=False,
    )


def _init(environment: Environment, **_: object) -> None:
    options = environment.parsed_options
    if options is None or not options.plan:
        _refuse("--plan is needed: python -m loadtests target --plan FILE writes one")
    try:
        plan = read_plan(Path(options.plan))
        _look_at_source(environment, plan)
    except ConfigurationError as error:
        _refuse(str(error))
    _choose_user(environment, plan)
    if plan.by_locust:
        ByLocust(environment, plan).attach()
        return
    given = [said for name, said in COUNTED.items() if getattr(options, name, None) is not None]
    if given:
        _refuse(
            f"{', '.join(given)} can't be followed: the plan {options.plan} comes with "
            f"{plan.phones} {plan.kind.noun} {plan.manner}, and that rules. Leave it out (also "
            "from LOCUST_ variables and configuration files), or make a plan without --shape: "
            "python -m loadtests target --plan FILE"
        )
    if environment.shape_class is not None:
        UntilAllEnginesEnd.use_common_options = False  # pages then ask for no -u, -r, -t
    Bench(environment, plan).attach()


def _look_at_source(environment: Environment, plan: Plan) -> None:
    """Each process that has an engine has its addresses, and a master that forks none has none."""
    options = environment.parsed_options
    assert options is not None
    if isinstance(environment.runner, MasterRunner) and not options.processes:
        if options.source:
            raise ConfigurationError("a --master has no phones: give --source to each --worker")
        return
    sources = parse_sources(options.source) if options.source else None
    check_sources(plan.scenario, plan.mbg[0], sources)


def _choose_user(environment: Environment, plan: Plan) -> None:
    """The user class of the plan's scenario alone takes part; pages show its host."""
    chosen = [user for user in environment.user_classes if user.__name__ == plan.kind.user]
    if not chosen:
        _refuse(f"the plan is one of the scenario {plan.scenario}: its user is {plan.kind.user}")
    chosen[0].host = "MBG at {}:{}".format(*plan.mbg)  # else pages ask for one, in vain
    environment.user_classes = chosen


events.init_command_line_parser.add_listener(_options)  # type: ignore[no-untyped-call]
events.init.add_listener(_init)  # type: ignore[no-untyped-call]


class Engine(User):
    """By plan: stands for this worker's load engine. By Locust: has it start one item."""

    abstract = True

    def wait_time(self) -> float:
        """What it stands for comes once; then it waits until the test ends."""
        return 10 * LONGEST_S

    @task
    def drive(self) -> None:
        bench_of(self.environment).drive()


# Locust finds its users among the names of this module.
globals().update({kind.user: type(kind.user, (Engine,), {}) for kind in KINDS.values()})


class UntilAllEnginesEnd(LoadTestShape):
    """Of plans with a shape: one user per worker, until every engine has said its last."""

    use_common_options = True
    """Else Locust says that -u, -r and -t have no meaning, before the plan is known."""

    def tick(self) -> tuple[int, float] | None:
        assert self.runner is not None
        bench = bench_of(self.runner.environment)
        run_time_s: float = self.get_run_time()  # type: ignore[no-untyped-call]
        return None if bench.over(run_time_s) else (bench.workers, bench.workers)
