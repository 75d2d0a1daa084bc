"""The SIP side of a PBX node as one pure core: registrar, calls and OPTIONS over one layer.

The five verbs and `lost`; events are those of `exchange_events`. UDP and TCP, as the driver opens
them: answers and calls take the transport that their phone uses.
"""

from simulators.core import TCP, UDP, Address, Datagram, Entropy
from simulators.pbx import refusals
from simulators.pbx.authentication import Authentication
from simulators.pbx.bindings import Bindings
from simulators.pbx.exchange_calls import ExchangeCalls
from simulators.pbx.exchange_events import CallRefused, HotDeskLoggedOut
from simulators.pbx.extensions import Extensions
from simulators.pbx.hot_desk import HotDesk
from simulators.pbx.notifier import Notifier
from simulators.pbx.refusals import Refusal
from simulators.pbx.registering import Registering
from simulators.pbx.registrar import Registrar
from simulators.pbx.settings import NodeSettings
from simulators.sip import inspection
from simulators.sip.dialog import Fields, tag
from simulators.sip.message import MalformedMessage, Request, response_to
from simulators.sip.plain import Layouts, Plain
from simulators.sip.transaction import Timers, Transactions
from simulators.sip.transaction_events import RequestReceived, ResponseReceived, TimedOut

ALLOW = "REGISTER, OPTIONS, INVITE, ACK, CANCEL, BYE, INFO, UPDATE"


class Exchange:
    """One node's SIP.

    Args:
        name: of the node, which is the digest realm.
        extensions: read at each request.
        entropy: makes nonces, tags, branches and Call-IDs.
        local: where it listens, over UDP and TCP alike.
        hot_desk: who is logged in where; a fresh one where none is given.
    """

    def __init__(
        self,
        name: str,
        extensions: Extensions,
        entropy: Entropy,
        settings: NodeSettings | None = None,
        *,
        local: Address,
        hot_desk: HotDesk | None = None,
        timers: Timers | None = None,
    ) -> None:
        self.allow = ALLOW
        self.settings = settings or NodeSettings()
        self.transactions = Transactions(local, entropy, timers)
        self.hot_desk = HotDesk(extensions) if hot_desk is None else hot_desk
        self._entropy = entropy
        self._layouts = Layouts()
        self._events: list[object] = []
        host = local[0]
        self.authentication = Authentication(name, extensions, entropy, self.settings, host)
        self.registrar = Registrar(
            self.authentication,
            extensions,
            self.hot_desk.phones,
            self.settings,
            host,
            self._events,
        )
        self.calls = ExchangeCalls(
            self.transactions,
            extensions,
            self.bindings,
            self.hot_desk,
            self.phone_of,
            entropy,
            self.settings,
            host,
            self._events,
        )
        self._notifier = Notifier(self.transactions, entropy, host, self._events)

    @property
    def bindings(self) -> Bindings:
        """Who is registered where."""
        return self.registrar.bindings

    def phone_of(self, number: str) -> str:
        """At whose phone the extension is: its own, or where it is logged in.

        Of a phone that registers as the hot desk itself and the base that it was logged in at, the
        one that came last counts; a base that is not registered does not.
        """
        base = self.hot_desk.places.get(number, "")
        if base and (
            self.bindings.get(number) is None
            or (self.hot_desk.phones.is_older(number) and self.bindings.get(base) is not None)
        ):
            return base
        return number

    # What the node's other parts ask for

    def remove(self, extension: str, now: float) -> None:
        """Drop the bindings and calls of an extension that no longer exists."""
        self.calls.end_of_phone(extension, now)
        self.registrar.remove(extension)

    def notify(
        self, number: str, event: str, now: float, body: bytes = b"", content_type: str = ""
    ) -> bool:
        """NOTIFY to all contacts of an extension's phone; False if it has none."""
        bindings = self.bindings.of(self.phone_of(number))
        for binding in bindings:
            self._notifier.send(binding, event, body, content_type, now)
        return bool(bindings)

    # The five verbs, and the connection's end

    def receive(
        self, data: bytes, peer: Address, now: float, side: str = "", transport: str = UDP
    ) -> None:
        """Take one message."""
        if transport == UDP and self._plain(data, peer, now):
            return
        self.registrar.expire(now)
        self.transactions.receive(data, peer, now, side, transport)
        self._work(now)

    def lost(self, peer: Address, now: float, side: str = "", transport: str = TCP) -> None:
        """A connection is gone, or could not be opened."""
        self.transactions.lost(peer, now, side, transport)
        self.registrar.lost(transport, peer)
        self._work(now)

    def events(self) -> list[object]:
        """What happened, in order, once."""
        for moved in self.hot_desk.events():
            self._events.append(moved)
            if isinstance(moved, HotDeskLoggedOut) and moved.left:
                self.registrar.logged_out(moved.hot_desk)
        events = self._events.copy()
        self._events.clear()  # the parts hold the same list
        return events

    def to_send(self) -> list[Datagram]:
        """Messages to send now, once."""
        return self.transactions.to_send()

    def timer_at(self) -> float | None:
        """When a binding, transaction or call is due."""
        first = self.transactions.timer_at()
        for at in (self.bindings.first_end(), self.calls.timer_at()):
            if at is not None and (first is None or at < first):
                first = at
        return first

    def handle_timer(self, now: float) -> None:
        """Retransmit, expire, give up, forget."""
        self.registrar.expire(now)
        self.transactions.handle_timer(now)
        self._work(now)
        self.calls.handle_timer(now)

    def waiting(self) -> bool:
        """Whether a phone owes an answer; one that rings waits for a person."""
        return self.transactions.waiting()

    # Inside

    def _plain(self, data: bytes, peer: Address, now: float) -> bool:
        """Take a REGISTER in plain form by a short way; False if it is none, and nothing is done.

        What is decided is decided by the same registrar as on the long way; the tests compare both.
        """
        plain = self._layouts.glance(data, peer)
        if plain is None:
            return False
        self.registrar.expire(now)
        if not self.transactions.again(plain.key):
            self._register_plain(plain, now)
        return True

    def _register_plain(self, plain: Plain, now: float) -> None:
        answer = self.registrar.register(plain, now)
        tag = self._entropy(4).hex()
        if isinstance(answer, Refusal):
            octets = plain.answer(answer.status, answer.headers, tag)
        else:
            octets = plain.answer(200, answer, tag)
        self.transactions.answered(plain.key, octets, plain.peer, now)

    def _work(self, now: float) -> None:
        for event in self.transactions.events():
            if isinstance(event, RequestReceived):
                self._request(event, now)
            elif not (
                isinstance(event, ResponseReceived | TimedOut) and self._notifier.take(event)
            ):
                self.calls.take(event, now)

    def _request(self, received: RequestReceived, now: float) -> None:
        request = received.request
        if request.method == "REGISTER":
            self._register(received, now)
        elif _begins_call(request):
            self._call(received, now)
        elif not self.calls.take(received, now):
            self._other(received, now)

    def _register(self, received: RequestReceived, now: float) -> None:
        refused = inspection.refusal(received.request)
        if refused is not None:
            self._malformed(received, refused, now)
            return
        try:
            asked = Registering.of(received)
        except MalformedMessage as error:
            self._answer(received, refusals.bad_request(str(error)), now)
        else:
            self._decide(received, asked, now)

    def _decide(self, received: RequestReceived, asked: Registering, now: float) -> None:
        self._answer(received, self.registrar.register(asked, now), now)

    def _call(self, received: RequestReceived, now: float) -> None:
        request = received.request
        refused = inspection.refusal(request) or inspection.too_many_hops(request)
        if refused is not None:
            self._malformed(received, refused, now)
            return
        caller = self.authentication.caller(request, now)
        if isinstance(caller, Refusal):
            if caller.why:
                self._events.append(CallRefused("", request.uri, caller.why, caller.status))
            self._answer(received, caller, now)
        else:
            self.calls.from_phone(received, caller, now)

    def _other(self, received: RequestReceived, now: float) -> None:
        refused = inspection.refusal(received.request)
        if refused is not None:
            self._malformed(received, refused, now)
        elif received.request.method == "OPTIONS":  # section 11.2
            self._answer(received, (("Allow", self.allow), ("Accept", "application/sdp")), now)
        else:
            self._answer(received, refusals.not_served(received.request.method, self.allow), now)

    def _answer(self, received: RequestReceived, answer: Refusal | Fields, now: float) -> None:
        status, headers, reason = 200, answer, ""
        if isinstance(answer, Refusal):
            status, headers, reason = answer.status, answer.headers, answer.reason
        assert not isinstance(headers, Refusal)
        response = response_to(
            received.request, status, headers=headers, to_tag=self._entropy(4).hex(), reason=reason
        )
        self.transactions.respond(received.transaction, response, now)

    def _malformed(
        self, received: RequestReceived, refused: inspection.Refusal, now: float
    ) -> None:
        """What no server may take (section 8.2)."""
        response = refused.response(received.request, self._entropy(4).hex())
        self.transactions.respond(received.transaction, response, now)


def _begins_call(request: Request) -> bool:
    """Whether it is an INVITE outside of any dialog."""
    return request.method == "INVITE" and not tag(request.headers.get("to"))
