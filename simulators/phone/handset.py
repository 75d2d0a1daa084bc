"""A handset on sockets: drives a `Life`, a `Menu` and a registration agent, and decides nothing.

Results of downloads, timers and registrations go into the life, its actions are carried out; keys
go into the menu. All waiting is done on the run's clock, and everything started ends with
`power_off`.
"""

import asyncio
import ssl
from collections.abc import Callable

from simulators.clock import Clock, Timer
from simulators.core import Entropy
from simulators.errors import BenchError, ConfigurationError
from simulators.journal import Journal
from simulators.network import Network
from simulators.phone.browsing import Browsing
from simulators.phone.calls import call_screen
from simulators.phone.calls.line_table import Activity
from simulators.phone.crowd.time_line import TimeLine
from simulators.phone.errands import Errands
from simulators.phone.fetching import Fetcher, Trust
from simulators.phone.files.firmware import FirmwareImage, Running, read_image
from simulators.phone.files.lines import Resolve, addresses_only
from simulators.phone.habits import LifeSettings
from simulators.phone.identity import Identity
from simulators.phone.life import actions as do
from simulators.phone.life.life import POLL, Life
from simulators.phone.life.states import State
from simulators.phone.menu.menu import Erased, Menu, Outcome, RestartAsked, Saved
from simulators.phone.menu.menu_table import Place
from simulators.phone.models import Model
from simulators.phone.push_server import PushServer
from simulators.phone.readings import Readings
from simulators.phone.readings import Refusal as Refusal
from simulators.phone.screen import Screen
from simulators.phone.telephone import Telephone
from simulators.phone.xml.push import NEW_LIMIT, allowed_senders
from simulators.sockets.disturbance import Disturber

NO_MENU = frozenset({State.OFF, State.BOOTING, State.FLASHING, State.MINET, State.RESTARTING})
"""Where the Settings key does nothing; everywhere else an installer can get in."""


class Handset(Readings, Browsing):
    """One emulated 69xx.

    Args:
        identity: its MAC.
        home_address: IPv4 address that it sends from.
        entropy: randomness for SIP.
        firmware_kind: `sip`, or `minet` as delivered.
        role: its name in the journal; `phone <MAC>` when None.
        dhcp_server: URL of the configuration server that its network's DHCP offers.
        settings: delays and habits.
        trusted: TLS context for Cert Validation true; by default it trusts nobody.
        local: values that were entered before.
        resolve: finds the IPv4 address of a registrar given by name; by default only this
            machine's own names are known.
        push_limit: octets of a push that are taken, 2150 on old phones.
    """

    def __init__(
        self,
        identity: Identity,
        model: Model,
        home_address: str,
        *,
        clock: Clock,
        network: Network,
        journal: Journal,
        entropy: Entropy,
        firmware_version: str,
        firmware_kind: str = "sip",
        role: str | None = None,
        dhcp_server: str | None = None,
        settings: LifeSettings | None = None,
        trusted: ssl.SSLContext | None = None,
        local: dict[str, str] | None = None,
        resolve: Resolve = addresses_only,
        push_limit: int = NEW_LIMIT,
    ) -> None:
        self.identity = identity
        self.model = model
        self.home_address = home_address
        self.role = role or f"phone {identity.mac}"
        self.last_refusal: Refusal | None = None
        self.time_line = TimeLine()
        self.on_state: Callable[[Handset], None] = lambda _: None
        self._clock = clock
        self._network = network
        self._journal = journal
        self._trust = Trust.usual(trusted)
        self._life = Life(
            identity,
            model,
            Running(firmware_version, firmware_kind),
            settings,
            local=local,
            dhcp_server=dhcp_server,
        )
        self._life.resolve = resolve
        super().__init__(Menu(model, lambda: self._life.layers))
        self._errands = Errands(self.role, clock, journal)
        self._timer: Timer | None = None
        self._working = False
        self._noted = State.OFF
        self._news = asyncio.Event()
        self._telephone = Telephone(
            self.role, clock, network, journal, entropy, self._line_changed, self._news.set,
            self._notified,
        )  # fmt: skip
        self._push = PushServer(
            self.role, network=network, journal=journal,
            senders=lambda: allowed_senders(self.configuration),
            on_object=lambda data: self.take_object(data, "push"), limit=push_limit,
        )  # fmt: skip
        self._live_at(home_address)

    # What it shows

    @property
    def screen(self) -> Screen:
        """What the screen shows."""
        if self.state is State.OFF:
            return Screen("")
        if self.state in NO_MENU:
            value = self.state.value
            return Screen(value[0].upper() + value[1:], message=self._life.message)
        shown = self._desk.screen()
        if shown is not None:
            return shown
        if self.call is not None:
            return self._with_softkeys(call_screen.screen(self.call))
        if self._menu.place is not Place.IDLE:
            return self._menu.screen()
        return self._idle_screen()

    def _idle_screen(self) -> Screen:
        names = [line.line.screen_name for line in self._life.lines.values()]
        message = (
            self.notice
            or self._desk.browser.notice
            or self._menu.message
            or self._life.message
            or self._trouble()
        )
        message = message or self._desk.status.shown(self._clock.steady()) or self._last_call()
        title = names[0] if names else f"Mitel {self.model.name}"
        return Screen(title, self.top_labels, None, self.soft_labels, message)

    def _trouble(self) -> str:
        if self.state is State.REFUSED and self.last_refusal is not None:
            return f"Registration refused {self.last_refusal.status}"
        return "No service" if self.state is State.TIMED_OUT else ""

    def _last_call(self) -> str:
        return next((call.message for call in self.calls.values() if call.message), "")

    # What people do with it

    async def power_on(self) -> None:
        """Plug it in; it boots by itself from here on. Nothing happens if it is on."""
        if self.state is State.OFF:
            self._journal.happened(self.role, "powered on")
            self._handle(do.PowerOn())

    async def power_off(self) -> None:
        """Cut the power: everything is dropped at once, nothing is said to anybody."""
        if self.state is not State.OFF:
            self._handle(do.PowerOff())
            self._journal.happened(self.role, "powered off")
        await self._errands.ended()

    async def until(self, *states: State, within_s: float = 10.0) -> None:
        """Wait until it is in one of `states`, now or then; `within_s` is real seconds.

        Raises:
            BenchError: it did not get there.
        """
        wanted = " or ".join(state.value for state in states)
        await self._until(lambda: self.state in states, wanted, lambda: self.state.value, within_s)

    async def until_call(self, *activities: Activity, within_s: float = 10.0) -> None:
        """Wait until a line is used so, now or then (IDLE: until none is used).

        Raises:
            BenchError: it did not get there.
        """

        def now() -> Activity:
            if self.call is not None:
                return self.call.activity
            clearing = any(c.activity is Activity.CLEARING for c in self.calls.values())
            return Activity.CLEARING if clearing else Activity.IDLE

        wanted = " or ".join(activity.value for activity in activities)
        await self._until(lambda: now() in activities, wanted, lambda: now().value, within_s)

    async def _until(
        self, there: Callable[[], bool], wanted: str, found: Callable[[], str], within_s: float
    ) -> None:
        try:
            async with asyncio.timeout(within_s):
                while not there():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise BenchError(
                f"{self.role} should have become {wanted} within {within_s:g} s, it is {found()}; "
                f"its screen says {self.screen}"
            ) from None

    def convert_to_sip(self, image: bytes) -> None:
        """The conversion from MiNET that is done on the local network beforehand (PHN-1).

        Raises:
            ConfigurationError: the phone is in a home, is on, or the image is not fit for it.
        """
        if self._network.plan.zone(self.home_address) != "lan":
            raise ConfigurationError(
                f"{self.role} is not on the local network: a phone is brought to SIP firmware there"
            )
        if self.state not in (State.OFF, State.MINET):
            raise ConfigurationError(f"{self.role} runs SIP firmware already")
        found = read_image(image)
        if not isinstance(found, FirmwareImage):
            raise ConfigurationError(f"{found.damage.value}: give a sound SIP image")
        if found.model != self.model.name or found.kind != "sip":
            raise ConfigurationError(
                f"the image is {found.kind} firmware of a {found.model}: give a SIP image of a "
                f"{self.model.name}"
            )
        self._life.running = self._life.running.with_image(found)
        self._journal.happened(self.role, "converted to SIP", version=found.version)
        if self.state is State.MINET:
            self._handle(do.RebootAsked("converted to SIP"))

    def move_to(self, home_address: str) -> None:
        """Carry it, switched off, to another address.

        Raises:
            ConfigurationError: it is on.
        """
        if self.state is not State.OFF:
            raise ConfigurationError(f"{self.role} is on: switch it off before moving it")
        self._live_at(home_address)

    def disturb(self, disturber: Disturber | None) -> None:
        """Let faults have their way with its SIP messages, from when it opens its sockets on."""
        self._telephone.disturber = disturber

    def restart(self) -> None:
        """A restart from outside the menu, as from the phone's own web page."""
        self._handle(do.RebootAsked("restart"))

    # The life's actions

    def _live_at(self, home_address: str) -> None:
        self.home_address = home_address
        # the first phone of a home has its address; a further one is known by its ports alone
        alone = self._journal.role_at((home_address, 0)) in (home_address, self.role)
        if alone:
            self._journal.name(home_address, self.role)
        self._telephone.home = home_address
        self._fetcher = Fetcher(
            self.role,
            home_address,
            clock=self._clock,
            network=self._network,
            journal=self._journal,
            trust=self._trust,
            name_ports=not alone,
        )

    def _handle(self, result: do.Result) -> None:
        """Give the life a result and do what it wants; actions may bring further results."""
        self._life.handle(result, self._clock.steady())
        self._work()

    def _work(self) -> None:
        self._note_state()
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

    def _note_state(self) -> None:
        """Enter a new state into the time line, and tell of it."""
        if self.state is not self._noted:
            self._noted = self.state
            refusal = self.last_refusal if self.state is State.REFUSED else None
            detail = "" if refusal is None else f"{refusal.status} {refusal.warning}"
            self.time_line.note(self._clock.now(), self.state.value, detail)
            self.on_state(self)

    def _carry_out(self, action: do.Action) -> None:
        match action:
            case do.Note(name, facts):
                self._journal.happened(self.role, name, **{k: str(v) for k, v in facts})
            case do.Boot(delay_s):
                self._errands.later(delay_s, lambda: self._handle(do.Booted()))
            case do.BringUpNetwork(delay_s):
                self._errands.later(delay_s, lambda: self._errands.start(self._bring_up()))
            case do.Fetch(path, url, validate):
                self._errands.start(self._fetch(path, url, validate))
            case do.Poll(url, validate):
                self._errands.start(self._fetch(POLL, url, validate))
            case do.CallActionUri(name, url, validate):
                self._errands.start(self._call(name, url, validate), parting=True)
            case do.Install(_, delay_s):
                self._errands.later(delay_s, lambda: self._handle(do.Flashed()))
            case do.StartRegistration(lines, validate):
                trust = self._trust.checking if validate else self._trust.anything
                self._errands.start(self._telephone.register(lines, trust))
            case do.ChangeLines(lines, validate):
                trust = self._trust.checking if validate else self._trust.anything
                self._errands.start(self._telephone.change(lines, trust))
            case do.TakeObject(source, data):
                self.take_object(data, source)
            case do.Unregister(numbers):
                self._telephone.unregister(numbers)
            case do.Reboot():
                self._quiet()
                self._errands.cancel(parting=False)
            case do.Drop():
                self._quiet()
                self._errands.cancel(parting=True)

    def _quiet(self) -> None:
        self._telephone.close()
        self._push.close()
        self._close_desk()
        self._menu.close()
        self._menu.outcomes()

    async def _bring_up(self) -> None:
        contact = await self._telephone.open()
        if self._network.plan.zone(self.home_address) == "lan":  # nobody reaches into a home
            await self._push.open(self.home_address)
        self._handle(do.NetworkUp(contact))

    async def _fetch(self, path: str, url: str, validate: bool) -> None:
        self._handle(await self._get(path, url, validate))

    async def _call(self, name: str, url: str, validate: bool) -> None:
        self._action_answered(name, await self._get(name, url, validate))

    async def _get(self, path: str, url: str, validate: bool) -> do.Fetched | do.FetchFailed:
        user_agent = self.identity.user_agent(self.model, self.firmware_version)
        return await self._fetcher.get(path, url, user_agent=user_agent, validate=validate)

    def _arm(self) -> None:
        at = self._life.timer_at()
        if self._timer is not None:
            if self._timer.when == at:
                return
            self._timer.cancel()
            self._timer = None
        if at is not None:
            self._timer = self._clock.call_at_steady(at, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._life.handle_timer(self._clock.steady())
        self._work()

    def _line_changed(self, result: do.Result) -> None:
        if isinstance(result, do.RegistrationRefused):
            self.last_refusal = Refusal(result.status, result.warning)
        if isinstance(result, do.LineUsed):
            self._line_used(result)
        self._handle(result)

    def _decided(self, outcome: Outcome) -> None:
        match outcome:
            case Saved(values):
                self._life.set_local(values)
                self._journal.happened(self.role, "configuration server saved", **dict(values))
            case Erased():
                self._life.set_local({}, erase=True)
            case RestartAsked(reason):
                self._handle(do.RebootAsked(reason))

    def _told(self) -> None:
        self._news.set()

    def _menu_is_there(self) -> bool:
        return self.state not in NO_MENU
