"""A user agent that keeps registrations: many `Registration`s over one transaction layer.

One socket. A phone has an agent with a line or two, the MBG one for its ICP side, the load engine
one with thousands.
"""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

from simulators.core import TCP, UDP, Address, Datagram, Entropy
from simulators.sip.message import Request, Response, response_to
from simulators.sip.registration import Account, Registration, State
from simulators.sip.transaction import (
    RequestReceived,
    ResponseReceived,
    TimedOut,
    Timers,
    Transactions,
)


@dataclass(slots=True)
class RegistrationChanged:
    """A registration went from one state to another; `response` is what did it, if one did.

    Not frozen: that doubles what one costs to make, and each registration makes several.
    """

    key: str
    before: State
    after: State
    response: Response | None


class RegistrationAgent:
    """The five verbs over many registrations; `events` yields `RegistrationChanged`.

    Args:
        local: address of the socket, for Via.
        entropy: makes branches, tags, Call-IDs and cnonces.
        side: name of the socket.
        registers_only: hand out, as events, what comes from the transaction layer and is not about
            a registration, for the owner to deal with; else requests are answered here.
        stream_locals: our address on a transport where it isn't `local`.
    """

    def __init__(
        self,
        local: Address,
        entropy: Entropy,
        timers: Timers | None = None,
        side: str = "",
        *,
        registers_only: bool = False,
        stream_locals: Mapping[str, Address] | None = None,
    ) -> None:
        self.transactions = Transactions(local, entropy, timers, side, stream_locals)
        self.registrations: dict[str, Registration] = {}
        self._entropy = entropy
        self._registers_only = registers_only
        self._running: dict[str, str] = {}  # transaction -> key, and back in `_latest`
        self._latest: dict[str, str] = {}
        self._due: list[tuple[float, str]] = []
        self._events: list[object] = []

    def register(self, key: str, account: Account, now: float) -> None:
        """Begin to keep `account` registered under `key` (a running one of that key is dropped)."""
        self.drop(key)
        registration = Registration(account, self._entropy)
        self.registrations[key] = registration
        before = registration.state
        self._send(key, registration.start(now), now)
        self._changed(key, before, None)

    def retry(self, key: str, now: float) -> None:
        """Refresh, or try again, at once."""
        registration = self.registrations[key]
        if registration.due_at is not None:
            before = registration.state
            self._send(key, registration.due(now), now)
            self._changed(key, before, None)

    def unregister(self, key: str, now: float) -> None:
        """Take the registration back; it ends in `unregistered`."""
        registration = self.registrations.get(key)
        if registration is None or registration.state in (State.UNREGISTERED, State.UNREGISTERING):
            return
        before = registration.state
        request = registration.stop(now)
        if request is not None:
            self._send(key, request, now)
        self._changed(key, before, None)

    def drop(self, key: str) -> None:
        """Forget a registration without a word, as a power failure does."""
        if self.registrations.pop(key, None) is not None:
            self._forget_running(key)

    def rename(self, key: str, new: str) -> None:
        """Keep a registration, and what it has under way, under another key."""
        registration = self.registrations[new] = self.registrations.pop(key)
        transaction = self._latest.pop(key, "")
        if transaction:
            self._latest[new] = transaction
            self._running[transaction] = new
        if registration.due_at is not None:
            heapq.heappush(self._due, (registration.due_at, new))

    # The five verbs

    def receive(
        self, data: bytes, peer: Address, now: float, side: str = "", transport: str = UDP
    ) -> None:
        """Take one datagram."""
        self.transactions.receive(data, peer, now, side, transport)
        self._work(now)

    def lost(self, peer: Address, now: float, side: str = "", transport: str = TCP) -> None:
        """A connection has ended: what waits for an answer over it gets none."""
        self.transactions.lost(peer, now, side, transport)
        self._work(now)

    def events(self) -> list[object]:
        """What changed, in order, once."""
        events, self._events = self._events, []
        return events

    def to_send(self) -> list[Datagram]:
        """Datagrams to send now, once."""
        return self.transactions.to_send()

    def timer_at(self) -> float | None:
        """When the next retransmission, refresh or retry is due."""
        while self._due and not self._is_current(*self._due[0]):
            heapq.heappop(self._due)
        first = self.transactions.timer_at()
        if self._due and (first is None or self._due[0][0] < first):
            return self._due[0][0]
        return first

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        self.transactions.handle_timer(now)
        self._work(now)
        while self._due and self._due[0][0] <= now:
            at, key = heapq.heappop(self._due)
            if self._is_current(at, key):
                self.retry(key, now)

    def waiting(self) -> bool:
        """Whether an answer is outstanding."""
        return bool(self._running)

    # Inside

    def _work(self, now: float) -> None:
        for event in self.transactions.events():
            if isinstance(event, ResponseReceived) and event.transaction in self._running:
                self._response(event, now)
            elif isinstance(event, TimedOut) and event.transaction in self._running:
                self._timed_out(event, now)
            elif self._registers_only:
                self._events.append(event)
            elif isinstance(event, RequestReceived):
                self._request(event, now)

    def _response(self, event: ResponseReceived, now: float) -> None:
        key = self._running.get(event.transaction)
        registration = self.registrations.get(key or "")
        if key is None or registration is None:
            return
        if event.response.status < 200:
            return
        self._forget_running(key)
        before = registration.state
        request = registration.response(event.response, now)
        if request is not None:
            self._send(key, request, now)
        self._changed(key, before, event.response)

    def _timed_out(self, event: TimedOut, now: float) -> None:
        key = self._running.get(event.transaction)
        registration = self.registrations.get(key or "")
        if key is None or registration is None:
            return
        self._forget_running(key)
        before = registration.state
        registration.no_answer(now)
        self._changed(key, before, None)

    def _request(self, event: RequestReceived, now: float) -> None:
        """OPTIONS is answered (RFC 3261 section 11); what else a phone takes comes with calls."""
        status = 200 if event.request.method == "OPTIONS" else 501
        tag = self._entropy(4).hex()
        self.transactions.respond(
            event.transaction, response_to(event.request, status, to_tag=tag), now
        )

    def _send(self, key: str, request: Request, now: float) -> None:
        self._forget_running(key)  # un-registering may overtake a refresh
        account = self.registrations[key].account
        transaction = self.transactions.send(request, account.registrar, now, account.transport)
        self._running[transaction] = key
        self._latest[key] = transaction

    def _forget_running(self, key: str) -> None:
        """An answer to what `key` has under way no longer concerns anybody."""
        self._running.pop(self._latest.pop(key, ""), None)

    def _changed(self, key: str, before: State, response: Response | None) -> None:
        registration = self.registrations[key]
        if registration.due_at is not None:
            heapq.heappush(self._due, (registration.due_at, key))
        if registration.state is not before:
            self._events.append(RegistrationChanged(key, before, registration.state, response))

    def _is_current(self, at: float, key: str) -> bool:
        registration = self.registrations.get(key)
        return (
            registration is not None
            and registration.due_at == at
            and registration.state in (State.REGISTERED, State.REFUSED, State.TIMED_OUT)
        )
