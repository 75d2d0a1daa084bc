"""All handsets of a run as one role: who they are, and what strikes them together."""

from collections.abc import Callable

from simulators.clock import Clock
from simulators.errors import ConfigurationError
from simulators.faults.fault import Fault
from simulators.faults.phone_faults import PhoneFault
from simulators.faults.sip_faults import SipDisturber, SipFault
from simulators.faults.table import FaultTable
from simulators.journal import Journal
from simulators.phone.handset import Handset
from simulators.phone.identity import clean_mac

FAULT_KINDS = (SipFault, PhoneFault)


class Handsets:
    """The phones of a run, by MAC; a phone joins with `add`.

    Args:
        seed: decides the chance of faults.
        on_change: told a phone each time that its state is another.
    """

    role = "phones"

    def __init__(
        self,
        clock: Clock,
        journal: Journal,
        seed: int,
        on_change: Callable[[Handset], None] = lambda _: None,
    ) -> None:
        self.clock = clock
        self.journal = journal
        self.faults = FaultTable(seed, clock.now, self._struck, kinds=FAULT_KINDS)
        self.by_mac: dict[str, Handset] = {}
        self.watchers: set[Callable[[Handset], None]] = set()
        """Told a phone each time that something else may be seen of it; they must be quick."""
        self._on_change = on_change
        self._disturber = SipDisturber(self.faults)

    def add(self, phone: Handset) -> None:
        """Take a phone in; it has this role's faults, and its SIP messages meet them."""
        phone.share_faults(self.faults)
        phone.disturb(self._disturber)
        phone.on_state = self._on_change
        phone.on_seen = self._seen
        self.by_mac[phone.identity.mac] = phone
        self._seen(phone)

    def of(self, mac: str) -> Handset:
        """The phone with this MAC, however it is written.

        Raises:
            ConfigurationError: there is none.
        """
        found = self.by_mac.get(clean_mac(mac))
        if found is None:
            raise ConfigurationError(f"there is no phone {mac}: look at the list of phones")
        return found

    async def power(self, *, on: bool) -> None:
        """The power of all fails at once, or returns."""
        self.journal.happened(self.role, "power returns" if on else "power fails")
        for phone in list(self.by_mac.values()):
            await (phone.power_on() if on else phone.power_off())

    async def reset(self) -> None:
        """Switch all faults off and all phones off; what was entered on them stays."""
        self.faults.calm()
        await self.power(on=False)

    def _seen(self, phone: Handset) -> None:
        for watcher in tuple(self.watchers):
            watcher(phone)

    def _struck(self, fault: Fault, number: int, what: str) -> None:
        self.journal.happened(self.role, "fault struck", fault=fault.name, number=number, what=what)
