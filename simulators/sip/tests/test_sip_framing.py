"""Messages cut out of a stream: whole, in any parts, and what ends the stream (section 18.3)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulators.sip.framing
from simulators.sip.framing import Framer, Ping

START = b"OPTIONS sip:a@b SIP/2.0\r\n"
PING = b"\r\n\r\n"


def message(body: bytes = b"", name: bytes = b"Content-Length: ") -> bytes:
    return START + name + str(len(body)).encode() + b"\r\nX: 1\r\n\r\n" + body


def in_parts(data: bytes, size: int) -> tuple[list[bytes | Ping], str]:
    framer = Framer()
    found = []
    for start in range(0, len(data), size):
        found += framer.feed(data[start : start + size])
    return found, framer.refused


@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
def test_messages_and_pings_come_out_in_order_however_they_were_cut(size: int) -> None:
    one, two, three = message(), message(b"v=0\r\n\r\ns=-"), message(b"x", b"l :\r\n  ")
    data = one + b"\r\n" + two + PING + three + PING + PING
    assert in_parts(data, size) == ([one, two, Ping(), three, Ping(), Ping()], "")


@given(
    st.lists(st.one_of(st.binary(max_size=30).map(message), st.just(PING)), max_size=6),
    st.integers(1, 50),
)
def test_any_cut_gives_the_same(parts: list[bytes], size: int) -> None:
    wanted = [Ping() if part == PING else part for part in parts]
    assert in_parts(b"".join(parts), size) == (wanted, "")


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 1\r\ncontent-length:1\r\n",
        b"Content-Length\t:\t01 \r\n",
        b"L:1\r\nX: Content-Length: 7\r\n",
    ],
)
def test_ways_to_say_the_length(head: bytes) -> None:
    found, refused = in_parts(START + head + b"\r\nx", 1)
    assert refused == "" or "01" not in refused
    assert found == [START + head + b"\r\nx"]


@pytest.mark.parametrize(
    ("head", "got"),
    [
        (b"X: 1\r\n", "''"),
        (b"Content-Length:\r\n", "''"),
        (b"Content-Length: -1\r\n", "'-1'"),
        (b"Content-Length: 1.5\r\n", "'1.5'"),
        (b"Content-Length: 0000000001\r\n", "'0000000001'"),
        (b"Content-Length: 1\r\nl: 2\r\n", "'1, 2'"),
        (b"Content-Length: 1\r\n 0\r\n", "'1 ...'"),
        (b"Content-Length: \xff\r\n", "'�'"),
    ],
)
@pytest.mark.parametrize("size", [1, 10_000])
def test_a_stream_without_one_good_length_cannot_be_read_on(
    head: bytes, got: str, size: int
) -> None:
    found, refused = in_parts(message() + START + head + b"\r\n" + message(), size)
    assert found == [message()], "what came whole before counts"
    assert refused == f"expected one Content-Length with a number, got {got}"


def test_a_head_over_its_limit_is_refused_before_it_ends() -> None:
    framer = Framer(head_limit=100)
    assert framer.feed(START + b"X: " + b"x" * (97 - len(START))) == []
    assert framer.refused == ""
    assert framer.feed(b"x") == []
    assert framer.refused == "the headers are over 100 octets"
    assert framer.feed(message()) == [], "and stays so"
    exact = START + b"l: 0\r\nX: " + b"x" * (91 - len(START)) + b"\r\n\r\n"
    assert Framer(head_limit=100).feed(exact) == [exact]
    assert Framer(head_limit=99).feed(exact) == []


def test_a_message_over_its_limit_is_refused_before_it_comes() -> None:
    whole = message(b"x" * 50)
    head = whole[:-50]
    framer = Framer(message_limit=len(whole) - 1)
    assert framer.feed(head) == []
    assert "is announced" in framer.refused
    assert Framer(message_limit=len(whole)).feed(whole) == [whole]


def test_nothing_that_was_refused_is_kept() -> None:
    framer = Framer()
    framer.feed(b"x" * 70_000)
    assert framer.refused and not framer._buffer


def test_each_octet_is_searched_a_bounded_number_of_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searched = 0

    class Counting:
        def search(self, buffer: bytearray, begin: int, end: int) -> re.Match[bytes] | None:
            nonlocal searched
            searched += min(end, len(buffer)) - begin
            return re.compile(rb"\r?\n\r?\n").search(buffer, begin, end)

    monkeypatch.setattr(simulators.sip.framing, "_HEAD_END", Counting())
    data = START + b"l: 9999\r\nX: " + b"x" * 20_000 + b"\r\n\r\n" + b"\n" * 9999
    found, refused = in_parts(data, 1)
    assert (found, refused) == ([data], "")
    assert searched < 5 * len(data)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "line", [b"l:" + b" " * 60_000, b"l" + b" " * 60_000, b"l: " + b"1 " * 30_000 + b"\r"]
)
def test_no_length_line_takes_long_to_read(line: bytes) -> None:
    framer = Framer()
    framer.feed(START + line + b"\r\n\r\n")
    assert "Content-Length" in framer.refused


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_any_octets_are_framed_or_refused(chunks: list[bytes]) -> None:
    framer = Framer(head_limit=200, message_limit=300)
    for chunk in [*chunks, b"\r\nContent-Length: 3\r\n\r\n", *chunks]:
        for found in framer.feed(chunk):
            assert isinstance(found, Ping) or len(found) <= 300
        assert len(framer._buffer) <= 300 + 60
