"""Clients that misbehave, on real sockets: what they cost is bounded, and the journal says why."""

import asyncio
import socket
from collections.abc import Sequence

import pytest

from simulators.core import Address
from simulators.pbx import ct_gateway, oai
from simulators.pbx.oai_connection import WRITE_BUFFER, Connection
from simulators.pbx.oai_disturbance import CUT, Piece
from simulators.pbx.tests.gateway_bench import NET_S, Bench, Client, on_both_loops, until

FEW_OCTETS = 4096
"""Of buffers in the kernel, so that a client that does not read is noticed early."""


def connected(bench: Bench) -> socket.socket:
    """A connection with little room in the kernel, on which nothing was said yet."""
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, FEW_OCTETS)
    plain.bind((bench.plan.mcs, 0))
    plain.connect(bench.gateway.address)
    return plain


def little_room(sender: socket.socket) -> None:
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, FEW_OCTETS)


def many_extensions(bench: Bench, count: int) -> None:
    for number in range(100_000, 100_000 + count):
        bench.node.add_extension(str(number), f"Person {number}", auth_password="Long-enough.1")


@on_both_loops
async def test_who_never_reads_costs_a_write_buffer_and_is_cut_off(bench: Bench) -> None:
    many_extensions(bench, 3000)
    quiet = connected(bench)
    quiet.sendall(oai.frame(oai.LogIn("gateway-s3cret", "MCS").encode()))
    [connection] = await connections(bench, 1)
    await bench.clock.advance(40)  # past the time to log in: the next timer is the keep-alive
    quiet.sendall(oai.frame(b"_XC,1,||\r") * 500)
    await until(lambda: connection.session.timer_at() is not None and connection._blocked)
    assert connection.session.backlogged  # 500 commands were sent, 100 are waited on
    assert connection._transport.get_write_buffer_size() < 2 * WRITE_BUFFER
    other = await bench.client()  # nobody else notices
    other.send(b"_NO,1\r")
    assert (await other.next())[1] == "CF"
    await bench.clock.advance(61)
    await until(lambda: connection not in bench.gateway.connections)
    assert bench.reasons() == ["the client has not read for 60 s"]
    other.send(b"_NO,2\r")
    assert (await other.next())[1] == "CF"
    await other.close()
    quiet.close()


async def connections(bench: Bench, count: int) -> list[Connection]:
    await until(lambda: len(bench.gateway.connections) == count)
    return list(bench.gateway.connections)


@on_both_loops
async def test_who_reads_slowly_gets_all_of_it(bench: Bench) -> None:
    many_extensions(bench, 3000)
    client = await bench.client()
    [connection] = bench.gateway.connections
    little_room(connection._transport.get_extra_info("socket"))
    for invoke_id in range(20):
        client.send(f"_QX,{invoke_id},1\r".encode())
    await until(lambda: connection._blocked)
    await bench.clock.advance(30)
    counted = 0
    while counted < 20:
        fields = await client.next()
        assert fields[1] == "CF"
        counted += fields[5] == "0"
    assert int(fields[0]) == (2 + 20 * 61) % 1000
    await bench.clock.advance(61)  # who has read it all in the end is not cut off later
    client.send(b"_NO,20\r")
    assert (await client.next())[1:4] == ["CF", "_NO", "20"]
    await client.close()
    assert bench.reasons() == []


@on_both_loops
async def test_no_more_is_read_than_can_be_answered(bench: Bench) -> None:
    many_extensions(bench, 3000)
    plain = connected(bench)
    plain.setblocking(False)
    client = Client(*await asyncio.open_connection(sock=plain))
    client.send(oai.LogIn("gateway-s3cret", "MCS").encode())
    [connection] = await connections(bench, 1)
    little_room(connection._transport.get_extra_info("socket"))
    for _ in range(3):
        client.send(b"_XC,1,||\r")
    long_one = b"_QI,2," + b"9" * 1000 + b"\r"
    for _ in range(2000):
        client.send(long_one)  # 2 MB
    await until(lambda: connection._blocked and connection.session.backlogged)
    for _ in range(100):
        await asyncio.sleep(0)
    assert len(connection.session._reader._buffer) < 600_000
    fields = await client.next()
    while fields[2:4] != ["_QI", "2"]:
        fields = await client.next()
    outcomes = [fields[4], *[(await client.next())[4] for _ in range(1999)]]
    assert outcomes == ["4"] * 2000
    client.send(b"_NO,3\r")
    assert (await client.next())[1:4] == ["CF", "_NO", "3"]
    await client.close()


@on_both_loops
async def test_half_open_connections_are_bounded_and_let_go_with_a_reason(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ct_gateway, "MOST_WITHOUT_LOG_IN", 300)
    honest = await bench.client()
    silent = [connected(bench)]
    await connections(bench, 2)
    for waiting in [*range(41, 300, 40), *[300] * 3]:
        silent += [connected(bench) for _ in range(40)]
        await connections(bench, 1 + waiting)
    await until(lambda: len(bench.reasons()) == len(silent) - 300)
    assert set(bench.reasons()) == {"more than 300 connections wait for a log-in"}
    assert silent[0].recv(1) == b""  # the oldest went first
    await bench.clock.advance(31)
    await connections(bench, 1)
    assert bench.reasons()[len(silent) - 300 :] == ["no log-in came"] * 300
    honest.send(b"_NO,1\r")
    assert (await honest.next())[1] == "CF"
    await honest.close()
    for each in silent:
        each.close()


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "expected a frame of 1 to 65536 octets"),
        (b"\0\0\0\0", "its length says 0"),
        (b"\xff\xff\xff\xff", "its length says 4294967295"),
        (oai.frame(b"\x84pw\0SMDR\0"), "expected a log-in (0x87), got 0x84"),
        (oai.frame(b"_NA,1,1\r"), "expected a log-in (0x87), got 0x5f"),
    ],
)
@on_both_loops
async def test_what_is_no_log_in_ends_the_connection_with_a_reason(
    bench: Bench, octets: bytes, reason: str
) -> None:
    reader, writer = await asyncio.open_connection(
        *bench.gateway.address, local_addr=(bench.plan.mcs, 0)
    )
    writer.write(octets)
    assert await asyncio.wait_for(reader.read(), NET_S) == b""
    [told] = bench.reasons()
    assert reason in str(told)
    writer.close()
    await writer.wait_closed()


@on_both_loops
async def test_a_client_that_hangs_up_in_the_middle_of_a_frame_leaves_nothing(
    bench: Bench,
) -> None:
    for cut in (0, 3, 4, 10):
        client = await bench.client()
        client.writer.write(oai.frame(b"_XC,1,||\r")[:cut])
        await client.close()
        await connections(bench, 0)
    silent = connected(bench)
    await connections(bench, 1)
    silent.close()
    await connections(bench, 0)
    assert bench.gateway._without_log_in == {}


# Disturbances


class Scripted:
    """Does with each message of an event what the test says; others go out as they are."""

    def __init__(self, event: bytes, pieces: Sequence[Piece]) -> None:
        self.event, self.pieces = event, pieces
        self.clients: list[Address] = []

    def disturb(self, payload: bytes, client: Address) -> Sequence[Piece]:
        self.clients.append(client)
        if payload[4:].startswith(self.event):
            return self.pieces
        return [(0.0, oai.frame(payload))]


@on_both_loops
async def test_messages_go_out_late_in_pieces_and_in_order(bench: Bench) -> None:
    client = await bench.client()
    frame = oai.frame(b"003,CF,_NO,1,0\r")
    bench.gateway.disturber = Scripted(
        b"CF,_NO,1", [(5.0, frame[:7]), (0.0, b""), (5.0, frame[7:])]
    )
    client.send(b"_NO,1\r")
    client.send(b"_NO,2\r")
    await until(lambda: len(bench.oai()) == 5)
    await bench.clock.advance(4.9)
    assert len(bench.oai()) == 5  # journaled when the first octet goes out
    await bench.clock.advance(0.2)
    assert len(bench.oai()) == 6
    await bench.clock.advance(5)
    assert [(await client.next())[:4] for _ in range(2)] == [
        ["003", "CF", "_NO", "1"],
        ["004", "CF", "_NO", "2"],
    ]
    assert bench.gateway.disturber.clients[0] == client.writer.get_extra_info("sockname")
    await client.close()


@on_both_loops
async def test_a_message_is_swallowed_or_the_connection_cut(bench: Bench) -> None:
    client = await bench.client()
    bench.gateway.disturber = Scripted(b"CF,_NO,1", [])
    client.send(b"_NO,1\r")
    client.send(b"_NO,2\r")
    assert (await client.next())[:4] == ["004", "CF", "_NO", "2"]
    bench.gateway.disturber = Scripted(b"CF,_NO,3", [(0.0, b"\x10\0"), (0.0, CUT)])
    client.send(b"_NO,3\r")
    client.send(b"_NO,4\r")
    assert await client.next() == []
    await connections(bench, 0)
    await client.close()
    bench.gateway.disturber = None
    await (await bench.client()).close()


@on_both_loops
async def test_the_pbx_may_change_while_a_message_goes_out(bench: Bench) -> None:
    many_extensions(bench, 100)

    class Changing:
        def disturb(self, payload: bytes, client: Address) -> Sequence[Piece]:
            if b"CF,_QX,2,0,1" in payload and "100099" in bench.node.extensions:
                bench.node.remove_extension("100099")
            return [(0.0, oai.frame(payload))]

    client = await bench.client()
    client.send(b"_MS,1,11\r")
    assert (await client.next())[1] == "CF"
    bench.gateway.disturber = Changing()
    client.send(b"_QX,2,1\r")
    got = [await client.next() for _ in range(4)]
    assert [each[1] for each in got] == ["CF", "EC", "CF", "CF"]
    assert got[1][2:] == ["100099", ""]
    assert "100098" not in got[3] and got[3][5:7] == ["0", "0"]
    assert got[2][-4] == "100098"
    await client.close()


@on_both_loops
async def test_ten_thousand_extensions_at_once(bench: Bench) -> None:
    many_extensions(bench, 10_000)
    client = await bench.client()
    client.send(b"_QX,1,1\r")
    client.send(b"_XC,2,||\r")
    rows = {"_QX": list[str](), "_XC": list[str]()}
    while True:
        fields = await client.next()
        rows[fields[2]] += fields[7:]
        if fields[2] == "_XC" and fields[5] == "0":
            break
    expected = ["2101", *map(str, range(100_000, 110_000))]
    assert rows["_QX"][::4] == expected
    assert rows["_XC"][::3] == expected
    await client.close()
