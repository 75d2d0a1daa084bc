"""A MiVoice Office 250 node: its exchange on UDP and TCP, its life, and what it says of itself.

Decisions are in `exchange` and `database`; this wires them to the clock, the network and the
journal.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from simulators.clock import Clock
from simulators.core import TCP, UDP, Address, Entropy
from simulators.errors import ConfigurationError, LocalProtocolError
from simulators.faults.fault import Fault
from simulators.faults.sip_faults import SipDisturber, SipFault
from simulators.faults.table import FaultTable
from simulators.journal import Journal
from simulators.network import Network
from simulators.pbx.alarms import WEAK_PASSWORD, Alarm, Alarms
from simulators.pbx.bindings import ContactBinding
from simulators.pbx.database import Database, ExtensionChange
from simulators.pbx.exchange import Exchange
from simulators.pbx.exchange_calls import Talk
from simulators.pbx.exchange_events import (
    ExtensionRegistered,
    ExtensionUnregistered,
    HotDeskLoggedIn,
    HotDeskLoggedOut,
    WeakPassword,
)
from simulators.pbx.exchange_report import report
from simulators.pbx.extensions import Extension
from simulators.pbx.notifier import CHECK_SYNC
from simulators.pbx.registrar import Licences
from simulators.pbx.release import Release
from simulators.pbx.settings import NodeSettings
from simulators.sockets import SipDriver

__all__ = ["ExtensionChange", "Licences", "PbxNode"]


class PbxNode(Database):
    """One node. Bindings live as long as it runs: a restart forgets them, as a reboot does.

    Args:
        number: of the node, as OAI tells it.
        name: also the digest realm.
        release: such as "6.3 SP1".
        licences: Cat-F licences, one for each registered extension; None: as in the settings.
        udp_listening: the check box "SIP UDP Listening Port".
        settings: habits of its SIP side.
        faults: those of the PBX that it belongs to; a table of its own when None.
    """

    def __init__(
        self,
        number: int,
        name: str,
        release: str | Release,
        *,
        clock: Clock,
        network: Network,
        journal: Journal,
        entropy: Entropy,
        licences: int | None = None,
        udp_listening: bool = True,
        settings: NodeSettings | None = None,
        faults: FaultTable | None = None,
    ) -> None:
        super().__init__(f"PBX node {number}", release, entropy)
        self.number = number
        self.name = name
        self.clock = clock
        self.network = network
        self.journal = journal
        self.settings = settings or NodeSettings()
        if licences is not None:
            self.settings = replace(self.settings, licences=licences)
        self.udp_listening = udp_listening
        self.on_link: list[Callable[[bool], None]] = []
        """Told when the node comes (True) and goes (False)."""
        self.on_registration: list[Callable[[str, bool], None]] = []
        """Told an extension whose phone comes (True) or goes (False) while the node runs."""
        self.on_hot_desk: list[Callable[[str, str, bool], None]] = []
        """Told a hot desk extension, its base, and whether it was logged in there or out."""
        seed = int.from_bytes(entropy(8), "big")
        own = FaultTable(seed, clock.now, self._struck, kinds=(SipFault,))
        self.faults = own if faults is None else faults
        self._delivered = self.release, self.settings, self.udp_listening
        self._disturber = SipDisturber(self.faults)
        self._alarms = Alarms()
        self._exchange: Exchange | None = None
        self._driver: SipDriver | None = None
        self._address: Address | None = None
        self._udp_open = False
        self._stops = 0

    # Running

    async def start(self, address: Address) -> None:
        """Listen on TCP and, if so set, UDP (port 0: any); the real address is `address` then.

        Raises:
            ConfigurationError: it runs already, or the address can't be had.
        """
        if self._driver is not None:
            raise ConfigurationError(f"{self.role} runs already: stop it first")
        self.journal.name(address[0], self.role)
        exchange = Exchange(
            self.name,
            self._extensions,
            self.entropy,
            self.settings,
            local=address,
            hot_desk=self._hot_desk,
        )
        driver = SipDriver(
            exchange,
            self.clock,
            self.network,
            self.journal,
            self._on_event,
            disturber=self._disturber,
        )
        try:
            for transport in (UDP, TCP) if self.udp_listening else (TCP,):
                address = await driver.open(address, "", transport)
        except BaseException:
            driver.close()
            await driver.wait_closed()
            raise
        exchange.transactions.local = address
        self._udp_open = self.udp_listening
        self._address, self._exchange, self._driver = address, exchange, driver
        _each(self.on_link, True)

    async def stop(self) -> None:
        """Fall silent and forget who is registered; may be called again."""
        self._stops += 1
        if self._driver is not None:
            driver, self._driver, self._exchange = self._driver, None, None
            driver.close()
            _each(self.on_link, False)
            await driver.wait_closed()  # else a start at the same address may find it taken

    async def reboot(self, *, down_s: float = 0.0) -> None:
        """Go down and come back after `down_s` on the clock; a `stop` meanwhile is the last word.

        Phones are not told: until they register again they are not registered.

        Raises:
            ConfigurationError: somebody took the address meanwhile.
        """
        address = self.address
        stops = self._stops + 1
        await self.stop()
        self.happened("rebooting", down_s=f"{down_s:g}")
        if down_s:
            await self.clock.sleep(down_s)
        if stops == self._stops:
            await self.start(address)
            self.happened("up", release=self.release)

    async def upgrade(self, release: str | Release, *, down_s: float = 0.0) -> None:
        """Another software release, which takes a reboot; extensions and log-ins stay."""
        before = self.release
        new = release if isinstance(release, Release) else Release.parse(release)
        self.happened("upgrading", before=before, after=new)
        self.release = new
        await self.reboot(down_s=down_s)

    async def reset(self) -> None:
        """Be as delivered, without a fault: no extension, no alarm."""
        self.faults.calm()
        self.release, self.settings, self.udp_listening = self._delivered
        for number in list(self._extensions):
            self.remove_extension(number)
        await self.reboot()

    @property
    def is_running(self) -> bool:
        """Whether it listens."""
        return self._driver is not None

    @property
    def reboot_needed(self) -> bool:
        """Whether "SIP UDP Listening Port" is not yet what it was set to."""
        return self.is_running and self.udp_listening is not self._udp_open

    @property
    def address(self) -> Address:
        """Where it listens, or listened last.

        Raises:
            LocalProtocolError: it was never started.
        """
        if self._address is None:
            raise LocalProtocolError(f"{self.role} has no address before it is started")
        return self._address

    # Registrations and calls

    def is_registered(self, number: str) -> bool:
        """Whether calls for the extension would find a contact of its own."""
        return self.binding(number) is not None

    def binding(self, number: str) -> ContactBinding | None:
        """Where the extension is reachable; None where it is not registered."""
        return None if self._exchange is None else self._exchange.bindings.get(number)

    def registered_extensions(self) -> list[str]:
        """All registered extensions, sorted."""
        return [] if self._exchange is None else self._exchange.bindings.extensions()

    @property
    def calls(self) -> list[Talk]:
        """Calls under way."""
        return [] if self._exchange is None else list(self._exchange.calls.talks.values())

    @property
    def licences(self) -> Licences:
        """Cat-F licences; all are free while the node is down."""
        down = Licences(self.settings.licences, 0, 0)
        return down if self._exchange is None else self._exchange.registrar.licences

    def set_licences(self, total: int | None) -> None:
        """Have this many Cat-F licences; who is registered stays so."""
        self.settings = replace(self.settings, licences=total)
        if self._exchange is not None:
            self._exchange.registrar.set_licences(total)

    def check_sync(self, number: str) -> None:
        """Ask the extension's phone to look for new configuration; its answer is journaled.

        Raises:
            ConfigurationError: the extension is not registered.
        """
        self.notify(number, CHECK_SYNC)

    def notify(
        self, number: str, event: str, body: bytes = b"", content_type: str = "text/plain"
    ) -> None:
        """Send NOTIFY of any event package to the extension's phone; its answer is journaled.

        Raises:
            ConfigurationError: the extension is not registered.
        """
        self._get(number)
        now = self.clock.steady()
        if self._exchange is None or not self._exchange.notify(
            number, event, now, body, content_type
        ):
            raise ConfigurationError(
                f"extension {number} is not registered on {self.role}: nobody would get a NOTIFY"
            )
        self._settle()

    # Alarms

    @property
    def alarms(self) -> list[Alarm]:
        """What is wrong, the oldest first."""
        return self._alarms.listed()

    def clear_alarm(self, number: int, extension: str) -> None:
        """Take an alarm off the list; it comes again with its cause.

        Raises:
            ConfigurationError: there is no such alarm.
        """
        if not self._alarms.clear(number, extension):
            raise ConfigurationError(f"{self.role} has no alarm {number} for {extension[:20]}")
        self.happened("alarm cleared", number=number, extension=extension)

    # Inside

    def happened(self, name: str, **facts: object) -> None:
        """Journal something of this node."""
        self.journal.happened(self.role, name, **facts)

    def _tell(self, old: Extension | None, new: Extension | None) -> None:
        if new is not None and not new.has_weak_password:
            self.journal.masker.learn(new.auth_password)
        gone = old if old is not None and (new is None or new.number != old.number) else None
        if gone is not None and self._exchange is not None:
            self._exchange.remove(gone.number, self.clock.steady())
        cured = gone or (old if new is not None and not new.has_weak_password else None)
        if cured is not None and self._alarms.clear(WEAK_PASSWORD, cured.number):
            self.happened("alarm cleared", number=WEAK_PASSWORD, extension=cured.number)
        super()._tell(old, new)
        self._settle()

    def _settle(self) -> None:
        """Say what the exchange has to say; a node that is down tells of its hot desks alone."""
        if self._driver is not None:
            self._driver.pump()
        else:
            for event in self._hot_desk.events():
                self._on_event(event)

    def _struck(self, fault: Fault, number: int, what: str) -> None:
        self.happened("fault struck", fault=fault.name, number=number, what=what)

    def _on_event(self, event: object) -> None:
        reported = report(event) if self.journal.enabled else None
        if reported is not None:
            name, facts = reported
            self.happened(name, **facts)
        match event:
            case ExtensionRegistered(extension, refreshed=False):
                _each(self.on_registration, extension, True)
            case ExtensionUnregistered(extension):
                _each(self.on_registration, extension, False)
            case HotDeskLoggedIn(hot_desk, base):
                _each(self.on_hot_desk, hot_desk, base, True)
            case HotDeskLoggedOut(hot_desk, base):
                _each(self.on_hot_desk, hot_desk, base, False)
            case WeakPassword(extension):
                if self._alarms.raise_alarm(WEAK_PASSWORD, extension, self.clock.now()):
                    self.happened("alarm", number=WEAK_PASSWORD, extension=extension)


def _each(listeners: Sequence[Callable[..., None]], *told: object) -> None:
    for listener in list(listeners):
        listener(*told)
