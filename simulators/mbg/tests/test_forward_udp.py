"""UDP forwards on real sockets: a session per source, which ends on the run's clock."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from simulators.core import Address
from simulators.errors import ConfigurationError
from simulators.journal.entries import Happened
from simulators.mbg.forwarding import forward_udp
from simulators.mbg.forwarding.forward import Forward
from simulators.mbg.forwarding.forward_udp import IDLE_S
from simulators.mbg.tests.forward_bench import Stand, on_both_loops, until


@contextmanager
def opened(host: str, peer: Address | None = None) -> Iterator[socket.socket]:
    """A UDP socket at an address, connected to `peer` where one is given."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.setblocking(False)
        made.bind((host, 0))
        if peer is not None:
            made.connect(peer)
        yield made


def outside(stand: Stand, forward: Forward) -> Address:
    return stand.plan.mbg_outside, forward.port


async def received(sock: socket.socket) -> tuple[bytes, Address]:
    """The next datagram and its source."""
    while True:
        try:
            return sock.recvfrom(65_536)
        except BlockingIOError:
            await asyncio.sleep(0)


@pytest.mark.parametrize("snat", [True, False])
@on_both_loops
async def test_each_source_has_a_session_and_gets_its_own_answers(stand: Stand, snat: bool) -> None:
    with opened(stand.plan.mcs) as site:
        forward = await stand.forward(site.getsockname(), protocol="UDP", snat=snat)
        at = outside(stand, forward)
        with opened(stand.plan.home(0), at) as one, opened(stand.plan.home(1), at) as two:
            one.send(b"one")
            first, source_of_one = await received(site)
            two.send(b"two")
            second, source_of_two = await received(site)
            assert (first, second) == (b"one", b"two")
            seen = [source_of_one[0], source_of_two[0]]
            homes = [stand.plan.home(0), stand.plan.home(1)]
            assert seen == ([stand.plan.mbg_inside] * 2 if snat else homes)
            site.sendto(b"for two", source_of_two)
            site.sendto(b"for one", source_of_one)
            assert [await received(one), await received(two)] == [
                (b"for one", at),
                (b"for two", at),
            ]
            one.send(b"again")
            assert await received(site) == (b"again", source_of_one)
    counters = forward.counters
    assert (counters.accepted, counters.open, counters.high_water) == (2, 2, 2)
    assert (counters.octets_in, counters.octets_out) == (11, 14)
    happened = [entry for entry in stand.journal.entries if isinstance(entry, Happened)]
    assert [entry.name for entry in happened] == ["UDP session forwarded"] * 2
    assert happened[0].facts["seen_as"] == seen[0]


@on_both_loops
async def test_an_idle_session_ends_and_a_used_one_stays(stand: Stand) -> None:
    with opened(stand.plan.mcs) as site:
        forward = await stand.forward(site.getsockname(), protocol="UDP")
        at = outside(stand, forward)
        with opened(stand.plan.home(0), at) as idle, opened(stand.plan.home(1), at) as used:
            used.send(b"x")
            _, source_of_used = await received(site)
            idle.send(b"x")
            _, source_of_idle = await received(site)
            await stand.clock.advance(IDLE_S - 10)
            assert forward.counters.open == 2
            site.sendto(b"still there", source_of_used)
            await received(used)
            await stand.clock.advance(20)
            assert forward.counters.open == 1
            used.send(b"y")
            assert await received(site) == (b"y", source_of_used)
            idle.send(b"y")
            _, anew = await received(site)
            assert anew != source_of_idle
            await stand.clock.advance(2 * IDLE_S)
    counters = forward.counters
    assert (counters.accepted, counters.open, counters.high_water) == (3, 0, 2)


@on_both_loops
async def test_a_source_that_is_not_allowed_or_one_too_many_is_dropped(stand: Stand) -> None:
    plan = stand.plan
    allowed = tuple(f"{plan.home(index)}/32" for index in (0, 1))
    with opened(plan.mcs) as site, pytest.MonkeyPatch.context() as patch:
        patch.setattr(forward_udp, "MOST_SESSIONS", 1)
        forward = await stand.forward(site.getsockname(), protocol="UDP", sources=allowed)
        at, counters = outside(stand, forward), forward.counters
        with opened(plan.home(2), at) as stranger, opened(plan.home(0), at) as first:
            stranger.send(b"stranger")
            await until(lambda: counters.refused == 1)
            assert counters.last_error == f"{plan.home(2)} is not among the rule's allowed sources"
            first.send(b"first")
            assert (await received(site))[0] == b"first"
            with opened(plan.home(1), at) as second:
                second.send(b"second")
                await until(lambda: counters.refused == 2)
                assert counters.last_error == "1 UDP sessions are open, no more fit"
        with pytest.raises(BlockingIOError):
            site.recv(100)
    assert (counters.accepted, counters.octets_in) == (1, 5)


@on_both_loops
async def test_a_destination_that_is_down_is_named_and_a_later_one_found(stand: Stand) -> None:
    with opened(stand.plan.mcs) as closed_again:
        host, port = closed_again.getsockname()
    forward = await stand.forward((host, port), protocol="UDP")
    with opened(stand.plan.home(0), outside(stand, forward)) as phone:
        phone.send(b"x")
        await until(lambda: forward.counters.unreachable == 1)
        assert f"{host}:{port} can't be reached: " in forward.counters.last_error
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as site:
            site.setblocking(False)
            site.bind((host, port))
            phone.send(b"y")
            assert (await received(site))[0] == b"y"
    assert forward.counters.open == 1


@on_both_loops
async def test_stopping_a_rule_ends_sessions_and_frees_the_port(stand: Stand) -> None:
    with opened(stand.plan.mcs) as site:
        forward = await stand.forward(site.getsockname(), protocol="UDP")
        at = outside(stand, forward)
        with opened(stand.plan.home(0), at) as phone:
            phone.send(b"x")
            await received(site)
            await forward.stop()
            assert forward.counters.open == 0
            phone.send(b"into nowhere")
            with pytest.raises(ConnectionRefusedError):
                await received(phone)
            await forward.stop()
            await forward.start()
            phone.send(b"y")
            assert (await received(site))[0] == b"y"
    assert outside(stand, forward) == at
    assert forward.counters.accepted == 2


@on_both_loops
async def test_a_port_that_is_taken_is_named(stand: Stand) -> None:
    with opened(stand.plan.mbg_outside) as taken:
        second = await stand.forward(protocol="UDP")
        await second.stop()
        second._gate.outside = taken.getsockname()
        with pytest.raises(ConfigurationError, match=r"can't listen on UDP .* for the forward"):
            await second.start()
