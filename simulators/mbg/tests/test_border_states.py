"""What an administrator sees of a device: eight states that can be told apart, and why."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from simulators.mbg.records.devices import DeviceStatus
from simulators.mbg.sip_border.border_terms import DeviceRefused
from simulators.mbg.tests.border_wire import PBX_AT, Wire, device, estate, plug_in
from simulators.sip.registration import State


def never() -> Wire:
    return estate()


def registered() -> Wire:
    wire = estate()
    plug_in(wire)
    return wire


def wrong_password() -> Wire:
    wire = estate()
    plug_in(wire, password="wrong-password-1")
    return wire


def refused_by_icp() -> Wire:
    wire = estate(icp_password="not-the-pbx-1")
    plug_in(wire)
    return wire


def unknown_to_icp() -> Wire:
    wire = estate()
    del wire.extensions["2101"]
    plug_in(wire)
    return wire


def no_licence() -> Wire:
    wire = estate(licences=0)
    plug_in(wire)
    return wire


def licence_server_away() -> Wire:
    wire = estate()
    wire.border.licences.available = False
    plug_in(wire)
    return wire


def out_of_service() -> Wire:
    wire = registered()
    wire.sets.clear()
    wire.move(301)
    return wire


def unregistered() -> Wire:
    wire = registered()
    next(iter(wire.sets.values())).unregister("1", wire.now)
    wire.settle()
    return wire


def disabled() -> Wire:
    wire = registered()
    wire.border.device_changed(wire.border.store.patch("1", {"enabled": False}), wire.now)
    wire.settle()
    return wire


def icp_silent() -> Wire:
    wire = estate()
    wire.cut.add(PBX_AT)
    plug_in(wire)
    wire.move(11)
    return wire


@pytest.mark.parametrize(
    ("story", "status", "detail", "licensed"),
    [
        (never, "never registered", "", False),
        (registered, "registered", "", True),
        (wrong_password, "refused on the set side", "wrong password", False),
        (refused_by_icp, "refused by the ICP", "401 The ICP answered 401", False),
        (
            unknown_to_icp,
            "refused by the ICP",
            "404 Extension 2101 does not exist on this PBX",
            False,
        ),
        (no_licence, "no licence", "No teleworker licence is free on this MBG", False),
        (
            licence_server_away,
            "no licence",
            "No teleworker licence can be given: the licence server is away",
            False,
        ),
        (out_of_service, "out of service", "expired", False),
        (unregistered, "out of service", "un-registered", False),
        (disabled, "disabled", "", False),
        (icp_silent, "ICP did not answer", f"ICP {PBX_AT[0]} did not answer", False),
    ],
)
def test_each_state_has_its_name_and_its_reason(
    story: Callable[[], Wire], status: str, detail: str, licensed: bool
) -> None:
    found = device(story()).document()
    assert (found["status"], found["licensed"]) == (status, licensed)
    assert found["status_detail"] == detail


def test_another_devices_credentials_are_refused_by_name() -> None:
    wire = estate(licences=2, devices=2)
    address = plug_in(wire)
    other = wire.sets[address].registrations["1"].account
    wire.sets[address].register("1", replace(other, username="tw1"), wire.now)
    wire.settle()
    text = "Authorization name tw0 is not the set-side name tw1"
    assert wire.happened[-1] == DeviceRefused("tw1", 403, text)
    assert device(wire, 1).status_detail == text


def test_while_the_licence_server_is_away_who_has_a_licence_keeps_it() -> None:
    wire = estate(licences=3, devices=2)
    address = plug_in(wire)
    wire.border.licences.available = False
    wire.move(1000)  # several refreshes
    assert device(wire).status is DeviceStatus.REGISTERED
    plug_in(wire, 1)
    assert wire.state(1) is State.REFUSED
    wire.sets[address].unregister("1", wire.now)
    wire.settle()
    plug_in(wire)
    assert wire.border.licences.in_use == 0, "one that was given back is not given again"
    wire.border.licences.available = True
    plug_in(wire, 1)
    assert device(wire, 1).status is DeviceStatus.REGISTERED


def test_the_most_that_were_held_at_a_time_is_remembered() -> None:
    wire = estate(licences=5, devices=4)
    for index in range(4):
        plug_in(wire, index)
    wire.sets.clear()
    wire.move(301)
    assert (wire.border.licences.in_use, wire.border.licences.high_water) == (0, 4)
    plug_in(wire, 0)
    assert (wire.border.licences.in_use, wire.border.licences.high_water) == (1, 4)
