"""Parsing and writing messages (RFC 3261 section 7), with cases in the manner of RFC 4475."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.sip.headers import Via, cseq
from simulators.sip.message import (
    Headers,
    MalformedMessage,
    Message,
    Request,
    Response,
    parse,
    response_to,
    split_list,
)

REGISTER = (
    b"REGISTER sip:127.10.0.21 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 127.10.0.10:5060;branch=z9hG4bK1;rport\r\n"
    b"From: <sip:2101@127.10.0.21>;tag=a\r\n"
    b"To: <sip:2101@127.10.0.21>\r\n"
    b"Call-ID: c1\r\nCSeq: 1 REGISTER\r\n"
    b"Contact: <sip:2101@127.10.0.10:5060>\r\nContent-Length: 0\r\n\r\n"
)


def request(data: bytes) -> Request:
    message = parse(data)
    assert isinstance(message, Request)
    return message


def with_lines(*lines: bytes) -> bytes:
    return b"\r\n".join([b"OPTIONS sip:a@b SIP/2.0", *lines, b"", b""])


def test_a_request_keeps_names_values_and_order() -> None:
    message = request(REGISTER)
    assert (message.method, message.uri, message.body) == ("REGISTER", "sip:127.10.0.21", b"")
    names = [name for name, _ in message.headers.items]
    assert names == ["Via", "From", "To", "Call-ID", "CSeq", "Contact", "Content-Length"]
    assert message.encode() == REGISTER


def test_a_response_may_have_an_empty_reason() -> None:
    message = parse(b"SIP/2.0 200 \r\nCSeq: 1 REGISTER\r\n\r\n")
    assert message == Response(200, "", Headers([("CSeq", "1 REGISTER")]))


@pytest.mark.parametrize(
    "data",
    [
        REGISTER.replace(b"\r\n", b"\n"),
        b"\r\n\r\n" + REGISTER,
        REGISTER.replace(b"Call-ID: c1", b"i:\r\n  c1"),
        REGISTER.replace(b"Call-ID: c1", b"CALL-id   :c1  "),
        REGISTER.replace(b" SIP/2.0\r\nVia", b" sip/2.0\r\nVia"),
    ],
    ids=["bare LF", "empty lines ahead", "compact and folded", "case and blanks", "version case"],
)
def test_other_ways_to_write_the_same(data: bytes) -> None:
    message = request(data)
    assert message.method == "REGISTER"
    assert message.headers.get("call-id") == "c1"
    assert cseq(message.headers) == (1, "REGISTER")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        REGISTER[:-2],
        b"REGISTER  sip:a SIP/2.0\r\n\r\n",
        b"REGISTER sip:a b SIP/2.0\r\n\r\n",
        b"REGISTER sip:a SIP/3.0\r\n\r\n",
        b"REGISTER sip:a\r\n\r\n",
        b"SIP/2.0 20 OK\r\n\r\n",
        b"SIP/2.0 4294967301 better\r\n\r\n",
        with_lines(b"no colon"),
        with_lines(b": no name"),
        with_lines(b"two words: x"),
        with_lines(b"two\twords: x"),
        with_lines(b"Content-Length: -1"),
        with_lines(b"Content-Length: 5") + b"four",
        with_lines(b"Content-Length: " + b"9" * 5000),
        with_lines("Content-Length: ٣".encode()),
        with_lines(b"Subject: \xff"),
    ],
)
def test_what_is_no_message_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(MalformedMessage, match=r"."):
        parse(data)


@pytest.mark.parametrize(
    ("length", "body"), [(b"Content-Length: 3", b"abc"), (b"l: 0", b""), (b"X: y", b"abcdef")]
)
def test_the_body_ends_where_content_length_says(length: bytes, body: bytes) -> None:
    assert parse(with_lines(length) + b"abcdef").body == body


def test_an_empty_line_in_the_body_is_the_bodys() -> None:
    message = parse(b"OPTIONS sip:a@b SIP/2.0\nCSeq: 1 OPTIONS\n\nv=0\r\n\r\ns=-")
    assert message.headers.items == [("CSeq", "1 OPTIONS")]
    assert message.body == b"v=0\r\n\r\ns=-"


@given(st.binary(max_size=200))
def test_any_octets_parse_or_are_malformed(data: bytes) -> None:
    for octets in (data, with_lines(data), REGISTER.replace(b"z9hG4bK1", data)):
        try:
            message = parse(octets)
        except MalformedMessage:
            continue
        assert isinstance(message, Request | Response)


@given(st.integers(0, len(REGISTER)), st.binary(min_size=1, max_size=3))
def test_a_damaged_message_never_raises_anything_else(at: int, damage: bytes) -> None:
    try:
        message = parse(REGISTER[:at] + damage + REGISTER[at + len(damage) :])
        cseq(message.headers)
        Via.parse(message.headers.get("via"))
    except MalformedMessage:
        pass


tokens = st.text(st.sampled_from("abcXYZ019-.!%*_+`'~"), min_size=1, max_size=10)
values = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"])
    | st.sampled_from(' ,;"<>:'),
    max_size=20,
).map(lambda text: " ".join(text.split()))
header_lists = st.lists(
    st.tuples(tokens.filter(lambda name: name.lower() not in ("content-length", "l")), values),
    max_size=6,
)
messages = st.one_of(
    st.builds(
        Request, tokens, tokens.map(lambda t: f"sip:{t}"), header_lists.map(Headers), st.binary()
    ),
    st.builds(Response, st.integers(100, 699), values, header_lists.map(Headers), st.binary()),
)


@given(messages)
def test_what_is_written_is_read_again(message: Message) -> None:
    read = parse(message.encode())
    assert read.headers.items[-1] == ("Content-Length", str(len(message.body)))
    assert replace(read, headers=Headers(read.headers.items[:-1])) == message


def test_look_ups_ignore_case_and_form() -> None:
    headers = Headers([("v", "one"), ("Via", "two, three"), ("X", "a"), ("x", "b")])
    assert headers.get("via") == "one"
    assert headers.all("VIA") == ["one", "two", "three"]
    assert headers.all("x") == ["a", "b"]
    assert "Via" in headers and "via" in headers
    assert "from" not in headers
    assert headers.get("from", "none") == "none"
    assert headers.all("from") == []


def test_copies_leave_the_original_alone() -> None:
    headers = Headers([("A", "1"), ("a", "2")])
    assert headers.with_first("B", "0").items == [("B", "0"), ("A", "1"), ("a", "2")]
    assert headers.replaced("a", "9").items == [("A", "9"), ("a", "2")]
    assert headers.replaced("c", "3").items == [("A", "1"), ("a", "2"), ("c", "3")]
    assert headers.items == [("A", "1"), ("a", "2")]
    assert headers == Headers([("A", "1"), ("a", "2")])
    assert headers != Headers([("A", "1")])
    assert repr(headers) == "Headers([('A', '1'), ('a', '2')])"


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("a, b ,c", ["a", "b", "c"]),
        ('"a, b" <sip:c,d@e>, <sip:f@g>', ['"a, b" <sip:c,d@e>', "<sip:f@g>"]),
        (r'"quo\"te, d" <sip:a@b>', [r'"quo\"te, d" <sip:a@b>']),
        ("a,,b", ["a", "b"]),
        ("", []),
        (" ", []),
        ('"open, a', ['"open, a']),
    ],
)
def test_commas_divide_only_outside_quotes_and_angles(value: str, parts: list[str]) -> None:
    assert split_list(value) == parts


def test_a_response_copies_what_section_8_2_6_says() -> None:
    response = response_to(request(REGISTER), 200, headers=[("Contact", "<sip:a@b>")], to_tag="z")
    assert [name for name, _ in response.headers.items] == [
        "Via", "From", "To", "Call-ID", "CSeq", "Contact",
    ]  # fmt: skip
    assert response.reason == "OK"
    assert response.headers.get("to") == "<sip:2101@127.10.0.21>;tag=z"
    assert response_to(request(REGISTER), 420, reason="Bad Extension").reason == "Bad Extension"
    assert response_to(request(REGISTER), 499).reason == "Unknown"


@pytest.mark.parametrize(
    ("to", "tagged"),
    [
        ("<sip:a@b>", "<sip:a@b>;tag=z"),
        ("<sip:a;tag=1@b>", "<sip:a;tag=1@b>;tag=z"),
        ("<sip:a@b>;tag=1", "<sip:a@b>;tag=1"),
        ("<sip:a@b> ; Tag = 1", "<sip:a@b> ; Tag = 1"),
    ],
)
def test_a_to_tag_is_added_once(to: str, tagged: str) -> None:
    message = Request("OPTIONS", "sip:a@b", Headers([("t", to)]))
    assert response_to(message, 200, to_tag="z").headers.get("to") == tagged


@given(st.lists(st.sampled_from(["Via", "v", "VIA", "Contact", "m", "X-Other", "x-other"])))
def test_look_ups_find_what_a_search_would(names: list[str]) -> None:
    headers = Headers((name, str(place)) for place, name in enumerate(names))
    for wanted, forms in (("via", ("via", "v")), ("contact", ("contact", "m")), ("x-other", ())):
        found = [str(i) for i, n in enumerate(names) if n.lower() in (wanted, *forms)]
        assert headers.all(wanted) == found
        assert headers.get(wanted) == (found[0] if found else "")
        assert (wanted in headers) is bool(found)


@given(st.lists(st.sampled_from(["a", " b", "\tc", "  ", "d: e"]), min_size=1, max_size=6))
def test_folded_values_read_as_if_on_one_line(lines: list[str]) -> None:
    parts = ["X: 1", *(line for line in lines if line[0] in " \t")]
    message = request(with_lines("\r\n".join(parts).encode()))
    wanted = " ".join(part.strip() for part in parts)[3:].strip()
    assert message.headers.get("x") == wanted


def test_every_reason_has_a_phrase() -> None:
    for status in (402, 415, 416, 420, 480, 481, 483, 487, 488, 491, 505, 513, 600, 603, 604, 606):
        assert response_to(request(REGISTER), status).reason not in ("", "Unknown")
