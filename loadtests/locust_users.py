"""Locust's own way: each of its users is one item, and -u, -r and -t rule as its manual says.

A user that Locust starts has its worker's engine start the next item of the worker's share, whose
moment is that of the user. All engines are ready before Locust starts the first one. When the test
ends, so do the engines, and their last batch is in Locust's statistics before Locust reports.
"""

import logging
import sys
import time
from typing import Any

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from loadtests.batches import Message
from loadtests.locust_engine import Bench
from loadtests.plan import GRACE_S, Plan

PREPARE, END, COME = "bench prepare", "bench end", "bench come"
WORKERS_WITHIN_S, ENDED_WITHIN_S = 60.0, 30.0

log = logging.getLogger(__name__)


class ByLocust(Bench):
    """One per Locust process, where Locust's users decide who comes when."""

    def __init__(self, environment: Environment, plan: Plan) -> None:
        super().__init__(environment, plan)
        self._prepared, self._all_ended, self._own_ended = Event(), Event(), Event()
        self._own_ended.set()
        self._running = self._told = False
        self._came = self._over = 0
        self._share: int | None = None
        self._full: set[str] = set()
        """Locust workers whose share is used up."""

    def attach(self) -> None:
        """Make this process take part; without web pages, get ready at once.

        Without them the run time counts from here on, so that getting ready is no part of it.
        """
        environment, runner = self._environment, self._runner
        options = environment.parsed_options
        assert options is not None
        environment.shape_class = None
        super().attach()
        if isinstance(runner, WorkerRunner):
            runner.register_message(PREPARE, self._from_master_prepare)
            runner.register_message(END, self._from_master_end)
            runner.register_message(COME, self._from_master_come)
            return
        environment.events.test_stopping.add_listener(self._test_stopping)  # type: ignore[no-untyped-call]
        if options.headless:
            if (options.num_users or 1) > self._plan.phones:
                sys.exit(self._too_many)
            if not self._prepare():
                runner.quit()
                sys.exit(2)

    def drive(self) -> None:
        """A Locust user begins: its item does, too."""
        self._come(time.time())

    # Master, or the only process

    def _prepare(self) -> bool:
        """Have all engines started and ready; whether they are."""
        self._begin_anew()
        self._prepared.clear()
        self._all_ended.clear()
        self._full.clear()
        if isinstance(self._runner, MasterRunner):
            clients, options = self._runner.clients, self._environment.parsed_options
            if options is not None and options.processes not in (None, self.workers):
                # Who has not come yet would go on looking for a master for a minute.
                self._wait_for_workers(options.processes)
                return self._refuse(
                    f"the plan has {self.workers} workers, and Locust has {options.processes}: "
                    f"say --processes {self.workers}"
                )
            self._wait_for_workers(self.workers)
            if len(clients.ready) != self.workers:
                return self._refuse(
                    f"the plan has {self.workers} workers, and {len(clients.ready)} came: start "
                    "as many"
                )
            self._runner.send_message(PREPARE, {})
        elif self.workers != 1:
            return self._refuse(
                f"the plan has {self.workers} workers, and Locust runs in one process: add "
                f"--processes {self.workers}, or --master with as many --worker"
            )
        else:
            self._start_engine()
        self._prepared.wait(self._plan.limit_s + GRACE_S)
        return self._prepared.is_set() and not self._stop

    def _wait_for_workers(self, count: int) -> None:
        assert isinstance(self._runner, MasterRunner)
        with gevent.Timeout(WORKERS_WITHIN_S, False):
            while len(self._runner.clients.ready) < count:
                gevent.sleep(0.05)

    def _refuse(self, why: str) -> bool:
        self._collect(Message(problem=why))
        return False

    def _test_start(self, environment: Environment, **_: object) -> None:
        if isinstance(self._runner, WorkerRunner):
            return
        if not (self._prepared.is_set() or self._prepare()):
            gevent.spawn(self._runner.stop)
            return
        self._running = True
        self._say_go(time.time())

    def _all_ready(self) -> None:
        self._prepared.set()

    def _collect(self, message: Message) -> None:
        super()._collect(message)
        if message.problem is not None:
            self._prepared.set()
        if message.surplus is not None:
            self._hand_on(message.surplus, message.worker)
        if len(self._ended | self._lost) == self.workers:
            self._all_ended.set()

    def _hand_on(self, at: float, worker: int | None) -> None:
        """A worker has more users than items: another one takes this, while one has any left."""
        nodes = self._workers_by_node
        self._full |= {node for node, number in nodes.items() if number == worker}
        free = [node for node in nodes if node not in self._full]
        if isinstance(self._runner, MasterRunner) and free:
            self._runner.send_message(COME, {"at": at}, free[0])
        elif not self._told:
            self._told = True
            log.error(self._too_many)
            self._environment.process_exit_code = 2

    @property
    def _too_many(self) -> str:
        return (
            f"more users than the {self._plan.phones} {self._plan.kind.noun} of the plan: ask for "
            "fewer with -u, or make a plan with more (python -m loadtests target --phones)"
        )

    def _test_stopping(self, environment: Environment, **_: object) -> None:
        """End all engines, and wait until their last batches are in."""
        if not self._running:
            return
        self._running = False
        patience_s = environment.stop_timeout or 0.0
        if isinstance(self._runner, MasterRunner):
            self._runner.send_message(END, {"patience_s": patience_s})
        else:
            self._end(patience_s)
        with gevent.Timeout(patience_s + ENDED_WITHIN_S, False):
            while not self._all_ended.wait(0.2):
                self._look_for_lost()
        if not self._all_ended.is_set():
            log.error("not all engines have told their end; the statistics lack their last batch")
            environment.process_exit_code = 2
        self._prepared.clear()

    # Worker, or the only process

    def _start_engine(self) -> None:
        """Start this process's engine, once that of the last test is gone."""
        if not self._own_ended.wait(ENDED_WITHIN_S):
            return
        self._came, self._over, self._share = 0, 0, None
        self._own_ended.clear()
        gevent.spawn(self._run_own_engine)

    def _run_own_engine(self) -> None:
        try:
            self._run_engine()
        finally:
            self._own_ended.set()

    def _pass_on(self, message: Message) -> None:
        if message.share is not None:
            self._share = message.share
        super()._pass_on(message)

    def _merge(self, batch: Any) -> None:
        super()._merge(batch)
        self._over += batch.registered + batch.failed
        if batch.final:
            still_open = self._came - self._over
            if still_open > 0:
                log.warning(
                    "%d %s had not ended when the test was stopped, and count for nothing; "
                    "--stop-timeout lets them end", still_open, self._plan.kind.noun,
                )  # fmt: skip
            if isinstance(self._runner, WorkerRunner):  # before the word that this was the last
                data: dict[str, Any] = {}
                self._environment.events.report_to_master.fire(  # type: ignore[no-untyped-call]
                    client_id=self._runner.client_id, data=data
                )
                self._runner.send_message("stats", data)

    def _come(self, at: float) -> None:
        if self._share is None or self._came >= self._share:
            worker = self._runner.worker_index if isinstance(self._runner, WorkerRunner) else 0
            self._pass_on(Message(surplus=at, worker=worker))
            return
        self._came += 1
        self._order(f"start {at:.6f}")

    def _end(self, patience_s: float) -> None:
        self._order(f"end {patience_s:g}")

    def _from_master_prepare(self, environment: Environment, msg: Any, **_: object) -> None:
        self._start_engine()

    def _from_master_end(self, environment: Environment, msg: Any, **_: object) -> None:
        self._end(msg.data["patience_s"])

    def _from_master_come(self, environment: Environment, msg: Any, **_: object) -> None:
        self._come(msg.data["at"])

    # The end

    def _quitting(self, environment: Environment, **_: object) -> None:
        """Ctrl-C comes by here alone: then the test is stopped first."""
        self._quits = True
        self._test_stopping(environment)
        if self._engine is not None:
            self._end(0.0)
            self._own_ended.wait(ENDED_WITHIN_S)
        super()._quitting(environment)
