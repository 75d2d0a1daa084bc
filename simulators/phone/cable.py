"""A phone's network cable: the network as this one phone has it, which is none while it is pulled.

Given to all that the phone sends and receives with, instead of the network itself. Datagrams and
new connections are lost in silence; what streams carry is withheld by whoever drives them, with
`healed` for downloads and `carry` for SIP.
"""

import asyncio
from collections.abc import Sequence

from simulators.clock import Clock
from simulators.core import Address
from simulators.journal import Journal
from simulators.network import Network
from simulators.sockets.disturbance import Disturber, Way


class Cable(Network):
    """One phone's way to the network."""

    def __init__(self, network: Network, clock: Clock, journal: Journal) -> None:
        super().__init__(network.plan, journal, clock, network.connect_timeout_s, network.traffic)
        self._network = network
        self._log = journal
        self._time = clock
        self.disturber: Disturber | None = None
        """Has its way with each SIP message that passes."""
        self._in = asyncio.Event()
        self._in.set()

    @property
    def plugged_in(self) -> bool:
        """Whether packets pass."""
        return self._in.is_set()

    def pull(self) -> None:
        """Nothing leaves or comes in any more."""
        self._in.clear()

    def put_back(self) -> None:
        """Packets pass again."""
        self._in.set()

    def allows(self, source: str, destination: str) -> bool:
        """Whether a packet passes cable and network."""
        return self.plugged_in and self._network.allows(source, destination)

    def passes(self, source: Address, destination: Address, transport: str, what: str) -> bool:
        """Like `allows`, and journals what is lost."""
        if self.plugged_in:
            return self._network.passes(source, destination, transport, what)
        self._log.lost(source, destination, transport=transport, reason="cable pulled", what=what)
        return False

    def leaves(self, source: Address, destination: Address) -> None:
        """A datagram that got out of the cable goes on into the network."""
        self._network.leaves(source, destination)

    def arrives(self, source: Address, destination: Address) -> bool:
        """Whether a datagram that has come passes the network and then the cable."""
        return self.plugged_in and self._network.arrives(source, destination)

    async def healed(self) -> bool:
        """Whether packets pass now, or again before whoever waits for them gives up."""
        if self.plugged_in:
            return True
        patience = asyncio.ensure_future(self._time.sleep(self.connect_timeout_s))
        back = asyncio.ensure_future(self._in.wait())
        self._time.release()  # this takes time of the run's clock: it may go on meanwhile
        try:
            await asyncio.wait((patience, back), return_when=asyncio.FIRST_COMPLETED)
            return self.plugged_in
        finally:
            self._time.hold()
            patience.cancel()
            back.cancel()

    @property
    def is_calm(self) -> bool:
        """Whether each SIP message passes as it is (see `Disturber`)."""
        return self.plugged_in and (self.disturber is None or self.disturber.is_calm)

    def carry(
        self, data: bytes, *, way: Way, peer: Address, side: str, transport: str, now: float
    ) -> Sequence[tuple[float, bytes]]:
        """A SIP message, over whatever transport (see `Disturber`)."""
        if not self.plugged_in:
            return ()
        if self.disturber is None:
            return ((0.0, data),)
        return self.disturber.carry(
            data, way=way, peer=peer, side=side, transport=transport, now=now
        )
