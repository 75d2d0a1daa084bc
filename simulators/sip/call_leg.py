"""What one end of one call keeps, and the small acts that its rules in `call` are made of."""

from abc import ABC, abstractmethod

from simulators.core import Address
from simulators.sip.call_desk import Accepted, Answer, Asked, Desk, credentials_of
from simulators.sip.call_events import CallEnded, Party, Reason
from simulators.sip.call_states import TRANSITIONS, Event, State
from simulators.sip.challenged import Login, with_credentials
from simulators.sip.dialog import Dialog, Fields
from simulators.sip.due import NEVER
from simulators.sip.headers import cseq
from simulators.sip.message import Request, Response, response_to
from simulators.sip.transaction import RequestReceived

MAX_TRIES = 5
"""How often one request of ours is made: challenges, stale nonces, 491."""


class CallLeg(ABC):
    """The state of one end of a call; `state` and `dialog` may be read by everybody."""

    def __init__(
        self, desk: Desk, key: str, hop: Address, transport: str, login: Login | None = None
    ) -> None:
        self.key = key
        self.state = State.CALLING
        self.dialog: Dialog | None = None
        self.retry_at = self.ends_at = self.queued_at = NEVER
        self._desk = desk
        self._hop = hop
        self._transport = transport
        self._login = login
        self._tag = desk.tag()
        self._initial = ""  # transaction of the INVITE that made the call, ours or the peer's
        self._ours = ""  # transaction of our INVITE or re-INVITE, while it has no final answer
        self._offer: RequestReceived | None = None  # the peer's INVITE, while we owe the answer
        self._answer: Answer | None = None  # our 2xx, while the peer owes the ACK
        self._owed: tuple[Accepted, int] | None = None  # the peer's 2xx, while we owe the ACK
        self._reoffer: tuple[Fields, bytes] = ((), b"")  # what our latest re-INVITE says
        self._glares = 0
        self._called_them = False
        self._outcome = Party.US, Reason.BYE

    @abstractmethod
    def due(self, at: float) -> None:
        """Do what `ends_at` or `retry_at` stands for."""

    def no_ack(self, now: float) -> None:
        """Our 2xx was sent for 64*T1 and nobody acknowledged it."""
        self._answer = None
        leaving = self.state is State.LEAVING
        if self._move(Event.NO_ACK):
            if not leaving:
                self._outcome = Party.PEER, Reason.TIMEOUT
            self._bye(now)

    # The peer's INVITE

    def _take_offer(self, received: RequestReceived, now: float) -> None:
        self._offer = received
        self._desk.offers[received.transaction] = self.key
        self.ends_at = now + self._desk.ring_limit_s
        self._desk.watch(self)

    def _respond(
        self,
        status: int,
        now: float,
        headers: Fields,
        body: bytes,
        *,
        reason: str = "",
        final: bool = False,
    ) -> Response | None:
        """Answer the peer's INVITE; None if none is open. A 2xx is made but not sent."""
        received, dialog = self._offer, self.dialog
        if received is None or dialog is None:
            return None
        if status < 300:
            routes = received.request.headers.all("record-route")
            recorded = (("Record-Route", route) for route in routes)
            headers = (*recorded, ("Contact", dialog.contact), *headers)
        made = response_to(
            received.request, status, headers=headers, to_tag=self._tag, reason=reason
        )
        response = Response(status, made.reason, made.headers, body)
        if final:
            self._drop_offer()
        if not 200 <= status < 300:
            self._desk.transactions.respond(received.transaction, response, now)
        return response

    def _drop_offer(self) -> None:
        if self._offer is not None:
            del self._desk.offers[self._offer.transaction]
        self._offer, self.ends_at = None, NEVER

    def _drop_answer(self) -> None:
        if self._answer is not None:
            self._desk.forget(self._answer.key)
            self._answer = None

    # Requests of ours

    def acknowledge(self, headers: Fields, body: bytes) -> bool:
        """The ACK of a 2xx that had the offer."""
        if self._owed is None or self.dialog is None:
            return False
        (accepted, number), self._owed = self._owed, None
        headers = (*credentials_of(accepted.invite), *headers)
        accepted.acknowledge(self.dialog.remote_tag, self.dialog.ack(number, headers, body))
        return True

    @property
    def _inviting(self) -> bool:
        """Whether an INVITE of either side is under way."""
        return bool(self._ours or self._offer or self._answer or self._owed)

    def _ask(self, request: Request, now: float, earlier: Asked | None = None) -> str:
        return self._desk.ask(self.key, request, self._hop, self._transport, now, earlier)

    def _retry(self, transaction: str, asked: Asked, response: Response, now: float) -> bool:
        """Answer a challenge; False if it can't or need not be answered."""
        bye = asked.request.method == "BYE"
        over = self.state in (State.CANCELLING, State.ENDING, State.ENDED) and not bye
        if self._login is None or over or asked.tries >= MAX_TRIES:
            return False
        dialog = self.dialog
        latest = cseq(asked.request.headers)[0] if dialog is None else dialog.local_cseq
        entropy = self._desk.entropy
        request = with_credentials(asked.request, response, self._login, latest + 1, entropy)
        if request is None:
            return False
        if dialog is not None:
            dialog.local_cseq = latest + 1
        again = self._ask(request, now, asked)
        if transaction == self._initial:
            self._initial = again
        if transaction == self._ours:
            self._ours = again
        return True

    def _later(self, now: float) -> None:
        """Try a re-INVITE again that met one of the peer's (section 14.1)."""
        chance = int.from_bytes(self._desk.entropy(2))
        wait_s = 2.1 + chance % 191 / 100 if self._called_them else chance % 201 / 100
        self.retry_at = now + wait_s
        self._desk.watch(self)

    # The end

    def _move(self, event: Event) -> bool:
        """Go where the table says; False if this changes nothing here any more."""
        following = TRANSITIONS.get(self.state, {}).get(event)
        if following is not None:
            self.state = following
        return following is not None

    def _bye(self, now: float) -> None:
        self._respond(487, now, (), b"", final=True)
        self.acknowledge((), b"")
        self._drop_answer()
        self.retry_at = NEVER
        if self.dialog is not None:
            self._ask(self.dialog.request("BYE"), now)

    def _said_bye(self) -> None:
        if self._move(Event.BYE_DONE):
            self._end(*self._outcome)

    def _gone(self, reason: Reason, now: float) -> None:
        """The peer does not answer within the dialog: end it (section 12.2.1.2)."""
        if self._move(Event.GONE):
            self._outcome = Party.PEER, reason
            self._bye(now)

    def _end(self, by: Party, reason: Reason, response: Response | None = None) -> None:
        desk = self._desk
        self._drop_offer()
        self._drop_answer()
        desk.forget(self.key)
        if self.dialog is not None:
            del desk.dialogs[self.dialog.call_id, self._tag]
        desk.events.append(CallEnded(self.key, by, reason, response))
