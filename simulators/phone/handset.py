"""A handset on sockets: a `Life`, a `Menu`, a telephone, and what people do with it as a whole.

Results of downloads, timers and registrations go into the life, its actions are carried out; keys
go into the menu. All waiting is done on the run's clock, and everything started ends with
`power_off`.
"""

import ssl
from collections.abc import Callable, Mapping

from simulators.clock import Clock, Timer
from simulators.core import Entropy
from simulators.errors import ConfigurationError
from simulators.faults.phone_faults import PhoneFault
from simulators.faults.table import FaultTable
from simulators.journal import Journal
from simulators.network import Network
from simulators.phone.cable import Cable
from simulators.phone.calls import call_screen
from simulators.phone.calls.line_table import Activity
from simulators.phone.crowd.time_line import TimeLine
from simulators.phone.errands import Errands
from simulators.phone.fetching import Fetcher
from simulators.phone.files.config_file import is_secret
from simulators.phone.files.firmware import FirmwareImage, Running, read_image
from simulators.phone.files.lines import Resolve, addresses_only
from simulators.phone.files.server import certificate_checks
from simulators.phone.habits import LifeSettings
from simulators.phone.hands import Hands
from simulators.phone.identity import Identity
from simulators.phone.life import actions as do
from simulators.phone.life.life import Life
from simulators.phone.life.states import SIP_FIRMWARE_ABSENT, State
from simulators.phone.local.dhcp import NO_OFFER, Offer
from simulators.phone.local.directory_screen import DirectoryScreen
from simulators.phone.local.directory_table import Place as DirectoryPlace
from simulators.phone.menu.menu import (
    Erased,
    FactoryDefault,
    Menu,
    Outcome,
    RestartAsked,
    Saved,
)
from simulators.phone.menu.menu_table import Place
from simulators.phone.misfortunes import Misfortunes
from simulators.phone.models import Model
from simulators.phone.power import Power
from simulators.phone.push_server import PushServer
from simulators.phone.readings import Readings
from simulators.phone.readings import Refusal as Refusal
from simulators.phone.screen import Screen
from simulators.phone.syslog_port import SyslogPort
from simulators.phone.telephone import Telephone
from simulators.phone.trust import Trust
from simulators.phone.waiting import Watch
from simulators.phone.xml.push import NEW_LIMIT, allowed_senders
from simulators.sockets.disturbance import Disturber

NO_MENU = SIP_FIRMWARE_ABSENT | {State.OFF, State.BOOTING, State.FLASHING, State.RESTARTING}
"""Where the Settings key does nothing; everywhere else an installer can get in."""


class Handset(Readings, Hands, Power):
    """One emulated 69xx.

    Args:
        identity: its MAC.
        home_address: IPv4 address that it sends from.
        entropy: randomness for SIP.
        firmware_kind: `sip`, or `minet` as delivered (`boot`: the boot loader alone).
        role: its name in the journal; `phone <MAC>` when None.
        dhcp_server: URL or address of the configuration server that its network's DHCP offers, as
            option 66.
        dhcp: the whole offer, instead.
        settings: delays and habits.
        trusted: TLS context whose authorities it knows; by default it knows none.
        local: values that were entered before.
        faults: the table of its own failings, where it shares one; by default it has one alone.
        resolve: finds the IPv4 address of a registrar given by name; by default only this
            machine's own names are known.
        push_limit: octets of a push that are taken, 2150 on old phones.
        expansion_modules: how many are attached.

    Raises:
        ConfigurationError: so many can't be attached to the model.
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
        dhcp: Offer | None = None,
        settings: LifeSettings | None = None,
        trusted: ssl.SSLContext | None = None,
        local: dict[str, str] | None = None,
        faults: FaultTable | None = None,
        resolve: Resolve = addresses_only,
        push_limit: int = NEW_LIMIT,
        expansion_modules: int = 0,
    ) -> None:
        if not 0 <= expansion_modules <= model.modules:
            raise ConfigurationError(
                f"expected at most {model.modules} expansion modules at a {model.name}, "
                f"{expansion_modules} came"
            )
        self.expansion_modules = expansion_modules
        self.identity = identity
        self.model = model
        self.home_address = home_address
        self.role = role or f"phone {identity.mac}"
        self.last_refusal: Refusal | None = None
        self.time_line = TimeLine()
        self.on_state: Callable[[Handset], None] = lambda _: None
        self.on_seen: Callable[[Handset], None] = lambda _: None
        self._clock = clock
        self._journal = journal
        self.dhcp = dhcp or (Offer({66: dhcp_server}) if dhcp_server else NO_OFFER)
        self._cable = Cable(network, clock, journal)
        self.faults = faults or FaultTable(0, clock.now, self._failing, kinds=(PhoneFault,))
        self._misfortunes = Misfortunes(
            identity.mac, self.faults, self._lose_power, self._lose_contact
        )
        self._blackouts: list[Timer] = []

        self._life = Life(
            identity,
            model,
            Running(firmware_version, firmware_kind),
            settings,
            local=local,
            calendar=lambda: self._own_time("auto resync"),
            chance=lambda: int.from_bytes(entropy(6), "big") / 2**48,
        )
        self._life.resolve = resolve
        self._trust = Trust(
            trusted,
            lambda: certificate_checks(self._life.believed),
            lambda: self._life.certificates,
            lambda: self._own_time("certificate"),
            network.traffic,
        )
        super().__init__(Menu(model, lambda: self._life.layers, self._firmware_status))
        self._directory = DirectoryScreen(lambda: self._life.directory)
        self._errands = Errands(self.role, clock, journal)
        self._noted = State.OFF
        self._watch = Watch(self.role, lambda: self.screen, lambda: self.on_seen(self))
        self._syslog = SyslogPort(
            self.role, identity.mac, self._cable, journal, lambda: self._own_time("log")
        )
        self._telephone = Telephone(
            self.role, clock, self._cable, journal, entropy, self._line_changed, self._watch.look,
            self._notified,
        )  # fmt: skip
        self._telephone.disturber = self._cable
        self._push = PushServer(
            self.role, network=self._cable, journal=journal,
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
            return self._with_softkeys(self._named(call_screen.screen(self.call)))
        if self._directory.place is not DirectoryPlace.CLOSED:
            return self._directory.screen()
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
        if not message and self.playing:
            message = f"Playing {self.playing.rpartition('/')[2]}"
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

    async def until(self, *states: State, within_s: float = 10.0) -> None:
        """Wait until it is in one of `states`, now or then; `within_s` is real seconds.

        Raises:
            BenchError: it did not get there.
        """
        wanted = " or ".join(state.value for state in states)
        there, found = lambda: self.state in states, lambda: self.state.value
        await self._watch.until(there, wanted, found, within_s)

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
        await self._watch.until(lambda: now() in activities, wanted, lambda: now().value, within_s)

    async def until_seen(
        self, there: Callable[[], bool], wanted: str, within_s: float = 10.0
    ) -> None:
        """Wait until `there` says so, now or when something else is seen of it.

        Raises:
            BenchError: it did not get there.
        """
        await self._watch.until(there, wanted, lambda: self.state.value, within_s)

    async def _until(
        self, there: Callable[[], bool], wanted: str, found: Callable[[], str], within_s: float
    ) -> None:
        await self._watch.until(there, wanted, found, within_s)

    def convert_to_sip(self, image: bytes) -> None:
        """The conversion from MiNET that is done on the local network beforehand (PHN-1).

        Raises:
            ConfigurationError: the phone is in a home, is on, or the image is not fit for it.
        """
        if self._cable.plan.zone(self.home_address) != "lan":
            raise ConfigurationError(
                f"{self.role} is not on the local network: a phone is brought to SIP firmware there"
            )
        if self.state not in (State.OFF, *SIP_FIRMWARE_ABSENT):
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
        if self.state is not State.OFF:
            self._handle(do.RebootAsked("converted to SIP"))

    def move_to(self, home_address: str, dhcp: Offer | None = None) -> None:
        """Carry it, switched off, to another address, where DHCP offers that or nothing.

        Raises:
            ConfigurationError: it is on.
        """
        if self.state is not State.OFF:
            raise ConfigurationError(f"{self.role} is on: switch it off before moving it")
        self.dhcp = dhcp or NO_OFFER
        self._live_at(home_address)

    def disturb(self, disturber: Disturber | None) -> None:
        """Let faults have their way with its SIP messages, from when it opens its sockets on."""
        self._cable.disturber = disturber

    def restart(self) -> None:
        """A restart from outside the menu, as from the phone's own web page."""
        self._handle(do.RebootAsked("restart"))

    def check_sync(self, *, reboot: bool = False) -> None:
        """What a NOTIFY check-sync brings about, without one."""
        self._handle(do.CheckSyncAsked(reboot))

    def enter(self, values: Mapping[str, str]) -> None:
        """Store values as if they had been entered on the phone, or its web page."""
        self._life.set_local(values)

    def erase_local_configuration(self) -> None:
        """Erase Local Config, as on the phone's web page; a restart makes it count."""
        self._life.set_local({}, erase=True)

    # Its parts

    def _live_at(self, home_address: str) -> None:
        self.home_address = home_address
        # the first phone of a home has its address; a further one is known by its ports alone
        alone = self._journal.role_at((home_address, 0)) in (home_address, self.role)
        if alone:
            self._journal.name(home_address, self.role)
        self._telephone.home = self._syslog.home = home_address
        self._fetcher = Fetcher(
            self.role,
            home_address,
            clock=self._clock,
            network=self._cable,
            journal=self._journal,
            trust=self._trust,
            name_ports=not alone,
        )

    def _changed(self) -> None:
        self._watch.look()

    def _note_state(self) -> None:
        """Enter a new state into the time line, and tell of it."""
        if self.state is not self._noted:
            self._noted = self.state
            refusal = self.last_refusal if self.state is State.REFUSED else None
            detail = "" if refusal is None else f"{refusal.status} {refusal.warning}"
            self.time_line.note(self._clock.now(), self.state.value, detail)
            self.on_state(self)

    def _restarted(self) -> None:
        self._close_desk()
        self._menu.close()
        self._menu.outcomes()
        self._directory.close()

    async def _reachable(self) -> bool:
        return await self._cable.healed()

    def _line_changed(self, result: do.Result) -> None:
        if isinstance(result, do.RegistrationRefused):
            self.last_refusal = Refusal(result.status, result.warning)
        if isinstance(result, do.LineUsed):
            self._line_used(result)
        self._handle(result)

    def _decided(self, outcome: Outcome) -> None:
        match outcome:
            case Saved(values, what):
                secrets = (value for name, value in values.items() if is_secret(name))
                self._journal.masker.learn(*secrets)
                self._life.set_local(values)
                self._journal.happened(self.role, f"{what} saved", **dict(values))
            case Erased():
                self._life.set_local({}, erase=True)
            case FactoryDefault():
                self._life.factory_default()
            case RestartAsked(reason):
                self._handle(do.RebootAsked(reason))

    def _firmware_status(self) -> tuple[str, ...]:
        running = self._life.running
        boot = (f"Boot Version: {running.boot}",) if running.boot else ()
        return (
            f"Model: {self.model.name}",
            f"MAC: {self.identity.dashed}",
            f"Firmware Version: {running.version}",
            *boot,
        )

    def _told(self) -> None:
        self._watch.look()

    def _menu_is_there(self) -> bool:
        return self.state not in NO_MENU
