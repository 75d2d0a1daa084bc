"""Telephones of a user agent's parts, and an exchange with a wire in memory: for tests."""

from collections.abc import Callable

from simulators.core import TCP, UDP, Address, Datagram, DatagramCore
from simulators.entropy import Seed
from simulators.pbx.exchange import Exchange
from simulators.pbx.extensions import DeviceType, Extension, Extensions
from simulators.pbx.hot_desk import HotDesk
from simulators.pbx.settings import NodeSettings
from simulators.sip.agent import RegistrationAgent, RegistrationChanged
from simulators.sip.call_events import CallEnded, CallOffered
from simulators.sip.calls import Calls
from simulators.sip.challenged import Login
from simulators.sip.invitation import Invitation
from simulators.sip.message import Message, Request, Response, parse, response_to
from simulators.sip.registration import Account, State
from simulators.sip.transaction import RequestReceived

NODE: Address = ("127.10.0.21", 5060)
OFFER = b"v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nc=IN IP4 h\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
ANSWER = OFFER.replace(b"4000", b"5000")


class Phone:
    """A telephone as a core; it keeps what happens at it, and answers requests with `status`."""

    def __init__(self, address: Address, number: str, password: str, transport: str = UDP) -> None:
        self.number, self.transport = number, transport
        self.login = Login(number, password)
        entropy = Seed(1).stream(f"phone {number} {address} {transport}").randbytes
        self.agent = RegistrationAgent(address, entropy, registers_only=True)
        self.calls = Calls(self.agent.transactions, entropy)
        self.heard: list[object] = []
        self.requests: list[Request] = []
        self.status = 200
        self.key = ""

    def register(self, node: Address, now: float, expires_s: int = 3600) -> None:
        account = Account(
            node,
            node[0],
            self.number,
            self.login.username,
            self.login.password,
            self.agent.transactions.local,
            expires_s=expires_s,
            transport=self.transport,
        )
        self.agent.register("it", account, now)

    @property
    def state(self) -> State:
        return self.agent.registrations["it"].state

    def dial(self, digits: str, node: Address, now: float, body: bytes = OFFER) -> str:
        """Call somebody; the name in From is one that nobody ought to believe."""
        self.key = self.calls.invite(
            Invitation(
                f"sip:{digits}@{node[0]}",
                f"sip:1000@{node[0]}",
                node,
                self.transport,
                display="The Boss",
                contact_user=self.number,
                body=body,
                login=self.login,
            ),
            now,
        )
        return self.key

    def of(self, kind: type) -> list[object]:
        """The events of a kind."""
        return [event for event in self.heard if isinstance(event, kind)]

    def offered(self) -> CallOffered:
        """The call that came last."""
        event = self.of(CallOffered)[-1]
        assert isinstance(event, CallOffered)
        return event

    def ended(self) -> CallEnded:
        """The call that ended last."""
        event = self.of(CallEnded)[-1]
        assert isinstance(event, CallEnded)
        return event

    def refusal(self) -> Response:
        """Why the node, or the other phone, did not take the call that ended last."""
        response = self.ended().response
        assert response is not None
        return response

    # The five verbs, and the connection's end

    def receive(
        self, data: bytes, peer: Address, now: float, side: str = "", transport: str = UDP
    ) -> None:
        self.agent.receive(data, peer, now, side, transport)
        self._work(now)

    def lost(self, peer: Address, now: float, side: str = "", transport: str = TCP) -> None:
        self.agent.lost(peer, now, side, transport)
        self._work(now)

    def events(self) -> list[object]:
        return []

    def to_send(self) -> list[Datagram]:
        return self.agent.to_send()

    def timer_at(self) -> float | None:
        times = (self.agent.timer_at(), self.calls.timer_at())
        return min((at for at in times if at is not None), default=None)

    def handle_timer(self, now: float) -> None:
        self.agent.handle_timer(now)
        self.calls.handle_timer(now)
        self._work(now)

    def waiting(self) -> bool:
        return self.agent.waiting()

    def _work(self, now: float) -> None:
        for event in self.agent.events():
            if isinstance(event, RegistrationChanged) or self.calls.take(event, now):
                continue
            if isinstance(event, RequestReceived):
                self.requests.append(event.request)
                if self.status:
                    response = response_to(event.request, self.status, to_tag="phone")
                    self.agent.transactions.respond(event.transaction, response, now)
        self.heard += self.calls.events()


class Office:
    """An exchange with extensions 2101 to 2103 and hot desk extension 2150, and phones."""

    def __init__(self, settings: NodeSettings | None = None) -> None:
        names = {"2101": "Ada", "2102": "Bob", "2103": "Eve"}
        self.extensions = Extensions(
            Extension(number, name, DeviceType.SIP_PHONE, number, f"right-{number}", number)
            for number, name in names.items()
        )
        self.extensions["2150"] = Extension(
            "2150", "Guest", DeviceType.SIP_HOT_DESK, "2150", "right-2150", "4711"
        )
        self.hot_desk = HotDesk(self.extensions)
        entropy = Seed(1).stream("exchange").randbytes
        self.exchange = Exchange(
            "Head Office", self.extensions, entropy, settings, local=NODE, hot_desk=self.hot_desk
        )
        self.now = 0.0
        self.phones: dict[Address, Phone] = {}
        self.happened: list[object] = []
        self.sent: list[tuple[Address, Datagram]] = []
        self.loses: Callable[[Datagram], bool] = lambda datagram: False

    def phone(
        self, number: str, transport: str = UDP, address: Address | None = None, *, on: bool = True
    ) -> Phone:
        """A phone of this extension, registered unless it is said not to be."""
        at = address or (f"127.30.0.{number[-2:].lstrip('0')}", 5060)
        phone = self.phones[at] = Phone(at, number, f"right-{number}", transport)
        if on:
            phone.register(NODE, self.now)
            self.run()
        return phone

    def dial(self, phone: Phone, digits: str, body: bytes = OFFER) -> None:
        phone.dial(digits, NODE, self.now, body)
        self.run()

    def talk(self, caller: Phone, called: Phone) -> None:
        """The one calls the other, who answers."""
        self.dial(caller, called.number)
        called.calls.answer(called.offered().key, self.now, body=ANSWER)
        self.run()

    def run(self) -> None:
        """Deliver until nobody has anything to say."""
        moved = True
        while moved:
            moved = False
            cores: list[tuple[Address, DatagramCore]] = [(NODE, self.exchange)]
            for at, core in [*cores, *self.phones.items()]:
                for datagram in core.to_send():
                    moved = True
                    self.sent.append((at, datagram))
                    self._deliver(datagram, at)
        self.happened += self.exchange.events()

    def advance(self, seconds: float) -> None:
        """Fire all timers of the next `seconds`, in order."""
        end = self.now + seconds
        cores: list[DatagramCore] = [self.exchange, *self.phones.values()]
        while True:
            due = [at for core in cores if (at := core.timer_at()) is not None]
            if not due or min(due) > end:
                break
            self.now = max(self.now, min(due))
            for core in cores:
                core.handle_timer(self.now)
            self.run()
        self.now = end

    def said_to(self, phone: Phone) -> list[Message]:
        """What the exchange sent to where the phone is."""
        at = next(at for at, known in self.phones.items() if known is phone)
        return [parse(d.data) for source, d in self.sent if source == NODE and d.to == at]

    def _deliver(self, datagram: Datagram, source: Address) -> None:
        if self.loses(datagram):
            return
        target = self.exchange if datagram.to == NODE else self.phones.get(datagram.to)
        if target is not None:
            target.receive(datagram.data, source, self.now, "", datagram.transport)
