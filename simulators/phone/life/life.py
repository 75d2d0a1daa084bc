"""The life of a phone: from the power plug to a registered line, and what happens to it there.

The pure core behind the handset and the load engine. Results go in with `handle`, time with
`handle_timer`; what is to be done comes out of `actions`. Order at start: `startup.cfg`,
`<model>.cfg`, `<MAC>.cfg`, then `<model>.st`; other firmware is flashed, and all begins again
(PHN-3). States and moves are the table in `states`.
"""

from collections.abc import Mapping
from dataclasses import replace

from simulators.core import Address
from simulators.errors import LocalProtocolError
from simulators.phone.files import firmware as images
from simulators.phone.files import server as servers
from simulators.phone.files.config_file import Layers
from simulators.phone.habits import LifeSettings
from simulators.phone.identity import Identity
from simulators.phone.life import actions as do
from simulators.phone.life.download import FOUND, Download
from simulators.phone.life.in_service import InService
from simulators.phone.life.service import Service
from simulators.phone.life.states import IN_SERVICE, TRANSITIONS, Event, State
from simulators.phone.models import Model

POLL = "poll"
"""The path that answers to a `Poll` carry."""
_AWAY = "Configuration server away"
_CERTIFICATE = "Certificate validation failed"


class Life(InService):
    """One phone's life.

    Args:
        running: what is flashed at the beginning; what was flashed later is in `running`.
        local: values that were entered on the phone.
        dhcp_server: URL of a configuration server that DHCP offers (a local phone's); a stored one
            goes before it.
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
    ) -> None:
        self.identity = identity
        self.model = model
        self.running = running
        self.settings = settings or LifeSettings()
        self.state = State.OFF
        self.layers = Layers(local=dict(local or {}))
        self.reboots = 0
        self.message = ""
        self.contact: Address = ("0.0.0.0", 0)
        self._dhcp_server = dhcp_server
        self._server: servers.Server | None = None
        self._actions: list[do.Action] = []
        self._download: Download | None = None
        self._service: Service | None = None
        self._fast = False
        self._restart: do.RebootAsked | None = None
        self._in_use = False
        self._when_idle: do.RebootAsked | None = None
        self._retry_at: float | None = None
        self._restart_at: float | None = None
        self._flashing: images.FirmwareImage | None = None

    # In and out

    def handle(self, result: do.Result, now: float) -> None:
        """Take one result; `now` is steady time in seconds.

        Raises:
            LocalProtocolError: the phone isn't in a state for it.
        """
        match result:
            case do.PowerOn():
                self._move(Event.POWER_ON)
                self._boot(fast=False)
            case do.PowerOff():
                self._move(Event.POWER_OFF)
                self._forget()
                self._do(do.Drop())
            case do.Booted():
                self._booted()
            case do.NetworkUp(contact):
                self._network_up(contact, now)
            case do.Fetched() | do.FetchFailed():
                self._answered(result, now)
            case do.Flashed():
                self._flashed()
            case do.RebootAsked():
                self._ask_restart(result, now)
            case do.CheckSyncAsked(reboot):
                self._check_sync(reboot, now)
            case do.InUse(busy):
                self._used(busy, now)
            case do.ParametersGiven() | do.LineUsed() | do.XmlNotified():
                self._from_outside(result, now)
            case (
                do.Registered()
                | do.RegistrationRefused()
                | do.RegistrationTimedOut()
                | do.Unregistered()
            ):
                self._line_changed(result, now)

    def set_local(self, values: Mapping[str, str], *, erase: bool = False) -> None:
        """Store values entered on the phone; with `erase` they replace all stored before."""
        local = dict(values) if erase else {**self.layers.local, **values}
        self.layers = replace(self.layers, local=local)

    def actions(self) -> list[do.Action]:
        """What is to be done, in order, once."""
        actions, self._actions = self._actions, []
        return actions

    def timer_at(self) -> float | None:
        """When `handle_timer` wants to be called, steady time."""
        times = [self._retry_at, self._restart_at]
        if self._service is not None:
            times.append(self._service.timer_at())
        return min((at for at in times if at is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """Do what has fallen due by `now`."""
        if self._service is not None:
            event = self._service.expire(now)
            if event is not None:
                self._move(event)
            self._service.poll(now)
        if self._restart_at is not None and self._restart_at <= now:
            self._reboot()
        if self._retry_at is not None and self._retry_at <= now:
            self._retry_at = None
            self._ask_configuration(background=True)

    # Start

    def _boot(self, *, fast: bool) -> None:
        self._forget()
        self._fast = fast
        self._do(do.Boot(self.settings.boot_s))

    def _forget(self) -> None:
        """Memory goes with the power; layers and firmware are flashed."""
        self.message = ""
        self._service = self._download = self._restart = self._flashing = None
        self._retry_at = self._restart_at = self._when_idle = None
        self._in_use = False
        self.layers = replace(self.layers, given={}, override={})

    def _booted(self) -> None:
        if self.running.kind == "minet":
            self._move(Event.BOOTED_MINET)
            self._note("MiNET firmware", version=self.running.version)
            return
        self._move(Event.BOOTED_SIP)
        self._do(do.BringUpNetwork(self.settings.network_s))

    def _network_up(self, contact: Address, now: float) -> None:
        self._server = servers.configured(self.configuration)
        if self._server is None and self._dhcp_server:
            self._server = servers.offered(self._dhcp_server)
        self._move(Event.NO_SERVER if self._server is None else Event.SERVER_KNOWN)
        self.contact = contact
        if self._server is None:
            self._note("no configuration server")
            self._apply(now)
            self.message = "No configuration server"
        else:
            self._ask_configuration(background=False)

    # Configuration

    def _ask_configuration(self, *, background: bool, asked: bool = False) -> None:
        names = self.model.configuration_file, self.identity.configuration_file
        self._download = Download(*names, background=background, asked=asked)
        self._ask(self._download.awaited)

    def _ask(self, path: str) -> None:
        if self._server is None:
            raise LocalProtocolError(f"there is no server to ask for {path}")
        validate = servers.validates(self.configuration)
        self._do(do.Fetch(path, self._server.url(path), validate))

    def _answered(self, result: do.Fetched | do.FetchFailed, now: float) -> None:
        if self.state is State.RESTARTING:
            self._move(Event.BACKGROUND)  # too late: the restart is already decided
        elif result.path == POLL:
            self._poll_answered(result, now)
        elif result.path == self.model.firmware_file and self.state is State.FIRMWARE:
            self._firmware(result, now)
        elif self._download is None:
            raise LocalProtocolError(f"an answer for {result.path} came, nothing was asked for")
        else:
            self._download.expect(result.path)
            self._file(self._download, result, now)

    def _file(self, download: Download, result: do.Fetched | do.FetchFailed, now: float) -> None:
        if isinstance(result, do.FetchFailed):
            self._away(download, result.path, result.reason, now, certificate=result.certificate)
            return
        if not download.usable(result.status):
            self._away(download, result.path, f"HTTP status {result.status}", now)
            return
        for problem in download.take(result.status, result.body):
            facts = {"file": result.path, "line": problem.line, "text": problem.text}
            self._note("configuration problem", **facts)
        if download.awaited:
            self._move(Event.BACKGROUND if download.background else Event.FILE)
            self._ask(download.awaited)
            return
        self._download = None
        layers = download.layers(self.layers.local)
        if download.background:
            self._compare(layers, now, asked=download.asked)
        else:
            self._complete(layers, now)

    def _complete(self, layers: Layers, now: float) -> None:
        self._move(Event.FILES_COMPLETE_FAST if self._fast else Event.FILES_COMPLETE)
        self.layers = replace(layers, local=layers.local_left)
        if self._fast:
            self._apply(now)
        else:
            self._ask(self.model.firmware_file)

    def _compare(self, layers: Layers, now: float, *, asked: bool) -> None:
        """What the server says now counts from a restart on, if it differs."""
        self._move(Event.BACKGROUND)
        self.message = ""
        given, override = self.layers.given, self.layers.override
        changed = replace(layers, given=given, override=override).merged != self.configuration
        note = "configuration compared" if asked else "configuration server back"
        self._note(note, changed=changed)
        if changed:
            self._ask_restart(do.RebootAsked("configuration changed", when_idle=True), now)

    def _away(
        self, download: Download, path: str, reason: str, now: float, *, certificate: bool = False
    ) -> None:
        """No answer that can be used: the cached configuration counts, and it is tried again."""
        self._move(Event.BACKGROUND if download.background else Event.SERVER_AWAY)
        self._download = None
        name = "certificate refused" if certificate else "configuration server away"
        self._note(name, file=path, reason=reason)
        if download.asked:
            return
        if not download.background:
            self._apply(now)
        self._retry_at = now + self.settings.configuration_retry_s
        self.message = _CERTIFICATE if certificate else _AWAY

    # Firmware

    def _firmware(self, result: do.Fetched | do.FetchFailed, now: float) -> None:
        if isinstance(result, do.FetchFailed):
            self._note("firmware not available", reason=result.reason)
        elif result.status == FOUND:
            image = images.read_image(result.body)
            decision = images.decide(self.running, image, self.model.name)
            if decision is images.Decision.INSTALL and isinstance(image, images.FirmwareImage):
                self._move(Event.FIRMWARE_NEW)
                self._flashing = image
                self._do(do.Install(image, self.settings.flash_s))
                return
            if decision is not images.Decision.SAME_VERSION:
                self._note("firmware refused", reason=decision.value, detail=images.describe(image))
        self._move(Event.FIRMWARE_KEPT)
        self._apply(now)

    def _flashed(self) -> None:
        self._move(Event.FLASHED)
        image = self._flashing
        if image is None:
            raise LocalProtocolError("nothing was being flashed")
        before, self.running = self.running.version, self.running.with_image(image)
        facts = {"version": image.version, "kind": image.kind, "before": before}
        self._note("firmware installed", **facts)
        self._restarted("new firmware", fast=False)

    # In service

    def _apply(self, now: float) -> None:
        """End of the boot: what the merged configuration says begins to count."""
        service = self._service = self._begin_service()
        self._move(Event.LINES if service.lines else Event.NO_LINES)
        parameters = len(self.configuration)
        self._note("configuration applied", lines=len(service.lines), parameters=parameters)
        self._note("booted", version=self.running.version)
        service.start(now)

    def _user_agent(self) -> str:
        return f"Mitel {self.model.name}/{self.running.version}"

    # Restart

    def _check_sync(self, reboot: bool, now: float) -> None:
        """A server asks: look whether the files have changed (domain reference 3.5)."""
        self._note("check-sync", reboot=reboot)
        if self.state not in IN_SERVICE:
            return
        if reboot:
            self._ask_restart(do.RebootAsked("check-sync", when_idle=True), now)
        elif self._server is not None and self._download is None:
            asked, self._retry_at = self._retry_at is None, None
            self._ask_configuration(background=True, asked=asked)

    def _used(self, busy: bool, now: float) -> None:
        self._in_use = busy
        if not busy and self._when_idle is not None and self.state in IN_SERVICE:
            self._ask_restart(self._when_idle, now)

    def _ask_restart(self, asked: do.RebootAsked, now: float) -> None:
        if asked.when_idle and self._in_use:
            self._when_idle = asked
            self._note("restart waits for the end of the call", reason=asked.reason)
            return
        registered = self._service.registered if self._service else ()
        limit_s = self.settings.unregister_limit_s
        self._restart = asked
        if self._service and registered and limit_s > 0 and self.state is not State.RESTARTING:
            self._move(Event.UNREGISTER_FIRST)
            self._restart_at = now + limit_s
            self._retry_at = None
            self._service.stop_polling()
            self._do(do.Unregister(registered))
        else:
            self._reboot()

    def _reboot(self) -> None:
        asked = self._restart or do.RebootAsked("restart")
        self._move(Event.RESTART)
        self._restarted(asked.reason, asked.fast)

    def _restarted(self, reason: str, fast: bool) -> None:
        self.reboots += 1
        self._note("rebooting", reason=reason, fast=fast)
        self._do(do.Reboot(reason, fast))
        self._boot(fast=fast)

    # Shared

    def _move(self, event: Event) -> None:
        try:
            self.state = TRANSITIONS[self.state][event]
        except KeyError:
            raise LocalProtocolError(
                f"a phone that is {self.state.value} can't take '{event.value}'"
            ) from None

    def _do(self, action: do.Action) -> None:
        self._actions.append(action)

    def _note(self, name: str, /, **facts: object) -> None:
        self._do(do.Note(name, tuple(facts.items())))
