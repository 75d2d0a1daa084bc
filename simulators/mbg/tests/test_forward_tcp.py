"""TCP forwards on real sockets, under asyncio and uvloop: octets, ends, resets, counts."""

import asyncio
import hashlib
import resource
import socket
from collections.abc import Iterator

import pytest

from simulators.errors import ConfigurationError
from simulators.journal.entries import ForwardEntry
from simulators.mbg.forwarding.forward import Forward
from simulators.mbg.forwarding.forward_tcp import HELD, Joint, TcpForwarder
from simulators.mbg.tests.forward_bench import Stand, cut, go_on, on_both_loops, stall, until

ONE_READ = 256 * 1024
"""The most that either loop takes from a socket at a time."""
MORE_THAN_FITS = bytes(range(256)) * 4096 * 16
"""16 MiB, above all that sockets and forward hold on the way."""


def joints(forward: Forward) -> list[Joint]:
    assert isinstance(forward._forwarder, TcpForwarder)
    return list(forward._forwarder._open)


def is_read(joint: Joint) -> bool:
    """Whether the outer end is joined, and octets are taken from it."""
    outer = joint.outer.transport
    return joint.inner.transport is not None and outer is not None and outer.is_reading()


@pytest.fixture
def many_files() -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.mark.parametrize("snat", [True, False])
@on_both_loops
async def test_the_destination_sees_the_source_that_snat_says(stand: Stand, snat: bool) -> None:
    forward = await stand.forward(snat=snat)
    _, (_, inner) = await stand.pair(forward)
    seen = stand.plan.mbg_inside if snat else stand.plan.home(0)
    assert inner.get_extra_info("peername")[0] == seen
    (entry,) = stand.journal.entries
    assert isinstance(entry, ForwardEntry)
    assert (entry.outside_port, entry.snat, entry.snat_source) == (forward.port, snat, seen)


@pytest.mark.parametrize("first", ["outer", "inner"])
@on_both_loops
async def test_the_end_of_one_direction_leaves_the_other_open(stand: Stand, first: str) -> None:
    forward = await stand.forward()
    outer, inner = await stand.pair(forward)
    asks, answers = (outer, inner) if first == "outer" else (inner, outer)
    asks[1].write(b"question")
    asks[1].write_eof()
    assert await answers[0].read() == b"question"
    assert forward.counters.open == 1
    answers[1].write(b"a long answer")
    answers[1].close()
    assert await asks[0].read() == b"a long answer"
    await until(lambda: forward.counters.open == 0)
    ways = (8, 13) if first == "outer" else (13, 8)
    assert (forward.octets_in, forward.octets_out) == ways


@on_both_loops
async def test_what_comes_before_the_inner_end_stands_is_kept(stand: Stand) -> None:
    forward = await stand.forward()
    words = bytes(range(256)) * 256
    with socket.create_connection((stand.plan.mbg_outside, forward.port)) as early:
        early.sendall(words)
        early.shutdown(socket.SHUT_WR)
        reader, writer = await stand.arrived.get()
        assert await reader.read() == words
        writer.write(b"answer")
        writer.close()
        await until(lambda: forward.counters.open == 0)
        assert early.recv(100) == b"answer"
    assert (forward.octets_in, forward.octets_out) == (len(words), 6)


@on_both_loops
async def test_a_slow_reader_stops_the_sender_and_nothing_is_lost(stand: Stand) -> None:
    forward = await stand.forward()
    (_, outer), (reader, inner) = await stand.pair(forward)
    (joint,) = joints(forward)
    await until(lambda: is_read(joint))
    stall(inner)
    outer.write(MORE_THAN_FITS)
    outer.write_eof()
    await until(lambda: not is_read(joint))
    held = joint.inner.transport
    assert held is not None
    assert HELD < held.get_write_buffer_size() <= HELD + ONE_READ
    assert forward.octets_in < len(MORE_THAN_FITS)
    go_on(inner)
    received = await reader.read()
    assert len(received) == len(MORE_THAN_FITS)
    assert hashlib.sha256(received).digest() == hashlib.sha256(MORE_THAN_FITS).digest()
    assert forward.octets_in == len(MORE_THAN_FITS)


@pytest.mark.usefixtures("many_files")
@on_both_loops
async def test_two_thousand_connections_at_once_are_all_carried_and_counted(stand: Stand) -> None:
    number = min(2000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] // 5)
    forward, counters = await stand.forward(), stand.forwards[0].counters
    outers = [await stand.home(forward, index % 50) for index in range(number)]
    inners = [await stand.arrived.get() for _ in range(number)]
    assert counters.open == counters.high_water == number
    for index, (_, writer) in enumerate(outers):
        writer.write(b"%06d" % index)
    told = [await reader.readexactly(6) for reader, _ in inners]
    assert sorted(told) == [b"%06d" % index for index in range(number)]
    for (_, writer), words in zip(inners, told, strict=True):
        writer.write(words)
        writer.close()
    assert [await reader.read() for reader, _ in outers] == [b"%06d" % i for i in range(number)]
    for _, writer in outers:
        writer.close()
    await until(lambda: counters.open == 0)
    assert (counters.accepted, counters.refused, counters.unreachable) == (number, 0, 0)
    assert (counters.octets_in, counters.octets_out) == (6 * number, 6 * number)
    assert counters.high_water == number


@on_both_loops
async def test_a_destination_that_is_down_is_a_reset_and_named(stand: Stand) -> None:
    with socket.create_server((stand.plan.mcs, 0)) as closed_again:
        host, port = closed_again.getsockname()
    forward = await stand.forward((host, port))
    with pytest.raises(ConnectionResetError):
        reader, _ = await stand.home(forward)
        await reader.read()
    counters = forward.counters
    await until(lambda: counters.open == 0)
    assert (counters.accepted, counters.unreachable, counters.high_water) == (1, 1, 1)
    assert f"{host}:{port} can't be reached: " in counters.last_error


@on_both_loops
async def test_a_source_that_is_not_allowed_reaches_nothing(stand: Stand) -> None:
    plan = stand.plan
    forward = await stand.forward(sources=(f"{plan.home(0)}/32", f"{plan.home(1)}/32"))
    with pytest.raises(ConnectionResetError):
        reader, _ = await stand.home(forward, 2)
        await reader.read()
    counters = forward.counters
    assert counters.last_error == f"{plan.home(2)} is not among the rule's allowed sources"
    assert (counters.accepted, counters.refused, counters.open) == (0, 1, 0)
    await stand.home(forward, 1)
    await stand.arrived.get()
    assert (counters.accepted, counters.refused, stand.arrivals) == (1, 1, 1)


@on_both_loops
async def test_what_has_no_path_to_the_mbg_is_not_counted(stand: Stand) -> None:
    forward = await stand.forward()
    inside_only = stand.plan.mbg_inside
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stand.network, "allows", lambda _, destination: destination == inside_only)
        with pytest.raises(ConnectionResetError):
            reader, _ = await stand.home(forward)
            await reader.read()
    counters = forward.counters
    assert (counters.accepted, counters.refused, stand.arrivals) == (0, 0, 0)


@pytest.mark.parametrize("who", ["outer", "inner"])
@on_both_loops
async def test_a_reset_is_passed_on_as_one(stand: Stand, who: str) -> None:
    forward = await stand.forward()
    outer, inner = await stand.pair(forward)
    gone, left = (outer, inner) if who == "outer" else (inner, outer)
    cut(gone[1])
    with pytest.raises(ConnectionResetError):
        await left[0].read()
    await until(lambda: forward.counters.open == 0)


@on_both_loops
async def test_stopping_a_rule_cuts_connections_and_frees_the_port(stand: Stand) -> None:
    forward = await stand.forward()
    quiet = await stand.pair(forward)
    (busy, busy_writer), (_, deaf) = await stand.pair(forward)
    await until(lambda: all(is_read(joint) for joint in joints(forward)))
    stall(deaf)
    busy_writer.write(MORE_THAN_FITS)
    await until(lambda: not all(is_read(joint) for joint in joints(forward)))
    await forward.stop()
    assert (forward.counters.open, forward.counters.high_water) == (0, 2)
    for reader in (quiet[0][0], quiet[1][0], busy):
        with pytest.raises(ConnectionResetError):
            await reader.read()
    with pytest.raises(ConnectionRefusedError):
        await stand.home(forward)
    await forward.stop()
    port = forward.port
    await forward.start()
    await stand.pair(forward)
    assert (forward.port, forward.counters.accepted) == (port, 3), "counters outlive a stop"


@on_both_loops
async def test_a_rule_that_is_stopped_while_it_connects_leaves_nothing(stand: Stand) -> None:
    with socket.socket() as full:
        full.bind((stand.plan.mcs, 0))
        full.listen(0)
        knocking = [socket.socket() for _ in range(4)]
        for knocks in knocking:  # with a full backlog nobody gets an answer any more
            knocks.setblocking(False)
            knocks.connect_ex(full.getsockname())
        forward = await stand.forward(full.getsockname())
        reader, _ = await stand.home(forward)
        await until(lambda: forward.counters.open == 1)
        assert joints(forward)[0].inner.transport is None
        await forward.stop()
        assert (forward.counters.open, forward.counters.unreachable) == (0, 0)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        for knocks in knocking:
            knocks.close()


@on_both_loops
async def test_a_rule_that_is_stopped_at_any_moment_leaves_nothing(stand: Stand) -> None:
    for turns in range(12):
        forward = await stand.forward()
        _, writer = await stand.home(forward)
        writer.write(b"hello")
        for _ in range(turns):
            await asyncio.sleep(0)
        await forward.stop()
        assert (forward.counters.open, joints(forward)) == (0, [])


@on_both_loops
async def test_a_port_that_is_taken_is_named(stand: Stand) -> None:
    taken = await stand.forward()
    second = await stand.forward()
    await second.stop()
    second._gate.outside = (stand.plan.mbg_outside, taken.port)
    with pytest.raises(ConfigurationError, match=f"can't listen on TCP .*:{taken.port} for the"):
        await second.start()
    await second.stop()
