"""TFTP as a core: RFC 1350 and 2347 to 2349, with packets lost, doubled and out of order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core import Address
from simulators.errors import LocalProtocolError
from simulators.phone.local.tftp import MAX_FILE, State, TftpRead, TftpSettings
from simulators.phone.local.tftp_packets import Data, ErrorCode, OptionsAccepted, parse
from simulators.phone.tests.local_bench import TftpServer

SERVER: Address = ("127.10.0.5", 69)
AT: Address = ("127.10.0.5", 40_000)
STRANGER: Address = ("127.10.0.5", 40_001)


def data(block: int, content: bytes) -> bytes:
    return b"\0\3" + (block % 65_536).to_bytes(2, "big") + content


def oack(**options: object) -> bytes:
    return b"\0\6" + b"".join(f"{n}\0{v}\0".encode() for n, v in options.items())


def ack(block: int) -> bytes:
    return b"\0\4" + block.to_bytes(2, "big")


def started(settings: TftpSettings | None = None) -> TftpRead:
    reading = TftpRead("6930.st", SERVER, settings)
    reading.start(0.0)
    return reading


def sent(reading: TftpRead) -> list[tuple[bytes, Address]]:
    return [(datagram.data, datagram.to) for datagram in reading.to_send()]


def test_the_request_names_file_mode_and_options() -> None:
    reading = started()
    assert sent(reading) == [(b"\0\x016930.st\0octet\0blksize\x001024\0tsize\x000\0", SERVER)]
    plain = started(TftpSettings(blksize=0))
    assert sent(plain) == [(b"\0\x016930.st\0octet\0", SERVER)]


@pytest.mark.parametrize("name", ["", "a\0b", "ü.cfg"])
def test_a_name_that_cannot_be_sent_is_refused(name: str) -> None:
    with pytest.raises(ValueError):
        TftpRead(name, SERVER).start(0.0)


def test_a_file_is_read_from_the_port_that_answers() -> None:
    reading = started()
    reading.to_send()
    reading.receive(oack(blksize=1024, tsize=1030), AT, 0)
    assert sent(reading) == [(ack(0), AT)]
    reading.receive(data(1, bytes(1024)), AT, 0)
    reading.receive(data(2, b"the end"[:6]), AT, 0)
    assert sent(reading) == [(ack(1), AT), (ack(2), AT)]
    assert reading.state is State.DONE and reading.data == bytes(1024) + b"the en"
    assert reading.timer_at() is None


def test_a_server_without_options_sends_blocks_of_512() -> None:
    reading = started()
    reading.receive(data(1, bytes(512)), AT, 0)
    reading.receive(data(2, b""), AT, 0)
    assert reading.state is State.DONE and len(reading.data) == 512


def test_a_server_that_refuses_options_is_asked_without() -> None:
    reading = started()
    reading.to_send()
    refusal = b"\0\5\0\x08no options\0"
    reading.receive(refusal, AT, 0)
    assert sent(reading) == [(b"\0\x016930.st\0octet\0", SERVER)]
    reading.receive(refusal, AT, 0)  # it says so again: then there is no way
    assert reading.state is State.FAILED


@pytest.mark.parametrize(
    "options",
    [{"blksize": 2048}, {"blksize": 7}, {"blksize": "x"}, {"windowsize": 4}, {"timeout": 3}],
)
def test_options_that_were_not_asked_for_so_end_it(options: dict[str, object]) -> None:
    reading = started()
    reading.to_send()
    reading.receive(oack(**options), AT, 0)
    assert reading.state is State.FAILED
    ((packet, to),) = sent(reading)
    assert packet[:4] == b"\0\5\0\x08" and to == AT


def test_what_is_too_large_is_not_read() -> None:
    reading = started()
    reading.receive(oack(tsize=MAX_FILE + 1), AT, 0)
    assert reading.state is State.FAILED


def test_a_file_shorter_than_announced_is_no_file() -> None:
    reading = started()
    reading.receive(oack(blksize=1024, tsize=20), AT, 0)
    reading.receive(data(1, b"short"), AT, 0)
    assert reading.state is State.FAILED and reading.failure is not None
    assert reading.failure.reason == "5 of 20 octets came"
    with pytest.raises(LocalProtocolError):
        _ = reading.data


def test_errors_carry_their_code() -> None:
    reading = started()
    reading.receive(b"\0\5\0\1File not found\0", AT, 0)
    assert reading.failure is not None and reading.failure.code == ErrorCode.FILE_NOT_FOUND
    assert reading.failure.reason == "error 1 File not found"


def test_another_port_is_told_that_it_is_not_meant() -> None:
    reading = started()
    reading.receive(data(1, bytes(512)), AT, 0)
    reading.to_send()
    reading.receive(data(2, b"forged"), STRANGER, 0)
    ((packet, to),) = sent(reading)
    assert packet[:4] == b"\0\5\0\x05" and to == STRANGER
    reading.receive(data(2, b"true"), ("127.10.0.99", 69), 0)  # another host: not even that
    assert sent(reading) == [] and reading.state is State.READING
    reading.receive(data(2, b"true"), AT, 0)
    assert reading.data.endswith(b"true")


def test_what_is_lost_is_sent_again_and_in_the_end_given_up() -> None:
    reading = started(TftpSettings(retransmit_s=1, tries=3))
    reading.to_send()
    moments = []
    while (at := reading.timer_at()) is not None:
        reading.handle_timer(at - 0.01)
        assert sent(reading) == []
        reading.handle_timer(at)
        moments.append((at, len(sent(reading))))
    assert moments == [(1.0, 1), (3.0, 1), (7.0, 0)]
    assert reading.failure is not None and reading.failure.reason == "no answer"


def test_a_block_that_comes_again_is_acknowledged_again_and_counted_once() -> None:
    reading = started()
    reading.to_send()
    reading.receive(data(1, bytes(512)), AT, 0)
    reading.receive(data(1, bytes(512)), AT, 0)
    assert sent(reading) == [(ack(1), AT)] * 2
    reading.receive(data(3, b"too early"), AT, 0)
    assert sent(reading) == []
    reading.receive(data(2, b"x"), AT, 0)
    assert len(reading.data) == 513


def test_block_numbers_begin_anew_after_65535() -> None:
    reading = started(TftpSettings(blksize=8))
    reading.receive(oack(blksize=8), AT, 0)
    for block in range(1, 65_540):
        reading.receive(data(block, b"12345678"), AT, 0)
        reading.to_send()
    reading.receive(data(65_540, b""), AT, 0)
    assert reading.blocks == 65_540 and len(reading.data) == 65_539 * 8


@given(st.lists(st.binary(max_size=600), max_size=8))
def test_any_octets_are_survived(datagrams: list[bytes]) -> None:
    reading = started()
    for octets in datagrams:
        reading.receive(octets, AT, 0)
        reading.to_send()
    assert reading.over or reading.timer_at() is not None


@given(
    content=st.binary(max_size=4000) | st.sampled_from([b"", bytes(512), bytes(1024), bytes(2048)]),
    options=st.booleans(),
    fates=st.lists(st.sampled_from(["pass", "pass", "lose", "twice", "late"]), max_size=40),
)
def test_a_file_arrives_whole_or_not_at_all(
    content: bytes, options: bool, fates: list[str]
) -> None:
    reading, server = started(TftpSettings(tries=60)), TftpServer(content, options=options)
    to_server = [d.data for d in reading.to_send()]
    to_reader: list[bytes] = []
    late_there: list[bytes] = []
    late_here: list[bytes] = []
    now, luck = 0.0, iter(fates)

    def carried(packets: list[bytes], late: list[bytes]) -> list[bytes]:
        out: list[bytes] = []
        for packet in packets:
            match next(luck, "pass"):
                case "pass":
                    out.append(packet)
                case "twice":
                    out += [packet, packet]
                case "late":
                    late.append(packet)
        return out

    for _ in range(400):
        if reading.over:
            break
        for packet in carried(to_server, late_there):
            answer = server.take(packet)
            to_reader += [answer] if answer is not None else []
        for packet in carried(to_reader, late_here):
            reading.receive(packet, AT, now)
        to_server, to_reader = [d.data for d in reading.to_send()], []
        if not to_server:  # what was late arrives after all else
            to_server, to_reader = late_there, late_here
            late_there, late_here = [], []
        if not to_server and not to_reader and not reading.over:
            at = reading.timer_at()
            assert at is not None
            now = at
            reading.handle_timer(now)
            to_server = [d.data for d in reading.to_send()]
            to_reader = [server.last] if server.last is not None else []
    assert reading.state is State.DONE and reading.data == content


@given(st.dictionaries(st.sampled_from(["blksize", "tsize", "x"]), st.integers(0, 9999)))
def test_options_are_read_back(options: dict[str, int]) -> None:
    found = parse(oack(**options))
    assert found == OptionsAccepted({name: str(value) for name, value in options.items()})
    assert parse(data(7, b"abc")) == Data(7, b"abc")
