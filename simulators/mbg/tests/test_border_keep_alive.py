"""OPTIONS to registered sets, and sets that fall silent (design: every 20 s, idle after 300 s)."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from simulators.errors import ConfigurationError
from simulators.mbg.records.devices import DeviceStatus
from simulators.mbg.sip_border.border_terms import BorderSettings, DeviceUnregistered
from simulators.mbg.tests.border_wire import (
    OUTSIDE_AT,
    Set,
    Wire,
    device,
    estate,
    plug_in,
)

LONG = BorderSettings(set_expires_max_s=3600)


def asked_at(wire: Wire) -> list[float]:
    """When the border sent OPTIONS to a set, retransmissions too."""
    return [at for at, sent in wire.sent if sent.data.startswith(b"OPTIONS sip:tw")]


def test_a_registered_set_is_asked_every_20_seconds_where_it_is() -> None:
    wire = estate()
    address = plug_in(wire)
    wire.move(205)
    times = asked_at(wire)
    assert 0 <= times[0] <= 20
    assert [round(b - a, 6) for a, b in pairwise(times)] == [20] * 9
    request = wire.requests()[0]
    assert request.uri == f"sip:tw0@{address[0]}:{address[1]}"
    assert request.headers.get("to") == f"<{request.uri}>"
    assert request.headers.get("from").startswith(f"<sip:mbg@{OUTSIDE_AT[0]}:{OUTSIDE_AT[1]}>;tag=")


def test_nobody_is_asked_before_it_is_registered_or_after() -> None:
    wire = estate()
    plug_in(wire, password="wrong-password-1")
    wire.move(100)
    assert asked_at(wire) == []
    wire = estate()
    address = plug_in(wire)
    wire.sets[address].unregister("1", wire.now)
    wire.settle()
    wire.move(100)
    assert asked_at(wire) == []


def test_sets_that_register_at_once_are_asked_at_times_of_their_own() -> None:
    wire = estate(licences=200, devices=200)
    for index in range(200):
        plug_in(wire, index)
    wire.move(20)
    seconds = Counter(int(at) for at in asked_at(wire))
    assert len(seconds) == 20
    assert max(seconds.values()) < 40  # of 200; all in one second would be 200


def test_an_idle_set_is_out_of_service_and_gives_back_what_it_held() -> None:
    wire = estate(settings=LONG)
    address = plug_in(wire)
    wire.move(100)
    last = max(asked_at(wire))
    del wire.sets[address]
    wire.move(last + 300 - wire.now - 0.1)
    assert device(wire).status is DeviceStatus.REGISTERED
    wire.move(0.2)
    assert wire.border.licences.in_use == 0
    assert not wire.border.bindings
    assert wire.pbx.bindings.get("2101") is None
    assert device(wire).status is DeviceStatus.UNREGISTERED
    assert device(wire).status_detail == "no SIP traffic from the set"
    assert DeviceUnregistered("1", "no SIP traffic from the set") in wire.happened
    before = len(asked_at(wire))
    wire.move(100)
    assert len(asked_at(wire)) == before


@pytest.mark.parametrize("status", [200, 405, 481, 501])
def test_any_answer_shows_that_a_set_is_there(status: int) -> None:
    wire = estate(settings=LONG)
    address = plug_in(wire)
    agent = wire.sets[address]
    assert isinstance(agent, Set)
    agent.status = status
    wire.move(1000)
    assert device(wire).status is DeviceStatus.REGISTERED


def test_any_request_shows_that_a_set_is_there() -> None:
    """A set that never answers OPTIONS, but sends REGISTER."""
    wire = estate(settings=LONG)
    address = plug_in(wire)
    agent = wire.sets[address]
    assert isinstance(agent, Set)
    agent.status = 0
    for _ in range(4):
        wire.move(250)
        agent.retry("1", wire.now)
        wire.settle()
    assert not any(isinstance(event, DeviceUnregistered) for event in wire.happened)
    wire.move(310)
    assert device(wire).status is DeviceStatus.UNREGISTERED


def test_octets_that_are_no_sip_message_show_nothing() -> None:
    wire = estate(settings=LONG)
    address = plug_in(wire)
    wire.cut.add(address)
    for _ in range(7):
        wire.move(50)
        wire.border.receive(b"\r\n\r\n", address, wire.now, "outside")
        wire.border.receive(b"nonsense", address, wire.now, "outside")
    assert device(wire).status is DeviceStatus.UNREGISTERED


def test_a_set_that_does_not_answer_has_one_options_at_a_time() -> None:
    wire = estate(settings=LONG)
    address = plug_in(wire)
    wire.cut.add(address)
    wire.move(250)
    branches = Counter(
        sent.data.split(b"branch=")[1].split(b";")[0]
        for _, sent in wire.sent
        if sent.data.startswith(b"OPTIONS sip:tw")
    )
    assert 5 <= len(branches) <= 7  # 32 s until one has timed out, then the next turn
    assert min(branches.values()) > 1


def test_two_devices_on_one_phone_live_on_each_others_traffic() -> None:
    wire = estate(licences=2, devices=2, settings=LONG)
    address = plug_in(wire)
    agent = wire.sets[address]
    account = replace(agent.registrations["1"].account, username="tw1", auth_username="tw1")
    agent.register("2", account, wire.now)
    wire.settle()
    assert len(wire.border.bindings) == 2
    assert len(wire.border._registrations.flows) == 1
    wire.move(1000)
    assert len(wire.border.bindings) == 2
    agent.unregister("1", wire.now)
    wire.settle()
    assert list(wire.border.bindings) == ["2"]
    assert len(wire.border._registrations.flows) == 1
    agent.unregister("2", wire.now)
    wire.settle()
    assert len(wire.border._registrations.flows) == 0


@pytest.mark.parametrize(
    "values",
    [
        {"set_keepalive_s": 0.0},
        {"set_keepalive_s": 181.0},
        {"set_keepalive_s": 180.0, "set_idle_s": 180.0},
    ],
)
def test_intervals_that_can_not_work_are_refused(values: dict[str, float]) -> None:
    assert BorderSettings(set_keepalive_s=180.0).set_keepalive_s == 180.0
    with pytest.raises(ConfigurationError, match="expected"):
        BorderSettings(**values)  # type: ignore[arg-type]
