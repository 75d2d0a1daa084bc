"""The border between a set and an ICP, all three as cores back to back; time is moved by hand."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from simulators.core import Address, DatagramCore
from simulators.entropy import Seed
from simulators.mbg.border import Border
from simulators.mbg.border_terms import (
    INSIDE,
    OUTSIDE,
    DeviceRefused,
    DeviceRegistered,
    DeviceUnregistered,
)
from simulators.mbg.devices import Device, DeviceStatus, DeviceStore
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


def test_a_set_is_registered_once_the_icp_said_so() -> None:
    wire = estate()
    plug_in(wire)
    assert wire.state() is State.REGISTERED
    assert wire.pbx.bindings.get("2101") is not None
    assert device(wire).status is DeviceStatus.REGISTERED
    assert device(wire).licensed
    assert [type(e) for e in wire.happened] == [DeviceRegistered]


def test_the_set_is_granted_short_times_and_the_icp_is_asked_rarely() -> None:
    wire = estate()
    address = plug_in(wire)
    assert wire.sets[address].registrations["1"].granted_s == 300
    wire.move(3200)  # the set refreshes eleven times, upstream not once
    assert len([e for e in wire.happened if isinstance(e, DeviceRegistered)]) == 12
    assert wire.state() is State.REGISTERED
    before = wire.pbx.bindings.get("2101")
    wire.move(400)
    after = wire.pbx.bindings.get("2101")
    assert before is not None
    assert after is not None
    assert after.until > before.until


def test_a_wrong_set_side_password_never_reaches_the_icp() -> None:
    wire = estate()
    plug_in(wire, password="wrong-password-1")
    assert wire.state() is State.REFUSED
    assert wire.pbx.bindings.get("2101") is None
    assert device(wire).status is DeviceStatus.REFUSED_SET_SIDE
    assert wire.border.licences.in_use == 0
    assert wire.happened == [DeviceRefused("tw0", 401, "wrong password")]


def test_an_unknown_or_disabled_device_is_refused_without_upstream_traffic() -> None:
    wire = estate()
    plug_in(wire, name="nobody")
    assert wire.happened == [DeviceRefused("nobody", 403, "SIP device is unknown or disabled")]
    wire.border.store.patch("1", {"enabled": False})
    plug_in(wire, 1, name="tw0")
    assert wire.state(1) is State.REFUSED
    assert wire.pbx.bindings.get("2101") is None


def test_a_wrong_icp_side_password_is_the_icps_refusal_not_a_challenge() -> None:
    wire = estate(icp_password="not-the-pbx-1")
    address = plug_in(wire)
    last = wire.sets[address].registrations["1"].last
    assert last is not None
    assert last.status == 403
    assert device(wire).status is DeviceStatus.REFUSED_BY_ICP
    assert wire.border.licences.in_use == 0


def test_an_authorization_name_that_is_not_the_extension_is_told_apart() -> None:
    wire = estate()
    wire.extensions["2101"] = replace(wire.extensions["2101"], auth_name="9001")
    wire.border.store.patch("1", {"icp_username": "9001"})
    address = plug_in(wire)
    last = wire.sets[address].registrations["1"].last
    assert last is not None
    assert last.status == 403
    assert "Authorization name 9001 is not the extension number 2101" in last.headers.get("warning")


def test_without_a_free_licence_the_set_hears_of_it_and_a_freed_one_serves() -> None:
    wire = estate(licences=1, devices=2)
    first = plug_in(wire, 0)
    second = plug_in(wire, 1)
    assert wire.state(1) is State.REFUSED
    last = wire.sets[second].registrations["1"].last
    assert last is not None
    assert "licence" in last.headers.get("warning")
    assert device(wire, 1).status is DeviceStatus.NO_LICENCE
    wire.sets[first].unregister("1", wire.now)
    wire.settle()
    wire.sets[second].retry("1", wire.now)
    wire.settle()
    assert wire.state(1) is State.REGISTERED


def test_a_silent_icp_gives_504_before_the_set_gives_up() -> None:
    wire = estate()
    wire.cut.add(PBX_AT)
    address = plug_in(wire)
    wire.move(11)
    last = wire.sets[address].registrations["1"].last
    assert last is not None
    assert last.status == 504
    assert f"ICP {PBX_AT[0]} did not answer" in last.headers.get("warning")
    assert wire.border.licences.in_use == 0


def test_a_set_without_power_expires_and_frees_licence_and_upstream() -> None:
    wire = estate()
    address = plug_in(wire)
    del wire.sets[address]
    wire.move(299)
    assert wire.border.licences.in_use == 1
    wire.move(2)
    assert wire.border.licences.in_use == 0
    assert wire.pbx.bindings.get("2101") is None
    assert DeviceUnregistered("1", "expired") in wire.happened


def test_a_removed_device_can_not_register_again() -> None:
    wire = estate()
    address = plug_in(wire)
    gone = wire.border.store.delete("1")
    wire.border.device_removed(gone, wire.now)
    wire.settle()
    assert wire.pbx.bindings.get("2101") is None
    wire.sets[address].retry("1", wire.now)
    wire.settle()
    assert wire.state() is State.REFUSED


def test_new_set_side_credentials_need_the_new_password_at_the_next_refresh() -> None:
    wire = estate()
    address = plug_in(wire)
    changed = wire.border.store.patch("1", {"set_password": "another-one-3"})
    wire.border.device_changed(changed, wire.now)
    wire.sets[address].retry("1", wire.now)
    wire.settle()
    assert wire.state() is State.REFUSED


def test_lost_datagrams_are_sent_again() -> None:
    wire = estate()
    wire.cut.add(INSIDE_AT)
    plug_in(wire)
    assert wire.state() is State.REGISTERING
    wire.cut.clear()
    wire.move(5)
    assert wire.state() is State.REGISTERED


def test_garbage_is_dropped_or_answered_and_never_raises() -> None:
    wire = estate()
    for data in (
        b"",
        b"\x00",
        b"REGISTER",
        b"REGISTER x SIP/2.0\r\n\r\n",
        b"SIP/2.0 200 OK\r\n\r\n",
    ):
        wire.border.receive(data, ("127.30.0.2", 5060), 0.0, OUTSIDE)
        wire.border.receive(data, PBX_AT, 0.0, INSIDE)
    wire.settle()
    assert wire.happened == []
