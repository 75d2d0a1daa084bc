"""The asyncio driver of datagram cores: sockets, the clock's timer, the journal; no protocol.

A core with several sockets (the MBG: outside and inside) names each; datagrams say which to use.
"""

import asyncio
from collections.abc import Callable

from simulators.clock import Clock, Timer
from simulators.core import Address, Datagram, DatagramCore
from simulators.errors import ConfigurationError
from simulators.journal import Journal
from simulators.network import Network
from simulators.sip.headers import NameAddress
from simulators.sip.message import MalformedMessage, Request, parse

RECEIVE_SIZE = 65_536
"""Below asyncio's own 256 KiB a datagram, which costs a memory map each time."""


class UdpDriver:
    """Runs one core on its sockets.

    Args:
        core: anything with the five verbs.
        on_event: told each event of the core, in order, after the core's datagrams have left.
    """

    def __init__(
        self,
        core: DatagramCore,
        clock: Clock,
        network: Network,
        journal: Journal,
        on_event: Callable[[object], None],
    ) -> None:
        self.core = core
        self._clock = clock
        self._network = network
        self._journal = journal
        self._on_event = on_event
        self._transports: dict[str, asyncio.DatagramTransport] = {}
        self._locals: dict[str, Address] = {}
        self._timer: Timer | None = None
        self._holding = False
        self._open: set[asyncio.Future[None]] = set()

    async def open(self, address: Address, side: str = "") -> Address:
        """Open the socket `side`; port 0 means any. Returns the real address.

        Raises:
            ConfigurationError: the address is taken or not allowed.
        """
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.create_datagram_endpoint(
                lambda: _Socket(self, side), local_addr=address
            )
        except OSError as error:
            raise ConfigurationError(
                f"can't open UDP {address[0]}:{address[1]} ({error.strerror or error}): stop what "
                "uses it, or give another address"
            ) from error
        self._transports[side] = transport
        real = transport.get_extra_info("sockname")
        self._locals[side] = (str(real[0]), int(real[1]))
        self._journal.listens(self._locals[side])
        return self._locals[side]

    def close(self) -> None:
        """Close all sockets; may be called again."""
        for side, transport in self._transports.items():
            transport.close()
            self._journal.falls_silent(self._locals[side])
        self._transports.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None  # else a core that is opened again is never woken
        if self._holding:
            self._holding = False
            self._clock.release()

    def opened(self, lost: asyncio.Future[None]) -> None:
        """Note a socket that is open until `lost` is done."""
        self._open.add(lost)
        lost.add_done_callback(self._open.discard)

    async def wait_closed(self) -> None:
        """After `close`: return when the addresses are free for others."""
        if self._open:
            await asyncio.wait(self._open)

    def received(self, data: bytes, peer: Address, side: str) -> None:
        """Give a datagram that arrived to the core."""
        local = self._locals[side]
        if not self._network.allows(peer[0], local[0]):
            return  # a sender of ours has journaled it as lost; a stranger gets silence
        if self._journal.enabled:
            record_sip(self._journal, peer, local, data)
        self.core.receive(data, peer, self._clock.steady(), side)
        self.pump()

    def pump(self) -> None:
        """Carry out what the core wants; call this after every call into the core."""
        while True:
            for datagram in self.core.to_send():
                self._send(datagram)
            events = self.core.events()
            if not events:
                break
            for event in events:
                self._on_event(event)
        self._arm()

    def _send(self, datagram: Datagram) -> None:
        transport = self._transports.get(datagram.side)
        if transport is None:
            return  # closed meanwhile: like a cable that was pulled
        local = self._locals[datagram.side]
        if self._journal.enabled or not self._network.allows(local[0], datagram.to[0]):
            what = datagram.data.split(b" ", 1)[0].decode("ascii", "replace")
            if not self._network.passes(local, datagram.to, "UDP", what):
                return
            if not self._journal.is_recorded_at(datagram.to):
                record_sip(self._journal, local, datagram.to, datagram.data)
        transport.sendto(datagram.data, datagram.to)

    def _arm(self) -> None:
        at = self.core.timer_at()
        if at is not None and self._transports and (self._timer is None or at < self._timer.when):
            if self._timer is not None:
                self._timer.cancel()  # an armed timer that is early only wakes the core for nothing
            self._timer = self._clock.call_at_steady(at, self._on_timer)
        waiting = self.core.waiting() and bool(self._transports)
        if waiting and not self._holding:
            self._clock.hold()
        elif self._holding and not waiting:
            self._clock.release()
        self._holding = waiting

    def _on_timer(self) -> None:
        self._timer = None
        self.core.handle_timer(self._clock.steady())
        self.pump()


class _Socket(asyncio.DatagramProtocol):
    """Hands datagrams of one socket to its driver."""

    def __init__(self, driver: UdpDriver, side: str) -> None:
        self._driver = driver
        self._side = side
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._driver.opened(self._lost)
        if hasattr(transport, "max_size"):
            transport.max_size = RECEIVE_SIZE

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._driver.received(data, (addr[0], addr[1]), self._side)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._lost.done():
            self._lost.set_result(None)

    def error_received(self, exc: Exception) -> None:
        """A peer's port is closed (ICMP): on UDP that is silence."""


def record_sip(journal: Journal, source: Address, destination: Address, data: bytes) -> None:
    """Journal one SIP datagram; what can't be parsed is kept with the reason."""
    try:
        message = parse(data)
        cseq_words = message.headers.get("cseq").split()
        user = NameAddress.parse(message.headers.get("to")).uri.user
    except MalformedMessage as error:
        journal.sip(
            source, destination, method="?", status=None, reason=str(error), user="", call_id="",
            warning="", raw=data,
        )  # fmt: skip
        return
    request = isinstance(message, Request)
    journal.sip(
        source,
        destination,
        method=message.method if isinstance(message, Request) else (cseq_words or ["", "?"])[-1],
        status=None if request else message.status,  # type: ignore[union-attr]
        reason="" if request else message.reason,  # type: ignore[union-attr]
        user=user,
        call_id=message.headers.get("call-id"),
        warning=message.headers.get("warning"),
        raw=data,
    )
