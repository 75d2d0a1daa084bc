"""The asyncio driver of message cores: ports, the clock's timer, the journal; no protocol.

A core with several sockets (the MBG: outside and inside) names each; messages say which to use, and
over which transport.
"""

import socket
import ssl
from collections.abc import Callable

from simulators.clock import Clock, Timer
from simulators.core import STREAMS, UDP, Address, Datagram, DatagramCore
from simulators.journal import Journal
from simulators.network import Network
from simulators.sockets.datagrams import DatagramPort
from simulators.sockets.disturbance import Detour, Disturber, Way
from simulators.sockets.ports import Port, Receive, Secrets, StreamLimits, Surroundings
from simulators.sockets.sip_journal import first_word, record_sip
from simulators.sockets.streams import StreamPort


class SipDriver:
    """Runs one core on its sockets.

    Args:
        core: anything with the five verbs; one that has `lost`, too, is told of ended streams.
        on_event: told each event of the core, in order, after the core's messages have left.
        trust: the TLS client context of connections that the core opens; None can open none.
        limits: what the peers of streams may do.
        disturber: does what it likes with each message; may be set later too.
    """

    def __init__(
        self,
        core: DatagramCore,
        clock: Clock,
        network: Network,
        journal: Journal,
        on_event: Callable[[object], None],
        *,
        trust: ssl.SSLContext | None = None,
        limits: StreamLimits | None = None,
        disturber: Disturber | None = None,
    ) -> None:
        self.core = core
        self.disturber = disturber
        self._clock = clock
        self._network = network
        self._journal = journal
        self._on_event = on_event
        self._trust = trust
        self._limits = limits or StreamLimits()
        self._around = Surroundings(clock, network, journal)
        self._detour = Detour(clock)
        self._ports: dict[tuple[str, str], Port] = {}
        self._closing: list[Port] = []
        self._timer: Timer | None = None
        self._holding = False

    async def open(
        self,
        address: Address,
        side: str = "",
        transport: str = UDP,
        tls: ssl.SSLContext | None = None,
        bound: socket.socket | None = None,
    ) -> Address:
        """Open the socket `side` over `transport`; port 0 means any. Returns the real address.

        Args:
            tls: the server's context, for TLS; without it nothing listens there, and `address`
                says only where connections come from.
            bound: a UDP socket that is bound already, instead of a new one.

        Raises:
            ConfigurationError: the address is taken or not allowed.
        """
        port: DatagramPort | StreamPort
        if transport in STREAMS:
            secrets = Secrets(tls, self._trust)
            port = StreamPort(side, transport, self, self._around, self._limits, secrets)
            await port.open(address)
        else:
            port = DatagramPort(side, self, self._around)
            await port.open(address, bound)
        self._ports[side, transport] = port
        return port.local

    def close(self) -> None:
        """Close all sockets; may be called again."""
        for port in self._ports.values():
            port.close()
            self._closing.append(port)
        self._ports.clear()
        self._detour.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None  # else a core that is opened again is never woken
        if self._holding:
            self._holding = False
            self._clock.release()

    async def wait_closed(self) -> None:
        """After `close`: return when the addresses are free for others."""
        while self._closing:
            await self._closing[-1].wait_closed()
            self._closing.pop()

    @property
    def addresses(self) -> dict[tuple[str, str], Address]:
        """(side, transport) -> the address of what is open, in the order of opening."""
        return {key: port.local for key, port in self._ports.items()}

    def connections(self, side: str = "", transport: str = "TCP") -> int:
        """How many connections a side has over a stream transport now."""
        port = self._ports.get((side, transport))
        return port.connections if isinstance(port, StreamPort) else 0

    def pump(self) -> None:
        """Carry out what the core wants; call this after every call into the core."""
        try:
            self._carry_out()
        finally:
            self._arm()  # whatever went wrong with one message, the timers of all go on

    # What ports say

    def straight(self) -> Receive | None:
        """The core's own `receive` while no message is journaled, or could be disturbed."""
        return self.core.receive if self._is_calm() and not self._journal.enabled else None

    def arrived(self, data: bytes, peer: Address, local: Address, port: Port) -> None:
        """Give a message that arrived to the core; the port calls `pump` when it has no more."""
        if self._is_calm():
            self._deliver(data, peer, local, port)
        else:
            self._disturb("in", data, peer, port, lambda d: self._late(d, peer, local, port))

    def ended(self, peer: Address, port: Port) -> None:
        """Tell a core that wants to know it of an ended stream."""
        lost = getattr(self.core, "lost", None)
        if lost is not None:
            lost(peer, self._clock.steady(), port.side, port.transport)
            self.pump()

    # Within

    def _deliver(self, data: bytes, peer: Address, local: Address, port: Port) -> None:
        if self._journal.enabled:
            record_sip(self._journal, peer, local, data, port.transport)
        self.core.receive(data, peer, self._clock.steady(), port.side, port.transport)

    def _late(self, data: bytes, peer: Address, local: Address, port: Port) -> None:
        """Deliver what may have been held up, when nobody else pumps."""
        self._deliver(data, peer, local, port)
        self.pump()

    def _carry_out(self) -> None:
        ports = self._ports
        while True:
            calm = self._is_calm()
            for message in self.core.to_send():
                data, to, side, transport = message
                port = ports.get((side, transport))
                if port is None:
                    continue  # closed meanwhile: like a cable that was pulled
                if calm:
                    port.send(data, to)
                else:
                    self._disturb_out(message, port)
            events = self.core.events()
            if not events:
                break
            for event in events:
                self._on_event(event)

    def _is_calm(self) -> bool:
        return self.disturber is None or self.disturber.is_calm

    def _disturb_out(self, message: Datagram, port: Port) -> None:
        self._disturb("out", message.data, message.to, port, lambda d: port.send(d, message.to))

    def _disturb(
        self, way: Way, data: bytes, peer: Address, port: Port, pass_on: Callable[[bytes], None]
    ) -> None:
        assert self.disturber is not None
        going_on = self.disturber.carry(
            data,
            way=way,
            peer=peer,
            side=port.side,
            transport=port.transport,
            now=self._clock.steady(),
        )
        if not going_on:
            ends = (peer, port.local) if way == "in" else (port.local, peer)
            self._journal.lost(
                *ends, transport=port.transport, reason="disturbed", what=first_word(data)
            )
        for delay_s, octets in going_on:
            self._detour.after(delay_s, lambda octets=octets: pass_on(octets))  # type: ignore[misc]

    def _arm(self) -> None:
        at = self.core.timer_at()
        if at is not None and self._ports and (self._timer is None or at < self._timer.when):
            if self._timer is not None:
                self._timer.cancel()  # an armed timer that is early only wakes the core for nothing
            self._timer = self._clock.call_at_steady(at, self._on_timer)
        waiting = self.core.waiting() and bool(self._ports)
        if waiting and not self._holding:
            self._clock.hold()
        elif self._holding and not waiting:
            self._clock.release()
        self._holding = waiting

    def _on_timer(self) -> None:
        self._timer = None
        self.core.handle_timer(self._clock.steady())
        self.pump()
