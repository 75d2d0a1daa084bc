"""A set, the border and an ICP as cores back to back: in memory, and time is moved by hand."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from simulators.core import TLS, UDP, Address, Datagram, DatagramCore
from simulators.entropy import Seed
from simulators.mbg.records.devices import Device, DeviceStore
from simulators.mbg.sip_border.border import Border
from simulators.mbg.sip_border.border_terms import INSIDE, OUTSIDE, BorderSettings
from simulators.mbg.sip_border.licences import LicencePool
from simulators.pbx.exchange import Exchange
from simulators.pbx.extensions import DeviceType, Extension, Extensions
from simulators.sip.agent import RegistrationAgent, RegistrationChanged
from simulators.sip.message import Message, Request, parse, response_to
from simulators.sip.registration import Account, State
from simulators.sip.transaction import RequestReceived

OUTSIDE_AT: Address = ("127.20.0.10", 5060)
OUTSIDE_TLS_AT: Address = ("127.20.0.10", 5061)
INSIDE_AT: Address = ("127.10.0.10", 5060)
PBX_AT: Address = ("127.10.0.21", 5060)
SET_PASSWORD, ICP_PASSWORD = "set-side-1", "icp-side-2"


Arrival = tuple[bytes, Address, str, str]
"""Octets, their source, the border's side and the transport."""


class Set(RegistrationAgent):
    """A set that remembers the requests it gets, and answers `status` with the body `said`.

    Status 0 means that it answers nothing.
    """

    def __init__(self, address: Address, name: str) -> None:
        super().__init__(address, Seed(1).stream(name).randbytes)
        self.requests: list[Request] = []
        self.status = 200
        self.said = b""

    def _request(self, event: RequestReceived, now: float) -> None:
        self.requests.append(event.request)
        if self.status:
            more = [("Retry-After", "5"), ("Server", "Set")]
            answer = response_to(event.request, self.status, headers=more, to_tag="set")
            answer = replace(answer, body=self.said)
            self.transactions.respond(event.transaction, answer, now)


@dataclass
class Wire:
    """Carries datagrams between the cores in memory; `cut` addresses swallow what is sent there."""

    border: Border
    pbx: Exchange
    extensions: Extensions
    sets: dict[Address, RegistrationAgent] = field(default_factory=dict)
    cut: set[Address] = field(default_factory=set)
    now: float = 0.0
    happened: list[object] = field(default_factory=list)
    heard: list[RegistrationChanged] = field(default_factory=list)
    sent: list[tuple[float, Datagram]] = field(default_factory=list)  # by the border, with the time
    arrived: list[Arrival] = field(default_factory=list)  # at the border

    def cores(self) -> list[tuple[DatagramCore, Callable[[str], Address]]]:
        own: list[tuple[DatagramCore, Callable[[str], Address]]] = [
            (self.border, {OUTSIDE: OUTSIDE_AT, INSIDE: INSIDE_AT}.__getitem__),
            (self.pbx, lambda _: PBX_AT),
        ]
        own += [(agent, _always(address)) for address, agent in self.sets.items()]
        return own

    def settle(self) -> None:
        """Carry everything until nobody has anything more to say."""
        queue = deque([0])
        while queue:
            queue.popleft()
            for core, local in self.cores():
                for datagram in core.to_send():
                    queue.append(0)
                    if core is self.border:
                        self.sent.append((self.now, datagram))
                    self._deliver(datagram, local(datagram.side))
        self.happened += self.border.events()
        self.pbx.events()
        for agent in self.sets.values():
            self.heard += [e for e in agent.events() if isinstance(e, RegistrationChanged)]

    def _deliver(self, datagram: Datagram, source: Address) -> None:
        data, to, by = datagram.data, datagram.to, datagram.transport
        if to in self.cut or source in self.cut:
            return
        if to in (OUTSIDE_AT, OUTSIDE_TLS_AT):
            self.at_border(data, source, OUTSIDE, by)
        elif to == INSIDE_AT:
            self.at_border(data, source, INSIDE, by)
        elif to == PBX_AT:
            self.pbx.receive(data, source, self.now, "", by)
        elif to in self.sets:
            self.sets[to].receive(data, source, self.now, "", by)

    def at_border(self, data: bytes, source: Address, side: str, by: str = UDP) -> None:
        """The border gets a message."""
        self.arrived.append((data, source, side, by))
        self.border.receive(data, source, self.now, side, by)

    def requests(self, index: int = 0) -> list[Request]:
        """What the set got from the border, in order."""
        agent = list(self.sets.values())[index]
        assert isinstance(agent, Set)
        return agent.requests

    def said_to(self, address: Address, since: float = 0.0) -> list[Message]:
        """What the border sent there, in order."""
        return [parse(d.data) for at, d in self.sent if d.to == address and at >= since]

    def hang_up(self, address: Address, transport: str) -> None:
        """The connection of the set at `address` ends, and both ends learn of it."""
        self.border.lost(address, self.now, OUTSIDE, transport)
        self.settle()

    def move(self, seconds: float) -> None:
        """Let time pass, each timer at its own moment."""
        end = self.now + seconds
        while True:
            times = [core.timer_at() for core, _ in self.cores()]
            due = min((t for t in times if t is not None), default=end + 1)
            if due > end:
                break
            self.now = max(self.now, due)
            for core, _ in self.cores():
                core.handle_timer(self.now)
            self.settle()
        self.now = end

    def state(self, index: int = 0) -> State:
        return list(self.sets.values())[index].registrations["1"].state


def _always(address: Address) -> Callable[[str], Address]:
    return lambda _: address


def estate(
    licences: int = 10,
    devices: int = 1,
    icp_password: str = ICP_PASSWORD,
    settings: BorderSettings | None = None,
) -> Wire:
    entropy = Seed(1).stream("border").randbytes
    store = DeviceStore()
    store.add_icp("Head Office", PBX_AT[0])
    extensions = Extensions()
    for index in range(devices):
        number = str(2101 + index)
        extensions[number] = Extension(number, "A", DeviceType.SIP_PHONE, number, ICP_PASSWORD)
        store.create(
            {
                "icp_id": "1",
                "set_username": f"tw{index}",
                "set_password": SET_PASSWORD,
                "icp_username": number,
                "icp_password": icp_password,
            },
            "test",
        )
    pbx = Exchange("Head Office", extensions, entropy, local=PBX_AT)
    border = Border(
        OUTSIDE_AT,
        INSIDE_AT,
        store,
        LicencePool(licences),
        entropy,
        settings,
        outside_tls=OUTSIDE_TLS_AT,
    )
    return Wire(border, pbx, extensions)


def plug_in(
    wire: Wire,
    index: int = 0,
    password: str = SET_PASSWORD,
    name: str = "",
    transport: str = UDP,
    address: Address | None = None,
) -> Address:
    """A set registers as `tw<index>`; returns its address."""
    address = address or (f"127.30.0.{2 + index}", 5060)
    agent = Set(address, f"set {index} at {len(wire.sent)}")
    user = name or f"tw{index}"
    mbg = OUTSIDE_TLS_AT if transport == TLS else OUTSIDE_AT
    account = Account(mbg, mbg[0], user, user, password, address, transport=transport)
    wire.sets[address] = agent
    agent.register("1", account, wire.now)
    wire.settle()
    return address


def device(wire: Wire, index: int = 0) -> Device:
    return list(wire.border.store.devices.values())[index]
