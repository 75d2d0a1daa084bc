"""Drives a `Life` on asyncio: gives it results and time, carries out what it wants.

It decides nothing. What the phone's own failings (`misfortunes`) change on the way is changed here,
and in the handset's cable and power.
"""

from abc import abstractmethod

from simulators.clock import Clock, Timer
from simulators.core import Address
from simulators.journal import Journal
from simulators.phone.browsing import Browsing
from simulators.phone.cable import Cable
from simulators.phone.errands import Errands
from simulators.phone.fetching import Fetcher
from simulators.phone.identity import Identity
from simulators.phone.life import actions as do
from simulators.phone.life.life import POLL, Life
from simulators.phone.local.dhcp import Offer
from simulators.phone.misfortunes import Misfortunes
from simulators.phone.models import Model
from simulators.phone.push_server import PushServer
from simulators.phone.syslog_port import SyslogPort
from simulators.phone.telephone import Telephone
from simulators.phone.trust import Trust


class LifeDriver(Browsing):
    """One life on the run's clock; whoever it belongs to makes its parts."""

    identity: Identity
    model: Model
    expansion_modules: int
    role: str
    dhcp: Offer
    _clock: Clock
    _journal: Journal
    _life: Life
    _errands: Errands
    _telephone: Telephone
    _fetcher: Fetcher
    _trust: Trust
    _syslog: SyslogPort
    _push: PushServer
    _cable: Cable
    _misfortunes: Misfortunes
    _timer: Timer | None = None
    _working = False

    @abstractmethod
    def _changed(self) -> None:
        """Something is to be seen that wasn't before."""

    @abstractmethod
    def _note_state(self) -> None:
        """Whether the life is in another state now."""

    @abstractmethod
    def _restarted(self) -> None:
        """All that people had begun is gone."""

    @abstractmethod
    async def _reachable(self) -> bool:
        """Whether an answer that is on its way arrives."""

    def _handle(self, result: do.Result) -> None:
        """Give the life a result and do what it wants; actions may bring further results."""
        if self._misfortunes.swallows(result):
            return
        self._life.handle(result, self._clock.steady())
        self._fetcher.keep(self._life.keeps_connection)
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
        self._misfortunes.reached(self._life.state)
        self._changed()

    def _carry_out(self, action: do.Action) -> None:
        match action:
            case do.Note(name, facts):
                if self._journal.enabled:
                    self._journal.happened(self.role, name, **{k: str(v) for k, v in facts})
                self._syslog.tell(name, facts, self._life.configuration)
            case do.Boot(delay_s):
                self._later(delay_s + self._misfortunes.boot_s(), do.Booted())
            case do.BringUpNetwork(delay_s, vendor_class, sip):
                begin = self._errands.start
                self._errands.later(delay_s, lambda: begin(self._bring_up(vendor_class, sip)))
            case do.Fetch(path, url, validate):
                self._errands.start(self._fetch(path, url, validate))
            case do.Poll(url, validate):
                self._errands.start(self._fetch(POLL, url, validate))
            case do.CallActionUri(name, url, validate):
                self._errands.start(self._call(name, url, validate), parting=True)
            case do.Install(_, delay_s):
                self._later(delay_s + self._misfortunes.flash_s(), do.Flashed())
            case do.Wake(name, delay_s, repeats):
                self._errands.wake(name, delay_s, lambda: self._handle(do.Woken(name)), repeats)
            case do.StartRegistration(lines, validate):
                lines = self._misfortunes.registering(lines)
                trust = self._trust.checking if validate else self._trust.anything
                self._errands.start(self._telephone.register(lines, trust))
            case do.ChangeLines(lines, validate):
                lines = self._misfortunes.registering(lines)
                trust = self._trust.checking if validate else self._trust.anything
                self._errands.start(self._telephone.change(lines, trust))
            case do.TakeObject(source, data):
                self.take_object(data, source)
            case do.RegisterAnew():
                self._telephone.register_anew()
            case do.Unregister(numbers):
                self._telephone.unregister(numbers)
            case do.Reboot():
                self._quiet()
                self._errands.cancel(parting=False)
            case do.Drop():
                self._quiet()
                self._errands.cancel(parting=True)

    def _later(self, delay_s: float, result: do.Result) -> None:
        self._errands.later(delay_s, lambda: self._handle(result))

    def _quiet(self) -> None:
        self._telephone.close()
        self._push.close()
        self._syslog.close()
        self._restarted()

    async def _bring_up(self, vendor_class: str, sip: bool) -> None:
        asked = {str(n): self.dhcp.text(n) for n in sorted(self.dhcp.options)}
        self._journal.happened(self.role, "DHCP", option_60=vendor_class, offered=str(asked))
        contact: Address = (self._telephone.home, 0)
        if sip:
            contact = await self._telephone.open()
            if self._cable.plan.zone(self._telephone.home) == "lan":
                await self._push.open(self._telephone.home)  # nobody reaches into a home
        self._handle(do.NetworkUp(contact, self.dhcp))

    async def _fetch(self, path: str, url: str, validate: bool) -> None:
        self._handle(await self._get(path, url, validate))

    async def _call(self, name: str, url: str, validate: bool) -> None:
        self._action_answered(name, await self._get(name, url, validate))

    async def _get(self, path: str, url: str, validate: bool) -> do.Fetched | do.FetchFailed:
        version = self._life.running.version
        own = self.identity.headers(self.model, version, self.expansion_modules)
        result = await self._fetcher.get(
            path,
            url,
            own=own,
            validate=validate,
            drop_after=self._misfortunes.drops_after(path),
        )
        if not await self._reachable():
            return do.FetchFailed(path, "no answer")
        return result

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
