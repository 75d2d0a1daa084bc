"""Media through the border: who hears what, from where, and who does not; then real packets."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from simulators.addresses import AddressPlan, claim_private
from simulators.clock import Clock
from simulators.journal import Happened, Journal
from simulators.mbg.sip_border.border_terms import INSIDE, OUTSIDE
from simulators.mbg.sip_border.media import RTCP, RTP, MediaSession, PortPair
from simulators.mbg.sip_border.media_relay import MediaRelay
from simulators.network import Network

SET, PBX, STRANGER = ("127.30.0.2", 3000), ("127.10.0.21", 4000), ("127.30.0.66", 666)


def agreed() -> MediaSession:
    session = MediaSession(PortPair(20_000, 20_000))
    session.aim(OUTSIDE, SET)
    session.aim(INSIDE, PBX)
    return session


def test_a_packet_of_the_set_goes_to_the_described_address_inside() -> None:
    assert agreed().route(OUTSIDE, INSIDE, RTP, SET, 172) == PBX


def test_rtcp_goes_one_port_above() -> None:
    assert agreed().route(OUTSIDE, INSIDE, RTCP, SET, 60) == (PBX[0], PBX[1] + 1)


def test_behind_nat_the_set_is_heard_where_it_speaks_from() -> None:
    session = agreed()
    behind_nat = ("127.30.0.2", 55_555)
    assert session.route(INSIDE, OUTSIDE, RTP, PBX, 172) == SET
    session.route(OUTSIDE, INSIDE, RTP, behind_nat, 172)
    assert session.route(INSIDE, OUTSIDE, RTP, PBX, 172) == behind_nat


def test_a_stranger_can_neither_speak_nor_turn_the_voice_to_himself() -> None:
    session = agreed()
    session.route(OUTSIDE, INSIDE, RTP, SET, 172)
    assert session.route(OUTSIDE, INSIDE, RTP, STRANGER, 172) is None
    assert session.route(INSIDE, OUTSIDE, RTP, PBX, 172) == SET


def test_a_new_description_lets_the_side_speak_from_elsewhere() -> None:
    session = agreed()
    session.route(OUTSIDE, INSIDE, RTP, SET, 172)
    moved = ("127.30.0.9", 3100)
    session.aim(OUTSIDE, moved)
    assert session.route(OUTSIDE, INSIDE, RTP, moved, 172) == PBX
    assert session.route(INSIDE, OUTSIDE, RTP, PBX, 172) == moved


def test_nothing_flows_before_both_sides_have_described_themselves() -> None:
    session = MediaSession(PortPair(20_000, 20_000))
    session.aim(OUTSIDE, SET)
    assert session.route(OUTSIDE, INSIDE, RTP, SET, 172) is None
    assert session.route(INSIDE, OUTSIDE, RTP, PBX, 172) is None


def test_nothing_is_sent_to_who_is_on_hold_the_old_way() -> None:
    session = agreed()
    session.aim(OUTSIDE, ("0.0.0.0", 3000))
    assert session.route(INSIDE, OUTSIDE, RTP, PBX, 172) is None


@pytest.fixture
def plan() -> Iterator[AddressPlan]:
    claimed = claim_private()
    yield claimed.plan
    claimed.release()


async def _hear(listener: socket.socket) -> bytes:
    return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(listener, 2048), 10)


def _end(address: tuple[str, int]) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind(address)
    return made


async def test_real_packets_cross_both_ways_and_the_count_is_journaled(plan: AddressPlan) -> None:
    journal, clock = Journal(lambda: 0.0), Clock()
    relay = MediaRelay(
        plan.mbg_outside, plan.mbg_inside, Network(plan, journal, clock), journal, "MBG"
    )
    home, node = _end((plan.home(1), 0)), _end((plan.node(1), 0))
    ports = relay.open("call", 1)
    assert ports is not None
    assert ports[0].outside % 2 == 0
    assert relay.open("call", 1) == ports  # the same stream keeps its ports
    relay.aim("call", OUTSIDE, [home.getsockname()])
    relay.aim("call", INSIDE, [node.getsockname()])
    home.sendto(b"a short cut", (plan.mbg_inside, ports[0].inside))  # no path leads there
    home.sendto(b"hello from home", (plan.mbg_outside, ports[0].outside))
    assert await _hear(node) == b"hello from home"
    node.sendto(b"hello from the office", (plan.mbg_inside, ports[0].inside))
    assert await _hear(home) == b"hello from the office"
    relay.close("call")
    assert len(relay) == 0
    closed = next(e for e in journal.entries if isinstance(e, Happened))
    assert closed.facts["packets_from_outside"] == "1"
    assert closed.facts["packets_from_inside"] == "1"
    again = relay.open("next call", 2)
    assert again is not None
    assert len({pair.outside for pair in again}) == 2
    relay.close_all()
    home.close()
    node.close()


async def test_ports_that_are_taken_are_passed_over(plan: AddressPlan) -> None:
    journal = Journal(lambda: 0.0)
    relay = MediaRelay(
        plan.mbg_outside, plan.mbg_inside, Network(plan, journal, Clock()), journal, "MBG"
    )
    taken = _end((plan.mbg_outside, 20_001))  # the RTCP port of the first pair
    ports = relay.open("call", 1)
    assert ports is not None
    assert (ports[0].outside, ports[0].inside) == (20_002, 20_000)
    relay.close_all()
    taken.close()


async def test_ports_that_run_out_half_way_are_closed_again(
    plan: AddressPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(lambda: 0.0)
    relay = MediaRelay(
        plan.mbg_outside, plan.mbg_inside, Network(plan, journal, Clock()), journal, "MBG"
    )
    monkeypatch.setattr("simulators.mbg.sip_border.media_relay.LAST_PORT", 20_003)  # two pairs
    assert relay.open("too much", 3) is None
    assert len(relay) == 0
    kept = relay.open("call", 1)
    assert kept is not None
    assert relay.open("call", 3) is None
    assert len(relay.sessions("call")) == 1, "a call keeps what it had"
    assert relay.open("another", 1) is not None, "and others get the rest"
    relay.close_all()


async def test_rtcp_has_nowhere_to_go_above_the_last_port(plan: AddressPlan) -> None:
    session = agreed()
    session.aim(INSIDE, (PBX[0], 65_535))
    assert session.route(OUTSIDE, INSIDE, RTP, SET, 172) == (PBX[0], 65_535)
    assert session.route(OUTSIDE, INSIDE, RTCP, SET, 60) is None
    assert session.route(INSIDE, OUTSIDE, RTCP, PBX, 60) is None
