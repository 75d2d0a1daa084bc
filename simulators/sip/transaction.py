"""The transaction layer of a user agent, for INVITE and others, over UDP, TCP and TLS.

A `Transactions` belongs to one side of a role. It takes messages and requests in, hands out
datagrams and events, and is driven by the five verbs of `simulators.core` and by `lost`.
Retransmissions stop here: a user of the layer sees each request and each answer once, but for 2xx
to an INVITE, whose copies and ACKs belong to the user (RFC 3261 sections 13.2.2.4 and 13.3.1.4).

Answers go where the request came from, as if each had an `rport` (RFC 3581): the sets stand behind
NAT.
"""

from collections.abc import Mapping

from simulators.core import TCP, UDP, Address, Datagram, Entropy
from simulators.sip.client_transactions import ClientTransactions
from simulators.sip.headers import branch_of, cseq
from simulators.sip.message import MalformedMessage, Request, Response, parse
from simulators.sip.server_transactions import ServerTransactions
from simulators.sip.transaction_events import (
    AckReceived,
    Cancelled,
    Ignored,
    Outbox,
    RequestReceived,
    ResponseReceived,
    TimedOut,
)
from simulators.sip.transaction_tables import Timers

__all__ = [
    "AckReceived",
    "Cancelled",
    "Ignored",
    "RequestReceived",
    "ResponseReceived",
    "TimedOut",
    "Timers",
    "Transactions",
]


class Transactions:
    """The transaction layer of one side.

    Args:
        local: our address, for Via.
        entropy: makes branches, and tags of the answers that the layer gives by itself.
        timers: T1, T2, T4 and their like.
        side: name of the socket, put into each `Datagram`.
        stream_locals: by transport, our address where it isn't `local` (TLS has its own port).
    """

    def __init__(
        self,
        local: Address,
        entropy: Entropy,
        timers: Timers | None = None,
        side: str = "",
        stream_locals: Mapping[str, Address] | None = None,
    ) -> None:
        self.local = local
        self.timers = timers or Timers()
        self._stream_locals = dict(stream_locals or {})
        self._outbox = Outbox(side)
        self._clients = ClientTransactions(self._outbox, self.timers, entropy)
        self._servers = ServerTransactions(self._outbox, self.timers, entropy)

    def __len__(self) -> int:
        """How many transactions are remembered, of both sides."""
        return len(self._clients) + len(self._servers)

    @property
    def retransmissions(self) -> int:
        """Messages sent again for want of an answer, and requests that came again."""
        return self._outbox.retransmissions

    @property
    def requests_sent_again(self) -> int:
        """Requests of ours that timer A or E had sent once more; no others' copies are in it."""
        return self._clients.sent_again

    def local_for(self, transport: str) -> Address:
        """Our address on this transport, for Via and Contact."""
        return self._stream_locals.get(transport, self.local)

    # Sending

    def send(self, request: Request, to: Address, now: float, transport: str = UDP) -> str:
        """Send a request, our Via on top; returns the transaction's key."""
        branch = self._clients.branch()
        self._clients.start(branch, self._with_via(request, branch, transport), to, now, transport)
        return branch

    def cancel(self, transaction: str, now: float) -> None:
        """Take an INVITE of ours back, once a provisional answer is there (section 9.1).

        Its end comes as an event: the peer's final answer (487, or a 2xx that was quicker), or
        `TimedOut`.
        """
        self._clients.cancel(transaction, now)

    def send_ack(self, request: Request, to: Address, transport: str = UDP) -> Datagram:
        """Send the ACK of a 2xx, our Via on top, without a transaction; returns what was sent.

        When the 2xx comes again, the same goes out again: `send_again` (section 13.2.2.4).
        """
        data = self._with_via(request, self._clients.branch(), transport).encode()
        datagram = Datagram(data, to, self._outbox.side, transport)
        self._outbox.datagrams.append(datagram)
        return datagram

    def send_again(self, datagram: Datagram) -> None:
        """Send once more what `send_ack` sent."""
        self._outbox.retransmissions += 1
        self._outbox.datagrams.append(datagram)

    def respond(self, transaction: str, response: Response, now: float) -> None:
        """Answer a request; a later copy of the request gets the same answer again.

        A 2xx to an INVITE may be given again and again, until its ACK has come.
        """
        self._servers.respond(transaction, response, now)

    def again(self, transaction: str) -> bool:
        """Whether a request that the user reads by itself (`plain`) is a copy; answers that."""
        return self._servers.again(transaction)

    def answered(self, transaction: str, data: bytes, peer: Address, now: float) -> None:
        """Send the final answer to a request over UDP that the user has read by itself."""
        self._servers.answered(transaction, data, peer, now)

    def take(self, transaction: str, peer: Address, now: float) -> None:
        """Know a request over UDP again that the user reads by itself, and answers later."""
        self._servers.take(transaction, peer, now)

    def finish(self, transaction: str, data: bytes, peer: Address, now: float) -> None:
        """Send the final answer to it, taken or not; a second one never leaves."""
        self._servers.finish(transaction, data, peer, now)

    # The five verbs, and the connection's end

    def receive(
        self, data: bytes, peer: Address, now: float, side: str = "", transport: str = UDP
    ) -> None:
        """Take one message."""
        if not data.strip(b"\r\n\x00"):
            return  # keep-alive of a NAT binding (RFC 5626 section 3.5.1)
        try:
            message = parse(data)
            if isinstance(message, Request):
                self._servers.request(message, peer, now, transport)
            else:
                self._response(message, peer, now)
        except MalformedMessage as error:
            self._outbox.events.append(Ignored(str(error), peer))
            self._servers.unreadable(data, str(error), peer, transport)

    def lost(self, peer: Address, now: float, side: str = "", transport: str = TCP) -> None:
        """Fail and drop what needs a connection that has ended, or could not be opened."""
        self._clients.lost(peer, transport)
        self._servers.lost(peer, transport)

    def events(self) -> list[object]:
        """What came and what failed (`transaction_events`), in order, once."""
        events, self._outbox.events = self._outbox.events, []
        return events

    def to_send(self) -> list[Datagram]:
        """Datagrams to send now, once."""
        datagrams, self._outbox.datagrams = self._outbox.datagrams, []
        return datagrams

    def timer_at(self) -> float | None:
        """When `handle_timer` wants to be called, or None."""
        clients, servers = self._clients.timer_at(), self._servers.timer_at()
        if clients is None or servers is None:
            return servers if clients is None else clients
        return min(clients, servers)

    def handle_timer(self, now: float) -> None:
        """Retransmit, give up and forget what is due by `now`."""
        self._clients.handle_timer(now)
        self._servers.handle_timer(now)

    def waiting(self) -> bool:
        """Whether a peer's answer is outstanding; a phone that rings waits for a person."""
        return self._clients.awaited > 0

    # Inside

    def _with_via(self, request: Request, branch: str, transport: str) -> Request:
        host, port = self.local_for(transport)
        via = f"SIP/2.0/{transport} {host}:{port};branch={branch};rport"
        headers = request.headers.with_first("Via", via)
        return Request(request.method, request.uri, headers, request.body)

    def _response(self, response: Response, peer: Address, now: float) -> None:
        vias = response.headers.all("via")
        branch = branch_of(vias[0] if vias else "")
        if not self._clients.response(branch, cseq(response.headers)[1], response, now):
            self._outbox.events.append(Ignored("an answer to no request of ours", peer))
