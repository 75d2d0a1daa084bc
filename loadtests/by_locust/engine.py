"""An engine below Locust as a child process, and its batches in Locust's statistics.

Runs under gevent, in every Locust process of a burst. A worker starts its engine when the master
says so, merges its batches and passes its lines on to the master; the master (or the only process)
says "go" when all engines are ready; with --json-lines it writes all lines to its standard output,
for the command that started it.
Phone code stays in the child: here, in a monkey-patched process, is none.
"""

import logging
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, cast

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from loadtests.batches import Batch, Message, from_line, to_line
from loadtests.by_locust.child import Child
from loadtests.by_locust.statistics import counted, merge, merged
from loadtests.by_locust.workers import Attendance, Gathering
from loadtests.engine_core.totals import Totals
from loadtests.errors import GeneratorError
from loadtests.machines.clocks import Clock
from loadtests.machines.plan_folder import mark
from loadtests.machines.roster import Hello
from loadtests.plan import Plan

GRACE_S = 90.0
"""Beyond the plan's limit: starting engines, and their last batches."""
WORKERS_WITHIN_S, AT_A_BUTTON_S = 60.0, 10.0
"""How long forked workers may take to come; and workers elsewhere, once somebody presses start,
beside Locust's stop timeout, for which workers are away after each test."""
ENDED_WITHIN_S, LOOK_S = 30.0, 1.0
TO_MASTER, GO = "bench line", "bench go"

log = logging.getLogger(__name__)


def bench_of(environment: Environment) -> "Bench":
    """The bench of a Locust process."""
    return cast("Bench", environment.bench)  # type: ignore[attr-defined]


class Bench:
    """One per Locust process; here the plan rules who comes when (else `users`)."""

    def __init__(self, environment: Environment, plan: Plan) -> None:
        options, runner = environment.parsed_options, environment.runner
        assert options is not None
        assert runner is not None
        self._environment, self._runner, self._options = environment, runner, options
        # Locust overwrites a worker's options with the master's: what is this machine's is kept.
        self._plan_file, self._source = str(Path(options.plan).resolve()), str(options.source)
        self._plan = plan
        self._tells = bool(options.json_lines)
        self._gathering: Gathering | None = None
        self._attendance: Attendance | None = None
        if isinstance(runner, MasterRunner):
            one_machine = bool(options.processes)
            self._gathering = Gathering(runner, plan.workers, mark(plan), one_machine=one_machine)
        if isinstance(runner, WorkerRunner):
            said = Hello(mark(plan), self._source)
            self._attendance = Attendance(environment, runner, said, self._start_engine)
        self._child: Child | None = None
        self._own_ended = Event()
        self._own_ended.set()
        self._worker: int | None = None
        """This process's share in the running test."""
        self._clock, self._round_trip_s = Clock(), 0.0
        self._ready: dict[int, int] = {}
        """{engine: how many items it has}."""
        self._ended: set[int] = set()
        self._lost: set[int] = set()
        self._totals = Totals()
        self._went = self._stop = False

    @property
    def workers(self) -> int:
        """How many engines the burst has."""
        return self._plan.workers

    def attach(self) -> None:
        """Make this process take part."""
        environment, runner = self._environment, self._runner
        environment.bench = self  # type: ignore[attr-defined]
        if self._gathering is not None:
            runner.register_message(TO_MASTER, self._from_worker)
            self._gathering.attach()
            self._options.expect_workers = self.workers  # Locust itself waits for these
            gevent.spawn(self._watch)
        if self._attendance is not None:
            runner.register_message(GO, self._from_master)
            self._attendance.attach()
        events = environment.events
        events.quitting.add_listener(self._quitting)  # type: ignore[no-untyped-call]
        events.test_start.add_listener(self._test_start)  # type: ignore[no-untyped-call]
        events.test_stopping.add_listener(self._test_stopping)  # type: ignore[no-untyped-call]
        self._look_at_processes()

    def over(self, run_time_s: float) -> bool:
        """Whether every engine has ended, is lost, or can't end."""
        return self._all_are_through or self._stop or run_time_s > self._plan.limit_s + GRACE_S

    def drive(self) -> None:
        """A user of Locust begins: here it only stands for an engine, which runs by itself."""

    # Master, or the only process: a test begins and ends, perhaps not the first one

    def _test_start(self, environment: Environment, **_: object) -> None:
        if self._attendance is None:
            self._prepare()

    def _test_stopping(self, environment: Environment, **_: object) -> None:
        """By its end, or by somebody: what still runs is ended, and is not lost."""
        self._look_for_lost()
        self._dismiss()
        if self._child is not None:
            self._child.end()
        self._ended.clear()
        self._lost.clear()

    def _dismiss(self) -> None:
        """Whoever leaves from now on is not lost."""
        if self._gathering is not None:
            self._gathering.collect()

    def _prepare(self) -> bool:
        """Have all engines started; whether they could be."""
        self._stop = self._went = False
        self._totals = Totals()
        for kept in (self._ready, self._ended, self._lost):
            kept.clear()
        if self._gathering is not None:
            return self._gather(self._gathering)
        self._start_engine(0)
        return True

    def _look_at_processes(self) -> None:
        """Leave at once where there can't be as many engines as the plan has."""
        forked, why = self._options.processes, ""
        if self._gathering is not None and forked not in (None, self.workers):
            # Who has not come yet would go on looking for a master.
            self._gathering.wait_for_forks(forked, WORKERS_WITHIN_S)
            why = f"Locust has {forked}: say --processes {self.workers}"
        elif self._gathering is None and self._attendance is None and self.workers != 1:
            why = (
                f"Locust runs in one process: add --processes {self.workers}, or --master with as "
                "many --worker"
            )
        if why:
            self._refuse(f"the plan has {self.workers} workers, and {why}")
            self._leave()

    def _leave(self, status: int = 2) -> NoReturn:
        self._runner.quit()
        sys.exit(status)

    def _gather(self, gathering: Gathering) -> bool:
        within_s = self._options.expect_workers_max_wait or None
        if self._options.processes:
            within_s = WORKERS_WITHIN_S
        elif not self._options.headless:
            within_s = AT_A_BUTTON_S + (self._environment.stop_timeout or 0.0)
        if not gathering.all_are_here(within_s):
            return self._refuse(
                f"the plan has {self.workers} workers, and {gathering.count} came: start as many"
            )
        gathering.deal()
        return True

    def _refuse(self, why: str) -> bool:
        self._collect(Message(problem=why))
        return False

    def _watch(self) -> None:
        while True:
            gevent.sleep(LOOK_S)
            self._look_for_lost()

    def _look_for_lost(self) -> None:
        """On the master: a Locust worker that left in the middle is lost, engine and all."""
        gone = {} if self._gathering is None else self._gathering.gone()
        for worker, why in gone.items():
            if worker not in self._lost | self._ended:
                self._collect(Message(lost=why, worker=worker))

    # Worker, or the only process: its engine

    def _start_engine(self, worker: int, part: str = "") -> None:
        """Start this process's engine, once that of the last test is gone."""
        if not self._own_ended.wait(ENDED_WITHIN_S):
            why = "its engine of the test before has not ended"
            self._pass_on(Message(problem=why, worker=worker))
            return
        self._own_ended.clear()
        self._worker = worker
        gevent.spawn(self._run_own_engine, worker, part)

    def _run_own_engine(self, worker: int, part: str) -> None:
        options = ["--plan", self._plan_file, "--worker", str(worker)]
        if self._source:
            options += ["--source", self._source, "--part", part]
        child = self._child = Child(*options)
        try:
            self._listen(child, worker, is_fork=bool(part))
        except GeneratorError as error:
            self._pass_on(Message(problem=str(error), worker=worker))
        finally:
            child.end()
            self._child = None
            self._own_ended.set()

    def _listen(self, child: Child, worker: int, *, is_fork: bool) -> None:
        """Pass on what the engine says, until it ends; a fork has its master's clock."""
        final = False
        for message in child.messages():
            if message.ready is not None and self._attendance is not None and not is_fork:
                self._clock = self._attendance.measure()
                self._pass_on(Message(clock=self._clock, worker=worker))
            final = final or bool(message.batch and message.batch.final)
            self._pass_on(replace(message, worker=worker))
            if message.problem is not None:
                return
        if not final and not child.is_ended:
            why = f"its engine ended before its time, status {child.status()}"
            self._pass_on(Message(lost=why, worker=worker))

    def _pass_on(self, message: Message) -> None:
        if message.batch is not None:
            wall_s = round(self._clock.to_master(message.batch.wall_s))
            message = replace(message, batch=replace(message.batch, wall_s=wall_s))
            assert message.batch is not None
            self._merge(message.batch)
        if self._attendance is not None:
            self._runner.send_message(TO_MASTER, {"line": to_line(message).decode()})
        else:
            self._collect(message)

    def _merge(self, batch: Batch) -> None:
        merge(self._environment, self._plan.kind, batch)

    # Worker and master

    def _from_worker(self, environment: Environment, msg: Any, **_: object) -> None:
        self._collect(from_line(msg.data["line"]))

    def _collect(self, message: Message) -> None:
        """On the master, or on the only process: all that any engine says comes by here."""
        self._write(message)
        worker = message.worker
        if worker is not None:
            self._note(message, worker)
        if not self._went and self._ready and len(self._ready.keys() | self._lost) == self.workers:
            self._went = True
            self._all_ready()
        if message.problem is not None:
            log.error("%s%s", "" if worker is None else f"worker {worker}: ", message.problem)
            self._environment.process_exit_code = 2
            self._stop = True

    def _note(self, message: Message, worker: int) -> None:
        if message.clock is not None:
            say = log.info if message.clock.is_good else log.warning
            say("worker %d: %s", worker, message.clock)
            self._round_trip_s = max(self._round_trip_s, message.clock.round_trip_s)
        if message.ready is not None:
            self._ready[worker] = message.share or 0
            items = self._plan.kind.counted(self._ready[worker])
            log.info("engine %d: %s, a child process of Locust, %s", worker, message.ready, items)
        if message.batch is not None:
            self._totals.add(message.batch)
            if message.batch.final:
                self._ended.add(worker)
        if message.lost is not None:
            self._lost.add(worker)
            self._totals.lose(worker, self._ready.get(worker, 0), message.lost)
            log.error("%s", self._totals.lost_workers.get(worker, message.lost))
            if not self._tells and self._environment.process_exit_code is None:
                self._environment.process_exit_code = self._options.exit_code_on_error

    @property
    def _all_are_through(self) -> bool:
        return len(self._ended | self._lost) == self.workers

    def _all_ready(self) -> None:
        at = time.time() + self._plan.go_after_s + 2 * self._round_trip_s
        self._write(Message(go=at))
        self._say_go(at)

    def _say_go(self, at: float) -> None:
        if self._gathering is not None:
            self._runner.send_message(GO, {"at": at})
        else:
            self._order(f"go {at:.6f}")

    def _from_master(self, environment: Environment, msg: Any, **_: object) -> None:
        self._order(f"go {self._clock.from_master(msg.data['at']):.6f}")

    def _order(self, words: str) -> None:
        """Tell the engine, if there is one."""
        if self._child is not None:
            self._child.order(words)

    def _write(self, message: Message) -> None:
        if not self._tells:
            return
        try:
            os.write(sys.stdout.fileno(), to_line(message))
        except BrokenPipeError:  # the command is gone: nobody wants this burst any more
            self._stop = True

    # The end

    def _quitting(self, environment: Environment, **_: object) -> None:
        if self._child is not None:
            self._child.end()
        self._dismiss()
        if self._attendance is None:
            self._write(Message(locust=counted(self._environment)))
            if self._totals.registered and not self._tells:
                log.info("%s", merged(self._totals, self._plan.kind))
