"""One end of one call: its state, its dialog, and what it says to the peer.

RFC 3261 sections 12 to 15: INVITE and re-INVITE both ways, CANCEL, BYE. Driven by `Calls`, which
knows whose business a message is. Session descriptions are carried, not read (RFC 3264).

Requests of a call go to where its INVITE went, or came from: sets stand behind NAT, and every
role's next hop is a border or a PBX that stays in the signalling.
"""

from simulators.sip.call_desk import Asked
from simulators.sip.call_events import (
    CallAcknowledged,
    CallAnswered,
    CallOffered,
    CallProgress,
    CallReoffered,
    DialogRequest,
    DialogResponse,
    Party,
    Reason,
    ReofferRefused,
)
from simulators.sip.call_leg import MAX_TRIES, CallLeg
from simulators.sip.call_states import Event, State
from simulators.sip.dialog import Fields, contact, of_callee, of_caller
from simulators.sip.due import NEVER
from simulators.sip.headers import cseq
from simulators.sip.invitation import Invitation
from simulators.sip.message import Request, Response
from simulators.sip.transaction import RequestReceived
from simulators.sip.transaction_events import CONNECTION_LOST


class Call(CallLeg):
    """One end of one call; `state` and `dialog` may be read by everybody.

    What our user asks for returns False where the peer was quicker and it can't be done any more.
    """

    # The beginning

    def invite(self, invitation: Invitation, now: float) -> None:
        """Call somebody."""
        local = self._desk.transactions.local_for(self._transport)
        call_id = f"{self._desk.entropy(8).hex()}@{local[0]}"
        request = invitation.request(local, call_id, self._tag)
        self._called_them = True
        self._ours = self._initial = self._ask(request, now)

    def offered(self, received: RequestReceived, user: str, now: float) -> None:
        """Somebody calls us; `user` is for our Contact."""
        desk = self._desk
        ours = contact(user, desk.transactions.local_for(self._transport), self._transport)
        self.state = State.OFFERED
        self.dialog = of_callee(received.request, self._tag, ours)
        desk.dialogs[self.dialog.call_id, self._tag] = self.key
        self._initial = received.transaction
        self._take_offer(received, now)
        desk.events.append(
            CallOffered(self.key, received.request, received.peer, received.transport)
        )

    # What our user asks for

    def progress(self, status: int, now: float, headers: Fields, body: bytes) -> bool:
        """A provisional response to the peer's INVITE."""
        return self._respond(status, now, headers, body) is not None

    def answer(self, now: float, headers: Fields, body: bytes) -> bool:
        """200 to the peer's INVITE or re-INVITE."""
        received = self._offer
        response = self._respond(200, now, headers, body, final=True)
        if response is None or received is None:
            return False
        if received.transaction == self._initial:
            self._move(Event.ANSWER)
        elif self.dialog is not None:
            self.dialog.refresh(received.request)
        self._answer = self._desk.answer(self, received, response, now)
        return True

    def refuse(self, status: int, now: float, headers: Fields = (), reason: str = "") -> bool:
        """A final refusal of the peer's INVITE or re-INVITE."""
        initial = self.state is State.OFFERED
        if self._respond(status, now, headers, b"", reason=reason, final=True) is None:
            return False
        if initial:
            self._move(Event.REFUSE)
            self._end(Party.US, Reason.REFUSED)
        return True

    def hang_up(self, now: float) -> bool:
        """End the call in the way that its state asks for."""
        if self.state is State.OFFERED:
            return self.refuse(603, now)
        before = self.state
        if not self._move(Event.HANG_UP) or before is self.state:
            return False
        if self.state is State.CANCELLING:
            self._outcome = Party.US, Reason.CANCELLED
            self._desk.transactions.cancel(self._ours, now)
        elif self.state is State.ENDING:
            self._bye(now)
        return True

    def reinvite(self, now: float, headers: Fields, body: bytes) -> bool:
        """Offer anew within the call; not while another INVITE is under way (section 14.1)."""
        if self.state is not State.CONFIRMED or self.dialog is None or self._inviting:
            return False
        self._reoffer, self.retry_at = (headers, body), NEVER
        self._ours = self._ask(self.dialog.request("INVITE", headers, body), now)
        return True

    def request(self, method: str, now: float, headers: Fields, body: bytes) -> str:
        """Another request within the call; its transaction, or "" if the call is not there."""
        if self.state is not State.CONFIRMED or self.dialog is None:
            return ""
        return self._ask(self.dialog.request(method, headers, body), now)

    # What the peer says

    def response(self, transaction: str, asked: Asked, response: Response, now: float) -> None:
        """A response to a request of ours; a 2xx to an INVITE comes here once."""
        if response.status in (401, 407) and self._retry(transaction, asked, response, now):
            return
        if asked.request.method == "INVITE":
            if transaction == self._initial:
                self._invited(transaction, asked, response, now)
            else:
                self._reinvited(transaction, asked, response, now)
        elif response.status >= 200:
            if asked.request.method == "BYE":
                self._said_bye()
                return
            self._desk.events.append(DialogResponse(self.key, asked.name, response))
            if response.status in (408, 481):
                self._gone(Reason.TIMEOUT, now)

    def no_response(self, asked: Asked, reason: str, now: float) -> None:
        """A request of ours timed out, or its connection is lost."""
        why = Reason.LOST if reason == CONNECTION_LOST else Reason.TIMEOUT
        if asked.request.method == "BYE":
            self._said_bye()
        elif self._move(Event.NO_ANSWER):
            cancelled = self._outcome[1] is Reason.CANCELLED
            self._end(*(self._outcome if cancelled else (Party.PEER, why)))
        else:
            if asked.request.method == "INVITE":
                self._ours = ""
            else:
                self._desk.events.append(DialogResponse(self.key, asked.name, None))
            self._gone(why, now)

    def received(self, received: RequestReceived, now: float) -> None:
        """A request within the dialog (section 12.2.2)."""
        number = cseq(received.request.headers)[0]
        if self.dialog is None or number <= self.dialog.remote_cseq:
            self._desk.respond(received, 500, now, reason="CSeq is out of order")
            return
        self.dialog.remote_cseq = number
        if not self._called_them:  # a set's NAT binding or connection may be another one by now
            self._hop, self._transport = received.peer, received.transport
        if received.request.method == "BYE":
            self._heard_bye(received, now)
        elif self.state is State.ENDING:
            self._desk.respond(received, 481, now)
        elif received.request.method == "INVITE":
            self._reoffered(received, now)
        else:
            if received.request.method == "UPDATE":
                self.dialog.refresh(received.request)  # RFC 3311 section 5.2
            event = DialogRequest(self.key, received.transaction, received.request)
            self._desk.events.append(event)

    def cancelled(self, now: float) -> None:
        """The peer takes back its INVITE or re-INVITE."""
        initial = self.state is State.OFFERED
        self._respond(487, now, (), b"", final=True)
        if initial:
            self._move(Event.CANCELLED)
            self._end(Party.PEER, Reason.CANCELLED)

    def offer_failed(self, reason: str) -> None:
        """The peer's INVITE can't be answered any more."""
        self._drop_offer()
        if self._move(Event.NO_ANSWER):
            self._end(Party.PEER, Reason.LOST if reason == CONNECTION_LOST else Reason.TIMEOUT)

    def acknowledged(self, request: Request, now: float) -> bool:
        """The ACK of our 2xx; False if it is none."""
        answer = self._answer
        if answer is None or answer.number != cseq(request.headers)[0]:
            return False
        self._drop_answer()
        self._desk.events.append(CallAcknowledged(self.key, request))
        if answer.key == self._initial and self._move(Event.ACK) and self.state is State.ENDING:
            self._bye(now)
        return True

    def due(self, at: float) -> None:
        """It rang for too long, or a re-INVITE is to be tried again."""
        if self.ends_at <= at:
            self.ends_at = NEVER
            if self.state is State.OFFERED:
                self._respond(480, at, (), b"", final=True)
                self._move(Event.NO_ANSWER)
                self._end(Party.US, Reason.TIMEOUT)
            else:
                self.refuse(480, at)
        else:
            self.retry_at = NEVER
            if not self.reinvite(at, *self._reoffer) and self.state is State.CONFIRMED:
                self._later(at)

    # Inside: our INVITEs

    def _invited(self, transaction: str, asked: Asked, response: Response, now: float) -> None:
        events, cancelling = self._desk.events, self.state is State.CANCELLING
        if response.status < 200:
            self._move(Event.PROVISIONAL)
            if response.status > 100 and not cancelling:
                events.append(CallProgress(self.key, response))
        elif response.status >= 300:
            self._ours = ""
            self._move(Event.REFUSED)
            if cancelling:
                self._end(*self._outcome)
            else:
                self._end(Party.PEER, Reason.REFUSED, response)
        else:
            self.dialog = of_caller(asked.request, response)
            self._desk.dialogs[self.dialog.call_id, self._tag] = self.key
            self._move(Event.ACCEPTED)
            self._acknowledge(transaction, asked, response, now)
            if cancelling:
                self._bye(now)

    def _reinvited(self, transaction: str, asked: Asked, response: Response, now: float) -> None:
        if response.status < 200:
            return
        self._ours = ""
        if response.status < 300:
            self._glares = 0
            if self.dialog is not None:
                self.dialog.refresh(response)
            self._acknowledge(transaction, asked, response, now)
        elif self.state is not State.CONFIRMED:
            return
        elif response.status == 491 and self._glares < MAX_TRIES:
            self._glares += 1
            self._later(now)
        else:
            self._glares = 0
            self._desk.events.append(ReofferRefused(self.key, response))
            if response.status in (408, 481):
                self._gone(Reason.TIMEOUT, now)

    def _acknowledge(self, transaction: str, asked: Asked, response: Response, now: float) -> None:
        """ACK a 2xx at once, or leave it to our user if it has the offer."""
        self._ours = ""
        desk, dialog = self._desk, self.dialog
        if dialog is None:
            return
        accepted = desk.accept(transaction, asked, now)
        accepted.acks[dialog.remote_tag] = None
        self._owed = accepted, cseq(asked.request.headers)[0]
        talking = self.state is State.CONFIRMED
        if asked.request.body or not response.body or not talking:
            self.acknowledge((), b"")
        if talking:
            desk.events.append(CallAnswered(self.key, response))

    # Inside: the peer's INVITEs

    def _reoffered(self, received: RequestReceived, now: float) -> None:
        if self._offer is not None:  # section 14.2
            self._desk.respond(received, 500, now, headers=(("Retry-After", "5"),))
        elif self._inviting or self.state is not State.CONFIRMED:
            self._desk.respond(received, 491, now)
        else:
            self._take_offer(received, now)
            self._desk.events.append(CallReoffered(self.key, received.request))

    # Inside: the end

    def _heard_bye(self, received: RequestReceived, now: float) -> None:
        self._desk.respond(received, 200, now)
        self._respond(487, now, (), b"", final=True)  # section 15.1.2
        self.acknowledge((), b"")
        if self._move(Event.BYE) and self.state is State.ENDED:
            self._end(Party.PEER, Reason.BYE)
