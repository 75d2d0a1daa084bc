"""Where load may go and come from. No packet is sent here."""

import json
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.machines.networks import check_address, check_places, laboratory
from loadtests.machines.sources import LAST_PORT, check_sources, lay, parse_sources
from loadtests.plan import Plan, read_plan
from loadtests.scenarios.kinds import Scenario
from simulators.errors import ConfigurationError

HERE = Plan(("127.20.0.10", 5060), 30, "a", 500, 100.0, limit_s=65.0)
THERE = replace(HERE, mbg=("10.20.0.10", 5060), network="10.20.0.0/16")


@pytest.mark.parametrize(
    "network", ["10.0.0.0/8", "10.20.0.0/16", "172.16.0.0/12", "192.168.7.0/24", "198.18.0.0/15",
                "198.19.1.1/32"],
)  # fmt: skip
def test_laboratories_are_private_or_for_benchmarks(network: str) -> None:
    assert str(laboratory(network)) == network


@pytest.mark.parametrize(
    "network", ["8.8.8.0/24", "0.0.0.0/0", "9.0.0.0/7", "172.0.0.0/8", "192.168.0.0/15",
                "198.20.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "224.0.0.0/8", "192.0.2.0/24"],
)  # fmt: skip
def test_a_public_network_is_always_refused(network: str) -> None:
    with pytest.raises(ConfigurationError, match=r"never goes to public|network such as"):
        laboratory(network)
    with pytest.raises(ConfigurationError, match=r"never goes to public|network such as"):
        replace(HERE, network=network)


@pytest.mark.parametrize("text", ["", "lab", "10.20.0.1/16", "10.20.0.0/33", "::/0", "10.20.0.0/"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="such as 10"):
        laboratory(text)


@pytest.mark.parametrize(
    "address",
    [("10.21.0.1", 5060), ("8.8.8.8", 5060), ("10.20.0.10", 0), ("mbg.lab", 5060),
     ("192.168.0.1", 5060), ("10.20.0.010", 5060)],
)  # fmt: skip
def test_a_network_allows_its_addresses_alone(address: tuple[str, int]) -> None:
    check_address(("10.20.0.10", 5060), "10.20.0.0/16")
    check_address(("127.20.0.10", 5060), "10.20.0.0/16")
    with pytest.raises(ConfigurationError, match=r"127\.0\.0\.0/8 and 10\.20\.0\.0/16 only"):
        check_address(address, "10.20.0.0/16")


@given(number=st.integers(0, 2**32 - 1))
def test_nothing_public_is_ever_allowed(number: int) -> None:
    """Whatever network is asked for: the address's own /32, or anything around it."""
    address = IPv4Address(number)
    if address.is_private and not address.is_link_local:
        return
    for bits in range(33):
        network = IPv4Network((number, bits), strict=False)
        with pytest.raises(ConfigurationError):
            check_address((str(address), 5060), str(network))


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("api", "https://8.8.8.8:8200/api/v1"),
        ("api", "https://127.0.0.1@8.8.8.8/"),
        ("api", "https://mcs.example/api"),
        ("api", "ftp://127.0.0.1/"),
        ("feed", "nowhere"),
        ("mbg", "https://10.20.0.10/mslrest"),
        ("control", "http://[::1]:8190"),
        ("control", "http://127.0.0.1:99999"),
        ("files", "8.8.8.8:8202"),
        ("files", "127.0.0.1"),
        ("elsewhere", "https://127.0.0.1/"),
    ],
)
def test_each_place_of_a_plan_is_looked_at(name: str, where: str) -> None:
    with pytest.raises(ConfigurationError, match="place"):
        replace(HERE, places={name: where})


def test_places_in_the_network_and_here_are_fine() -> None:
    places = {"files": "10.20.0.10:8202", "api": "https://10.20.0.5/api", "ca": "ca.pem"}
    check_places(places | {"firmware": "5.0.0.1018"}, "10.20.0.0/16")
    check_places({"api": "https://127.10.0.5/api"})


def test_a_plan_file_can_not_lead_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(THERE.to_json())
    assert read_plan(path).mbg == ("10.20.0.10", 5060)
    for changed in ({"network": ""}, {"network": "8.0.0.0/8"}, {"mbg": ["8.8.8.8", 5060]},
                    {"places": {"files": "8.8.8.8:8202"}}):  # fmt: skip
        path.write_text(json.dumps(json.loads(THERE.to_json()) | changed))
        with pytest.raises(ConfigurationError):
            read_plan(path)


@pytest.mark.parametrize("scenario", [Scenario.PROVISION, Scenario.TOKENS])
def test_what_needs_the_targets_own_machine_stays_on_it(scenario: Scenario) -> None:
    with pytest.raises(ConfigurationError, match="on the same machine"):
        replace(THERE, scenario=scenario)


# Where load comes from


def test_homes_are_laid_onto_addresses_and_then_onto_ports() -> None:
    sources = parse_sources("10.20.1.0/30")  # two hosts
    assert lay([7, 1, 3, 5, 1], sources, HERE.home) == {
        1: ("10.20.1.1", 5060),
        3: ("10.20.1.2", 5060),
        5: ("10.20.1.1", 5061),
        7: ("10.20.1.2", 5061),
    }
    assert lay([4, 2], parse_sources("10.20.1.7"), HERE.home) == {
        2: ("10.20.1.7", 5060), 4: ("10.20.1.7", 5061),
    }  # fmt: skip
    assert lay([4, 251], None, HERE.home) == {4: ("127.30.0.6", 5060), 251: ("127.30.1.3", 5060)}


@given(
    homes=st.sets(st.integers(0, 3000), max_size=300),
    bits=st.integers(24, 32),
    parts=st.integers(1, 4),
)
def test_no_two_homes_of_a_machine_are_at_one_place(homes: set[int], bits: int, parts: int) -> None:
    """Neither within an engine, nor of engines that share the machine's addresses."""
    text = f"10.20.1.0/{bits}"
    places = [
        place
        for part in range(parts)
        for place in lay(sorted(homes), parse_sources(text, f"{part}/{parts}"), HERE.home).values()
    ]
    assert len(set(places)) == len(homes) * parts
    sources = parse_sources(text)
    assert all(any(host == sources.address(i) for i in range(sources.count)) for host, _ in places)
    fair = -(-len(homes) * parts // sources.count)
    assert all(5060 <= port < 5060 + max(1, fair) for _, port in places)


def test_too_few_addresses_are_an_error() -> None:
    most = LAST_PORT - 5060 + 1
    assert len(lay(range(most), parse_sources("10.20.1.7"), HERE.home)) == most
    with pytest.raises(ConfigurationError, match="give more addresses"):
        lay(range(most + 1), parse_sources("10.20.1.7"), HERE.home)


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "0.0.0.0/0", "10.20.1.5/24", "me", "::1", "", "100.64.0.1"]
)
def test_sources_are_of_a_laboratory_or_this_machine(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--source"):
        parse_sources(text)


@pytest.mark.parametrize("part", ["1", "2/2", "-1/2", "a/b", "/", "1/"])
def test_a_part_is_one_of_so_many(part: str) -> None:
    with pytest.raises(ConfigurationError, match="part"):
        parse_sources("10.20.1.0/24", part)


def test_sources_fit_their_target() -> None:
    check_sources(Scenario.REGISTER, "127.20.0.10", None)
    check_sources(Scenario.REGISTER, "127.20.0.10", parse_sources("127.30.0.0/24"))
    check_sources(
        Scenario.REGISTER, "10.20.0.10", parse_sources("192.168.1.0/24")
    )  # another network of the laboratory
    with pytest.raises(ConfigurationError, match="give addresses of this machine"):
        check_sources(Scenario.REGISTER, "10.20.0.10", None)
    with pytest.raises(ConfigurationError, match="can't be reached from"):
        check_sources(Scenario.REGISTER, "10.20.0.10", parse_sources("127.30.0.0/24"))
    with pytest.raises(ConfigurationError, match="can't be reached from"):
        check_sources(Scenario.REGISTER, "127.20.0.10", parse_sources("10.20.1.0/24"))
    with pytest.raises(ConfigurationError, match="have no homes"):
        check_sources(Scenario.TOKENS, "127.20.0.10", parse_sources("127.30.0.0/24"))


def test_sources_overlap_or_not() -> None:
    one, two = parse_sources("10.20.1.0/24"), parse_sources("10.20.2.0/24")
    assert not one.overlaps(two)
    assert one.overlaps(parse_sources("10.20.1.77"))
    assert (str(one), str(parse_sources("10.20.1.7"))) == ("10.20.1.0/24", "10.20.1.7")
