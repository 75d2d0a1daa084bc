"""The client side of the transaction layer: INVITE and others (RFC 3261 section 17.1)."""

from dataclasses import dataclass

from simulators.core import STREAMS, Address, Entropy
from simulators.sip.derived import MAGIC, ack_of, cancel_of
from simulators.sip.due import NEVER, Due
from simulators.sip.message import Request, Response
from simulators.sip.transaction_events import (
    CONNECTION_LOST,
    NO_ANSWER,
    Outbox,
    ResponseReceived,
    TimedOut,
)
from simulators.sip.transaction_tables import (
    CLIENT,
    INVITE_CLIENT,
    Event,
    State,
    Table,
    Timers,
    answered,
)

# Looked up once: a member of an `Enum` costs as much as a function call.
PROCEEDING, COMPLETED, ACCEPTED = State.PROCEEDING, State.COMPLETED, State.ACCEPTED
OPEN = (State.CALLING, State.TRYING, PROCEEDING)


@dataclass(slots=True)
class _Client:
    key: str
    table: Table
    state: State
    method: str
    data: bytes
    to: Address
    transport: str
    interval: float
    retry_at: float
    ends_at: float
    invite: Request | None  # as sent, kept for its ACK and CANCEL
    queued_at: float = NEVER
    cancel_wanted: bool = False
    cancel_sent: bool = False
    counted: bool = False

    @property
    def awaits_peer(self) -> bool:
        """Whether the next word is the peer's; one whose phone rings waits for a person."""
        return self.state in OPEN and not self.rings_on

    @property
    def rings_on(self) -> bool:
        """Whether it is an INVITE that was heard of and not taken back."""
        return self.method == "INVITE" and self.state is PROCEEDING and not self.cancel_sent


class ClientTransactions:
    """Requests of ours that wait for an answer, or absorb copies of it."""

    def __init__(self, outbox: Outbox, timers: Timers, entropy: Entropy) -> None:
        self.awaited = 0
        self.sent_again = 0
        """Requests that timer A or E had sent once more."""
        self._outbox = outbox
        self._timers = timers
        self._entropy = entropy
        self._clients: dict[str, _Client] = {}
        self._due = Due()

    def __len__(self) -> int:
        return len(self._clients)

    def branch(self) -> str:
        """A new branch."""
        return MAGIC + self._entropy(9).hex()

    def start(self, key: str, request: Request, to: Address, now: float, transport: str) -> None:
        """Send a request whose topmost Via is ours."""
        timers = self._timers
        invite = request.method == "INVITE"
        client = _Client(
            key,
            INVITE_CLIENT if invite else CLIENT,
            State.CALLING if invite else State.TRYING,
            request.method,
            request.encode(),
            to,
            transport,
            timers.t1,
            NEVER if transport in STREAMS else now + timers.t1,
            now + timers.f,
            request if invite else None,
        )
        self._clients[key] = client
        self._count(client)
        self._outbox.put(client.data, to, transport)
        self._due.watch(client)

    def cancel(self, key: str, now: float) -> None:
        """Take an INVITE back as soon as the peer was heard of it (section 9.1)."""
        client = self._clients.get(key)
        if client is None or client.invite is None or client.state not in OPEN:
            return
        client.cancel_wanted = True
        if client.state is PROCEEDING and not client.cancel_sent:
            client.cancel_sent = True
            self._count(client)
            client.ends_at = now + self._timers.f
            self._due.watch(client)
            request = cancel_of(client.invite)
            self.start(f"{key}/CANCEL", request, client.to, now, client.transport)

    def response(self, branch: str, method: str, response: Response, now: float) -> bool:
        """Take a response; False if it answers no request of ours."""
        key = branch if method != "CANCEL" else f"{branch}/CANCEL"
        client = self._clients.get(key)
        if client is None or client.method != method:
            return False
        before = client.state
        event = answered(response.status, invite=method == "INVITE")
        following = client.table[before].get(event)
        if following is None:
            return True  # a copy, or a provisional response that was overtaken
        client.state = following
        if before is COMPLETED:  # a refusal again: our ACK was lost
            self._outbox.put(client.data, client.to, client.transport)
            return True
        if method != "CANCEL":
            self._outbox.events.append(ResponseReceived(key, response))
        self._enter(client, before, response, now)
        self._count(client)
        return True

    def lost(self, peer: Address, transport: str) -> None:
        """Fail what waits for an answer over a connection that is no more."""
        for client in [
            c for c in self._clients.values() if c.to == peer and c.transport == transport
        ]:
            if Event.LOST in client.table[client.state]:
                self._end(client, Event.LOST)

    def timer_at(self) -> float | None:
        """When `handle_timer` wants to be called."""
        return self._due.at()

    def handle_timer(self, now: float) -> None:
        """Retransmit, give up and forget what is due."""
        for at, key in self._due.by(now):
            client = self._clients.get(key)
            if client is None or client.queued_at != at:
                continue
            client.queued_at = NEVER
            if client.ends_at > at:
                if client.retry_at <= at:
                    self._retransmit(client, at)
            elif client.rings_on:
                self.cancel(key, at)  # timer C
            else:
                waiting = Event.GIVE_UP in client.table[client.state]
                self._end(client, Event.GIVE_UP if waiting else Event.FORGET)
                continue
            self._due.watch(client)

    def _enter(self, client: _Client, before: State, response: Response, now: float) -> None:
        """Do what the state wants that a new response led to, and set its timers."""
        state, timers = client.state, self._timers
        if state is PROCEEDING:
            if client.invite is None:
                return
            client.retry_at = NEVER
            if not client.cancel_sent:
                client.ends_at = now + timers.c
            if client.cancel_wanted:
                self.cancel(client.key, now)
        elif state is ACCEPTED:
            if before is state:
                return
            client.retry_at, client.ends_at = NEVER, now + timers.f  # M
        else:
            client.retry_at, client.ends_at = NEVER, now + timers.t4  # K
            client.data = b""
            if client.invite is not None:
                client.ends_at = now + timers.f  # D
                client.data = ack_of(client.invite, response).encode()
                self._outbox.put(client.data, client.to, client.transport)
            if client.transport in STREAMS:
                del self._clients[client.key]  # D and K are 0
                return
        self._due.watch(client)

    def _retransmit(self, client: _Client, at: float) -> None:
        timers = self._timers
        if client.state is PROCEEDING:
            client.interval = timers.t2
        else:
            client.interval *= 2
            if client.method != "INVITE":
                client.interval = min(client.interval, timers.t2)
        client.retry_at = at + client.interval
        self.sent_again += 1
        self._outbox.retransmissions += 1
        self._outbox.put(client.data, client.to, client.transport)

    def _end(self, client: _Client, event: Event) -> None:
        unanswered = client.state in OPEN
        client.state = client.table[client.state][event]
        self._count(client)
        del self._clients[client.key]
        if unanswered and client.method != "CANCEL":
            reason = CONNECTION_LOST if event is Event.LOST else NO_ANSWER
            self._outbox.events.append(TimedOut(client.key, reason))

    def _count(self, client: _Client) -> None:
        awaits = client.awaits_peer
        self.awaited += awaits - client.counted
        client.counted = awaits
