"""Where a set is reached: NAT, connections, their end, and a new contact in place of the old."""

import pytest

from simulators.core import TCP, TLS, UDP, Address
from simulators.mbg.records.devices import DeviceStatus
from simulators.mbg.sip_border.border_terms import INSIDE, BorderSettings, DeviceUnregistered
from simulators.mbg.tests.border_wire import (
    INSIDE_AT,
    OUTSIDE_AT,
    OUTSIDE_TLS_AT,
    PBX_AT,
    Wire,
    device,
    estate,
    plug_in,
)
from simulators.sip.registration import State

LOST = DeviceUnregistered("1", "connection with the set lost")
ELSEWHERE: Address = ("127.30.0.50", 40_000)


def last_sent(wire: Wire, start: bytes) -> tuple[Address, str]:
    """Far end and transport of the last message to a set that starts so."""
    sent = [sent for _, sent in wire.sent if sent.data.startswith(start)]
    return sent[-1].to, sent[-1].transport


@pytest.mark.parametrize("transport", [UDP, TCP, TLS])
def test_a_set_is_answered_and_asked_by_the_transport_it_came_by(transport: str) -> None:
    wire = estate()
    address = plug_in(wire, transport=transport)
    assert wire.state() is State.REGISTERED
    wire.move(25)
    assert last_sent(wire, b"SIP/2.0 200") == (address, transport)
    assert last_sent(wire, b"OPTIONS sip:tw") == (address, transport)
    request = wire.requests()[0]
    local = OUTSIDE_TLS_AT if transport == TLS else OUTSIDE_AT
    via = f"SIP/2.0/{transport} {local[0]}:{local[1]};branch="
    assert request.headers.get("via").startswith(via)
    assert (f";transport={transport.lower()}>" in request.headers.get("from")) is (transport != UDP)


def test_answers_and_requests_go_through_the_nat_not_to_the_contact() -> None:
    wire = estate()
    address = plug_in(wire)
    agent = wire.sets.pop(address)
    wire.sets[ELSEWHERE] = agent  # its NAT has it there now; its Contact says what it said before
    agent.retry("1", wire.now)
    wire.settle()
    assert wire.state() is State.REGISTERED
    assert wire.border.bindings["1"].flow.peer == ELSEWHERE
    assert wire.border.bindings["1"].contact == "sip:tw0@127.30.0.2:5060"
    wire.move(25)
    assert last_sent(wire, b"OPTIONS sip:tw") == (ELSEWHERE, UDP)


def test_a_new_contact_replaces_the_old_which_is_not_used_any_more() -> None:
    wire = estate()
    old = plug_in(wire, transport=TCP)
    wire.move(5)
    new = plug_in(wire, transport=TCP, address=ELSEWHERE)
    assert len(wire.border.bindings) == len(wire.border._registrations.flows) == 1
    assert wire.border.licences.in_use == 1
    wire.move(60)
    assert last_sent(wire, b"OPTIONS sip:tw") == (new, TCP)
    assert wire.said_to(old, 5.1) == []
    wire.hang_up(old, TCP)
    assert device(wire).status is DeviceStatus.REGISTERED, "the old connection's end is no matter"
    wire.sets[old].unregister("1", wire.now)
    wire.settle()
    assert "1" in wire.border.bindings, "who takes the old contact back leaves the new one alone"


@pytest.mark.parametrize("transport", [TCP, TLS])
def test_with_its_connection_a_registration_ends_at_once(transport: str) -> None:
    wire = estate()
    address = plug_in(wire, transport=transport)
    wire.hang_up(address, UDP)
    assert device(wire).status is DeviceStatus.REGISTERED, "that was not its connection"
    wire.hang_up(address, transport)
    assert LOST in wire.happened
    assert not wire.border.bindings
    assert wire.border.licences.in_use == 0
    assert wire.pbx.bindings.get("2101") is None
    assert device(wire).status is DeviceStatus.UNREGISTERED
    assert device(wire).status_detail == "connection with the set lost"
    wire.move(60)
    assert wire.said_to(address, 0.1) == []
    plug_in(wire, transport=transport, address=ELSEWHERE)
    assert device(wire).status is DeviceStatus.REGISTERED


def test_a_set_that_waits_when_its_connection_ends_leaves_nothing_behind() -> None:
    wire = estate()
    wire.cut.add(PBX_AT)
    address = plug_in(wire, transport=TCP)
    assert wire.border.licences.in_use == 1
    wire.hang_up(address, TCP)
    assert wire.border.licences.in_use == 0
    wire.cut.clear()
    wire.move(60)
    assert wire.pbx.bindings.get("2101") is None
    assert not wire.border.bindings
    assert len(wire.border._registrations.flows) == 0


def test_a_set_that_came_back_and_waits_keeps_waiting_when_the_old_connection_ends() -> None:
    wire = estate()
    old = plug_in(wire, transport=TCP)
    changed = wire.border.store.patch("1", {"icp_password": "another-one-3"})
    wire.border.device_changed(changed, wire.now)
    wire.cut.add(PBX_AT)
    plug_in(wire, transport=TCP, address=ELSEWHERE)
    wire.hang_up(old, TCP)
    assert LOST in wire.happened
    assert wire.border.licences.in_use == 1, "the set that waits holds it"
    wire.border.store.patch("1", {"icp_password": "icp-side-2"})
    wire.border.device_changed(wire.border.store.get("1"), wire.now)
    wire.cut.clear()
    wire.move(5)
    assert wire.state(1) is State.REGISTERED
    assert wire.border.bindings["1"].flow.peer == ELSEWHERE


def test_a_set_that_tries_elsewhere_in_vain_stays_registered_where_it_was() -> None:
    wire = estate()
    old = plug_in(wire, transport=TCP)
    changed = wire.border.store.patch("1", {"icp_password": "another-one-3"})
    wire.border.device_changed(changed, wire.now)
    wire.cut.add(PBX_AT)
    plug_in(wire, transport=TCP, address=ELSEWHERE)
    wire.hang_up(ELSEWHERE, TCP)
    assert wire.border.bindings["1"].flow.peer == old
    assert wire.border.licences.in_use == 1
    assert len(wire.border._registrations.flows) == 1


def test_upstream_goes_by_tcp_where_that_is_set() -> None:
    wire = estate(settings=BorderSettings(upstream_transport=TCP))
    plug_in(wire)
    assert wire.state() is State.REGISTERED
    upstream = [sent for _, sent in wire.sent if sent.side == INSIDE]
    assert {sent.transport for sent in upstream} == {TCP}
    assert b"Via: SIP/2.0/TCP 127.10.0.10:5060;" in upstream[0].data
    binding = wire.pbx.bindings.get("2101")
    assert binding is not None
    assert binding.contact == f"sip:2101@{INSIDE_AT[0]}:{INSIDE_AT[1]};transport=tcp"
    wire.move(31)
    looks = [sent.transport for _, sent in wire.sent if sent.data.startswith(b"OPTIONS sip:127")]
    assert looks == [TCP]


def test_an_icp_whose_connection_ends_has_not_answered() -> None:
    wire = estate(settings=BorderSettings(upstream_transport=TCP))
    wire.cut.add(PBX_AT)
    address = plug_in(wire)
    wire.border.lost(PBX_AT, wire.now, INSIDE, TCP)
    wire.settle()
    last = wire.sets[address].registrations["1"].last
    assert last is not None
    assert last.status == 504
    assert device(wire).status is DeviceStatus.ICP_SILENT
