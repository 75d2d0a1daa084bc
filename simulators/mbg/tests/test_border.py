"""The border between a set and an ICP, all three as cores back to back; time is moved by hand."""

from dataclasses import replace

from simulators.mbg.records.devices import DeviceStatus
from simulators.mbg.sip_border.border_terms import (
    INSIDE,
    OUTSIDE,
    DeviceRefused,
    DeviceRegistered,
    DeviceUnregistered,
)
from simulators.mbg.tests.border_wire import INSIDE_AT, PBX_AT, device, estate, plug_in
from simulators.sip.registration import State


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
