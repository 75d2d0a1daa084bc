"""Who may use a forward, under which source address, and how much was carried: one rule's gate.

The TCP and the UDP forwarder ask it for each connection; neither knows rule, network or journal.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address

from simulators.core import UDP, Address
from simulators.journal import Journal
from simulators.mbg.forwarding.forward_rule import ForwardRule, allowed_networks
from simulators.network import Network


@dataclass(slots=True)
class Counters:
    """What one rule has carried. A connection is, over UDP, a session of one source.

    Args:
        accepted: connections that the rule let in.
        refused: those that it did not, and UDP datagrams for which no session could be made.
        open, high_water: connections now, and the most at a time.
        octets_in, octets_out: payload from outside to inside, and back, as it was received.
        unreachable: failures to reach the destination.
        last_error: the latest reason of a refusal or failure; "" before the first.
    """

    accepted: int = 0
    refused: int = 0
    open: int = 0
    high_water: int = 0
    octets_in: int = 0
    octets_out: int = 0
    unreachable: int = 0
    last_error: str = ""

    def opened(self) -> None:
        """One more connection."""
        self.accepted += 1
        self.open += 1
        self.high_water = max(self.high_water, self.open)

    def closed(self) -> None:
        """A connection has ended."""
        self.open -= 1

    def refuse(self, reason: str) -> None:
        """A connection was not let in."""
        self.refused += 1
        self.last_error = reason

    def fail(self, reason: str) -> None:
        """The destination of a connection could not be reached."""
        self.unreachable += 1
        self.last_error = reason


class Gate:
    """What the forwarders ask.

    Args:
        outside: where the rule listens; the port is known once it does.
        inside: the MBG's internal IP address.
    """

    def __init__(
        self, rule: ForwardRule, outside: Address, inside: str, network: Network, journal: Journal
    ) -> None:
        self.rule = rule
        self.outside = outside
        self.counters = Counters()
        self._inside = inside
        self._network = network
        self._journal = journal
        self._allowed = allowed_networks(rule.sources)

    def admits(self, source: Address) -> bool:
        """Whether the rule is for this source; counts those for which it is not."""
        if not self._network.allows(source[0], self.outside[0]):
            return False  # as if the packet had been lost: this MBG never saw it
        if not self._allowed or any(IPv4Address(source[0]) in net for net in self._allowed):
            return True
        self.counters.refuse(f"{source[0]} is not among the rule's allowed sources")
        return False

    def source_for(self, peer: Address) -> str:
        """The IP address under which the destination sees `peer` (FWD-3)."""
        return self._inside if self.rule.snat else peer[0]

    def opened(self, peer: Address) -> None:
        """A connection was let in: count and journal it."""
        self.counters.opened()
        port, source = self.outside[1], self.source_for(peer)
        if self.rule.protocol == UDP:
            self._journal.happened(
                self._journal.role_at(self.outside),
                "UDP session forwarded",
                port=port,
                source=f"{peer[0]}:{peer[1]}",
                seen_as=source,
            )
        else:
            self._journal.forwarded(
                peer, self.outside, port=port, snat=self.rule.snat, snat_source=source
            )

    def unreachable(self, error: OSError) -> None:
        """Nobody answered at the destination, or no socket could be had for it."""
        host, port = self.rule.destination
        self.counters.fail(f"{host}:{port} can't be reached: {error.strerror or error}")
