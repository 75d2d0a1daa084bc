"""One client's TCP connection with the CT Gateway: an asyncio driver of `GatewaySession`.

It asks the session for the next payload as long as the client takes octets, so a client that does
not read costs no more than a write buffer. The MCS is not simulated, so both directions are
journaled here.
"""

import asyncio
from collections import deque
from typing import Protocol, cast

from simulators.clock import Clock, Timer
from simulators.core import Address
from simulators.journal import Journal
from simulators.network import Network
from simulators.pbx.gateway_session import Closed, GatewaySession, LoggedIn, PayloadReceived
from simulators.pbx.gateway_session_states import Event
from simulators.pbx.oai_disturbance import Cut, Disturber, Piece, undisturbed

ROLE = "CT Gateway"

WRITE_BUFFER = 65_536
"""Octets that wait for a slow client before no more is made for it."""


class Gateway(Protocol):
    """What a connection needs of its gateway."""

    clock: Clock
    journal: Journal
    network: Network
    disturber: Disturber | None

    def session(self) -> GatewaySession:
        """A session for a connection that just came."""

    def came(self, connection: "Connection") -> None:
        """A connection was made."""

    def logged_in(self, connection: "Connection") -> None:
        """Its client has logged in."""

    def went(self, connection: "Connection") -> None:
        """It is over."""


class Connection(asyncio.Protocol):
    """Octets to the session, payloads back, the timer on our clock."""

    def __init__(self, gateway: Gateway) -> None:
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.session = gateway.session()
        self.application = ""
        """As the client named itself when it logged in."""
        self._gateway = gateway
        self._clock = gateway.clock
        self._timer: Timer | None = None
        self._delay: Timer | None = None
        self._pieces: deque[Piece] = deque()
        self._unsaid = b""
        """The payload of which no octet has gone out yet."""
        self._blocked = False
        self._pumping = False

    # Called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER)
        peer, local = (transport.get_extra_info(name) for name in ("peername", "sockname"))
        self.peer: Address = (str(peer[0]), int(peer[1]))
        self._local: Address = (str(local[0]), int(local[1]))
        self._gateway.came(self)
        if self._gateway.network.passes(self.peer, self._local, "TCP", "OAI connection"):
            self._arm()
        else:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self.session.receive(data, self._clock.steady())
            self.pump()

    def pause_writing(self) -> None:
        self._blocked = True
        self.session.blocked(self._clock.steady())
        self._arm()

    def resume_writing(self) -> None:
        self._blocked = False
        self.session.unblocked()
        self.pump()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gateway.went(self)
        self.session.close("the connection ended", Event.LOST)
        for timer in (self._timer, self._delay):
            if timer is not None:
                timer.cancel()
        if not self.lost.done():
            self.lost.set_result(None)

    # Called by the gateway

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def let_go(self, reason: str) -> None:
        """End a session in which nobody has logged in."""
        self.session.close(reason, Event.NO_LOG_IN)
        self.pump()

    def pump(self) -> None:
        """Send what the session has, as far as the client takes it; close when it is over."""
        if self._pumping:  # a fault changes the PBX while its message goes out
            return
        self._pumping = True
        try:
            while self._can_send() and self._load():
                self._send()
        finally:
            self._pumping = False
        self._tell()
        self._read_or_wait()
        if self.session.closed and not self._transport.is_closing():
            self._end()
        self._arm()

    # Inside

    def _can_send(self) -> bool:
        return not (self._blocked or self._delay or self._transport.is_closing())

    def _load(self) -> bool:
        """See that there is a piece to send, where the session has something to say."""
        while not self._pieces:
            payload = self.session.next_payload(self._clock.steady())
            self._tell()
            if payload is None:
                return False
            self._unsaid = payload
            disturber = self._gateway.disturber
            self._pieces.extend(
                disturber.disturb(payload, self.peer) if disturber else undisturbed(payload)
            )
        return True

    def _send(self) -> None:
        delay_s, data = self._pieces[0]
        if delay_s > 0:
            self._pieces[0] = (0.0, data)
            self._delay = self._clock.call_later(delay_s, self._on_delay)
            return
        self._pieces.popleft()
        if isinstance(data, Cut):
            self._transport.abort()
        elif data:
            self._journal_sent()
            self._transport.write(data)

    def _journal_sent(self) -> None:
        if self._unsaid:
            text, self._unsaid = self._unsaid.decode("ascii").rstrip("\r"), b""
            command = text.split(",", 2)[1]
            self._gateway.journal.oai(self._local, self.peer, command=command, text=text)

    def _on_delay(self) -> None:
        self._delay = None
        self.pump()

    def _tell(self) -> None:
        """Journal what came and what happened."""
        journal = self._gateway.journal
        for event in self.session.events():
            match event:
                case PayloadReceived(command, text):
                    journal.oai(self.peer, self._local, command=command, text=text)
                case LoggedIn(application):
                    self.application = application
                    self._gateway.logged_in(self)
                    journal.happened(ROLE, "client logged in", application=application)
                case Closed(reason):
                    journal.happened(ROLE, "session closed", reason=reason)

    def _read_or_wait(self) -> None:
        """Read no more than can be answered."""
        if self._transport.is_closing():
            return
        if self.session.backlogged:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _end(self) -> None:
        """Close; what a client does not read is not waited for."""
        if self._transport.get_write_buffer_size():
            self._transport.abort()
        else:
            self._transport.close()

    def _arm(self) -> None:
        """See that the session's timer fires; one that fires too early arms the right one."""
        at = self.session.timer_at()
        if at is None or self._transport.is_closing():
            return
        if self._timer is not None and self._timer.when > at:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._clock.call_at_steady(at, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self.session.handle_timer(self._clock.steady())
        self.pump()
