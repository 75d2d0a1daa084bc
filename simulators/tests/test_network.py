"""Reachability: each path that is open, next to one that is not."""

import asyncio

import pytest

from simulators.addresses import AddressPlan
from simulators.clock import Clock
from simulators.estate.open_network import BoundedNetwork
from simulators.journal import Journal, LostEntry
from simulators.network import REACHABLE, Network

PLAN = AddressPlan()


@pytest.fixture
async def clock() -> Clock:
    return Clock(start=0)


@pytest.fixture
def journal(clock: Clock) -> Journal:
    return Journal(clock.now)


@pytest.fixture
def network(clock: Clock, journal: Journal) -> Network:
    return Network(PLAN, journal, clock)


@pytest.mark.parametrize(
    ("source", "destination", "arrives"),
    [
        (PLAN.mcs, PLAN.mbg_inside, True),
        (PLAN.mbg_inside, PLAN.node(1), True),
        (PLAN.local_phone(0), PLAN.mcs, True),
        (PLAN.home(0), PLAN.mbg_outside, True),
        (PLAN.home(0), f"127.{PLAN.outside}.0.11", False),
        (PLAN.home(0), PLAN.mbg_inside, False),
        (PLAN.home(0), PLAN.mcs, False),
        (PLAN.home(0), PLAN.node(1), False),
        (PLAN.home(0), PLAN.home(0), True),
        (PLAN.home(0), PLAN.home(1), False),
        (PLAN.mbg_outside, PLAN.home(0), True),
        (PLAN.mcs, PLAN.home(0), False),
        (PLAN.mbg_outside, PLAN.mcs, False),
        (PLAN.mcs, PLAN.mbg_outside, True),
        (PLAN.mcs, "192.0.2.9", True),
        ("192.0.2.9", PLAN.mcs, True),
        ("mbg.example.com", PLAN.home(0), True),
    ],
)
async def test_who_reaches_whom(
    network: Network, source: str, destination: str, arrives: bool
) -> None:
    assert network.allows(source, destination) is arrives


def test_the_table_speaks_of_every_pair_of_zones() -> None:
    zones = ("lan", "outside", "home")
    assert set(REACHABLE) == {(a, b) for a in zones for b in zones}


async def test_what_is_lost_is_journaled_and_what_arrives_is_not(
    network: Network, journal: Journal
) -> None:
    assert network.passes((PLAN.home(0), 1), (PLAN.mbg_outside, 5060), "UDP", "REGISTER")
    assert not journal.entries
    assert not network.passes((PLAN.home(0), 1), (PLAN.mcs, 8202), "TCP", "GET /startup.cfg")
    [lost] = journal.entries
    assert isinstance(lost, LostEntry)
    assert lost.summary == "lost: GET /startup.cfg (no path from home to lan)"


async def test_reach_into_nowhere_ends_as_silence_does(network: Network, clock: Clock) -> None:
    attempt = asyncio.ensure_future(network.reach(PLAN.home(0), (PLAN.mcs, 8202), "connection"))
    await asyncio.sleep(0)
    await clock.advance(network.connect_timeout_s - 1)
    assert not attempt.done()
    await clock.advance(2)
    with pytest.raises(TimeoutError, match="did not answer"):
        await attempt


async def test_reach_along_an_open_path_returns_at_once(network: Network) -> None:
    await asyncio.wait_for(network.reach(PLAN.home(0), (PLAN.mbg_outside, 8202), "connection"), 0.5)


async def test_a_bounded_network_ends_somewhere(clock: Clock, journal: Journal) -> None:
    """Phones under load do what the files say that they are given, but not beyond."""
    bounded = BoundedNetwork(PLAN, journal, clock, ["127.0.0.0/8", "10.20.0.0/16"])
    bounded.own("192.168.1.7")
    for inside in ("127.20.0.10", "10.20.0.10", "10.20.255.255", "192.168.1.7"):
        assert bounded.allows("192.168.1.7", inside)
        assert bounded.allows("192.168.1.7", inside), "again"
    for beyond in ("10.21.0.1", "8.8.8.8", "mcs.example", "192.168.1.8", ""):
        assert not bounded.allows("192.168.1.7", beyond)
        assert not bounded.allows("192.168.1.7", beyond)
    assert not bounded.passes(("192.168.1.7", 5060), ("8.8.8.8", 5060), "UDP", "REGISTER")
