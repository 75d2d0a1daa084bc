"""Networks without rules between homes and LAN, for roles by themselves.

Who reaches them is the business of the machine.
"""

from collections.abc import Sequence
from ipaddress import AddressValueError, IPv4Address, IPv4Network

from simulators.addresses import AddressPlan
from simulators.clock import Clock
from simulators.journal import Journal
from simulators.network import Network
from simulators.traffic import Traffic


class OpenNetwork(Network):
    """A network that lets everything pass."""

    def allows(self, source: str, destination: str) -> bool:
        return True


class BoundedNetwork(Network):
    """A network that ends somewhere: what would go beyond is lost.

    For load, whose phones do what the files of a server say.

    Args:
        networks: such as 127.0.0.0/8; the addresses of phones (`own`) are part of it as well.
    """

    def __init__(
        self,
        plan: AddressPlan,
        journal: Journal,
        clock: Clock,
        networks: Sequence[str],
        traffic: Traffic | None = None,
    ) -> None:
        super().__init__(plan, journal, clock, traffic=traffic)
        self._networks = [IPv4Network(text) for text in networks]
        self._inner: dict[str, bool] = {}

    def own(self, address: str) -> None:
        """A phone is there."""
        self._inner[address] = True

    def allows(self, source: str, destination: str) -> bool:
        known = self._inner.get(destination)
        if known is None:
            known = self._inner[destination] = self._inside(destination)
        return known

    def _inside(self, address: str) -> bool:
        try:
            return any(IPv4Address(address) in network for network in self._networks)
        except AddressValueError:
            return False
