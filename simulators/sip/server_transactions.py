"""The server side of the transaction layer: INVITE and others (RFC 3261 section 17.2).

A request that can't be a transaction is refused here without a state: 400 for one that lacks what
every request has (section 8.1.1), 481 for a CANCEL of nothing (section 9.2).
"""

from collections import deque
from dataclasses import dataclass

from simulators.core import STREAMS, UDP, Address, Datagram, Entropy
from simulators.sip.derived import MAGIC
from simulators.sip.due import NEVER, Due
from simulators.sip.headers import Via, cseq
from simulators.sip.message import (
    Headers,
    MalformedMessage,
    Request,
    Response,
    canonical,
    response_to,
)
from simulators.sip.salvage import salvage
from simulators.sip.transaction_events import (
    CONNECTION_LOST,
    NO_ANSWER,
    AckReceived,
    Cancelled,
    Ignored,
    Outbox,
    RequestReceived,
    TimedOut,
)
from simulators.sip.transaction_tables import (
    INVITE_SERVER,
    SERVER,
    Event,
    State,
    Table,
    Timers,
    answered,
)


@dataclass(slots=True)
class _Server:
    key: str
    table: Table
    state: State
    peer: Address
    transport: str
    retry_at: float
    ends_at: float
    invite: Request | None  # until it is answered
    queued_at: float = NEVER
    interval: float = 0.0
    data: bytes = b""  # the latest answer
    to: str = ""  # with our tag, where an INVITE was answered


class ServerTransactions:
    """Requests of peers that our user shall answer, or whose copies get the same answer."""

    def __init__(self, outbox: Outbox, timers: Timers, entropy: Entropy) -> None:
        self._outbox = outbox
        self._timers = timers
        self._entropy = entropy
        self._servers: dict[str, _Server] = {}
        self._due = Due()
        self._answered: dict[str, Datagram] = {}
        """Those that were begun and answered at once, with what copies get again."""
        self._kept_s = timers.f
        self._forget: deque[tuple[float, str]] = deque()
        """When they are forgotten; all are kept for the same time, so in order."""

    def __len__(self) -> int:
        return len(self._servers) + len(self._answered)

    def request(self, request: Request, peer: Address, now: float, transport: str) -> None:
        """Take a request.

        Raises:
            MalformedMessage: its Via can't be read, so that not even 400 can be said.
        """
        vias = request.headers.all("via")
        via = Via.parse(vias[0] if vias else "")
        method = request.method
        lacking = _lacking(request)
        if lacking:
            self._outbox.events.append(Ignored(lacking, peer))
            if method != "ACK":
                refusal = self._made(_marked(request, via, vias, peer), 400, lacking)
                self._outbox.put(refusal.encode(), peer, transport)
            return
        prefix = _prefix(request, via)
        if method == "ACK":
            self._ack(f"{prefix}INVITE", _marked(request, via, vias, peer), peer, now, transport)
            return
        key = prefix + method
        if self.again(key):
            return
        request = _marked(request, via, vias, peer)
        self._begin(key, request, peer, now, transport)
        if method == "CANCEL":
            self._cancel(key, f"{prefix}INVITE", request, now)
        else:
            self._outbox.events.append(RequestReceived(key, request, peer, transport))

    def again(self, key: str) -> bool:
        """Whether this is the key of a request that came before; its answer goes out once more."""
        known = self._answered.get(key)
        if known is not None:
            self._outbox.retransmissions += 1
            self._outbox.datagrams.append(known)
            return True
        server = self._servers.get(key)
        if server is None:
            return False
        self._outbox.retransmissions += 1
        if server.data and Event.REQUEST in server.table[server.state]:
            self._outbox.put(server.data, server.peer, server.transport)
        return True

    def answered(self, key: str, data: bytes, peer: Address, now: float) -> None:
        """Take the answer to a request over UDP, no INVITE, that the user has read by itself."""
        answer = self._answered[key] = Datagram(data, peer, self._outbox.side)
        self._outbox.datagrams.append(answer)
        self._forget.append((now + self._kept_s, key))

    def take(self, key: str, peer: Address, now: float) -> None:
        """Know a request over UDP, no INVITE, again that the user reads by itself."""
        if key not in self._servers:
            server = self._servers[key] = _Server(
                key, SERVER, State.TRYING, peer, UDP, NEVER, now + self._kept_s, None
            )
            self._due.watch(server)

    def finish(self, key: str, data: bytes, peer: Address, now: float) -> None:
        """Send the final answer to it, whether it was taken or not; a second one never leaves."""
        if key not in self._answered:
            self._servers.pop(key, None)
            self.answered(key, data, peer, now)

    def unreadable(self, data: bytes, why: str, peer: Address, transport: str) -> None:
        """Refuse what is a request but can't be read, if a response can be made."""
        found = salvage(data)
        if found is None:
            return
        request, status = found
        vias = request.headers.all("via")
        try:
            marked = _marked(request, Via.parse(vias[0] if vias else ""), vias, peer)
        except MalformedMessage:
            return
        reason = why if status == 400 else ""
        self._outbox.put(self._made(marked, status, reason).encode(), peer, transport)

    def respond(self, key: str, response: Response, now: float) -> None:
        """Send an answer, if the transaction is one that may still be given."""
        server = self._servers.get(key)
        if server is None:
            return
        invite = server.table is INVITE_SERVER
        before = server.state
        following = server.table[before].get(answered(response.status, invite=invite))
        if following is None:
            return  # a second final answer never leaves
        server.state = following
        server.data = response.encode()
        self._outbox.put(server.data, server.peer, server.transport)
        timers = self._timers
        if invite and response.status > 100:
            server.to = response.headers.get("to")
        if following is State.PROCEEDING:
            if invite:
                server.invite, server.retry_at = None, NEVER
                server.ends_at = now + timers.c
        elif following is not before:
            server.invite, server.retry_at = None, NEVER
            server.ends_at = now + timers.f  # H, J or L
            if following is State.COMPLETED and server.transport in STREAMS and not invite:
                del self._servers[key]  # J is 0
                return
            if following is State.COMPLETED and server.transport == UDP and invite:
                server.interval, server.retry_at = timers.t1, now + timers.t1
        self._due.watch(server)

    def lost(self, peer: Address, transport: str) -> None:
        """Drop what would be answered over a connection that is no more (section 18.2.2)."""
        for server in [
            s for s in self._servers.values() if s.peer == peer and s.transport == transport
        ]:
            if Event.LOST in server.table[server.state]:
                self._end(server, Event.LOST)

    def timer_at(self) -> float | None:
        """When `handle_timer` wants to be called."""
        at = self._due.at()
        forget = self._forget
        return forget[0][0] if forget and (at is None or forget[0][0] < at) else at

    def handle_timer(self, now: float) -> None:
        """Say 100, retransmit refusals of an INVITE, and forget what is due."""
        forget = self._forget
        while forget and forget[0][0] <= now:
            del self._answered[forget.popleft()[1]]
        for at, key in self._due.by(now):
            server = self._servers.get(key)
            if server is None or server.queued_at != at:
                continue
            server.queued_at = NEVER
            if server.ends_at <= at:
                given_up = Event.GIVE_UP in server.table[server.state]
                self._end(server, Event.GIVE_UP if given_up else Event.FORGET)
                continue
            if server.retry_at <= at:
                self._retry(server, at)
            self._due.watch(server)

    def _begin(self, key: str, request: Request, peer: Address, now: float, transport: str) -> None:
        invite = request.method == "INVITE"
        timers = self._timers
        server = self._servers[key] = _Server(
            key,
            INVITE_SERVER if invite else SERVER,
            State.PROCEEDING if invite else State.TRYING,
            peer,
            transport,
            now + timers.trying_after if invite else NEVER,
            now + (timers.c if invite else timers.f),
            request if invite else None,
        )
        self._due.watch(server)

    def _cancel(self, key: str, invite: str, request: Request, now: float) -> None:
        """Answer a CANCEL, and say so if it still has an effect (section 9.2)."""
        server = self._servers.get(invite)
        if server is None:
            self.respond(key, self._made(request, 481), now)
            return
        if server.to:  # the same tag as the INVITE's own answers
            headers = request.headers.replaced("To", server.to)
            request = Request(request.method, request.uri, headers)
        self.respond(key, self._made(request, 200), now)
        if server.state is State.PROCEEDING:
            self._outbox.events.append(Cancelled(invite))

    def _ack(self, key: str, request: Request, peer: Address, now: float, transport: str) -> None:
        server = self._servers.get(key)
        if server is None or server.state is State.ACCEPTED:
            self._outbox.events.append(AckReceived(request, peer, transport))
            return
        following = server.table[server.state].get(Event.ACK)
        if following is None:
            self._outbox.events.append(Ignored("an ACK before a final answer", peer))
        elif server.state is not following:
            server.state = following
            if server.transport in STREAMS:
                del self._servers[key]  # I is 0
                return
            server.retry_at, server.ends_at = NEVER, now + self._timers.t4
            self._due.watch(server)

    def _retry(self, server: _Server, at: float) -> None:
        if server.invite is not None:
            self.respond(server.key, _trying(server.invite), at)
            return
        server.interval = min(2 * server.interval, self._timers.t2)
        server.retry_at = at + server.interval
        self._outbox.retransmissions += 1
        self._outbox.put(server.data, server.peer, server.transport)

    def _end(self, server: _Server, event: Event) -> None:
        open_invite = server.table is INVITE_SERVER and server.state is State.PROCEEDING
        server.state = server.table[server.state][event]
        del self._servers[server.key]
        if open_invite:
            reason = CONNECTION_LOST if event is Event.LOST else NO_ANSWER
            self._outbox.events.append(TimedOut(server.key, reason))

    def _made(self, request: Request, status: int, reason: str = "") -> Response:
        return response_to(request, status, to_tag=self._entropy(4).hex(), reason=_phrase(reason))


def _phrase(reason: str) -> str:
    """What of a reason may stand in a status line."""
    return "".join(char for char in reason if char.isprintable())[:80]


def _lacking(request: Request) -> str:
    """What a request lacks that each must have (section 8.1.1); "" if nothing."""
    headers = request.headers
    for name in ("Call-ID", "From", "To"):
        if not headers.get(name):
            return f"{name} is missing"
    try:
        method = cseq(headers)[1]
    except MalformedMessage as error:
        return str(error)
    if method != request.method:
        return f"CSeq is of {method[:20]}, the request is {request.method[:20]}"
    return ""


def _prefix(request: Request, via: Via) -> str:
    """What the keys of an INVITE, its ACK and its CANCEL have in common (section 17.2.3)."""
    prefix = f"{via.branch}/{via.host}:{via.port}/"
    if via.branch.startswith(MAGIC):
        return prefix
    headers = request.headers  # a UAC of RFC 2543, whose branch may repeat
    return f"{prefix}{headers.get('call-id')}/{cseq(headers)[0]}/{headers.get('from')}/"


def _trying(invite: Request) -> Response:
    """100, with the Timestamp of the request (section 8.2.6.1)."""
    stamp = invite.headers.get("timestamp")
    return response_to(invite, 100, headers=[("Timestamp", stamp)] if stamp else [])


def _marked(request: Request, via: Via, vias: list[str], peer: Address) -> Request:
    """Write where the request really came from into its top Via (RFC 3261 18.2.1, RFC 3581)."""
    params = dict(via.params)
    params["received"] = peer[0]
    if "rport" in params:
        params["rport"] = str(peer[1])
    marked = Via(via.transport, via.host, via.port, params)
    rest = [(n, v) for n, v in request.headers.items if canonical(n) != "via"]
    headers = Headers([("Via", str(marked)), *(("Via", v) for v in vias[1:]), *rest])
    return Request(request.method, request.uri, headers, request.body)
