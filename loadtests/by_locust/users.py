"""Locust's own way: each of its users is one item, and -u, -r and -t rule as its manual says.

A user that Locust starts has its worker's engine start the next item of the worker's share, whose
moment is that of the user. All engines are ready before Locust starts the first one. When the test
ends, so do the engines, and their last batch is in Locust's statistics before Locust reports.
Where Locust moves a user to another worker, its item stays where it is.
"""

import logging
import sys
import time
from typing import Any

import gevent
from gevent.event import Event
from locust.env import Environment

from loadtests.batches import Batch, Message
from loadtests.by_locust.engine import ENDED_WITHIN_S, GRACE_S, Bench
from loadtests.plan import Plan

END, COME = "bench end", "bench come"

log = logging.getLogger(__name__)


class ByLocust(Bench):
    """One per Locust process, where Locust's users decide who comes when."""

    def __init__(self, environment: Environment, plan: Plan) -> None:
        super().__init__(environment, plan)
        self._prepared, self._all_ended = Event(), Event()
        self._running = self._told = self._is_fork = False
        self._served = self._came = self._over = 0
        """Users here that an item came for; items of this share that came, that are over."""
        self._share: int | None = None
        self._full: set[int] = set()
        """Shares that are used up."""

    def attach(self) -> None:
        """Make this process take part; without web pages, get ready at once.

        Without them the run time counts from here on, so that getting ready is no part of it.
        """
        self._environment.shape_class = None
        super().attach()
        if self._attendance is not None:
            self._runner.register_message(END, self._from_master_end)
            self._runner.register_message(COME, self._from_master_come)
        elif self._options.headless:
            if (self._options.num_users or 1) > self._plan.phones:
                sys.exit(self._too_many)
            try:
                if not self._prepare():
                    self._leave()
            except KeyboardInterrupt:  # while it waits for workers
                self._leave(130)

    def drive(self) -> None:
        """A Locust user begins: its item does, too, unless it takes over that of one who left."""
        if self._worker is not None and self._served < self._runner.user_count:
            self._served += 1
            self._come(time.time())

    # Master, or the only process

    def _prepare(self) -> bool:
        """Have all engines started and ready; whether they are."""
        self._prepared.clear()
        self._all_ended.clear()
        self._full.clear()
        if super()._prepare():
            self._prepared.wait(self._plan.limit_s + GRACE_S)
        return self._prepared.is_set() and not self._stop

    def _test_start(self, environment: Environment, **_: object) -> None:
        if self._attendance is not None:
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
        if message.surplus is not None and message.worker is not None:
            self._hand_on(message.surplus, message.worker)
        if self._all_are_through:
            self._all_ended.set()

    def _hand_on(self, at: float, worker: int) -> None:
        """A worker has more users than items: another one takes this, while one has any left."""
        self._full.add(worker)
        self._look_for_lost()
        shares = {} if self._gathering is None else self._gathering.shares
        free = [node for node, number in shares.items() if number not in self._full | self._lost]
        if free:
            self._runner.send_message(COME, {"at": at}, free[0])
        elif not self._told and not self._lost:  # else these are the users of who is lost
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
        if self._gathering is not None:
            self._runner.send_message(END, {"patience_s": patience_s})
        else:
            self._end(patience_s)
        with gevent.Timeout(patience_s + ENDED_WITHIN_S, False):
            while not self._all_ended.wait(0.2):
                self._look_for_lost()
        if not self._all_ended.is_set():
            log.error("not all engines have told their end; the statistics lack their last batch")
            environment.process_exit_code = 2
        self._dismiss()
        self._prepared.clear()

    # Worker, or the only process

    def _start_engine(self, worker: int, part: str = "") -> None:
        self._served, self._came, self._over, self._share = 0, 0, 0, None
        self._is_fork = bool(part)
        super()._start_engine(worker, part)

    def _pass_on(self, message: Message) -> None:
        if message.share is not None:
            self._share = message.share
        super()._pass_on(message)

    def _merge(self, batch: Batch) -> None:
        super()._merge(batch)
        self._over += batch.registered + batch.failed
        still_open = self._came - self._over
        if batch.final and still_open > 0:
            log.warning(
                "%d %s had not ended when the test was stopped, and count for nothing; "
                "--stop-timeout lets them end", still_open, self._plan.kind.noun,
            )  # fmt: skip

    def _come(self, at: float) -> None:
        """The next item of this share comes, or one of another's; `at` by this clock."""
        if self._share is None or self._came >= self._share:
            self._pass_on(Message(surplus=self._clock.to_master(at), worker=self._worker))
            return
        self._came += 1
        self._order(f"start {at:.6f}")

    def _end(self, patience_s: float) -> None:
        self._order(f"end {patience_s:g}")

    def _from_master_end(self, environment: Environment, msg: Any, **_: object) -> None:
        self._end(msg.data["patience_s"])

    def _from_master_come(self, environment: Environment, msg: Any, **_: object) -> None:
        self._come(self._clock.from_master(msg.data["at"]))

    # The end

    def _quitting(self, environment: Environment, **_: object) -> None:
        """Ctrl-C comes by here alone: then the test is stopped first.

        Forks of one command hear of it together; a worker elsewhere that is stopped is lost.
        """
        self._test_stopping(environment)
        if self._child is not None and (self._attendance is None or self._is_fork):
            self._end(0.0)
            self._own_ended.wait(ENDED_WITHIN_S)
        super()._quitting(environment)
