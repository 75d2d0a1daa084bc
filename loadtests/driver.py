"""Runs one engine's phones on real sockets and real time (asyncio or uvloop). No SIP in it.

Arrivals are open: each phone is started at its moment on the plan, whatever became of the others.
A batch goes out every half second.
"""

import asyncio
import time
from collections.abc import Callable, Iterable

from loadtests.batches import NOTHING_SENT, Batch
from loadtests.engine_core.ledger import Ledger
from loadtests.homes import Homes
from loadtests.plan import PhoneAccount, Plan
from loadtests.schedule import share
from loadtests.time_lines import Recorder
from simulators.entropy import Seed
from simulators.errors import ConfigurationError
from simulators.phone.crowd.crowd import Crowd
from simulators.phone.crowd.results import Failed, Lost, Refreshed, Registered, Result
from simulators.sip.registration import Account
from simulators.sip.transaction import Timers

BATCH_S = 0.5
PHONE_PORT = 5060
STARTS_PER_TURN = 32
"""So that answers are read between starts, even when all phones start at once."""
OVER_LIMIT = "no final answer within the time limit of the burst"


class Engine:
    """One worker's share of a burst. `open`, `run`, `close`; moments are `time.monotonic()`.

    Args:
        accounts: those of the whole plan, in order.
        say: takes each batch.
        timers: SIP timers; only tests give shorter ones.
    """

    def __init__(
        self,
        plan: Plan,
        worker: int,
        accounts: list[PhoneAccount],
        say: Callable[[Batch], None],
        timers: Timers | None = None,
    ) -> None:
        homes = [account.home_index // plan.phones_per_home for account in accounts]
        self.phones = share(homes, plan.workers, worker)
        self.homes = sorted({homes[index] for index in self.phones})
        self.time_lines = Recorder(worker) if plan.time_lines else None
        self._plan = plan
        self._due_s = plan.arrivals()
        self._accounts = {
            index: _registration(plan, accounts[index], homes[index]) for index in self.phones
        }
        self._ledger = Ledger(worker)
        # anew in each run: a registrar that still has the last one's bindings would refuse the same
        # Call-IDs with lower sequence numbers (RFC 3261 section 10.3)
        run = f"phones of engine {worker} since {time.time_ns()}"
        chance = Seed(plan.seed).stream(run).randbytes
        self._crowd = Crowd(chance, timers, steps=self.time_lines is not None)
        self._sockets = Homes(self._crowd.receive, self._pump)
        self._say = say
        self._began = 0.0
        self._next = 0
        # At the last batch: time, cpu, retransmissions, send errors, datagrams and octets.
        self._taken = (0.0, 0.0, 0, 0, NOTHING_SENT)
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = float("inf")
        self._handles: dict[str, asyncio.TimerHandle] = {}
        self._done = asyncio.Event()
        self._measuring = False

    async def open(self) -> None:
        """Open a socket for each home.

        Raises:
            ConfigurationError: an address is taken, or open files ran out.
        """
        for number in self.homes:
            home = self._plan.home(number)
            try:
                self._sockets.open((home, PHONE_PORT), home, self._plan.mbg)
            except OSError as error:
                raise ConfigurationError(
                    f"can't open UDP {home}:{PHONE_PORT} for a home "
                    f"({error.strerror or error}; {len(self._sockets)} are open): stop another "
                    "burst that uses it, or put more phones into a home with --phones-per-home"
                ) from error
            self._crowd.settle((home, PHONE_PORT))

    async def run(self, began: float) -> None:
        """Drive the phones from the moment `began` until all have ended or the limit has come."""
        self._began = began
        await asyncio.sleep(began - time.monotonic())
        self._measuring = True
        self._taken = (began, time.process_time(), 0, 0, NOTHING_SENT)
        self._start_due()
        self._later("batch", BATCH_S, self._batch)
        remaining = began + self._plan.limit_s - time.monotonic()
        try:
            await asyncio.wait_for(self._done.wait(), max(0.0, remaining))
        except TimeoutError:
            self._give_up()
        self._take(final=True)

    def close(self) -> None:
        """Close all sockets and timers; may be called again."""
        self._measuring = False
        for handle in self._handles.values():
            handle.cancel()
        if self._timer is not None:
            self._timer.cancel()
        self._sockets.close()

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
            self._next += 1
            self._ledger.started(due - self._began, now - self._began)
            self._crowd.start(index, self._accounts[index], now)
            self._pump()
        self._later("start", 0.0, self._start_due)

    def _pump(self) -> None:
        """Send what the phones want sent, enter what became of them, arm their timer."""
        self._sockets.send(self._crowd.to_send())
        results = self._crowd.results()
        if results and self._measuring:
            self._enter(results)
        at = self._crowd.timer_at()
        if at is not None and at < self._timer_at and len(self._sockets):
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = at
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, at - time.monotonic()), self._on_timer)

    def _enter(self, results: Iterable[Result]) -> None:
        at = time.monotonic() - self._began
        for result in results:
            if isinstance(result, Registered):
                self._ledger.registered(self._due_s[result.index], at, result.index)
                del self._accounts[result.index]
            elif isinstance(result, Failed):
                self._ledger.failed(self._due_s[result.index], at, result.reason, result.index)
                del self._accounts[result.index]
            elif isinstance(result, Refreshed):
                self._ledger.refreshed()
            elif isinstance(result, Lost):
                self._ledger.lost()
            if self.time_lines is not None:
                self.time_lines.note(result, at)
        self._check_done()

    def _check_done(self) -> None:
        if self._next == len(self.phones) and not self._ledger.open:
            self._done.set()

    def _give_up(self) -> None:
        """The limit has come: what is open failed, what has not started stays unattempted."""
        self._measuring = False
        at = time.monotonic() - self._began
        for index in self.phones[: self._next]:
            if index in self._accounts:
                self._ledger.failed(self._due_s[index], at, OVER_LIMIT, index)
                if self.time_lines is not None:
                    self.time_lines.note(Failed(index, OVER_LIMIT), at)

    def _on_timer(self) -> None:
        self._timer, self._timer_at = None, float("inf")
        self._crowd.handle_timer(time.monotonic())
        self._pump()

    def _batch(self) -> None:
        self._take(final=False)
        self._later("batch", BATCH_S, self._batch)

    def _take(self, *, final: bool) -> None:
        now, cpu = time.monotonic(), time.process_time()
        again, errors = self._crowd.retransmissions, self._sockets.send_errors
        wire = self._sockets.wire
        before, self._taken = self._taken, (now, cpu, again, errors, wire)
        batch = self._ledger.take(
            wall_s=time.time(),
            elapsed_s=max(0.0, now - before[0]),
            cpu_s=cpu - before[1],
            retransmissions=again - before[2],
            send_errors=errors - before[3],
            drops=self._sockets.drops if final else 0,
            wire=wire.minus(before[4]),
            final=final,
        )
        self._say(batch)

    def _later(self, name: str, delay_s: float, callback: Callable[[], None]) -> None:
        self._handles[name] = asyncio.get_running_loop().call_later(delay_s, callback)


def _registration(plan: Plan, account: PhoneAccount, home: int) -> Account:
    return Account(
        registrar=plan.mbg,
        domain=plan.mbg[0],
        username=account.username,
        auth_username=account.username,
        password=account.password,
        contact=(plan.home(home), PHONE_PORT),
    )
