"""The driver over TCP and TLS: connections reused and opened, their ends, deadlines and limits."""

import asyncio
import ssl

import pytest

from simulators.core import Address, Datagram
from simulators.errors import ConfigurationError
from simulators.sockets import SipDriver, StreamLimits
from simulators.sockets.tests.socket_bench import OPTIONS, Bench, Probe, cut, until
from simulators.tls import Authority

both = pytest.mark.parametrize("transport", ["TCP", "TLS"])


class Pair:
    """A home that opens connections, and a border that answers in kind."""

    def __init__(
        self, bench: Bench, authority: Authority, transport: str, limits: StreamLimits
    ) -> None:
        self.bench = bench
        self.transport = transport
        self.phone, self.border = Probe(), Probe(echo=True)
        self.home = bench.driver(self.phone, trust=authority.client_context(), limits=limits)
        self.mbg = bench.driver(self.border, limits=limits)
        self._context = authority.server_context(bench.plan.mbg_outside)
        self.there: Address = ("", 0)

    async def open(self, home: str = "") -> "Pair":
        self.there = await self.mbg.open(
            (self.bench.plan.mbg_outside, 0), "outside", self.transport, tls=self._context
        )
        await self.home.open((home or self.bench.plan.home(0), 0), "", self.transport)
        return self

    def send(self, data: bytes = OPTIONS) -> None:
        self.phone.out.append(Datagram(data, self.there, "", self.transport))
        self.home.pump()

    def reasons(self) -> list[str]:
        return [entry.reason for entry in self.bench.lost()]


async def pair(
    bench: Bench, authority: Authority, transport: str, limits: StreamLimits | None = None
) -> Pair:
    return await Pair(bench, authority, transport, limits or StreamLimits()).open()


async def connect(
    there: Address, tls: ssl.SSLContext | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(*there, ssl=tls)


@both
async def test_request_and_answer_share_a_connection_which_the_next_ones_use_too(
    bench: Bench, authority: Authority, transport: str
) -> None:
    two = await pair(bench, authority, transport)
    for count in (2, 4, 5):  # two that wait for the connection, two that find it, one alone
        for _ in range(count - len(two.phone.heard)):
            two.send()
        await bench.heard(two.phone, count)
    assert [data for data, _, _ in two.border.heard] == [OPTIONS] * 5
    assert {(peer[0], side) for _, peer, side in two.border.heard} == {
        (bench.plan.home(0), "outside")
    }
    assert {peer for _, peer, _ in two.phone.heard} == {two.there}
    assert set(two.border.transports + two.phone.transports) == {transport}
    assert (two.mbg.connections("outside", transport), two.home.connections("", transport)) == (
        1,
        1,
    )
    assert [(e.method, e.transport) for e in bench.sip()] == [("OPTIONS", transport)] * 10


@both
async def test_a_core_is_told_once_when_its_connection_ends(
    bench: Bench, authority: Authority, transport: str
) -> None:
    two = await pair(bench, authority, transport)
    two.send()
    await bench.heard(two.phone)
    two.mbg.close()
    await until(lambda: bool(two.phone.ended))
    assert two.phone.ended == [(two.there, "", transport)]
    assert two.border.ended == [], "who closes by itself knows"
    assert two.home.connections("", transport) == 0


async def test_nobody_there_is_told_as_lost(bench: Bench, authority: Authority) -> None:
    two = await pair(bench, authority, "TCP")
    two.mbg.close()
    await two.mbg.wait_closed()
    two.send()
    await until(lambda: bool(two.phone.ended))
    assert two.phone.ended == [(two.there, "", "TCP")]
    assert "can't connect" in two.reasons()[0]


async def test_a_forbidden_connect_is_silence_until_its_time_out(
    bench: Bench, authority: Authority
) -> None:
    bench.network.connect_timeout_s = 500
    two = await pair(bench, authority, "TCP", StreamLimits(opening_s=1000))
    two.there = (bench.plan.node(1), two.there[1])
    two.send()
    await until(lambda: bool(bench.lost()))
    assert two.reasons() == ["no path from home to lan"]
    await bench.clock.advance(400)
    assert two.phone.ended == []
    await bench.clock.advance(101)
    await until(lambda: bool(two.phone.ended))
    assert two.home.connections() == 0


async def test_a_forbidden_peer_is_cut_at_once(bench: Bench) -> None:
    probe = Probe()
    driver = bench.driver(probe)
    inside = await driver.open((bench.plan.mbg_inside, 0), "", "TCP")
    reader, writer = await asyncio.open_connection(*inside, local_addr=(bench.plan.home(0), 0))
    writer.write(OPTIONS)
    await cut(reader)
    writer.close()
    _, allowed = await asyncio.open_connection(*inside, local_addr=(bench.plan.node(1), 0))
    allowed.write(OPTIONS)
    await bench.heard(probe)
    assert [peer[0] for _, peer, _ in probe.heard] == [bench.plan.node(1)]
    allowed.close()


@both
async def test_an_accepted_connection_has_ten_seconds_for_its_first_message(
    bench: Bench, authority: Authority, transport: str
) -> None:
    assert StreamLimits().opening_s == 10
    two = await pair(bench, authority, transport, StreamLimits(opening_s=300))
    two.send()  # the one that says something
    await bench.heard(two.phone)
    silent_reader, silent = await connect(two.there)  # over TLS: not even a handshake
    tls = authority.client_context() if transport == "TLS" else None
    slow_reader, slow = await connect(two.there, tls)
    slow.write(b"\r\n\r\n" + OPTIONS[:-1])
    await until(lambda: two.mbg.connections("outside", transport) == 3)
    await bench.clock.advance(200)
    assert two.mbg.connections("outside", transport) == 3
    await bench.clock.advance(101)
    await until(lambda: two.mbg.connections("outside", transport) == 1)
    assert two.reasons() == ["no whole message within 300 s"] * 2
    assert two.border.ended == [], "they were nobody"
    for reader, writer in ((silent_reader, silent), (slow_reader, slow)):
        await cut(reader)
        writer.close()


@both
async def test_a_quiet_connection_is_closed_and_pings_keep_it(
    bench: Bench, authority: Authority, transport: str
) -> None:
    two = await pair(bench, authority, transport, StreamLimits(idle_s=1000))
    tls = authority.client_context() if transport == "TLS" else None
    reader, writer = await connect(two.there, tls)
    writer.write(OPTIONS)
    assert await reader.readexactly(len(OPTIONS)) == OPTIONS
    for _ in range(3):
        await bench.clock.advance(900)
        writer.write(b"\r\n\r\n")
        assert await reader.readexactly(2) == b"\r\n"
    writer.write(OPTIONS[:20])  # a part is no sign of life
    await bench.clock.advance(1001)
    await cut(reader)
    await until(lambda: bool(two.border.ended))
    assert two.reasons() == ["no whole message for 1000 s"]
    writer.close()


@both
async def test_one_octet_at_a_time(bench: Bench, authority: Authority, transport: str) -> None:
    two = await pair(bench, authority, transport)
    tls = authority.client_context() if transport == "TLS" else None
    reader, writer = await connect(two.there, tls)
    octets = b"\r\n" + OPTIONS + b"\r\n\r\n" + OPTIONS
    for index in range(len(octets)):
        writer.write(octets[index : index + 1])
        await asyncio.sleep(0)
    wanted = OPTIONS + b"\r\n" + OPTIONS
    assert await reader.readexactly(len(wanted)) == wanted
    writer.close()


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"OPTIONS sip:x SIP/2.0\r\nX: " + b"x" * 1_000_000, "the headers are over 65536 octets"),
        (b"OPTIONS sip:x SIP/2.0\r\n\r\n", "expected one Content-Length with a number, got ''"),
        (
            OPTIONS.replace(b": 0", b": 99999999"),
            "a message of over 1048576 octets is announced",
        ),
    ],
    ids=["a megabyte of headers", "no Content-Length", "a body of 100 MB"],
)
async def test_what_cannot_be_framed_ends_the_connection_with_a_reason(
    bench: Bench, authority: Authority, octets: bytes, reason: str
) -> None:
    two = await pair(bench, authority, "TCP")
    reader, writer = await connect(two.there)
    writer.write(octets)
    await until(lambda: bool(bench.lost()))
    assert [(e.reason, e.transport, e.destination) for e in bench.lost()] == [
        (reason, "TCP", two.there)
    ]
    await cut(reader)
    writer.close()
    assert two.border.heard == []


@both
async def test_a_peer_that_does_not_read_is_cut(
    bench: Bench, authority: Authority, transport: str
) -> None:
    two = await pair(bench, authority, transport, StreamLimits(unsent=100_000))
    tls = authority.client_context() if transport == "TLS" else None
    _, writer = await connect(two.there, tls)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    large = OPTIONS.replace(b": 0", b": 60000") + b"x" * 60_000
    while not two.border.ended:
        if not writer.transport.is_closing() and not writer.transport.get_write_buffer_size():
            writer.write(large)
        await asyncio.sleep(0)
    assert "peer that does not read" in two.reasons()[0]
    assert two.mbg.connections("outside", transport) == 0
    two.send()  # others are served
    await bench.heard(two.phone)
    writer.transport.abort()


async def test_more_connections_than_the_cap_are_cut(bench: Bench, authority: Authority) -> None:
    two = await pair(bench, authority, "TCP", StreamLimits(connections=2))
    writers = [(await connect(two.there))[1] for _ in range(4)]
    await until(lambda: len(bench.lost()) == 2)
    assert two.reasons() == ["the side has 2 connections already"] * 2
    writers[0].transport.abort()
    await until(lambda: two.mbg.connections("outside") == 1)
    two.send()
    await bench.heard(two.phone)
    for writer in writers:
        writer.transport.abort()


async def test_a_certificate_of_a_stranger_is_not_taken(bench: Bench, authority: Authority) -> None:
    two = await pair(bench, authority, "TLS")
    stranger = Probe()
    driver: SipDriver = bench.driver(stranger, trust=Authority().client_context())
    await driver.open((bench.plan.home(1), 0), "", "TLS")
    stranger.out.append(Datagram(OPTIONS, two.there, "", "TLS"))
    driver.pump()
    await until(lambda: bool(stranger.ended))
    assert "CERTIFICATE_VERIFY_FAILED" in two.reasons()[0]
    assert two.border.heard == []


async def test_a_side_without_trust_opens_no_tls(bench: Bench) -> None:
    probe = Probe()
    driver = bench.driver(probe)
    address = (bench.plan.home(0), 5061)
    assert await driver.open(address, "", "TLS") == address, "nothing listens without a certificate"
    probe.out.append(Datagram(OPTIONS, (bench.plan.mbg_outside, 5061), "", "TLS"))
    driver.pump()
    await until(lambda: bool(probe.ended))
    assert "no TLS client context" in bench.lost()[0].reason


async def test_plain_text_to_a_tls_port_is_ended_with_the_reason(
    bench: Bench, authority: Authority
) -> None:
    two = await pair(bench, authority, "TLS")
    _, writer = await connect(two.there)
    writer.write(OPTIONS)
    await until(lambda: bool(bench.lost()))
    assert two.reasons()[0].startswith("TLS failed")
    writer.transport.abort()


@both
async def test_closing_frees_the_address_in_the_midst_of_everything(
    bench: Bench, authority: Authority, transport: str
) -> None:
    two = await pair(bench, authority, transport)
    with pytest.raises(ConfigurationError, match=f"can't open {transport}"):
        await bench.driver(Probe()).open(two.there, "", transport, authority.server_context("x"))
    _, half = await connect(two.there)
    two.send()  # is just connecting
    for driver in (two.home, two.mbg):
        driver.close()
        driver.close()
        await driver.wait_closed()
    again = await two.mbg.open(two.there, "outside", transport, authority.server_context("x"))
    assert again == two.there
    assert two.phone.ended == []
    half.transport.abort()


async def test_what_waits_for_a_connection_has_a_limit_too(
    bench: Bench, authority: Authority
) -> None:
    two = await pair(bench, authority, "TCP")
    two.there = (bench.plan.node(1), 5060)  # no path: the connection takes its time
    for _ in range(4):
        two.send(OPTIONS + b"x" * 100_000)
    await until(lambda: bool(two.phone.ended))
    assert "wait for a peer" in two.reasons()[0]
    assert two.home.connections() == 0


async def test_a_phones_connection_bears_its_name_where_a_home_has_several(
    bench: Bench, authority: Authority
) -> None:
    two = await pair(bench, authority, "TCP")
    bench.journal.name(two.home.addresses["", "TCP"], "second phone")
    bench.journal.name(bench.plan.mbg_outside, "MBG")
    two.send()
    await bench.heard(two.phone)
    assert [(e.frm, e.to) for e in bench.sip()] == [
        ("second phone", "MBG"),
        ("MBG", "second phone"),
    ]


async def test_what_goes_to_a_stranger_is_journaled_by_its_sender(
    bench: Bench, authority: Authority
) -> None:
    two = await pair(bench, authority, "TCP")
    reader, writer = await connect(two.there)
    writer.write(OPTIONS)
    await reader.readexactly(len(OPTIONS))
    assert [e.source == two.there for e in bench.sip()] == [False, True]
    writer.close()


@both
@pytest.mark.parametrize("wrong", [("node.example", 5060), ("127.1.2.3", 65_536)])
async def test_no_connection_is_tried_to_what_is_no_address(
    bench: Bench, authority: Authority, transport: str, wrong: Address
) -> None:
    two = await pair(bench, authority, transport)
    two.phone.out.append(Datagram(OPTIONS, wrong, "", transport))
    two.home.pump()
    await until(lambda: bool(two.phone.ended))
    assert two.phone.ended == [(wrong, "", transport)]
    assert "expected an IPv4 address and a port" in two.reasons()[0]
