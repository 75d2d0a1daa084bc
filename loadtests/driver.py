"""Runs one engine's phones on real sockets and real time (asyncio or uvloop). No SIP in it.

Arrivals are open: each phone is started at its moment on the plan, whatever became of the others.
A batch goes out every half second.
"""

import asyncio
import resource
import time
from collections.abc import Callable, Sequence
from functools import partial

from loadtests.batches import Batch
from loadtests.engine_core.ledger import Ledger
from loadtests.engine_core.population import Failed, Population, Refreshed, Registered
from loadtests.plan import PhoneAccount, Plan
from loadtests.schedule import share
from simulators.core import Address
from simulators.entropy import Seed
from simulators.errors import ConfigurationError
from simulators.sip.registration import Account
from simulators.sip.transaction import Timers

BATCH_S = 0.5
PHONE_PORT = 5060
RECEIVE_SIZE = 65_536
"""Below asyncio's own 256 KiB a datagram, which costs a memory map each time."""
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
        self.send_errors = 0
        self._plan = plan
        self._accounts = {
            index: _registration(plan, accounts[index], homes[index]) for index in self.phones
        }
        self._ledger = Ledger(worker)
        seed = Seed(plan.seed)
        self._population = Population(
            lambda home: seed.stream(f"phones at {home}").randbytes, timers
        )
        self._say = say
        self._sockets: dict[str, asyncio.DatagramTransport] = {}
        self._began = 0.0
        self._next = 0
        self._taken = (0.0, 0.0, 0, 0)  # at the last batch: time, cpu, retransmissions, send errors
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
        loop = asyncio.get_running_loop()
        for number in self.homes:
            home = self._plan.home(number)
            try:
                transport, _ = await loop.create_datagram_endpoint(
                    partial(_HomeSocket, self, home), local_addr=(home, PHONE_PORT)
                )
            except OSError as error:
                raise ConfigurationError(
                    f"can't open UDP {home}:{PHONE_PORT} for a home "
                    f"({error.strerror or error}; {len(self._sockets)} are open): stop another "
                    "burst that uses it, or put more phones into a home with --phones-per-home"
                ) from error
            self._sockets[home] = transport
            self._population.settle((home, PHONE_PORT))

    async def run(self, began: float) -> None:
        """Drive the phones from the moment `began` until all have ended or the limit has come."""
        self._began = began
        await asyncio.sleep(began - time.monotonic())
        self._measuring = True
        self._taken = (began, _cpu_s(), 0, 0)
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
        for transport in self._sockets.values():
            transport.close()
        self._sockets.clear()

    def received(self, data: bytes, peer: Address, home: str) -> None:
        """A datagram came to a home."""
        self._population.receive(data, peer, time.monotonic(), home)
        self._pump()

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
            due = self._began + self._plan.due_s(index)
            if due > now:
                self._later("start", due - now, self._start_due)
                return
            self._next += 1
            self._ledger.started(due - self._began, now - self._began)
            self._population.start(index, self._accounts[index], now)
            self._pump()
        self._later("start", 0.0, self._start_due)

    def _pump(self) -> None:
        """Send what the phones want sent, enter what became of them, arm their timer."""
        for datagram in self._population.to_send():
            transport = self._sockets.get(datagram.side)
            try:
                if transport is not None:
                    transport.sendto(datagram.data, datagram.to)
            except OSError:
                self.send_errors += 1
        results = self._population.results()
        if results and self._measuring:
            self._enter(results)
        at = self._population.timer_at()
        if at is not None and at < self._timer_at and self._sockets:
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = at
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, at - time.monotonic()), self._on_timer)

    def _enter(self, results: Sequence[object]) -> None:
        at = time.monotonic() - self._began
        for result in results:
            if isinstance(result, Registered):
                self._ledger.registered(self._plan.due_s(result.index), at)
                del self._accounts[result.index]
            elif isinstance(result, Failed):
                self._ledger.failed(self._plan.due_s(result.index), at, result.reason)
                del self._accounts[result.index]
            elif isinstance(result, Refreshed):
                self._ledger.refreshed()
            else:
                self._ledger.lost()
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
                self._ledger.failed(self._plan.due_s(index), at, OVER_LIMIT)

    def _on_timer(self) -> None:
        self._timer, self._timer_at = None, float("inf")
        self._population.handle_timer(time.monotonic())
        self._pump()

    def _batch(self) -> None:
        self._take(final=False)
        self._later("batch", BATCH_S, self._batch)

    def _take(self, *, final: bool) -> None:
        now, cpu = time.monotonic(), _cpu_s()
        again, errors = self._population.retransmissions, self.send_errors
        before, self._taken = self._taken, (now, cpu, again, errors)
        batch = self._ledger.take(
            wall_s=time.time(),
            elapsed_s=max(0.0, now - before[0]),
            cpu_s=cpu - before[1],
            retransmissions=again - before[2],
            send_errors=errors - before[3],
            final=final,
        )
        self._say(batch)

    def _later(self, name: str, delay_s: float, callback: Callable[[], None]) -> None:
        self._handles[name] = asyncio.get_running_loop().call_later(delay_s, callback)


class _HomeSocket(asyncio.DatagramProtocol):
    """Hands datagrams of one home to the engine."""

    def __init__(self, engine: Engine, home: str) -> None:
        self._engine = engine
        self._home = home

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if hasattr(transport, "max_size"):
            transport.max_size = RECEIVE_SIZE

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._engine.received(data, (addr[0], addr[1]), self._home)

    def error_received(self, exc: Exception) -> None:
        self._engine.send_errors += 1


def _registration(plan: Plan, account: PhoneAccount, home: int) -> Account:
    return Account(
        registrar=plan.mbg,
        domain=plan.mbg[0],
        username=account.username,
        auth_username=account.username,
        password=account.password,
        contact=(plan.home(home), PHONE_PORT),
    )


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
