"""Port forwarding: TCP or UDP from the MBG's outside to a host inside (FWD-1 to FWD-3).

With SNAT the outgoing socket is bound to the MBG's internal address, so the MCS knows the phone
for a teleworker. Without it, to the phone's own address: the MCS takes the phone for a local one.

A source that a rule does not allow gets a reset over TCP (the handshake is the kernel's, before
anybody can say no) and silence over UDP. Nothing of it reaches the destination.
"""

from simulators.clock import Clock
from simulators.core import UDP
from simulators.errors import ConfigurationError
from simulators.journal import Journal
from simulators.mbg.forwarding.forward_gate import Counters, Gate
from simulators.mbg.forwarding.forward_rule import ForwardRule
from simulators.mbg.forwarding.forward_tcp import TcpForwarder
from simulators.mbg.forwarding.forward_udp import UdpForwarder
from simulators.network import Network

__all__ = ["Counters", "Forward", "ForwardRule"]


class Forward:
    """One rule at work: `start`, `stop`, and counters, which outlive a stop.

    Args:
        outside: the MBG's external IP address; inside: its internal one.
        clock: the run's, by which idle UDP sessions end.
    """

    def __init__(
        self,
        rule: ForwardRule,
        outside: str,
        inside: str,
        network: Network,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self.rule = rule
        self._gate = Gate(rule, (outside, rule.outside_port), inside, network, journal)
        self._forwarder: TcpForwarder | UdpForwarder = (
            UdpForwarder(self._gate, clock) if rule.protocol == UDP else TcpForwarder(self._gate)
        )

    @property
    def port(self) -> int:
        """The outside port; 0 before the first start of a rule that takes any."""
        return self._gate.outside[1]

    @property
    def counters(self) -> Counters:
        """What it has carried since the rule was made."""
        return self._gate.counters

    @property
    def connections(self) -> int:
        """Connections that were let in."""
        return self.counters.accepted

    @property
    def octets_in(self) -> int:
        """Payload from outside to inside."""
        return self.counters.octets_in

    @property
    def octets_out(self) -> int:
        """Payload from inside to outside."""
        return self.counters.octets_out

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an installer should put right at the rule, a sentence each."""
        return self.rule.warnings

    async def start(self) -> None:
        """Listen; after a stop on the same port.

        Raises:
            ConfigurationError: the port is taken or not allowed.
        """
        try:
            self._gate.outside = await self._forwarder.start()
        except OSError as error:
            host, port = self._gate.outside
            raise ConfigurationError(
                f"can't listen on {self.rule.protocol} {host}:{port} for the forward "
                f"({error.strerror or error}): stop what uses it, or choose another port"
            ) from error

    async def stop(self) -> None:
        """Stop listening and cut what is connected; may be called again."""
        await self._forwarder.stop()
