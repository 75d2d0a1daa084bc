"""Locust's users and shape for a burst, nothing more.

    locust -f loadtests/locustfile.py --list
    locust -f loadtests/locustfile.py Register --plan PLAN.json [--headless] [--processes N]

One class for each scenario; `python -m loadtests target` makes a plan. One user per worker, and
each drives a whole load engine: the phones are not Locust users.
"""

import sys

from locust import LoadTestShape, User, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment

from loadtests.locust_engine import Bench, bench_of
from loadtests.scenarios.kinds import KINDS


def _options(parser: LocustArgumentParser) -> None:
    parser.add_argument("--plan", help="The plan of the burst, as JSON.", default="")


def _init(environment: Environment, **_: object) -> None:
    if environment.parsed_options is None or not environment.parsed_options.plan:
        sys.exit("--plan is needed: python -m loadtests target --plan FILE writes one")
    Bench(environment).attach()


events.init_command_line_parser.add_listener(_options)  # type: ignore[no-untyped-call]
events.init.add_listener(_init)  # type: ignore[no-untyped-call]


class Engine(User):
    """Starts this worker's load engine and hands its batches to Locust's statistics."""

    abstract = True

    @task
    def drive(self) -> None:
        bench_of(self.environment).drive()


# Locust finds its users among the names of this module.
globals().update({kind.user: type(kind.user, (Engine,), {}) for kind in KINDS.values()})


class UntilAllEnginesEnd(LoadTestShape):
    """One user per worker, until every engine has said its last."""

    def tick(self) -> tuple[int, float] | None:
        assert self.runner is not None
        bench = bench_of(self.runner.environment)
        run_time_s: float = self.get_run_time()  # type: ignore[no-untyped-call]
        return None if bench.over(run_time_s) else (bench.workers, bench.workers)
