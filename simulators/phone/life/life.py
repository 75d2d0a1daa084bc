"""The life of a phone: from the power plug to a registered line, and what happens to it there.

The pure core behind the handset and the load engine. Results go in with `handle`, time with
`handle_timer`; what is to be done comes out of `actions`. Order at start: `startup.cfg`,
`<model>.cfg`, `<MAC>.cfg`, then `<model>.st`; other firmware is flashed, and all begins again
(PHN-3). States and moves are the table in `states`; downloads are in `configuring`, firmware in
`upgrading`, restarts in `restarts`, what runs after the boot in `service` and `extras`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from simulators.phone.files import firmware as images
from simulators.phone.files.known import unknown
from simulators.phone.habits import LifeSettings
from simulators.phone.identity import Identity
from simulators.phone.life import actions as do
from simulators.phone.life import upgrading
from simulators.phone.life.configuring import Configuring, Ending
from simulators.phone.life.extras import Extras
from simulators.phone.life.in_service import InService
from simulators.phone.life.restarts import Restarts
from simulators.phone.life.service import Service
from simulators.phone.life.situation import Situation, Trouble
from simulators.phone.life.states import (
    IN_SERVICE,
    SIP_FIRMWARE_ABSENT,
    TAKING_FILES,
    Event,
    State,
)
from simulators.phone.local.dhcp import Offer, vendor_class
from simulators.phone.models import Model

POLL = "poll"
"""The path that answers to a `Poll` carry."""
TOLD_NAMES = 20
"""Of parameters that are not known, so many names are told."""


class Life(InService):
    """One phone's life.

    Args:
        running: what is flashed at the beginning; what was flashed later is in `running`.
        local: values that were entered on the phone.
        dhcp_server: URL or address of a configuration server that DHCP offers (a local phone's), as
            option 66; what `NetworkUp` says goes before it.
        calendar: the phone's own clock, epoch seconds.
        chance: a random number from 0 to below 1, by the run's seed.
    """

    def __init__(
        self,
        identity: Identity,
        model: Model,
        running: images.Running,
        settings: LifeSettings | None = None,
        *,
        local: Mapping[str, str] | None = None,
        dhcp_server: str | None = None,
        calendar: Callable[[], float] = lambda: 0.0,
        chance: Callable[[], float] = lambda: 0.0,
    ) -> None:
        super().__init__(
            Situation(
                identity, model, running, settings or LifeSettings(), local or {}, calendar, chance
            )
        )
        self.identity = identity
        self.model = model
        self.reboots = 0
        self.cable_in = True
        self._offer = Offer({66: dhcp_server}) if dhcp_server else None
        self._service: Service | None = None
        self._fast = False
        self._forget()

    # In and out

    @property
    def believed(self) -> Mapping[str, str]:
        """The configuration by which certificates are checked now."""
        return self._configuring.believed

    @property
    def keeps_connection(self) -> bool:
        """Whether the connection to a file server stays open for the next file (decision 14)."""
        habit = self._situation.settings.keeps_connection
        return habit and self.cable_in and self.state in TAKING_FILES

    def handle(self, result: do.Result, now: float) -> None:
        """Take one result; `now` is steady time in seconds.

        Raises:
            LocalProtocolError: the phone isn't in a state for it.
        """
        match result:
            case do.PowerOn():
                self._situation.move(Event.POWER_ON)
                self._boot(fast=False)
            case do.PowerOff():
                self._situation.move(Event.POWER_OFF)
                self._forget()
                self._situation.want(do.Drop())
            case do.Booted():
                self._booted()
            case do.NetworkUp(contact, offer):
                self._situation.contact = contact
                self._network_up(offer or self._offer, now)
            case do.CablePulled() | do.CableBack():
                self._cable(isinstance(result, do.CableBack))
            case do.Fetched() | do.FetchFailed():
                self._answered(result, now)
            case do.Flashed():
                self._upgrading.flashed()
            case do.Woken(name):
                self._woken(name)
            case do.RebootAsked():
                self._ask_restart(result, now)
            case do.CheckSyncAsked(reboot):
                self._check_sync(reboot, now)
            case do.InUse(busy):
                waited = self._restarts.used(busy)
                if waited is not None and self.state in IN_SERVICE:
                    self._ask_restart(waited, now)
            case do.ParametersGiven() | do.LineUsed() | do.XmlNotified() | do.SoundPlayed():
                self._from_outside(result, now)
            case _:
                self._line_changed(result, now)

    def timer_at(self) -> float | None:
        """When `handle_timer` wants to be called, steady time."""
        times = [self._configuring.retry_at, self._restarts.due_at]
        if self._service is not None:
            times.append(self._service.timer_at())
        return min((at for at in times if at is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """Do what has fallen due by `now`."""
        if self._service is not None:
            event = self._service.expire(now)
            if event is not None:
                self._situation.move(event)
            self._service.poll(now)
        restart_at, retry_at = self._restarts.due_at, self._configuring.retry_at
        if restart_at is not None and restart_at <= now:
            self._reboot()
        elif retry_at is not None and retry_at <= now:
            self._configuring.retry()

    # Start

    def _boot(self, *, fast: bool) -> None:
        self._forget()
        if self.layers.once or self.layers.coming:
            self.layers = replace(self.layers, once=self.layers.coming, coming={})
        self._fast = fast
        self._situation.want(do.Boot(self._situation.settings.boot_s))

    def _forget(self) -> None:
        """Memory goes with the power; layers, certificates and firmware are flashed."""
        self._situation.trouble = Trouble.NONE
        if self.layers.given or self.layers.override:
            self.layers = replace(self.layers, given={}, override={})
        self._network_awaited = False
        self._service = None
        self._configuring = Configuring(self._situation)
        self._upgrading = upgrading.Upgrading(
            self._situation, lambda: self._restarted("new firmware", fast=False)
        )
        self._restarts = Restarts(self._situation)
        self._extras = Extras(self._situation)

    def _booted(self) -> None:
        kind = self.running.kind
        if kind == "minet":
            self._situation.move(Event.BOOTED_MINET)
            self._situation.note("MiNET firmware", version=self.running.version)
        elif kind == "boot":
            self._situation.move(Event.BOOTED_LOADER)
            self._situation.note("boot loader alone", version=self.running.version)
        else:
            self._situation.move(Event.BOOTED_SIP)
        if self.cable_in:
            self._bring_up()
        elif kind == "sip":
            self._situation.move(Event.CABLE_PULLED)

    def _bring_up(self) -> None:
        if self._network_awaited:
            return  # pulled and back meanwhile: the answer that comes will do
        self._network_awaited = True
        sip = self.running.kind == "sip"
        delay_s = self._situation.settings.network_s
        self._situation.want(do.BringUpNetwork(delay_s, vendor_class(self.model), sip))

    def _network_up(self, offer: Offer | None, now: float) -> None:
        self._network_awaited = False
        if self.state in SIP_FIRMWARE_ABSENT:
            self._upgrading.tftp_server(offer)
            return
        if self.state is State.NO_CABLE:
            return  # pulled while DHCP answered: it is asked again when the cable is back
        self._configuring.find_server(offer)
        found = self._configuring.server is not None
        self._situation.move(Event.SERVER_KNOWN if found else Event.NO_SERVER)
        if found:
            self._configuring.ask(background=False)
        else:
            self._situation.note("no configuration server")
            self._apply(now)
            self._situation.trouble = Trouble.NO_SERVER

    def _cable(self, back: bool) -> None:
        """Pulled or back: what waits for an answer gets none; back, it asks and registers anew."""
        if back is self.cable_in:
            return
        self.cable_in = back
        before = self.state
        self._situation.move(Event.CABLE_BACK if back else Event.CABLE_PULLED)
        self._situation.note("cable back" if back else "cable pulled")
        if not back:
            return
        if before is State.NO_CABLE or before in SIP_FIRMWARE_ABSENT:
            self._bring_up()
        elif before in IN_SERVICE:
            if self._configuring.retry_at is not None:
                self._configuring.retry()
            if self._service is not None and self._service.lines:
                self._situation.want(do.RegisterAnew())

    # Answers

    def _answered(self, result: do.Fetched | do.FetchFailed, now: float) -> None:
        if self.state is State.RESTARTING:
            self._situation.move(Event.BACKGROUND)  # too late: the restart is already decided
        elif result.path == POLL:
            self._poll_answered(result, now)
        elif result.path == self._upgrading.awaited:
            self._firmware(result, now)
        elif result.path == self._extras.awaited:
            self._extras.certificates(result)
            self._apply(now)
        elif self._extras.is_directory(result.path):
            self._situation.move(Event.BACKGROUND)
            self._extras.directory(result)
        else:
            self._configured(self._configuring.answered(result, now), now)

    def _configured(self, ending: Ending | None, now: float) -> None:
        if ending is Ending.COMPLETE:
            self._situation.move(Event.FILES_COMPLETE_FAST if self._fast else Event.FILES_COMPLETE)
            if self._fast:
                self._fetch_certificates(now)
            else:
                self._upgrading.ask(self._configuring.server)
        elif ending is Ending.AWAY:
            self._apply(now)
        elif ending is Ending.CHANGED:
            self._ask_restart(do.RebootAsked("configuration changed", when_idle=True), now)
        elif ending is Ending.SAME and self._extras.firmware_after:
            self._ask_firmware()

    def _firmware(self, result: do.Fetched | do.FetchFailed, now: float) -> None:
        if self.state in SIP_FIRMWARE_ABSENT:
            self._upgrading.tftp_answered(result)
        elif self.state is State.FIRMWARE:
            if not self._upgrading.answered(result):
                self._fetch_certificates(now)
        elif self._upgrading.differs(result):
            self._ask_restart(do.RebootAsked("other firmware", when_idle=True), now)

    # In service

    def _fetch_certificates(self, now: float) -> None:
        if not self._extras.ask_certificates(self._configuring.server):
            self._apply(now)

    def _apply(self, now: float) -> None:
        """End of the boot: what the merged configuration says begins to count."""
        situation, configuration = self._situation, self.configuration
        if strange := unknown(configuration):
            names = ", ".join(strange[:TOLD_NAMES])
            situation.note("parameters not known", count=len(strange), names=names)
        service = self._service = self._begin_service()
        situation.move(Event.LINES if service.lines else Event.NO_LINES)
        facts = {"lines": len(service.lines), "parameters": len(configuration)}
        situation.note("configuration applied", **facts)
        situation.note("booted", version=self.running.version)
        service.start(now)
        self._extras.start(self._configuring.server)

    def _user_agent(self) -> str:
        return f"Mitel {self.model.name}/{self.running.version}"

    def _woken(self, name: str) -> None:
        if name == upgrading.AGAIN:
            self._upgrading.ask_tftp()
        elif self.state in IN_SERVICE and self._extras.woken(name, self._configuring.server):
            if not self._extras.firmware_only and not self._configuring.busy:
                self._configuring.ask(background=True, asked=True)
            elif self._extras.firmware_only:
                self._ask_firmware()

    def _ask_firmware(self) -> None:
        self._extras.firmware_after = False
        if not self._upgrading.awaited:
            self._upgrading.ask(self._configuring.server)

    # Restart

    def _check_sync(self, reboot: bool, now: float) -> None:
        """A server asks: look whether the files have changed (domain reference 3.5)."""
        self._situation.note("check-sync", reboot=reboot)
        if self.state not in IN_SERVICE:
            return
        configuring = self._configuring
        if reboot:
            self._ask_restart(do.RebootAsked("check-sync", when_idle=True), now)
        elif configuring.server is not None and not configuring.busy:
            asked, configuring.retry_at = configuring.retry_at is None, None
            configuring.ask(background=True, asked=asked)

    def _ask_restart(self, asked: do.RebootAsked, now: float) -> None:
        if self._restarts.ask(asked, self._service, now):
            self._reboot()
        elif self.state is State.RESTARTING:
            self._configuring.retry_at = None

    def _reboot(self) -> None:
        asked = self._restarts.reason
        self._situation.move(Event.RESTART)
        self._restarted(asked.reason, asked.fast)

    def _restarted(self, reason: str, fast: bool) -> None:
        self.reboots += 1
        self._situation.note("rebooting", reason=reason, fast=fast)
        self._situation.want(do.Reboot(reason, fast))
        self._boot(fast=fast)
