"""Calls of one side of a role: made, offered, answered, changed and ended (RFC 3261, 12 to 15).

`Calls` shares a transaction layer with whoever else uses it (registrations, a registrar): the owner
drives the layer and offers its events to `take`, which says whether they were about calls. A phone
has one, a border two: a leg on each side.
"""

from collections.abc import Collection, Mapping

from simulators.core import Address, Entropy
from simulators.sip.call import Call
from simulators.sip.call_desk import Desk
from simulators.sip.call_events import CallEnded
from simulators.sip.challenged import Login
from simulators.sip.dialog import Fields, content, tag
from simulators.sip.headers import Uri
from simulators.sip.inspection import refusal
from simulators.sip.invitation import SDP, Invitation
from simulators.sip.message import MalformedMessage, Request, Response, response_to
from simulators.sip.transaction import (
    AckReceived,
    Cancelled,
    RequestReceived,
    ResponseReceived,
    TimedOut,
    Transactions,
)

IN_DIALOG = ("BYE", "INFO", "INVITE", "PRACK", "UPDATE")
"""Methods that make no sense without the call they belong to: 481 (section 12.2.2)."""


class Calls:
    """All calls over one transaction layer; `events` yields `call_events`.

    A verb on a call returns False (`request`: "") where it can't be done any more, because the
    peer was quicker: the event that says so is there or under way.

    Args:
        transactions: the layer; who owns it drives it, sends what it gives, and calls `take`.
        entropy: makes tags, Call-IDs, cnonces.
        ring_limit_s: how long an offer may be left unanswered before we refuse it with 480.
        extensions: option tags that our user knows, for Require.
    """

    def __init__(
        self,
        transactions: Transactions,
        entropy: Entropy,
        *,
        ring_limit_s: float = 180.0,
        extensions: Collection[str] = (),
    ) -> None:
        self._desk = Desk(transactions, entropy, ring_limit_s)
        self._calls: dict[str, Call] = {}
        self._extensions = extensions
        self._count = 0

    def __len__(self) -> int:
        """How many calls, answers and ACKs are remembered; 0 when all timers have run out."""
        return len(self._calls) + len(self._desk)

    @property
    def calls(self) -> Mapping[str, Call]:
        """The calls whose end was not told yet, by key."""
        return self._calls

    # What our user asks for

    def invite(self, invitation: Invitation, now: float) -> str:
        """Call somebody; returns the call's key."""
        call = self._call(invitation.next_hop, invitation.transport, invitation.login)
        call.invite(invitation, now)
        return call.key

    def ring(self, key: str, now: float) -> bool:
        """180 Ringing."""
        return self.progress(key, 180, now)

    def progress(
        self,
        key: str,
        status: int,
        now: float,
        *,
        body: bytes = b"",
        content_type: str = SDP,
        headers: Fields = (),
    ) -> bool:
        """A provisional response to an offer."""
        call = self._calls.get(key)
        fields = (*headers, *content(body, content_type))
        return call is not None and call.progress(status, now, fields, body)

    def answer(
        self,
        key: str,
        now: float,
        *,
        body: bytes = b"",
        content_type: str = SDP,
        headers: Fields = (),
    ) -> bool:
        """200 to an offer, or to the offer within a call."""
        call = self._calls.get(key)
        fields = (*headers, *content(body, content_type))
        return call is not None and call.answer(now, fields, body)

    def refuse(
        self, key: str, status: int, now: float, *, reason: str = "", headers: Fields = ()
    ) -> bool:
        """A final refusal of an offer, or of the offer within a call, which then goes on."""
        call = self._calls.get(key)
        return call is not None and call.refuse(status, now, headers, reason)

    def hang_up(self, key: str, now: float) -> bool:
        """End a call: CANCEL, BYE, or 603, as its state wants; `CallEnded` says when it is done."""
        call = self._calls.get(key)
        return call is not None and call.hang_up(now)

    def acknowledge(
        self, key: str, *, body: bytes = b"", content_type: str = SDP, headers: Fields = ()
    ) -> bool:
        """The ACK of a 2xx that had the offer, with our answer to it."""
        call = self._calls.get(key)
        fields = (*headers, *content(body, content_type))
        return call is not None and call.acknowledge(fields, body)

    def reinvite(
        self,
        key: str,
        now: float,
        *,
        body: bytes = b"",
        content_type: str = SDP,
        headers: Fields = (),
    ) -> bool:
        """Offer anew within a call; False also while another INVITE of the call is under way."""
        call = self._calls.get(key)
        fields = (*headers, *content(body, content_type))
        return call is not None and call.reinvite(now, fields, body)

    def request(
        self,
        key: str,
        method: str,
        now: float,
        *,
        body: bytes = b"",
        content_type: str = SDP,
        headers: Fields = (),
    ) -> str:
        """Another request within a call; the key of its `DialogResponse`."""
        call = self._calls.get(key)
        fields = (*headers, *content(body, content_type))
        return "" if call is None else call.request(method, now, fields, body)

    def respond(
        self,
        transaction: str,
        request: Request,
        status: int,
        now: float,
        *,
        body: bytes = b"",
        content_type: str = SDP,
        headers: Fields = (),
    ) -> None:
        """Answer a `DialogRequest`."""
        fields = (*headers, *content(body, content_type))
        made = response_to(request, status, headers=fields)
        response = Response(status, made.reason, made.headers, body)
        self._desk.transactions.respond(transaction, response, now)

    # What the owner drives

    def take(self, event: object, now: float) -> bool:
        """Take an event of the transaction layer; False if it is about no call."""
        if isinstance(event, ResponseReceived):
            return self._response(event, now)
        if isinstance(event, TimedOut):
            return self._timed_out(event, now)
        if isinstance(event, RequestReceived):
            return self._request(event, now)
        if isinstance(event, AckReceived):
            call = self._in_dialog(event.request)
            return call is not None and call.acknowledged(event.request, now)
        if isinstance(event, Cancelled):
            call = self._calls.get(self._desk.offers.get(event.transaction, ""))
            if call is not None:
                call.cancelled(now)
            return call is not None
        return False

    def events(self) -> list[object]:
        """What happened to calls, in order, once."""
        events, self._desk.events = self._desk.events, []
        for event in events:
            if isinstance(event, CallEnded):
                del self._calls[event.key]
        return events

    def timer_at(self) -> float | None:
        """When `handle_timer` wants to be called, or None."""
        return self._desk.timer_at()

    def handle_timer(self, now: float) -> None:
        """Repeat answers, give up, end what rang too long."""
        self._desk.handle_timer(now)

    # Inside

    def _call(self, hop: Address, transport: str, login: Login | None = None) -> Call:
        self._count += 1
        call = Call(self._desk, f"call{self._count}", hop, transport, login)
        self._calls[call.key] = call
        return call

    def _response(self, event: ResponseReceived, now: float) -> bool:
        desk, response = self._desk, event.response
        accepted = desk.accepted.get(event.transaction)
        if accepted is not None:
            accepted.again(response, now)
            return True
        asked = desk.asked.get(event.transaction)
        if asked is None:
            return False
        if response.status >= 200:
            del desk.asked[event.transaction]
        call = self._calls.get(asked.call)
        if call is not None:
            call.response(event.transaction, asked, response, now)
        elif asked.request.method == "INVITE" and 200 <= response.status < 300:
            desk.accept(event.transaction, asked, now).again(response, now)  # ended meanwhile
        return True

    def _timed_out(self, event: TimedOut, now: float) -> bool:
        offered = self._calls.get(self._desk.offers.get(event.transaction, ""))
        if offered is not None:
            offered.offer_failed(event.reason)
            return True
        asked = self._desk.asked.pop(event.transaction, None)
        if asked is None:
            return False
        call = self._calls.get(asked.call)
        if call is not None:
            call.no_response(asked, event.reason, now)
        return True

    def _request(self, event: RequestReceived, now: float) -> bool:
        request = event.request
        call = self._in_dialog(request)
        stray = request.method in IN_DIALOG and (
            request.method != "INVITE" or tag(request.headers.get("to")) != ""
        )
        if call is None and not stray and request.method != "INVITE":
            return False
        if call is None and stray:
            self._desk.respond(event, 481, now)
            return True
        refused = refusal(request, extensions=self._extensions)
        if refused is not None:
            response = refused.response(request, self._desk.tag())
            self._desk.transactions.respond(event.transaction, response, now)
        elif call is not None:
            call.received(event, now)
        else:
            offered = self._call(event.peer, event.transport)
            offered.offered(event, _user(request.uri), now)
        return True

    def _in_dialog(self, request: Request) -> Call | None:
        """The call whose dialog a request belongs to (section 12.2.2)."""
        headers = request.headers
        place = headers.get("call-id"), tag(headers.get("to"))
        call = self._calls.get(self._desk.dialogs.get(place, ""))
        if call is None or call.dialog is None:
            return None
        return call if call.dialog.remote_tag == tag(headers.get("from")) else None


def _user(uri: str) -> str:
    try:
        return Uri.parse(uri).user
    except MalformedMessage:
        return ""
