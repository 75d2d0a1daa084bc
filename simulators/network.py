"""Reachability, enforced: who may talk to whom.

Asked wherever one of our roles connects, sends or accepts. On loopback everybody could reach
everybody, and SNAT off or a wrong NAT address would look as if it worked. What the table forbids
looks like a lost packet: silence, never a refusal.
"""

from simulators.addresses import AddressPlan
from simulators.clock import Clock
from simulators.core import Address
from simulators.journal import Journal
from simulators.traffic import Traffic

REACHABLE: dict[tuple[str, str], str] = {
    # (from zone, to zone): "yes", "no", or which single address makes it a yes
    ("lan", "lan"): "yes",
    ("lan", "outside"): "yes",
    ("lan", "home"): "no",  # NAT: nobody inside can begin a conversation with a home
    ("outside", "lan"): "no",  # only the MBG itself connects the two
    ("outside", "outside"): "yes",
    ("outside", "home"): "yes",  # answers, and calls over the binding that the home opened
    ("home", "home"): "same home",
    ("home", "outside"): "mbg",
    ("home", "lan"): "no",
}

MOST_KNOWN = 1 << 16
"""Pairs of addresses of which it is remembered whether packets pass."""


class Network:
    """The estate's reachability rules over one address plan.

    Args:
        connect_timeout_s: how long an attempt to connect into nowhere takes on the run's clock.
        traffic: counts what passes its sockets; None counts nothing.
    """

    def __init__(
        self,
        plan: AddressPlan,
        journal: Journal,
        clock: Clock,
        connect_timeout_s: float = 5.0,
        traffic: Traffic | None = None,
    ) -> None:
        self.plan = plan
        self.traffic = traffic
        self.connect_timeout_s = connect_timeout_s
        self._clock = clock
        self._journal = journal
        self._known: dict[tuple[str, str], bool] = {}

    def allows(self, source: str, destination: str) -> bool:
        """Whether a packet from IP address `source` arrives at `destination`.

        Addresses outside the plan (a real peer) are nobody's business here: they pass. The answer
        is remembered: it is asked for at both ends of each datagram.
        """
        known = self._known.get((source, destination))
        if known is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            known = self._known[source, destination] = self._is_allowed(source, destination)
        return known

    def _is_allowed(self, source: str, destination: str) -> bool:
        zones = (self.plan.zone(source), self.plan.zone(destination))
        rule = REACHABLE.get(zones, "yes")
        if rule == "same home":
            return source == destination
        if rule == "mbg":
            return self.plan.is_outside_of_an_mbg(destination)
        return rule == "yes"

    def passes(self, source: Address, destination: Address, transport: str, what: str) -> bool:
        """Like `allows`, and journals what is lost."""
        if self.allows(source[0], destination[0]):
            return True
        zones = self.plan.zone(source[0]), self.plan.zone(destination[0])
        self._journal.lost(
            source,
            destination,
            transport=transport,
            reason=f"no path from {zones[0]} to {zones[1]}",
            what=what,
        )
        return False

    def leaves(self, source: Address, destination: Address) -> None:
        """Told of each datagram that goes out; a NAT keeps its mappings by it."""

    def arrives(self, source: Address, destination: Address) -> bool:
        """Whether a datagram that has come is let in."""
        return self.allows(source[0], destination[0])

    async def reach(self, source: str, destination: Address, what: str) -> None:
        """Return when `source` may connect to `destination`.

        Raises:
            TimeoutError: no path, after the silence that a lost packet makes.
        """
        if self.passes((source, 0), destination, "TCP", what):
            return
        await self._clock.sleep(self.connect_timeout_s)
        raise TimeoutError(f"{destination[0]}:{destination[1]} did not answer {source}")
