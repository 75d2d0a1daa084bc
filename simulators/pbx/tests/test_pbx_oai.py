"""OAI on the wire, both ways, however the octets arrive."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.errors import LocalProtocolError, RemoteProtocolError
from simulators.pbx import oai
from simulators.pbx.oai import Command, FrameReader, LogIn, Message, Text

payloads = st.lists(st.binary(min_size=1, max_size=60), max_size=6)
printables = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="|"))
fields = st.lists(
    printables.filter(lambda text: "," not in text) | printables.map(Text), min_size=1, max_size=8
)


# Frames


@given(payloads, st.lists(st.integers(0, 400)))
def test_payloads_come_out_as_they_went_in_wherever_the_stream_is_cut(
    sent: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(map(oai.frame, sent))
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    reader = FrameReader()
    pieces = [stream[a:b] for a, b in pairwise(places)]
    assert [payload for piece in pieces for payload in reader.feed(piece)] == sent


def test_one_octet_at_a_time() -> None:
    stream = oai.frame(b"first") + oai.frame(b"second")
    reader, seen = FrameReader(), []
    for octet in stream:
        seen += list(reader.feed(bytes([octet])))
    assert seen == [b"first", b"second"]


def test_a_frame_is_a_little_endian_length_and_the_payload() -> None:
    assert oai.frame(b"_NO,1\r") == b"\x06\x00\x00\x00_NO,1\r"


@pytest.mark.parametrize("length", [0, oai.MAX_RECEIVED + 1, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_length_that_can_not_be_ends_the_stream(length: int) -> None:
    reader = FrameReader()
    good = reader.feed(oai.frame(b"good") + length.to_bytes(4, "little"))
    assert next(good) == b"good"  # what came before is still heard
    with pytest.raises(RemoteProtocolError, match="expected a frame"):
        next(good)
    with pytest.raises(RemoteProtocolError):
        list(reader.feed(oai.frame(b"good again")))


def test_a_browser_that_calls_is_not_waited_for() -> None:
    with pytest.raises(RemoteProtocolError):
        list(FrameReader().feed(b"GET / HTTP/1.1\r\n\r\n"))


@pytest.mark.parametrize("size", [0, oai.MAX_PAYLOAD + 1])
def test_we_never_send_such_a_frame(size: int) -> None:
    with pytest.raises(LocalProtocolError, match="payload has"):
        oai.frame(bytes(size))
    longest = bytes(oai.MAX_PAYLOAD)
    assert list(FrameReader(oai.MAX_PAYLOAD).feed(oai.frame(longest))) == [longest]
    with pytest.raises(RemoteProtocolError, match="expected a frame"):
        list(FrameReader().feed(oai.frame(longest)))


@given(payloads)
def test_split_and_joined_at_every_octet(sent: list[bytes]) -> None:
    stream = b"".join(map(oai.frame, sent))
    for place in range(len(stream) + 1):
        reader = FrameReader()
        halves = [*reader.feed(stream[:place]), *reader.feed(stream[place:])]
        assert halves == sent


@given(st.binary(max_size=200), st.integers(1, 50))
def test_any_stream_gives_payloads_or_the_peers_fault(data: bytes, size: int) -> None:
    reader, taken = FrameReader(longest=64), 0
    try:
        for start in range(0, len(data), size):
            for payload in reader.feed(data[start : start + size]):
                assert 0 < len(payload) <= 64
                taken += 4 + len(payload)
    except RemoteProtocolError:
        assert not 0 < int.from_bytes(data[taken : taken + 4], "little") <= 64


def test_octets_count_also_when_nobody_takes_the_payloads() -> None:
    reader = FrameReader()
    reader.feed(oai.frame(b"one"))
    assert list(reader.feed(b"")) == [b"one"]


# Log-in


parts = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=30)


@given(parts, parts)
def test_a_log_in_survives_the_wire(password: str, application: str) -> None:
    log_in = LogIn(password, application)
    assert LogIn.parse(log_in.encode()) == log_in


def test_a_log_in_as_documented() -> None:
    assert LogIn("s3cret", "MCS").encode() == b"\x87s3cret\0MCS\0"
    assert "s3cret" not in repr(LogIn("s3cret", "MCS"))
    with pytest.raises(LocalProtocolError, match="NUL"):
        LogIn("s3\0cret", "MCS").encode()


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x84s3cret\0MCS\0",  # SMDR
        b"_NA,1,1\r",
        b"\x87s3cret\0MCS",
        b"\x87s3cret\0",
        b"\x87s3cret\0MCS\0more\0",
        b"\x87\xff\0MCS\0",
        b"\x87s3cret\0" + b"M" * 300 + b"\0",
    ],
)
def test_what_is_no_log_in(payload: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        LogIn.parse(payload)


# Fields


@given(fields)
def test_fields_survive_the_wire_and_keep_their_pipes(values: list[str]) -> None:
    read = oai.split_fields(oai.join_fields(values))
    assert read == values
    assert [type(value) for value in read] == [type(value) for value in values]


@given(st.binary(max_size=40))
def test_any_octets_are_fields_or_the_peers_fault(data: bytes) -> None:
    for payload in (data, data + b"\r", b"_XC,1,|" + data + b"|\r"):
        try:
            read = oai.split_fields(payload)
        except RemoteProtocolError:
            continue
        assert oai.join_fields(read) == payload


def test_a_comma_in_a_text_field_divides_nothing() -> None:
    assert oai.split_fields(b"001,CF,|Home, Ada|,38\r") == ["001", "CF", "Home, Ada", "38"]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"_NA,1",
        b"_NA,1\r\n",
        b"_NA\r,1\r",
        b"_XC,1,|2101\r",
        b"_XC,1,|2101|x\r",
        b"_XC,1,21|01\r",
        b"_XC,1,|Ada \xc3\xa9|\r",
        b"_XC,1,\x00\r",
    ],
)
def test_what_is_no_line(payload: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        oai.split_fields(payload)


@pytest.mark.parametrize(
    "value", ["a,b", "a|b", Text("a|b"), "é", Text("é"), "a\r", "\x7f", "a" * 257]
)
def test_what_can_not_travel_is_never_sent(value: str) -> None:
    with pytest.raises(LocalProtocolError, match=r"can't travel|at most 256"):
        oai.join_fields([value])


@given(st.text(max_size=256))
def test_a_persons_name_always_travels(name: str) -> None:
    [read] = oai.split_fields(oai.join_fields([oai.printable(name)]))
    assert len(read) == len(name)
    assert all(a in (b, "?") for a, b in zip(read, name, strict=True))


def test_a_name_changes_only_where_it_must() -> None:
    assert oai.printable("Zoë | Home, 2") == "Zo? ? Home, 2"
    assert oai.printable("A" * 300) == "A" * 256


# Commands and messages

words = st.text(st.sampled_from("abcXYZ0189"), min_size=1, max_size=6)


@given(words.map(lambda w: f"_{w}"), words, fields)
def test_a_command_survives_the_wire(name: str, invoke_id: str, arguments: list[str]) -> None:
    command = Command(name, invoke_id, tuple(arguments))
    assert Command.parse(command.encode()) == command


@pytest.mark.parametrize(
    "payload",
    [
        b"_NO\r",
        b"_NO,\r",
        b"_NO,|1|\r",
        b"NO,1\r",
        b"|_NO|,1\r",
        b"_NO," + b"1" * 21 + b"\r",
        b"_" + b"N" * 20 + b",1\r",
    ],
)
def test_what_is_no_command(payload: bytes) -> None:
    assert Command.parse(b"_NO,1\r") == Command("_NO", "1")
    with pytest.raises(RemoteProtocolError, match="expected"):
        Command.parse(payload)


@given(st.integers(0, 999), words, fields | st.just([]))
def test_a_message_survives_the_wire(sequence: int, event: str, values: list[str]) -> None:
    message = Message(sequence, event, tuple(values))
    assert Message.parse(message.encode()) == message


@given(st.binary(max_size=40))
def test_any_octets_are_a_message_or_the_peers_fault(data: bytes) -> None:
    for payload in (data, data + b"\r", b"001,CF," + data + b"\r"):
        try:
            message = Message.parse(payload)
        except RemoteProtocolError:
            continue
        assert message.encode() == payload


@pytest.mark.parametrize(
    "payload", [b"1,RD\r", b"1000,RD\r", b"001\r", b"001,\r", b"|001|,RD\r", b"001,|RD|\r"]
)
def test_what_is_no_message(payload: bytes) -> None:
    assert Message.parse(b"001,RD\r") == Message(1, "RD")
    with pytest.raises(RemoteProtocolError, match="expected"):
        Message.parse(payload)


def test_we_never_send_another_sequence_number() -> None:
    with pytest.raises(LocalProtocolError, match="0 to 999"):
        Message(1000, "RD").encode()
