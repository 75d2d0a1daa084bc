"""Phones that register over UDP, and those that refresh: scenarios register, refresh, failover.

They are a `Crowd`, each home with a socket of its own.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable

from loadtests.batches import Held, Wire
from loadtests.homes import Homes, why_closed
from loadtests.machines.sources import Sources, lay
from loadtests.plan import PhoneAccount, Plan
from loadtests.scenarios.play import OVER_LIMIT, Books, patience_s
from loadtests.time_lines import Recorder
from simulators.core import Address
from simulators.entropy import Seed
from simulators.errors import ConfigurationError
from simulators.phone.crowd.crowd import Crowd
from simulators.phone.crowd.results import (
    Failed,
    Lost,
    Refreshed,
    Registered,
    Result,
    Unregistered,
)
from simulators.sip.registration import Account, State
from simulators.sip.transaction import Timers

AT_A_TIME = 32
"""Phones that register side by side before the first moment."""
READY_WITHIN_S = 100.0
UNDER_WAY = (State.REGISTERING, State.REFRESHING, State.UNREGISTERING)
"""A registration in which a request waits for its answer."""


class Registering:
    """Phones of one engine; each item is a registration, or with `refresh` a re-registration.

    Args:
        phones: the engine's share.
        sources: addresses of its machine; see `lay`.
        refresh: register all before the first moment.
    """

    def __init__(
        self,
        plan: Plan,
        worker: int,
        accounts: list[PhoneAccount],
        phones: list[int],
        books: Books,
        timers: Timers | None = None,
        sources: Sources | None = None,
        *,
        refresh: bool = False,
    ) -> None:
        self._plan = plan
        self._all = accounts
        self._books = books
        self._refresh = refresh
        self._phones = phones
        homes = {index: accounts[index].home_index // plan.phones_per_home for index in phones}
        self._places = lay(list(homes.values()), sources, plan.home)
        self._accounts = {
            index: _registration(plan, accounts[index], self._places[home])
            for index, home in homes.items()
        }
        self._recorder = Recorder(worker) if plan.time_lines else None
        # anew in each run: a registrar that still has the last one's bindings would refuse the same
        # Call-IDs with lower sequence numbers (RFC 3261 section 10.3)
        run = f"phones of engine {worker} since {time.time_ns()}"
        chance = Seed(plan.seed).stream(run).randbytes
        self._crowd = Crowd(chance, timers, steps=self._recorder is not None)
        self._sockets = Homes(self._crowd.receive, self._pump)
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = float("inf")
        self._began: float | None = None
        self._asked: set[int] = set()
        self._before: asyncio.Future[None] | None = None
        self._act: Callable[[int], None] = self._register
        self._waiting: list[int] = []
        self._missing = 0

    @property
    def retransmissions(self) -> int:
        """Of timer E."""
        return self._crowd.retransmissions

    @property
    def send_errors(self) -> int:
        """Datagrams that the system refused to send."""
        return self._sockets.send_errors

    @property
    def wire(self) -> Wire:
        """Datagrams and octets of all homes."""
        return self._sockets.wire

    @property
    def drops(self) -> int:
        """Datagrams that came and found no room."""
        return self._sockets.drops

    async def open(self) -> None:
        """Open a socket for each home; for refreshes, register all.

        Raises:
            ConfigurationError: an address is taken, open files ran out, or a phone that should
                refresh did not register.
        """
        self._open_sockets()
        if self._refresh:
            await self._each(self._register, "register")

    async def restore(self) -> None:
        """All register, which shows that the target has room for them, and take it back.

        Raises:
            ConfigurationError: as for `open`.
        """
        self._open_sockets()
        within_s = patience_s(len(self._phones))
        await self._each(self._register, "register", within_s)
        await self._each(self._unregister, "take their registration back", within_s)

    def _open_sockets(self) -> None:
        for place in self._places.values():
            try:
                self._sockets.open(place, _side(place), self._plan.mbg)
            except OSError as error:
                raise ConfigurationError(why_closed(place, error, len(self._sockets))) from error
            self._crowd.settle(place, _side(place))

    def begin(self, began: float) -> None:
        """The first moment."""
        self._began = began

    def start(self, index: int, now: float) -> None:
        """The phone registers; or refreshes, whenever it would by itself."""
        self._asked.add(index)
        state = self._crowd.state(index)
        if state is State.REGISTERED:
            self._crowd.refresh(index, now)
        elif state is not State.REFRESHING:  # else its own refresh is under way, and will do
            self._start(index, now)
        self._pump()

    def held(self) -> Held:
        """By the state of each phone's registration."""
        states = {index: self._crowd.state(index) for index in self._phones}
        return Held(
            frozenset(self._phones),
            frozenset(i for i, state in states.items() if state is State.REGISTERED),
            frozenset(i for i, state in states.items() if state in UNDER_WAY),
        )

    def finish(self, given_up: Collection[int]) -> None:
        """Write the time lines, where they are kept."""
        if self._recorder is not None and self._began is not None:
            at = time.monotonic() - self._began
            for index in given_up:
                self._recorder.note(Failed(index, OVER_LIMIT), at)
            self._recorder.write(self._plan, self._all, self._places)

    async def close(self) -> None:
        """Close sockets and timer."""
        if self._timer is not None:
            self._timer.cancel()
        self._sockets.close()

    # Inside

    def _start(self, index: int, now: float) -> None:
        account = self._accounts[index]
        self._crowd.start(index, account, now, _side(account.contact))

    async def _each(
        self, act: Callable[[int], None], what: str, within_s: float = READY_WITHIN_S
    ) -> None:
        """Have all phones do it, `AT_A_TIME` side by side, while nothing is measured."""
        if not self._phones:
            return
        self._act = act
        self._waiting = self._phones[::-1]
        self._missing = len(self._phones)
        self._before = asyncio.get_running_loop().create_future()
        for _ in range(AT_A_TIME):
            self._next_before()
        try:
            await asyncio.wait_for(self._before, within_s)
        except TimeoutError:
            raise ConfigurationError(
                f"{self._missing} of {len(self._phones)} phones did not {what} within "
                f"{within_s:g} s outside the burst: ask for fewer phones"
            ) from None
        finally:
            self._before = None

    def _next_before(self) -> None:
        if self._waiting:
            self._act(self._waiting.pop())
            self._pump()

    def _register(self, index: int) -> None:
        self._start(index, time.monotonic())

    def _unregister(self, index: int) -> None:
        self._crowd.stop(index, time.monotonic())

    def _entered_before(self, result: Result) -> None:
        """What becomes of phones outside the burst."""
        assert self._before is not None
        if self._before.done():
            return
        if isinstance(result, Registered | Unregistered):
            self._missing -= 1
            if self._missing:
                asyncio.get_running_loop().call_soon(self._next_before)
            else:
                self._before.set_result(None)
        elif isinstance(result, Failed):
            error = ConfigurationError(
                f"a phone did not register, outside the burst: {result.reason}"
            )
            self._before.set_exception(error)

    def _pump(self) -> None:
        """Send what the phones want sent, enter what became of them, arm their timer."""
        self._sockets.send(self._crowd.to_send())
        results = self._crowd.results()
        if results:
            self._enter(results)
        at = self._crowd.timer_at()
        if at is not None and at < self._timer_at and len(self._sockets):
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = at
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, at - time.monotonic()), self._on_timer)

    def _enter(self, results: Iterable[Result]) -> None:
        now = time.monotonic()
        for result in results:
            if self._before is not None:
                self._entered_before(result)
                continue
            match result:
                case Registered(index) | Refreshed(index):
                    self._entered(index, now, "")
                case Failed(index, reason) | Lost(index, reason):
                    self._entered(index, now, reason)
            if self._recorder is not None and self._began is not None:
                self._recorder.note(result, now - self._began)

    def _entered(self, index: int, now: float, reason: str) -> None:
        """The first outcome after the phone's moment is its item; what comes later is not."""
        if index in self._asked:
            self._asked.discard(index)
            self._books.ended(index, now, reason)
        elif reason:
            self._books.lost()
        else:
            self._books.refreshed()

    def _on_timer(self) -> None:
        self._timer, self._timer_at = None, float("inf")
        self._crowd.handle_timer(time.monotonic())
        self._pump()


def _side(place: Address) -> str:
    """The name of a home's socket."""
    return f"{place[0]}:{place[1]}"


def _registration(plan: Plan, account: PhoneAccount, place: Address) -> Account:
    return Account(
        registrar=plan.mbg,
        domain=plan.mbg[0],
        username=account.username,
        auth_username=account.username,
        password=account.password,
        contact=place,
    )
