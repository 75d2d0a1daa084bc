"""Two sets at home, the border, a PBX and an office telephone as pure cores on a wire in memory."""

from collections.abc import Callable
from typing import Protocol, TypeGuard

from simulators.core import UDP, Address, Datagram
from simulators.entropy import Seed
from simulators.mbg.records.devices import DeviceStore
from simulators.mbg.sip_border.border import Border
from simulators.mbg.sip_border.border_terms import INSIDE, OUTSIDE, BorderSettings
from simulators.mbg.sip_border.licences import LicencePool
from simulators.mbg.sip_border.media import PortPair
from simulators.sip.agent import RegistrationAgent
from simulators.sip.authenticator import Authenticator
from simulators.sip.bridge import Bridge, Conversation, End
from simulators.sip.call_events import CallEnded, CallOffered
from simulators.sip.calls import Calls
from simulators.sip.challenged import Login
from simulators.sip.headers import NameAddress, Uri
from simulators.sip.invitation import Invitation
from simulators.sip.message import Message, parse, response_to
from simulators.sip.registration import Account
from simulators.sip.transaction import RequestReceived, Transactions

OUTSIDE_AT: Address = ("127.20.0.10", 5060)
INSIDE_AT: Address = ("127.10.0.10", 5060)
PBX_AT: Address = ("127.10.0.21", 5060)
OFFICE_AT: Address = ("127.10.64.2", 5060)
HOME_AT: tuple[Address, ...] = (("127.30.0.2", 40_002), ("127.30.0.3", 40_003))
BEHIND_NAT: Address = ("192.168.1.20", 5060)
"""What every home's phone takes for its own address."""

TELEWORKERS = ("2101", "2102")
PASSWORD, ICP_PASSWORD = "set-side-1", "icp-side-2"


def description(host: str, port: int) -> bytes:
    """A session description of one audio stream."""
    lines = ("v=0", f"o=- 1 1 IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0")
    return "\r\n".join((*lines, f"m=audio {port} RTP/AVP 0", "")).encode()


class Timed(Protocol):
    """What has something to do when time passes."""

    def timer_at(self) -> float | None: ...

    def handle_timer(self, now: float) -> None: ...


class Ports:
    """Media ports that are numbers only; what is aimed where is kept."""

    def __init__(self) -> None:
        self.opened: dict[str, list[PortPair]] = {}
        self.aimed: list[tuple[str, list[Address | None]]] = []
        self.none_left = False
        self._next = 20_000

    def open(self, call: str, streams: int) -> list[PortPair] | None:
        if self.none_left:
            return None
        pairs = self.opened.setdefault(call, [])
        while len(pairs) < streams:
            pairs.append(PortPair(self._next, self._next + 2))
            self._next += 4
        return pairs[:streams]

    def aim(self, call: str, side: str, where: list[Address | None]) -> None:
        self.aimed.append((side, where))

    def close(self, call: str) -> None:
        self.opened.pop(call, None)


class Phone:
    """A telephone: it registers, calls, and keeps what happens to it."""

    def __init__(
        self,
        address: Address,
        user: str,
        registrar: Address,
        transport: str = UDP,
        contact: Address | None = None,
    ) -> None:
        self.address, self.user, self.registrar = address, user, registrar
        self.transport = transport
        self.contact = contact or address
        entropy = Seed(1).stream(f"phone {user}").randbytes
        self.agent = RegistrationAgent(address, entropy, registers_only=True)
        self.calls = Calls(self.agent.transactions, entropy)
        self.heard: list[object] = []

    def register(self, now: float) -> None:
        account = Account(
            self.registrar,
            self.registrar[0],
            self.user,
            self.user,
            PASSWORD,
            self.contact,
            transport=self.transport,
        )
        self.agent.register("1", account, now)

    def dial(self, number: str, now: float, body: bytes | None = None) -> str:
        invitation = Invitation(
            f"sip:{number}@{self.registrar[0]}",
            f"sip:{self.user}@{self.registrar[0]}",
            self.registrar,
            self.transport,
            display="Julian",
            contact_user=self.user,
            body=description(self.address[0], 3000) if body is None else body,
            login=Login(self.user, PASSWORD),
        )
        return self.calls.invite(invitation, now)

    def answer(self, now: float, port: int = 4000) -> None:
        assert self.calls.answer(self.key, now, body=description(self.address[0], port))

    def receive(self, data: bytes, peer: Address, now: float, transport: str) -> None:
        self.agent.receive(data, peer, now, "", transport)

    def work(self, now: float) -> None:
        for event in self.agent.events():
            if not self.calls.take(event, now) and isinstance(event, RequestReceived):
                answer = response_to(event.request, 200, to_tag="phone")  # OPTIONS of the border
                self.agent.transactions.respond(event.transaction, answer, now)
        self.heard += self.calls.events()

    def last(self, kind: type) -> object:
        return next(e for e in reversed(self.heard) if isinstance(e, kind))

    @property
    def key(self) -> str:
        event = self.last(CallOffered)
        assert isinstance(event, CallOffered)
        return event.key


class Pbx:
    """Takes every registration, and joins callers with whoever registered the number.

    Args:
        password_of: an extension's password.
    """

    def __init__(self, password_of: Callable[[str], str]) -> None:
        entropy = Seed(1).stream("pbx").randbytes
        self.layer = Transactions(PBX_AT, entropy)
        self.calls = Calls(self.layer, entropy)
        self.bridge = Bridge({"": self.calls}, self)
        self.authenticator = Authenticator("pbx", entropy, password_of)
        self.contacts: dict[str, str] = {}
        self.offered: list[CallOffered] = []

    def receive(self, data: bytes, peer: Address, now: float) -> None:
        self.layer.receive(data, peer, now)

    def work(self, now: float) -> None:
        for event in self.layer.events():
            if isinstance(event, RequestReceived) and event.request.method == "REGISTER":
                self._register(event, now)
            elif _begins(event) and not self._is_known(event, now):
                continue
            else:
                self.calls.take(event, now)
        busy = True
        while busy:
            events = self.calls.events()
            busy = bool(events)
            for event in events:
                if not self.bridge.take("", event, now) and isinstance(event, CallOffered):
                    self._connect(event, now)

    def _register(self, event: RequestReceived, now: float) -> None:
        user = NameAddress.parse(event.request.headers.get("to")).uri.user
        contact = NameAddress.parse(event.request.headers.get("contact")).uri
        self.contacts[user] = str(contact)
        headers = [("Contact", f"<{contact}>;expires=3600")]
        self.layer.respond(
            event.transaction, response_to(event.request, 200, headers=headers, to_tag="p"), now
        )

    def _is_known(self, event: RequestReceived, now: float) -> bool:
        """Whether the caller has shown its password; else it is asked for it."""
        check = self.authenticator.check(event.request, now)
        caller = NameAddress.parse(event.request.headers.get("from")).uri.user
        if check.passed and check.username == caller:
            return True
        headers = [("WWW-Authenticate", str(self.authenticator.challenge(now)))]
        answer = response_to(event.request, 401, headers=headers, to_tag="p")
        self.layer.respond(event.transaction, answer, now)
        return False

    def _connect(self, event: CallOffered, now: float) -> None:
        self.offered.append(event)
        contact = self.contacts.get(Uri.parse(event.request.uri).user)
        if contact is None:
            self.calls.refuse(event.key, 404, now, headers=(("Warning", '399 pbx "no such"'),))
            return
        caller = NameAddress.parse(event.request.headers.get("from"))
        invitation = Invitation(
            contact,
            str(caller.uri),
            Uri.parse(contact).address,
            display=caller.name,
            body=event.request.body,
        )
        self.bridge.join(End("", event.key), "", invitation, now)

    def carried(self, conversation: Conversation, frm: End, body: bytes) -> bytes | None:
        return body

    def ringing(self, conversation: Conversation, status: int, now: float) -> None: ...

    def talking(self, conversation: Conversation, now: float) -> None: ...

    def over(self, conversation: Conversation, why: CallEnded, now: float) -> None: ...


def _begins(event: object) -> TypeGuard[RequestReceived]:
    if not isinstance(event, RequestReceived) or event.request.method != "INVITE":
        return False
    return "tag=" not in event.request.headers.get("to")


class CallWire:
    """Everybody, and the wire between them; `loses` says what never arrives."""

    def __init__(self, settings: BorderSettings | None = None, transport: str = UDP) -> None:
        entropy = Seed(1).stream("border").randbytes
        self.store = DeviceStore()
        self.store.add_icp("Head Office", PBX_AT[0])
        for index in range(2):
            self.store.create(
                {
                    "icp_id": "1",
                    "set_username": f"tw{index}",
                    "set_password": PASSWORD,
                    "icp_username": TELEWORKERS[index],
                    "icp_password": ICP_PASSWORD,
                },
                "test",
            )
        self.ports = Ports()
        self.border = Border(
            OUTSIDE_AT,
            INSIDE_AT,
            self.store,
            LicencePool(10),
            entropy,
            settings,
            ports=self.ports,
        )
        self.pbx = Pbx(lambda user: ICP_PASSWORD if user in TELEWORKERS else PASSWORD)
        self.ada, self.ben = (
            Phone(address, f"tw{index}", OUTSIDE_AT, transport, BEHIND_NAT)
            for index, address in enumerate(HOME_AT)
        )
        self.office = Phone(OFFICE_AT, "2200", PBX_AT)
        self.now = 0.0
        self.happened: list[object] = []
        self.sent: list[tuple[Address, Message]] = []  # by the border
        self.loses: Callable[[Datagram], bool] = lambda datagram: False
        for phone in self.phones():
            phone.register(0.0)
        self.settle()

    def phones(self) -> tuple[Phone, ...]:
        return self.ada, self.ben, self.office

    def settle(self) -> None:
        """Carry everything until nobody has anything more to say."""
        busy = True
        while busy:
            busy = False
            for datagram in self.border.to_send():
                busy = True
                self.sent.append((datagram.to, parse(datagram.data)))
                self._deliver(datagram, OUTSIDE_AT if datagram.side == OUTSIDE else INSIDE_AT)
            self.pbx.work(self.now)
            for datagram in self.pbx.layer.to_send():
                busy = True
                self._deliver(datagram, PBX_AT)
            for phone in self.phones():
                phone.work(self.now)
                for datagram in phone.agent.to_send():
                    busy = True
                    self._deliver(datagram, phone.address)
            self.happened += self.border.events()

    def move(self, seconds: float) -> None:
        """Let time pass, each timer at its own moment."""
        self.settle()
        end = self.now + seconds
        drivers: list[Timed] = [self.border, self.pbx.layer, self.pbx.calls]
        drivers += [d for phone in self.phones() for d in (phone.agent, phone.calls)]
        while True:
            times = [at for d in drivers if (at := d.timer_at()) is not None and at <= end]
            if not times:
                break
            self.now = max(self.now, min(times))
            for driver in drivers:
                driver.handle_timer(self.now)
            self.settle()
        self.now = end

    def to(self, address: Address, method: str) -> list[Message]:
        """Requests of a method that the border sent there."""
        return [m for to, m in self.sent if to == address and getattr(m, "method", "") == method]

    def _deliver(self, datagram: Datagram, source: Address) -> None:
        if self.loses(datagram):
            return
        if datagram.to == OUTSIDE_AT:
            self.border.receive(datagram.data, source, self.now, OUTSIDE, datagram.transport)
        elif datagram.to == INSIDE_AT:
            self.border.receive(datagram.data, source, self.now, INSIDE, datagram.transport)
        elif datagram.to == PBX_AT:
            self.pbx.receive(datagram.data, source, self.now)
        for phone in self.phones():
            if datagram.to == phone.address:
                phone.receive(datagram.data, source, self.now, datagram.transport)
