"""Forwarding rules: what is possible, what is refused, and what gets a warning."""

from typing import Any

import pytest

from simulators.errors import ConfigurationError
from simulators.mbg.forwarding.forward import ForwardRule

MCS = "127.10.0.5"


def test_the_rule_of_the_manual_has_no_warning() -> None:
    assert ForwardRule(8202, (MCS, 8202)).warnings == ()
    assert ForwardRule(8204, (MCS, 8204)).warnings == (), "Phone Manager outside (ADR-7)"
    assert ForwardRule(0, (MCS, 8202), sources=("127.30.0.0/16", "127.31.0.1")).warnings == ()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"outside_port": 8205, "destination": (MCS, 8205)}, "FWD-2: LDAP"),
        ({"outside_port": 8202, "destination": (MCS, 389)}, "FWD-2: LDAP"),
        ({"outside_port": 636, "destination": (MCS, 8202)}, "FWD-2: LDAP"),
        ({"outside_port": 69, "destination": (MCS, 69), "protocol": "UDP"}, "FWD-2: TFTP"),
        ({"outside_port": 514, "destination": (MCS, 514), "protocol": "UDP"}, "FWD-2: syslog"),
        ({"outside_port": 8202, "destination": ("224.0.1.75", 8202)}, "FWD-2: multicast"),
        ({"outside_port": 8200, "destination": (MCS, 8200)}, "FWD-2: phones need TCP 8202"),
        ({"outside_port": 8204, "destination": (MCS, 8202)}, "FWD-2: phones need TCP 8202"),
        ({"outside_port": 8202, "destination": (MCS, 8204)}, "FWD-2: phones need TCP 8202"),
        ({"outside_port": 443, "destination": (MCS, 8202)}, "FWD-2: phones need TCP 8202"),
        ({"outside_port": 69, "destination": (MCS, 69)}, "FWD-2: phones need TCP 8202"),
        (
            {"outside_port": 8202, "destination": (MCS, 8202), "protocol": "UDP"},
            "FWD-2: phones need TCP 8202",
        ),
        ({"outside_port": 8202, "destination": (MCS, 8202), "snat": False}, "FWD-3: SNAT is off"),
    ],
)
def test_a_mistake_is_possible_and_gets_one_warning(values: dict[str, Any], said: str) -> None:
    (warning,) = ForwardRule(**values).warnings
    assert warning.startswith(said)
    assert warning.endswith(".")


def test_each_mistake_gets_its_own_sentence() -> None:
    rule = ForwardRule(514, ("239.1.1.1", 514), snat=False, protocol="UDP")
    assert [warning.split(" ")[1] for warning in rule.warnings] == ["syslog", "multicast", "SNAT"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"outside_port": -1}, "outside port from 1 to 65535, or 0 for any, got -1"),
        ({"outside_port": 65536}, "got 65536"),
        ({"destination": (MCS, 0)}, "destination port from 1 to 65535, got 0"),
        ({"destination": (MCS, 65536)}, "destination port"),
        ({"destination": ("mcs.example.test", 8202)}, "IPv4 address of the destination"),
        ({"destination": ("::1", 8202)}, "IPv4 address of the destination"),
        ({"protocol": "tcp"}, "TCP or UDP as the protocol, got 'tcp'"),
        ({"sources": ("127.30.0.1/16",)}, "127.30.0.1/16 has host bits set"),
        ({"sources": ("home",)}, "expected networks such as 127.30.0.0/16"),
    ],
)
def test_what_can_not_be_is_refused_with_what_can(values: dict[str, Any], said: str) -> None:
    possible: dict[str, Any] = {"outside_port": 8202, "destination": (MCS, 8202)}
    with pytest.raises(ConfigurationError, match="correct the") as refused:
        ForwardRule(**(possible | values))
    assert said in str(refused.value)
