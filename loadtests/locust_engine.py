"""An engine below Locust as a child process, and its batches in Locust's statistics.

Runs under gevent, in every Locust process of a burst. A worker starts its engine, merges its
batches and passes its lines on to the master; the master (or the only process) says "go" when all
engines are ready; with --json-lines it writes all lines to its standard output, for the command
that started it.
Phone code stays in the child: here, in a monkey-patched process, is none.
"""

import logging
import os
import sys
import time
from pathlib import Path
from typing import Any, cast

import gevent
import locust
from gevent import subprocess
from gevent.lock import RLock
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner, WorkerRunner
from locust.stats import StatsEntry, StatsEntryDict, StatsError

from loadtests.batches import Batch, Message, from_line, stats_entry, to_line
from loadtests.errors import GeneratorError
from loadtests.plan import Plan

ROOT = Path(__file__).parents[1]
GRACE_S = 90.0
"""Beyond the plan's limit: starting engines, and their last batches."""
TO_MASTER = "bench line"
GO = "bench go"

log = logging.getLogger(__name__)


def bench_of(environment: Environment) -> "Bench":
    """The bench of a Locust process."""
    return cast("Bench", environment.bench)  # type: ignore[attr-defined]


class Bench:
    """One per Locust process; here the plan rules who comes when (else `locust_users`)."""

    def __init__(self, environment: Environment, plan: Plan) -> None:
        assert environment.parsed_options is not None
        assert environment.runner is not None
        self._environment = environment
        self._runner = environment.runner
        self._plan_file = str(Path(environment.parsed_options.plan).resolve())
        self._plan = plan
        self._tells = bool(environment.parsed_options.json_lines)
        self._engine: subprocess.Popen[bytes] | None = None
        self._orders = RLock()
        self._driven = False
        self._ready: set[int] = set()
        self._ended: set[int] = set()
        self._lost: set[int] = set()
        self._went = False
        self._workers_by_node: dict[str, int] = {}
        self._stop = self._quits = False

    @property
    def workers(self) -> int:
        """How many engines the burst has."""
        return self._plan.workers

    def attach(self) -> None:
        """Make this process take part."""
        self._environment.bench = self  # type: ignore[attr-defined]
        if isinstance(self._runner, MasterRunner):
            self._runner.register_message(TO_MASTER, self._from_worker)
        if isinstance(self._runner, WorkerRunner):
            self._runner.register_message(GO, self._from_master)
        self._environment.events.quitting.add_listener(self._quitting)  # type: ignore[no-untyped-call]
        self._environment.events.test_start.add_listener(self._test_start)  # type: ignore[no-untyped-call]

    def _test_start(self, environment: Environment, **_: object) -> None:
        """A test begins, perhaps not the first one: Locust's pages have a button for that."""
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._driven = self._went = self._stop = False
        for kept in (self._ready, self._ended, self._lost):
            kept.clear()

    def over(self, run_time_s: float) -> bool:
        """Whether every engine has ended, is lost, or can't end."""
        self._look_for_lost()
        done = len(self._ended | self._lost) == self.workers
        return done or self._stop or run_time_s > self._plan.limit_s + GRACE_S

    def drive(self) -> None:
        """Run this process's engine to its end.

        Where a Locust worker is lost, its user comes to another one: it has its share, and no more.
        """
        if self._driven:
            return
        self._driven = True
        self._run_engine()

    def _run_engine(self) -> None:
        """Run this process's engine to its end, and pass on what it says."""
        worker = self._runner.worker_index if isinstance(self._runner, WorkerRunner) else 0
        command = [sys.executable, "-m", "loadtests.engine"]
        command += ["--plan", self._plan_file, "--worker", str(worker)]
        self._engine = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            final = False
            for line in self._engine.stdout:
                message = from_line(line)
                final = final or bool(message.batch and message.batch.final)
                self._pass_on(message)
                if message.problem is not None:
                    break
            else:
                if not final and not self._quits:
                    code = self._engine.wait()
                    why = f"its engine ended before its time, status {code}"
                    self._pass_on(Message(lost=why, worker=worker))
        except GeneratorError as error:
            self._pass_on(Message(problem=str(error)))
        finally:
            self._end_engine()

    # Worker and master

    def _pass_on(self, message: Message) -> None:
        if message.batch is not None:
            self._merge(message.batch)
        if isinstance(self._runner, WorkerRunner):
            self._runner.send_message(TO_MASTER, {"line": to_line(message).decode()})
        else:
            self._collect(message)

    def _merge(self, batch: Batch) -> None:
        """Add a batch to this process's statistics, from which Locust reports to its master."""
        stats = self._environment.stats
        if batch.registered or batch.failed:
            name, method = self._plan.kind.request, self._plan.kind.method
            said = stats_entry(batch, name, method)
            entry = StatsEntry.unserialize(cast(StatsEntryDict, said), stats)
            stats.entries[(name, method)].extend(entry)
            stats.total.extend(entry)
        for reason, count in batch.failures.items():
            name, method = self._plan.kind.request, self._plan.kind.method
            key = StatsError.create_key(method, name, reason)
            stats.errors.setdefault(key, StatsError(method, name, reason)).occurrences += count

    def _from_worker(self, environment: Environment, msg: Any, **_: object) -> None:
        message = from_line(msg.data["line"])
        if message.worker is not None:
            self._workers_by_node[msg.node_id] = message.worker
        self._collect(message)

    def _collect(self, message: Message) -> None:
        """On the master, or on the only process: all that any engine says comes by here."""
        self._write(message)
        if message.lost is not None:
            log.error("worker %s was lost: %s", message.worker, message.lost)
        if message.ready is not None and message.worker is not None:
            self._ready.add(message.worker)
        if message.lost is not None and message.worker is not None:
            self._lost.add(message.worker)
        if not self._went and self._ready and len(self._ready | self._lost) == self.workers:
            self._went = True
            self._all_ready()
        if message.batch is not None and message.batch.final:
            self._ended.add(message.batch.worker)
        if message.problem is not None:
            log.error("%s", message.problem)
            self._environment.process_exit_code = 2
            self._stop = True

    def _all_ready(self) -> None:
        at = time.time() + self._plan.go_after_s
        self._write(Message(go=at))
        self._say_go(at)

    def _look_for_lost(self) -> None:
        """On the master: a Locust worker without a heartbeat is lost, engine and all."""
        if isinstance(self._runner, MasterRunner):
            for client in list(self._runner.clients.missing):
                worker = self._workers_by_node.get(client.id)
                if worker is not None and worker not in self._lost | self._ended:
                    self._collect(Message(lost="its Locust worker is gone", worker=worker))

    def _say_go(self, at: float) -> None:
        if isinstance(self._runner, MasterRunner):
            self._runner.send_message(GO, {"at": at})
        else:
            self._go(at)

    def _from_master(self, environment: Environment, msg: Any, **_: object) -> None:
        self._go(msg.data["at"])

    def _go(self, at: float) -> None:
        self._order(f"go {at:.6f}")

    def _order(self, words: str) -> None:
        """Tell the engine, if there is one; users of many greenlets come by here."""
        with self._orders:
            if self._engine is not None and self._engine.stdin is not None:
                self._engine.stdin.write(words.encode() + b"\n")
                self._engine.stdin.flush()

    def _write(self, message: Message) -> None:
        if not self._tells:
            return
        try:
            os.write(sys.stdout.fileno(), to_line(message))
        except BrokenPipeError:  # the command is gone: nobody wants this burst any more
            self._stop = True

    # The end

    def _quitting(self, environment: Environment, **_: object) -> None:
        self._quits = True
        self._end_engine()
        if isinstance(self._runner, MasterRunner | LocalRunner):
            total = environment.stats.total
            self._write(
                Message(
                    locust={
                        "version": locust.__version__,
                        "requests": total.num_requests,
                        "failures": total.num_failures,
                        "p50_ms": total.get_response_time_percentile(0.5) or 0,
                        "p99_ms": total.get_response_time_percentile(0.99) or 0,
                    }
                )
            )

    def _end_engine(self) -> None:
        """End the child by its own id; closing its input is enough unless it hangs."""
        engine, self._engine = self._engine, None
        if engine is None or engine.poll() is not None:
            return
        if engine.stdin is not None:
            engine.stdin.close()
        for end in (lambda: None, engine.terminate, engine.kill):
            end()
            with gevent.Timeout(3, False):
                engine.wait()
            if engine.poll() is not None:
                return
