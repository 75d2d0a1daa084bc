"""A handset's power and cable, by hand and as they fail, and its own clock."""

from simulators.clock import END, Timer
from simulators.faults.fault import Fault
from simulators.faults.table import FaultTable
from simulators.phone.life import actions as do
from simulators.phone.life.states import State
from simulators.phone.life_driver import LifeDriver


class Power(LifeDriver):
    """Plugs; a blackout or a loose cable that a fault brings ends by the run's clock."""

    faults: FaultTable
    _blackouts: list[Timer]
    _flapping = False

    async def power_on(self) -> None:
        """Plug it in; it boots by itself from here on. Nothing happens if it is on."""
        self._power_on()

    async def power_off(self) -> None:
        """Cut the power: everything is dropped at once, nothing is said to anybody."""
        for timer in self._blackouts:
            timer.cancel()  # the power would have come back by itself
        self._blackouts.clear()
        if self._flapping:
            self._regain_contact()
        self._power_off()
        await self._errands.ended()
        await self._fetcher.closed()

    def pull_cable(self) -> None:
        """Pull the network cable: no packet leaves or comes in any more."""
        self._cable.pull()
        self._handle(do.CablePulled())

    def put_cable_back(self) -> None:
        """Put the network cable back."""
        self._cable.put_back()
        self._handle(do.CableBack())

    def share_faults(self, faults: FaultTable) -> None:
        """Have the faults of a table that several phones share, instead of its own."""
        self.faults = self._misfortunes.table = faults

    # What may go wrong with it

    def _power_on(self) -> None:
        if self._life.state is State.OFF:
            self._journal.happened(self.role, "powered on")
            if self._misfortunes.forgets():
                self._life.factory_default()
            self._handle(do.PowerOn())

    def _power_off(self) -> None:
        if self._life.state is not State.OFF:
            self._handle(do.PowerOff())
            self._journal.happened(self.role, "powered off")

    def _lose_power(self, off_s: float) -> None:
        """The power fails at this very moment, for a while."""
        self._power_off()
        self._blackouts.append(self._clock.call_later(off_s, self._power_on))

    def _lose_contact(self, out_s: float) -> None:
        """The cable is loose, for a while."""
        self._flapping = True
        self.pull_cable()
        self._blackouts.append(self._clock.call_later(out_s, self._regain_contact))

    def _regain_contact(self) -> None:
        self._flapping = False
        self.put_cable_back()

    def _failing(self, fault: Fault, number: int, what: str) -> None:
        facts = {"fault": fault.name, "number": number, "struck": what}
        self._journal.happened(self.role, "fault struck", **facts)

    def _own_time(self, what: str) -> float:
        """Calendar time as the phone has it, from 1970 on."""
        time_s = self._clock.now() + self._misfortunes.clock_error_s(what)
        return min(max(time_s, 0.0), END)
