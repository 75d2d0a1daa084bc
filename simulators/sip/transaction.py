"""Non-INVITE transactions over UDP, both sides (RFC 3261 section 17.1.2 and 17.2.2), as tables.

A `Transactions` layer belongs to one socket. It takes datagrams and requests in, hands out
datagrams and events, and is driven by the five verbs of `simulators.core`. Retransmissions stop
here: a user of the layer sees each request and each answer once.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from simulators.core import UDP, Address, Datagram, Entropy
from simulators.sip.headers import Via, cseq
from simulators.sip.message import Headers, MalformedMessage, Request, Response, parse

MAGIC = "z9hG4bK"


@dataclass(frozen=True, slots=True)
class Timers:
    """RFC 3261 table 4, in seconds."""

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0

    @property
    def f(self) -> float:
        """When a client gives up, and how long a server remembers (timers F and J)."""
        return 64 * self.t1


class State(Enum):
    """States of a non-INVITE transaction, named as in figures 6 and 8."""

    TRYING = "Trying"
    PROCEEDING = "Proceeding"
    COMPLETED = "Completed"
    TERMINATED = "Terminated"


class Event(Enum):
    """What moves a transaction."""

    PROVISIONAL = "1xx"
    FINAL = "200-699"
    RETRANSMIT = "Timer E"
    GIVE_UP = "Timer F"
    REQUEST = "request again"
    FORGET = "Timer K or J"


CLIENT: dict[State, dict[Event, State]] = {  # figure 6
    State.TRYING: {
        Event.RETRANSMIT: State.TRYING,
        Event.PROVISIONAL: State.PROCEEDING,
        Event.FINAL: State.COMPLETED,
        Event.GIVE_UP: State.TERMINATED,
    },
    State.PROCEEDING: {
        Event.RETRANSMIT: State.PROCEEDING,
        Event.PROVISIONAL: State.PROCEEDING,
        Event.FINAL: State.COMPLETED,
        Event.GIVE_UP: State.TERMINATED,
    },
    State.COMPLETED: {
        Event.PROVISIONAL: State.COMPLETED,
        Event.FINAL: State.COMPLETED,
        Event.FORGET: State.TERMINATED,
    },
}

SERVER: dict[State, dict[Event, State]] = {  # figure 8
    State.TRYING: {
        Event.REQUEST: State.TRYING,
        Event.PROVISIONAL: State.PROCEEDING,
        Event.FINAL: State.COMPLETED,
    },
    State.PROCEEDING: {
        Event.REQUEST: State.PROCEEDING,
        Event.PROVISIONAL: State.PROCEEDING,
        Event.FINAL: State.COMPLETED,
    },
    State.COMPLETED: {Event.REQUEST: State.COMPLETED, Event.FORGET: State.TERMINATED},
}


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """A new request came from `peer`; answer it with `respond(transaction, ...)`."""

    transaction: str
    request: Request
    peer: Address


@dataclass(frozen=True, slots=True)
class ResponseReceived:
    """A response to the request sent as `transaction`; each final one comes once."""

    transaction: str
    response: Response


@dataclass(frozen=True, slots=True)
class TimedOut:
    """No final response came within timer F."""

    transaction: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Octets that are no message, or an answer to nothing; dropped, with the reason."""

    reason: str
    peer: Address


@dataclass(slots=True)
class _Client:
    state: State
    datagram: Datagram
    method: str
    interval: float
    ends_at: float


@dataclass(slots=True)
class _Server:
    state: State
    peer: Address
    answer: Datagram | None = None


class Transactions:
    """The transaction layer of one UDP socket.

    Args:
        local: the address in our Via.
        entropy: makes branches.
        timers: T1, T2, T4.
        side: name of the socket, put into each `Datagram`.
    """

    def __init__(
        self, local: Address, entropy: Entropy, timers: Timers | None = None, side: str = ""
    ) -> None:
        self.local = local
        self.retransmissions = 0
        self._entropy = entropy
        self._timers = timers or Timers()
        self._side = side
        self._clients: dict[str, _Client] = {}
        self._servers: dict[str, _Server] = {}
        self._out: list[Datagram] = []
        self._events: list[object] = []
        self._due: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = 0

    # Sending

    def send(self, request: Request, to: Address, now: float) -> str:
        """Send a request, our Via on top; returns the transaction's key."""
        branch = MAGIC + self._entropy(9).hex()
        via = f"SIP/2.0/UDP {self.local[0]}:{self.local[1]};branch={branch};rport"
        sent = Request(
            request.method, request.uri, request.headers.with_first("Via", via), request.body
        )
        datagram = Datagram(sent.encode(), to, self._side)
        t1 = self._timers.t1
        self._clients[branch] = _Client(
            State.TRYING, datagram, request.method, t1, now + self._timers.f
        )
        self._out.append(datagram)
        self._at(now + t1, lambda at: self._timer_e(branch, at))
        self._at(now + self._timers.f, lambda at: self._timer_f(branch))
        return branch

    def respond(self, transaction: str, response: Response, now: float) -> None:
        """Answer a request; a later copy of the request gets the same answer again."""
        server = self._servers.get(transaction)
        if server is None:
            return
        event = Event.FINAL if response.status >= 200 else Event.PROVISIONAL
        following = SERVER[server.state].get(event)
        if following is None:
            return  # a second final answer never leaves
        server.state = following
        server.answer = Datagram(response.encode(), server.peer, self._side)
        self._out.append(server.answer)
        if following is State.COMPLETED:
            self._at(now + self._timers.f, lambda at: self._forget_server(transaction))

    # The five verbs

    def receive(
        self, data: bytes, peer: Address, now: float, side: str = "", transport: str = UDP
    ) -> None:
        """Take one datagram."""
        if not data.strip(b"\r\n\x00"):
            return  # keep-alive of a NAT binding (RFC 5626 section 3.5.1)
        try:
            message = parse(data)
            if isinstance(message, Response):
                self._response(message, peer, now)
            else:
                self._request(message, peer, now)
        except MalformedMessage as error:
            self._events.append(Ignored(str(error), peer))

    def events(self) -> list[object]:
        """RequestReceived, ResponseReceived, TimedOut and Ignored, in order, once."""
        events, self._events = self._events, []
        return events

    def to_send(self) -> list[Datagram]:
        """Datagrams to send now, once."""
        out, self._out = self._out, []
        return out

    def timer_at(self) -> float | None:
        """When the next timer is due."""
        return self._due[0][0] if self._due else None

    def handle_timer(self, now: float) -> None:
        """Retransmit, give up and forget what is due by `now`."""
        while self._due and self._due[0][0] <= now:
            at, _, callback = heapq.heappop(self._due)
            callback(at)

    def waiting(self) -> bool:
        """Whether a request of ours is without a final answer."""
        return any(c.state in (State.TRYING, State.PROCEEDING) for c in self._clients.values())

    # Rules

    def _request(self, request: Request, peer: Address, now: float) -> None:
        via = Via.parse(next(iter(request.headers.all("via")), ""))
        number, method = cseq(request.headers)
        if method != request.method or not request.headers.get("call-id"):
            raise MalformedMessage("expected Call-ID and a CSeq of the same method")
        if method == "ACK":
            return  # acknowledges our refusal of an INVITE; never answered (section 17.1.1.3)
        key = f"{via.branch}/{via.host}:{via.port}/{method}"  # section 17.2.3
        if not via.branch.startswith(MAGIC):  # a UAC of RFC 2543, whose branch may repeat
            key += f"/{request.headers.get('call-id')}/{number}/{request.headers.get('from')}"
        server = self._servers.get(key)
        if server is not None:
            self.retransmissions += 1
            if server.answer is not None:
                self._out.append(server.answer)
            return
        self._servers[key] = _Server(State.TRYING, peer)
        self._at(now + self._timers.f, lambda at: self._abandon_server(key))
        self._events.append(RequestReceived(key, _mark_source(request, via, peer), peer))

    def _response(self, response: Response, peer: Address, now: float) -> None:
        via = Via.parse(next(iter(response.headers.all("via")), ""))
        client = self._clients.get(via.branch)
        if client is None or cseq(response.headers)[1] != client.method:
            self._events.append(Ignored("an answer to no request of ours", peer))
            return
        event = Event.FINAL if response.status >= 200 else Event.PROVISIONAL
        before, client.state = client.state, CLIENT[client.state][event]
        if before is State.COMPLETED:
            return  # a copy of the final answer
        self._events.append(ResponseReceived(via.branch, response))
        if client.state is State.COMPLETED:
            branch = via.branch
            self._at(now + self._timers.t4, lambda at: self._forget_client(branch))

    def _timer_e(self, branch: str, at: float) -> None:
        client = self._clients.get(branch)
        if client is None or Event.RETRANSMIT not in CLIENT[client.state]:
            return
        if client.state is State.PROCEEDING:
            client.interval = self._timers.t2
        else:
            client.interval = min(2 * client.interval, self._timers.t2)
        self.retransmissions += 1
        self._out.append(client.datagram)
        if at + client.interval < client.ends_at:
            self._at(at + client.interval, lambda then: self._timer_e(branch, then))

    def _timer_f(self, branch: str) -> None:
        client = self._clients.get(branch)
        if client is not None and Event.GIVE_UP in CLIENT[client.state]:
            del self._clients[branch]
            self._events.append(TimedOut(branch))

    def _forget_client(self, branch: str) -> None:
        self._clients.pop(branch, None)

    def _abandon_server(self, key: str) -> None:
        """Forget a request that our user never answered; whoever sent it has given up (timer F)."""
        server = self._servers.get(key)
        if server is not None and server.state is not State.COMPLETED:
            del self._servers[key]

    def _forget_server(self, key: str) -> None:
        self._servers.pop(key, None)

    def _at(self, when: float, callback: Callable[[float], None]) -> None:
        self._order += 1
        heapq.heappush(self._due, (when, self._order, callback))


def _mark_source(request: Request, via: Via, peer: Address) -> Request:
    """Write where the request really came from into its top Via (RFC 3261 18.2.1, RFC 3581)."""
    params = dict(via.params)
    params["received"] = peer[0]
    if "rport" in params:
        params["rport"] = str(peer[1])
    marked = Via(via.transport, via.host, via.port, params)
    vias = request.headers.all("via")
    rest = [(n, v) for n, v in request.headers.items if n.lower() not in ("via", "v")]
    headers = Headers([("Via", str(marked)), *(("Via", v) for v in vias[1:]), *rest])
    return Request(request.method, request.uri, headers, request.body)
