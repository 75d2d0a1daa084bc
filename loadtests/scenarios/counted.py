"""The counters of plays whose sockets count into a `Traffic`: of all but bare registrations."""

from loadtests.batches import Held, Wire
from simulators.traffic import Traffic


class Counted:
    """Part of a `Play`; `traffic` is what its items send and receive, and nothing else."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic

    @property
    def retransmissions(self) -> int:
        """SIP requests sent again; none where no SIP is spoken."""
        return 0

    @property
    def send_errors(self) -> int:
        """Datagrams that the system refused to send."""
        return self._traffic.send_errors

    @property
    def drops(self) -> int:
        """Datagrams that came and found no room."""
        return self._traffic.drops

    @property
    def wire(self) -> Wire:
        """Datagrams, TLS connections and octets so far."""
        so_far = self._traffic
        return Wire(
            so_far.sent,
            so_far.sent_octets,
            so_far.received,
            so_far.received_octets,
            so_far.connections,
            so_far.tls_sent_octets,
            so_far.tls_received_octets,
        )

    def held(self) -> Held | None:
        """Items that are no phones hold no registration."""
        return None
