"""The network as a phone at home sees it: its home's NAT lets in only what is expected.

All else is asked of the network behind it. What a mapping's end keeps out looks like a lost packet.
On loopback a port can't be translated, so phones keep their own ports outside; what is real is that
a mapping ends `timeout_s` after the last datagram that went out through it.
"""

from simulators.clock import Clock
from simulators.core import UDP, Address
from simulators.journal import Journal
from simulators.network import Network
from simulators.phone.crowd.nat import Nat


class HomeNetwork(Network):
    """The rules of `behind`, and one home's NAT in front of them."""

    def __init__(self, behind: Network, timeout_s: float, clock: Clock, journal: Journal) -> None:
        super().__init__(behind.plan, journal, clock, behind.connect_timeout_s, behind.traffic)
        self._behind = behind
        self._nat = Nat(timeout_s)
        self._steady = clock.steady
        self._told = journal.lost

    def allows(self, source: str, destination: str) -> bool:
        return self._behind.allows(source, destination)

    def leaves(self, source: Address, destination: Address) -> None:
        self._nat.out(source[0], source[1], self._steady())

    def arrives(self, source: Address, destination: Address) -> bool:
        if not self.allows(source[0], destination[0]):
            return False
        if self._nat.alive((destination[0], destination[1]), self._steady()):
            return True
        self._told(
            source, destination, transport=UDP,
            reason="the home's NAT has no mapping for it any more", what="datagram",
        )  # fmt: skip
        return False
