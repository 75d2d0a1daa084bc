"""What a transaction layer tells its user, and what both of its halves write to."""

from dataclasses import dataclass

from simulators.core import UDP, Address, Datagram
from simulators.sip.message import Request, Response

NO_ANSWER = "no answer"
CONNECTION_LOST = "connection lost"


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """A new request came from `peer`; answer it with `respond(transaction, ...)`."""

    transaction: str
    request: Request
    peer: Address
    transport: str = UDP


@dataclass(slots=True)
class ResponseReceived:
    """A response to the request sent as `transaction`.

    Each final one comes once, but a 2xx to an INVITE: each copy comes, for each wants an ACK. Not
    frozen: that doubles what one costs to make.
    """

    transaction: str
    response: Response


@dataclass(frozen=True, slots=True)
class TimedOut:
    """A transaction ended without a final response (RFC 3261 section 8.1.3.1).

    Ours to a peer, or an INVITE of a peer that our user let lie. `reason` is `NO_ANSWER`, which
    counts as 408, or `CONNECTION_LOST`, which counts as 503.
    """

    transaction: str
    reason: str = NO_ANSWER


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The peer takes back the INVITE `transaction`, which has no final response yet (section 9.2).

    The CANCEL is answered already; the INVITE still wants its 487.
    """

    transaction: str


@dataclass(frozen=True, slots=True)
class AckReceived:
    """An ACK that belongs to a 2xx, and so to a dialog (section 13.2.2.4)."""

    request: Request
    peer: Address
    transport: str = UDP


@dataclass(frozen=True, slots=True)
class Ignored:
    """Octets that are no message, or an answer to nothing; dropped or refused, with the reason."""

    reason: str
    peer: Address


class Outbox:
    """Datagrams and events of one layer, until they are fetched."""

    __slots__ = ("datagrams", "events", "retransmissions", "side")

    def __init__(self, side: str) -> None:
        self.side = side
        self.datagrams: list[Datagram] = []
        self.events: list[object] = []
        self.retransmissions = 0

    def put(self, data: bytes, to: Address, transport: str) -> None:
        """One message to send."""
        self.datagrams.append(Datagram(data, to, self.side, transport))
