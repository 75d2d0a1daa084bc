"""What the calls of one side share: their requests under way, their timers, and who is who.

A 2xx to an INVITE is the business of the two ends, not of the transaction layer: the callee sends
it until the ACK is there, the caller acknowledges each copy (RFC 3261 sections 13.3.1.4, 13.2.2.4).
`Answer` and `Accepted` are these two.
"""

from dataclasses import dataclass, field
from typing import Protocol

from simulators.core import Address, Datagram, Entropy
from simulators.sip.dialog import of_caller, tag
from simulators.sip.due import NEVER, Due, Timed
from simulators.sip.headers import cseq
from simulators.sip.message import Request, Response, canonical, response_to
from simulators.sip.transaction import RequestReceived, Transactions

CREDENTIALS = ("authorization", "proxy-authorization")


class Waiting(Timed, Protocol):
    """What does something when its time has come."""

    def due(self, at: float) -> None:
        """Do it; `ends_at` or `retry_at` is `at` or earlier."""


class Unacknowledged(Protocol):
    """Who waits for an ACK."""

    def no_ack(self, now: float) -> None:
        """None came."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of ours under way, by its call; "" is the BYE of a fork that nobody wants.

    `name` is the transaction of its first try, by which our user knows it.
    """

    call: str
    request: Request
    hop: Address
    transport: str
    name: str
    tries: int


@dataclass(slots=True)
class Accepted:
    """An INVITE of ours that had a 2xx: the ACK of each tag, None where our user still owes it."""

    desk: "Desk"
    key: str
    invite: Request
    hop: Address
    transport: str
    ends_at: float
    acks: dict[str, Datagram | None] = field(default_factory=dict)
    retry_at: float = NEVER
    queued_at: float = NEVER

    def due(self, at: float) -> None:
        """The transaction has ended: no further copy comes up to us."""
        self.desk.forget(self.key)

    def again(self, response: Response, now: float) -> None:
        """A 2xx came: a copy gets its ACK again, another fork's gets ACK and BYE."""
        remote = tag(response.headers.get("to"))
        if remote in self.acks:
            datagram = self.acks[remote]
            if datagram is not None:
                self.desk.transactions.send_again(datagram)
            return
        dialog = of_caller(self.invite, response)
        self.acknowledge(remote, dialog.ack(dialog.local_cseq, credentials_of(self.invite)))
        self.desk.ask("", dialog.request("BYE"), self.hop, self.transport, now)

    def acknowledge(self, remote: str, ack: Request) -> None:
        """Send the first ACK to this tag."""
        transactions = self.desk.transactions
        self.acks[remote] = transactions.send_ack(ack, self.hop, self.transport)


@dataclass(slots=True)
class Answer:
    """A 2xx of ours that waits for its ACK."""

    desk: "Desk"
    call: Unacknowledged
    key: str
    response: Response
    number: int
    interval: float
    retry_at: float
    ends_at: float
    queued_at: float = NEVER

    def due(self, at: float) -> None:
        """Send it again, or give up."""
        if self.ends_at <= at:
            self.desk.forget(self.key)
            self.call.no_ack(at)
            return
        self.interval = min(2 * self.interval, self.desk.transactions.timers.t2)
        self.retry_at = at + self.interval
        self.desk.transactions.respond(self.key, self.response, at)


class Desk:
    """The tables of all calls of one side; empty when no call is left and the timers ran out."""

    def __init__(self, transactions: Transactions, entropy: Entropy, ring_limit_s: float) -> None:
        self.transactions = transactions
        self.entropy = entropy
        self.ring_limit_s = ring_limit_s
        self.events: list[object] = []
        self.dialogs: dict[tuple[str, str], str] = {}  # calls, by Call-ID and our tag
        self.offers: dict[str, str] = {}  # calls, by the transaction of the peer's INVITE
        self.asked: dict[str, Asked] = {}  # by transaction
        self.accepted: dict[str, Accepted] = {}  # by the transaction of our INVITE
        self._timed: dict[str, Waiting] = {}
        self._due = Due()

    def __len__(self) -> int:
        tables = (self.dialogs, self.offers, self.asked, self._timed)
        return sum(len(table) for table in tables)

    def tag(self) -> str:
        """A new tag."""
        return self.entropy(4).hex()

    def ask(
        self,
        call: str,
        request: Request,
        hop: Address,
        transport: str,
        now: float,
        earlier: Asked | None = None,
    ) -> str:
        """Send a request; returns its transaction. `earlier` is the try that was challenged."""
        transaction = self.transactions.send(request, hop, now, transport)
        name, tries = (transaction, 0) if earlier is None else (earlier.name, earlier.tries)
        self.asked[transaction] = Asked(call, request, hop, transport, name, tries + 1)
        return transaction

    def respond(
        self,
        received: RequestReceived,
        status: int,
        now: float,
        headers: tuple[tuple[str, str], ...] = (),
        reason: str = "",
    ) -> None:
        """Answer a request that has no body to get."""
        response = response_to(
            received.request, status, headers=headers, to_tag=self.tag(), reason=reason
        )
        self.transactions.respond(received.transaction, response, now)

    def accept(self, transaction: str, asked: Asked, now: float) -> Accepted:
        """Remember, for its ACKs, an INVITE that got its first 2xx."""
        ends_at = now + self.transactions.timers.f
        accepted = Accepted(self, transaction, asked.request, asked.hop, asked.transport, ends_at)
        self.accepted[transaction] = accepted
        self.watch(accepted)
        return accepted

    def answer(
        self, call: Unacknowledged, received: RequestReceived, response: Response, now: float
    ) -> Answer:
        """Send a 2xx to an INVITE until its ACK comes."""
        timers = self.transactions.timers
        number = cseq(received.request.headers)[0]
        key = received.transaction
        self.transactions.respond(key, response, now)
        answer = Answer(
            self, call, key, response, number, timers.t1, now + timers.t1, now + timers.f
        )
        self.watch(answer)
        return answer

    def watch(self, timed: Waiting) -> None:
        """See to it that `timed.due` is called when its next time comes."""
        self._timed[timed.key] = timed
        self._due.watch(timed)

    def forget(self, key: str) -> None:
        """Nothing is due for this key any more."""
        self._timed.pop(key, None)
        self.accepted.pop(key, None)

    def timer_at(self) -> float | None:
        """When something is due."""
        return self._due.at()

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        for at, key in self._due.by(now):
            timed = self._timed.get(key)
            if timed is None or timed.queued_at != at:
                continue
            timed.queued_at = NEVER
            if min(timed.retry_at, timed.ends_at) <= at:
                timed.due(at)
            if key in self._timed:
                self._due.watch(timed)


def credentials_of(invite: Request) -> list[tuple[str, str]]:
    """The credentials of an INVITE, which its ACK repeats (section 22.1)."""
    return [(n, v) for n, v in invite.headers.items if canonical(n) in CREDENTIALS]
