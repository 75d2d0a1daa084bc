"""A softphone on sockets: drives a `Life`, calls the MCS, registers and calls; decides nothing.

phone = Softphone("ada's softphone", plan.home(0), places, clock=..., ...)
await phone.open("ada", "a-Password-1")
await phone.until(State.REGISTERED)
phone.dial("2101"), phone.answer(), phone.hang_up()
await phone.move_to(plan.local_phone(0))     # into the office: it registers with the node there
await phone.close()
"""

import asyncio
import ssl
from collections.abc import Callable

from simulators.clock import Clock, Timer
from simulators.core import UDP, Entropy
from simulators.errors import BenchError
from simulators.journal import Journal
from simulators.network import Network
from simulators.patience import at_most, limit_of
from simulators.phone.calls.audio import Stream
from simulators.phone.calls.line_call import LineCall
from simulators.phone.calls.line_table import Activity
from simulators.phone.errands import Errands
from simulators.phone.files.lines import Line, Lines
from simulators.phone.life import actions as line
from simulators.phone.telephone import Telephone
from simulators.sip.registration import Account
from simulators.sockets.names import resolved
from simulators.softphone import actions as do
from simulators.softphone.documents import Places, SoftphoneAccount
from simulators.softphone.life import Habits, Life, Result
from simulators.softphone.mcs_client import McsClient
from simulators.softphone.states import State

LINE = 1
"""A softphone has one line."""
USER_AGENT = "Mitel Phone Manager Softphone"


class Softphone:
    """One Phone Manager Desktop with its softphone.

    Args:
        role: its name in the journal, and towards the MCS.
        address: IPv4 address of the computer.
        known: where the MCS may be; it learns more from the MCS.
        entropy: randomness for SIP.
    """

    def __init__(
        self,
        role: str,
        address: str,
        known: Places,
        *,
        clock: Clock,
        network: Network,
        journal: Journal,
        entropy: Entropy,
        habits: Habits | None = None,
    ) -> None:
        self.role = role
        self.address = address
        self._clock = clock
        self._journal = journal
        self._life = Life(known, habits)
        self._mcs = McsClient(role, role, clock=clock, network=network, journal=journal)
        self._errands = Errands(role, clock, journal)
        self._news = asyncio.Event()
        self._telephone = Telephone(
            role, clock, network, journal, entropy, self._line_changed, self._news.set
        )
        self._timer: Timer | None = None
        self._working = False
        self._live_at(address)

    # What can be read

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return self._life.state

    @property
    def message(self) -> str:
        """What it says to the person, if anything."""
        return self._life.message

    @property
    def location(self) -> str:
        """`local` or `remote`, as the MCS sees it; empty before a log-in."""
        return self._life.location

    @property
    def places(self) -> Places:
        """Where it will look for the MCS next time."""
        return self._life.places

    @property
    def account(self) -> SoftphoneAccount | None:
        """What it registers with (its password is hidden by `repr`)."""
        return self._life.account

    @property
    def call(self) -> LineCall | None:
        """Its line with the call on it, while it has an account."""
        return self._telephone.lines.get(LINE)

    @property
    def audio(self) -> Stream | None:
        """What was said and heard in the latest call."""
        sockets = self._telephone.audio
        return None if sockets is None else sockets.streams.get(LINE)

    # What a person does

    async def open(self, username: str, password: str) -> None:
        """Open Phone Manager and log in; the rest happens by itself. Open already: log in anew."""
        self._journal.happened(self.role, "opened", user=username)
        self._handle(do.Opened(username, password))

    async def close(self) -> None:
        """Close it: its registration is taken back, its log-in ended."""
        if self.state is not State.CLOSED:
            self._handle(do.Closed())
            await self._errands.ended()
            self._telephone.close()
            self._journal.happened(self.role, "closed")

    async def move_to(self, address: str) -> None:
        """Carry the computer to another network: what was open there is lost without a word."""
        self._journal.happened(self.role, "moved", address=address)
        self._errands.cancel(parting=True)
        await self._errands.ended()
        self._telephone.close()
        self._live_at(address)
        self._handle(do.Moved())

    def trust_new_certificate(self) -> None:
        """Say yes to a certificate of the MCS that is not the one known; it looks anew."""
        self._mcs.forget_certificates()
        self._handle(do.Moved())

    def dial(self, number: str) -> None:
        """Call a number.

        Raises:
            BenchError: it can't call now.
        """
        self._telephone.off_hook(LINE)
        for digit in number:
            self._telephone.digit(LINE, digit)
        self._check(self._telephone.dial(LINE), f"call {number}")

    def answer(self) -> None:
        """Take the call that rings.

        Raises:
            BenchError: none does.
        """
        self._check(self._telephone.answer(LINE), "answer")

    def hang_up(self) -> None:
        """End the call, if there is one."""
        self._telephone.hang_up(LINE)

    async def until(self, *states: State, within_s: float = 10.0) -> None:
        """Wait until it is in one of `states`, now or then; `within_s` is real seconds.

        Raises:
            BenchError: it did not get there.
        """
        await self._until(lambda: self.state in states, [s.value for s in states], within_s)

    async def until_call(self, *activities: Activity, within_s: float = 10.0) -> None:
        """Wait until its line is used so, now or then.

        Raises:
            BenchError: it did not get there.
        """

        def there() -> bool:
            return (self.call.activity if self.call else Activity.IDLE) in activities

        await self._until(there, [a.value for a in activities], within_s)

    # Inside

    async def _until(self, there: Callable[[], bool], wanted: list[str], within_s: float) -> None:
        try:
            async with at_most(within_s):
                while not there():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            activity = self.call.activity.value if self.call else "without a line"
            raise BenchError(
                f"{self.role} should have become {' or '.join(wanted)} within "
                f"{limit_of(within_s):g} s, it is {self.state.value}, {activity}; it says "
                f"{self.message!r}"
            ) from None

    def _check(self, done: bool, what: str) -> None:
        if not done:
            raise BenchError(
                f"expected to {what}, but {self.role} is {self.state.value}: {self.message!r}"
            )

    def _live_at(self, address: str) -> None:
        self.address = self._telephone.home = self._mcs.address = address
        self._journal.name(address, self.role)

    def _line_changed(self, result: line.Result) -> None:
        if isinstance(result, line.LineResult | line.CheckSyncAsked):
            self._handle(result)

    def _handle(self, result: Result) -> None:
        self._life.handle(result, self._clock.steady())
        self._work()

    def _work(self) -> None:
        if self._working:
            return
        self._working = True
        try:
            while actions := self._life.actions():
                for action in actions:
                    self._carry_out(action)
        finally:
            self._working = False
        self._arm()
        self._news.set()

    def _carry_out(self, action: do.Action) -> None:
        match action:
            case line.Note(name, facts):
                self._journal.happened(self.role, name, **{k: str(v) for k, v in facts})
            case do.Ask():
                self._errands.start(self._ask(action))
            case do.Register(account):
                self._errands.start(self._register(account))
            case do.Unregister():
                self._telephone.unregister((LINE,))
            case do.Drop():
                self._telephone.close()

    async def _ask(self, ask: do.Ask) -> None:
        self._handle(await self._mcs.call(ask))

    async def _register(self, account: SoftphoneAccount) -> None:
        found = await asyncio.to_thread(resolved, account.registrar)
        if found is None:
            self._handle(line.RegistrationTimedOut(LINE))
            return
        registrar = found, account.port
        contact = await self._telephone.open((UDP,))
        only = Line(
            LINE,
            account.extension,
            account.display_name,
            Account(
                registrar=registrar,
                domain=registrar[0],
                username=account.user_name,
                auth_username=account.auth_name,
                password=account.password,
                contact=contact,
                user_agent=USER_AGENT,
            ),
            registrar,
        )
        if self._life.account == account:  # still wanted after the wait
            await self._telephone.register(Lines((only,)), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))

    def _arm(self) -> None:
        at = self._life.timer_at()
        if self._timer is not None:
            if self._timer.when == at:
                return
            self._timer.cancel()
            self._timer = None
        if at is not None:
            self._timer = self._clock.call_at_steady(at, self._due)

    def _due(self) -> None:
        self._timer = None
        self._life.handle_timer(self._clock.steady())
        self._work()
