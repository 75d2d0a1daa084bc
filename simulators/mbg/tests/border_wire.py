"""A set, the border and an ICP as cores back to back: in memory, and time is moved by hand."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from simulators.core import Address, DatagramCore
from simulators.entropy import Seed
from simulators.mbg.border import Border
from simulators.mbg.border_terms import INSIDE, OUTSIDE
from simulators.mbg.devices import Device, DeviceStore
from simulators.mbg.licences import LicencePool
from simulators.pbx.extensions import DeviceType, Extension, Extensions
from simulators.pbx.registrar import Registrar
from simulators.sip.agent import RegistrationAgent, RegistrationChanged
from simulators.sip.registration import Account, State

OUTSIDE_AT: Address = ("127.20.0.10", 5060)
INSIDE_AT: Address = ("127.10.0.10", 5060)
PBX_AT: Address = ("127.10.0.21", 5060)
SET_PASSWORD, ICP_PASSWORD = "set-side-1", "icp-side-2"


@dataclass
class Wire:
    """Carries datagrams between the cores in memory; `cut` addresses swallow what is sent there."""

    border: Border
    pbx: Registrar
    extensions: Extensions
    sets: dict[Address, RegistrationAgent] = field(default_factory=dict)
    cut: set[Address] = field(default_factory=set)
    now: float = 0.0
    happened: list[object] = field(default_factory=list)
    heard: list[RegistrationChanged] = field(default_factory=list)

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
                    self._deliver(datagram.data, local(datagram.side), datagram.to)
        self.happened += self.border.events()
        self.pbx.events()
        for agent in self.sets.values():
            self.heard += [e for e in agent.events() if isinstance(e, RegistrationChanged)]

    def _deliver(self, data: bytes, source: Address, to: Address) -> None:
        if to in self.cut or source in self.cut:
            return
        if to == OUTSIDE_AT:
            self.border.receive(data, source, self.now, OUTSIDE)
        elif to == INSIDE_AT:
            self.border.receive(data, source, self.now, INSIDE)
        elif to == PBX_AT:
            self.pbx.receive(data, source, self.now)
        elif to in self.sets:
            self.sets[to].receive(data, source, self.now)

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


def estate(licences: int = 10, devices: int = 1, icp_password: str = ICP_PASSWORD) -> Wire:
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
    pbx = Registrar("Head Office", extensions, entropy, host=PBX_AT[0])
    border = Border(OUTSIDE_AT, INSIDE_AT, store, LicencePool(licences), entropy)
    return Wire(border, pbx, extensions)


def plug_in(wire: Wire, index: int = 0, password: str = SET_PASSWORD, name: str = "") -> Address:
    """A set registers as `tw<index>`; returns its address."""
    address = (f"127.30.0.{2 + index}", 5060)
    agent = RegistrationAgent(address, Seed(index).stream("set").randbytes)
    user = name or f"tw{index}"
    account = Account(OUTSIDE_AT, OUTSIDE_AT[0], user, user, password, address)
    wire.sets[address] = agent
    agent.register("1", account, wire.now)
    wire.settle()
    return address


def device(wire: Wire, index: int = 0) -> Device:
    return list(wire.border.store.devices.values())[index]
