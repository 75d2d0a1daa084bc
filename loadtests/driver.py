"""Starts one engine's items at their moments and keeps the books, in real time. No protocol in it.

Arrivals are open: each item is started at its moment on the plan, whatever became of the others.
A batch goes out every half second. What an item does is the business of the play
(`loadtests.scenarios`).
"""

import asyncio
import time
from collections.abc import Callable

from loadtests.batches import NOTHING_SENT, Batch
from loadtests.engine_core.ledger import Ledger
from loadtests.machines.sources import Sources
from loadtests.plan import PhoneAccount, Plan
from loadtests.scenarios.choice import play_of
from loadtests.scenarios.play import OVER_LIMIT as OVER_LIMIT
from loadtests.schedule import share
from simulators.sip.transaction import Timers

BATCH_S = 0.5
STARTS_PER_TURN = 32
"""So that answers are read between starts, even when all items start at once."""


class Engine:
    """One worker's share of a burst. `open`, `run`, `close`; moments are `time.monotonic()`.

    Args:
        accounts: those of the whole plan, in order.
        say: takes each batch.
        timers: SIP timers; only tests give shorter ones.
        sources: addresses for its homes; None for 127.homes.x.y.
    """

    def __init__(
        self,
        plan: Plan,
        worker: int,
        accounts: list[PhoneAccount],
        say: Callable[[Batch], None],
        timers: Timers | None = None,
        sources: Sources | None = None,
    ) -> None:
        homes = [account.home_index // plan.phones_per_home for account in accounts]
        self.phones = share(homes, plan.workers, worker)
        self._plan = plan
        self._due_s = [0.0] * plan.phones if plan.by_locust else plan.arrivals()
        self._ledger = Ledger(worker)
        self._play = play_of(plan, worker, accounts, self.phones, self, timers, sources)
        self._say = say
        self._began = 0.0
        self._next = 0
        self._open: set[int] = set()
        # At the last batch: time, cpu, retransmissions, send errors, datagrams and octets.
        self._taken = (0.0, 0.0, 0, 0, NOTHING_SENT)
        self._drops_before = 0
        self._handles: dict[str, asyncio.TimerHandle] = {}
        self._done = asyncio.Event()
        self._measuring = False
        self._ending = False
        self.begun = asyncio.Event()
        """Set once items may come."""

    async def open(self) -> None:
        """Open the play, with what comes before the first moment.

        Raises:
            BenchError: an address is taken, open files ran out, or what comes before failed.
        """
        await self._play.open()

    async def run(self, began: float) -> None:
        """Start the items from the moment `began` until all have ended or the limit has come."""
        self._began = began
        await asyncio.sleep(began - time.monotonic())
        self._measuring = True
        self._taken = (
            began, time.process_time(), self._play.retransmissions, self._play.send_errors,
            self._play.wire,
        )  # fmt: skip
        self._drops_before = self._play.drops
        self._play.begin(began)
        self.begun.set()
        if not self._plan.by_locust:
            self._start_due()
        self._later("batch", BATCH_S, self._batch)
        given_up: list[int] = []
        remaining = began + self._plan.limit_s - time.monotonic()
        try:
            await asyncio.wait_for(self._done.wait(), max(0.0, remaining))
        except TimeoutError:
            given_up = [] if self._ending else self._give_up()
        self._measuring = False
        self._take(final=True)
        self._play.finish(given_up)

    def come(self, due: float) -> None:
        """A Locust user began at `due`: the next item does. Nothing happens after `end`.

        There must be one left; who asks knows the share.
        """
        if self._measuring and not self._ending:
            index = self.phones[self._next]
            self._due_s[index] = due - self._began
            self._begin(index, time.monotonic())

    def end(self, patience_s: float) -> None:
        """No item begins any more; the run ends with the last of them, or after so long.

        What is open then has neither failed nor ended well: who stopped the test gave it no time.
        """
        self._ending = True
        self._check_done()
        self._later("end", patience_s, self._done.set)

    async def close(self) -> None:
        """Close the play and all timers; may be called again."""
        self._measuring = False
        for handle in self._handles.values():
            handle.cancel()
        await self._play.close()

    # The books of a play

    def ended(self, index: int, at: float, reason: str = "") -> None:
        """See `Books`."""
        if not self._measuring or index not in self._open:
            return
        self._open.discard(index)
        if reason:
            self._ledger.failed(self._due_s[index], at - self._began, reason, index)
        else:
            self._ledger.registered(self._due_s[index], at - self._began, index)
        self._check_done()

    def refreshed(self) -> None:
        """See `Books`."""
        if self._measuring:
            self._ledger.refreshed()

    def lost(self) -> None:
        """See `Books`."""
        if self._measuring:
            self._ledger.lost()

    # Inside

    def _start_due(self) -> None:
        """Start what is due, a few at a time, and come back when the next one is."""
        if not self._measuring:
            return
        for _ in range(STARTS_PER_TURN):
            if self._next == len(self.phones):
                self._check_done()
                return
            index = self.phones[self._next]
            now = time.monotonic()
            due = self._began + self._due_s[index]
            if due > now:
                self._later("start", due - now, self._start_due)
                return
            self._begin(index, now)
        self._later("start", 0.0, self._start_due)

    def _begin(self, index: int, now: float) -> None:
        self._next += 1
        self._open.add(index)
        self._ledger.started(self._due_s[index], now - self._began)
        self._play.start(index, now)

    def _check_done(self) -> None:
        all_came = self._ending or (self._next == len(self.phones) and not self._plan.by_locust)
        if all_came and not self._open:
            self._done.set()

    def _give_up(self) -> list[int]:
        """The limit has come: what is open failed, what has not started stays unattempted."""
        at, given_up = time.monotonic(), sorted(self._open)
        for index in given_up:
            self.ended(index, at, OVER_LIMIT)
        return given_up

    def _batch(self) -> None:
        self._take(final=False)
        self._later("batch", BATCH_S, self._batch)

    def _take(self, *, final: bool) -> None:
        now, cpu = time.monotonic(), time.process_time()
        again, errors = self._play.retransmissions, self._play.send_errors
        wire = self._play.wire
        before, self._taken = self._taken, (now, cpu, again, errors, wire)
        batch = self._ledger.take(
            wall_s=time.time(),
            elapsed_s=max(0.0, now - before[0]),
            cpu_s=cpu - before[1],
            retransmissions=again - before[2],
            send_errors=errors - before[3],
            drops=self._play.drops - self._drops_before if final else 0,
            wire=wire.minus(before[4]),
            final=final,
            held=self._play.held() if final else None,
        )
        self._say(batch)

    def _later(self, name: str, delay_s: float, callback: Callable[[], None]) -> None:
        self._handles[name] = asyncio.get_running_loop().call_later(delay_s, callback)
