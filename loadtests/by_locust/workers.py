"""Master and workers of Locust find each other: who takes part, with which share, by which clock.

Runs under gevent, over Locust's own connection. A worker says hello, again and again, once it can
be told something: it connects before that, and what comes earlier is lost. The master deals the
shares when a test starts; Locust's own numbers of workers count those that are gone, too.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.runners import STATE_INIT, STATE_MISSING, MasterRunner, WorkerRunner

from loadtests.errors import GeneratorError
from loadtests.machines.clocks import Clock, Exchange, clock
from loadtests.machines.roster import Hello, Roster

HELLO, WELCOME, REFUSED = "bench hello", "bench welcome", "bench refused"
PREPARE, CLOCK = "bench prepare", "bench clock"
HELLO_S, LOOK_S, SAY_S = 1.0, 0.05, 5.0
EXCHANGES, ANSWER_WITHIN_S = 8, 5.0

log = logging.getLogger(__name__)


class Gathering:
    """Of a master: its workers.

    Args:
        one_machine: they are forks of this command, with the same clock and addresses.
    """

    def __init__(self, runner: MasterRunner, workers: int, mark: str, *, one_machine: bool) -> None:
        self._runner, self._one_machine = runner, one_machine
        self._roster = Roster(workers, mark, one_machine=one_machine)
        self._workers = workers

    def attach(self) -> None:
        """Listen to workers."""
        self._runner.register_message(HELLO, self._hello)
        self._runner.register_message(CLOCK, self._asked_for_time)

    @property
    def count(self) -> int:
        """How many are here."""
        return self._workers - self._roster.missing

    @property
    def shares(self) -> dict[str, int]:
        """{Locust worker: share} of the running test, of those that are gone, too."""
        return self._roster.dealt

    def all_are_here(self, within_s: float | None) -> bool:
        """Wait until as many are ready as the plan has, for so long; None: for ever."""
        begun = said = time.monotonic()
        while not self._are_ready():
            now = time.monotonic()
            if within_s is not None and now - begun > within_s:
                return False
            if now - said > SAY_S:
                said = now
                log.info("%d of %d workers are here", self.count, self._workers)
            gevent.sleep(LOOK_S)
        return True

    def wait_for_forks(self, count: int, within_s: float) -> None:
        """Until so many are connected, whether they can take part or not."""
        with gevent.Timeout(within_s, False):
            while len(self._runner.clients.ready) < count:
                gevent.sleep(LOOK_S)

    def deal(self) -> None:
        """Tell each its share, for which it starts its engine."""
        for node, number in self._roster.deal().items():
            data = {"worker": number, "workers": self._workers, "one_machine": self._one_machine}
            self._runner.send_message(PREPARE, data, node)

    def collect(self) -> None:
        """The test is over: whoever leaves now is not lost."""
        self._roster.collect()

    def gone(self) -> dict[int, str]:
        """{share: why} of workers that are not there any more."""
        found = {}
        for node, number in self._roster.dealt.items():
            client = self._runner.clients.get(node)
            if client is None:
                found[number] = "its Locust worker was stopped"
            elif client.state == STATE_MISSING:
                found[number] = "its Locust worker is gone"
        return found

    # Inside

    def _are_ready(self) -> bool:
        clients = self._runner.clients
        self._roster.keep({node for node, at in clients.items() if at.state == STATE_INIT})
        return self._roster.missing == 0

    def _hello(self, environment: Environment, msg: Any, **_: object) -> None:
        node, clients = msg.node_id, self._runner.clients
        if node not in clients:
            return  # it is between two tests; it will say hello again
        self._roster.keep({one for one, at in clients.items() if at.state != STATE_MISSING})
        why = self._roster.hello(node, Hello(**msg.data))
        if why:
            log.error("a worker (%s) can't take part: %s", node, why)
            self._runner.send_message(REFUSED, {"why": why}, node)
        else:
            self._runner.send_message(WELCOME, {}, node)

    def _asked_for_time(self, environment: Environment, msg: Any, **_: object) -> None:
        received = time.time()
        data = {"asked": msg.data["asked"], "received": received, "answered": time.time()}
        self._runner.send_message(CLOCK, data, msg.node_id)


class Attendance:
    """Of a worker: its part in a burst.

    Args:
        prepare: takes its share, and which part of its machine's addresses it has ("" for all).
    """

    def __init__(
        self,
        environment: Environment,
        runner: WorkerRunner,
        said: Hello,
        prepare: Callable[[int, str], None],
    ) -> None:
        self._environment, self._runner, self._said = environment, runner, said
        self._prepare_engine = prepare
        self._exchanges: list[Exchange] = []
        self._answered = Event()
        self._is_welcome = False

    def attach(self) -> None:
        """Say hello from now on."""
        self._runner.register_message(WELCOME, self._welcome)
        self._runner.register_message(REFUSED, self._refused)
        self._runner.register_message(PREPARE, self._prepare, concurrent=True)
        self._runner.register_message(CLOCK, self._time)
        self._runner.greenlet.spawn(self._say_hello)

    def measure(self) -> Clock:
        """Compare the clock with the master's.

        Raises:
            GeneratorError: the master does not answer.
        """
        self._exchanges = []
        for _ in range(EXCHANGES):
            self._answered.clear()
            self._runner.send_message(CLOCK, {"asked": time.time()})
            if not self._answered.wait(ANSWER_WITHIN_S):
                break
        if not self._exchanges:
            raise GeneratorError(
                f"the master did not say its time within {ANSWER_WITHIN_S:g} s: look at the "
                "network between the machines"
            )
        return clock(self._exchanges)

    # Inside

    def _say_hello(self) -> None:
        while True:
            data = {"mark": self._said.mark, "source": self._said.source}
            self._runner.send_message(HELLO, data)
            gevent.sleep(HELLO_S)

    def _welcome(self, environment: Environment, msg: Any, **_: object) -> None:
        if not self._is_welcome:
            self._is_welcome = True
            log.info("the master has this worker take part")

    def _refused(self, environment: Environment, msg: Any, **_: object) -> None:
        log.error("this worker can't take part: %s", msg.data["why"])
        self._environment.process_exit_code = 2
        gevent.spawn(self._runner.quit)

    def _prepare(self, environment: Environment, msg: Any, **_: object) -> None:
        worker, workers = msg.data["worker"], msg.data["workers"]
        part = f"{worker}/{workers}" if msg.data["one_machine"] else ""
        self._prepare_engine(worker, part)

    def _time(self, environment: Environment, msg: Any, **_: object) -> None:
        heard = time.time()
        self._exchanges.append(Exchange(**msg.data, heard=heard))
        self._answered.set()
