"""The UDP side of a forward: a session per source, each with a socket of its own to the inside.

Answers of the destination go back to the source of the session that they came to. A session ends
after `IDLE_S` without a datagram in either direction, on the run's clock (RFC 4787 section 4.3:
not before two minutes). At most `MOST_SESSIONS` at a time; what would need one more is dropped.
"""

import asyncio
import socket
from collections import OrderedDict

from simulators.clock import Clock, Timer
from simulators.core import Address
from simulators.mbg.forwarding.forward_gate import Gate

IDLE_S = 120.0
MOST_SESSIONS = 4096
RECEIVE_SIZE = 65_536
READS_PER_TURN = 64
"""So that a flood at one socket leaves the others their turn."""


class UdpForwarder:
    """Listens for one rule; sessions are ordered by their last datagram, the oldest first."""

    def __init__(self, gate: Gate, clock: Clock) -> None:
        self._gate = gate
        self._clock = clock
        self._listener: socket.socket | None = None
        self._sessions: OrderedDict[Address, Session] = OrderedDict()
        self._timer: Timer | None = None

    async def start(self) -> Address:
        """Listen; returns the real address.

        Raises:
            OSError: the port is taken or not allowed.
        """
        listener = _socket()
        try:
            listener.bind(self._gate.outside)
        except OSError:
            listener.close()
            raise
        self._listener = listener
        asyncio.get_running_loop().add_reader(listener, self._on_outside, listener)
        host, port = listener.getsockname()
        return str(host), int(port)

    async def stop(self) -> None:
        """Stop listening and end all sessions."""
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        for source in list(self._sessions):
            self._end(source)
        self._arm()

    def _on_outside(self, listener: socket.socket) -> None:
        for _ in range(READS_PER_TURN):
            try:
                data, source = listener.recvfrom(RECEIVE_SIZE)
            except BlockingIOError:
                return
            except OSError:
                continue  # ICMP for an answer whose source has gone: silence, on UDP
            session = self._sessions.get(source) or self._begin(source)
            if session is None:
                continue
            self._gate.counters.octets_in += len(data)
            self._touch(session)
            session.send(data)

    def _begin(self, source: Address) -> "Session | None":
        """A new session, where the rule lets the source in and there is room."""
        if not self._gate.admits(source):
            return None
        if len(self._sessions) >= MOST_SESSIONS:
            self._gate.counters.refuse(f"{MOST_SESSIONS} UDP sessions are open, no more fit")
            return None
        try:
            session = Session(self, self._gate, source)
        except OSError as error:
            self._gate.unreachable(error)
            return None
        self._sessions[source] = session
        self._gate.opened(source)
        return session

    def answered(self, session: "Session", data: bytes) -> None:
        """The destination has sent something to a session."""
        self._gate.counters.octets_out += len(data)
        self._touch(session)
        if self._listener is not None:
            try:
                self._listener.sendto(data, session.source)
            except OSError:
                return  # no room in the socket, or the source has gone: lost, as UDP may be

    def _touch(self, session: "Session") -> None:
        session.idle_at = self._clock.steady() + IDLE_S
        self._sessions.move_to_end(session.source)
        if self._timer is None:
            self._arm()

    def _arm(self) -> None:
        """Wake when the oldest session is idle; one that is touched meanwhile moves back."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        oldest = next(iter(self._sessions.values()), None)
        if oldest is not None:
            self._timer = self._clock.call_at_steady(oldest.idle_at, self._on_timer)

    def _on_timer(self) -> None:
        now = self._clock.steady()
        while self._sessions:
            source, oldest = next(iter(self._sessions.items()))
            if oldest.idle_at > now:
                break
            self._end(source)
        self._arm()

    def _end(self, source: Address) -> None:
        self._sessions.pop(source).close()
        self._gate.counters.closed()


class Session:
    """One source's socket to the destination.

    Raises:
        OSError: no socket can be had.
    """

    def __init__(self, forwarder: UdpForwarder, gate: Gate, source: Address) -> None:
        self.source = source
        self.idle_at = 0.0
        self._forwarder = forwarder
        self._gate = gate
        self._socket = _socket()
        try:
            self._socket.bind((gate.source_for(source), 0))
            self._socket.connect(gate.rule.destination)
        except OSError:
            self._socket.close()
            raise
        asyncio.get_running_loop().add_reader(self._socket, self._on_inside)

    def send(self, data: bytes) -> None:
        """Pass on what came from the source."""
        try:
            self._socket.send(data)
        except BlockingIOError:
            return  # no room: lost, as UDP may be
        except OSError as error:
            self._gate.unreachable(error)

    def close(self) -> None:
        """Give the socket back."""
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _on_inside(self) -> None:
        for _ in range(READS_PER_TURN):
            try:
                data = self._socket.recv(RECEIVE_SIZE)
            except BlockingIOError:
                return
            except OSError as error:  # ICMP: nobody listens at the destination
                self._gate.unreachable(error)
                return
            self._forwarder.answered(self, data)


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    return made
