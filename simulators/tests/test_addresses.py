"""The address plan, and blocks that two runs never share."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.addresses import (
    DEFAULT_PLAN,
    LOW_PORT_OFFSET,
    MOST_MBGS,
    AddressPlan,
    claim,
    claim_private,
    lowest_open_port,
    open_port,
)
from simulators.errors import ConfigurationError


def test_everybody_has_an_address_of_their_own() -> None:
    plan = DEFAULT_PLAN
    addresses = [plan.mcs, plan.mbg_inside, plan.mbg_outside, plan.ct_gateway]
    addresses += [plan.administrator, plan.control_of_pbx, plan.control_of_phones]
    addresses += [plan.control_of_mbg(number) for number in range(1, MOST_MBGS + 1)]
    addresses += [plan.node(number) for number in range(1, 10)]
    addresses += [plan.local_phone(index) for index in range(16_000)]
    addresses += [plan.home(index) for index in range(62_500)]
    assert len(set(addresses)) == len(addresses)
    assert all(0 <= int(octet) <= 255 for a in addresses for octet in a.split("."))


@pytest.mark.parametrize(
    ("address", "zone"),
    [
        (DEFAULT_PLAN.mcs, "lan"),
        (DEFAULT_PLAN.local_phone(9), "lan"),
        (DEFAULT_PLAN.mbg_outside, "outside"),
        (DEFAULT_PLAN.home(1234), "home"),
        ("127.0.0.1", "elsewhere"),
        ("192.0.2.1", "elsewhere"),
        ("10.20.30.40", "elsewhere"),
        ("localhost", "elsewhere"),
        ("::1", "elsewhere"),
        ("mbg.example.com", "elsewhere"),
        ("127.x.0.1", "elsewhere"),
    ],
)
def test_zones(address: str, zone: str) -> None:
    assert DEFAULT_PLAN.zone(address) == zone


def test_an_mbg_may_be_outside_of_the_block() -> None:
    """The first one; all that is known of its address holds for that one, and for no other."""
    plan = AddressPlan(mbgs=2, outside_at="10.20.0.10")
    assert plan.mbg_outside == plan.outside_of_mbg(1) == "10.20.0.10"
    assert plan.outside_of_mbg(2) == "127.20.0.11"
    assert plan.zone("10.20.0.10") == "outside"
    assert plan.zone("10.20.0.11") == plan.zone("") == "elsewhere"
    assert plan.is_outside_of_an_mbg("10.20.0.10")
    assert not plan.is_outside_of_an_mbg("127.20.0.10")


@given(st.text())
def test_any_text_has_a_zone(text: str) -> None:
    assert DEFAULT_PLAN.zone(text) in ("lan", "outside", "home", "elsewhere")


def test_a_block_is_claimed_once_until_it_is_released() -> None:
    held = claim_private()
    try:
        with pytest.raises(ConfigurationError, match="another run"):
            claim(held.plan)
        other = claim_private()
        assert other.plan != held.plan
        other.release()
    finally:
        held.release()
    claim(held.plan).release()


def test_private_blocks_leave_the_default_one_alone() -> None:
    held = claim_private()
    held.release()
    ours = {held.plan.lan, held.plan.outside, held.plan.homes}
    assert len(ours) == 3
    assert not ours & {DEFAULT_PLAN.lan, DEFAULT_PLAN.outside, DEFAULT_PLAN.homes}


def test_low_ports_move_where_they_may_not_be_opened() -> None:
    assert open_port(443, lowest=1024) == 443 + LOW_PORT_OFFSET
    assert open_port(443, lowest=1) == 443
    assert open_port(8202, lowest=1024) == 8202
    assert open_port(0, lowest=1024) == 0


def test_a_plan_is_made_of_its_octets() -> None:
    plan = AddressPlan(61, 62, 63)
    assert (plan.mcs, plan.mbg_outside, plan.home(0)) == ("127.61.0.5", "127.62.0.10", "127.63.0.2")


def test_low_ports_are_open_to_who_has_the_capability_not_to_who_is_root(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("Name:\tpython\nCapEff:\t000001ffffffffff\n")
    assert lowest_open_port(status) == 1
    status.write_text("Name:\tpython\nCapEff:\t000001fffffffbff\n")
    assert lowest_open_port(status) > 1
