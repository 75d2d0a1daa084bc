"""Session descriptions of a phone: what is read, offered and answered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.phone.calls.description import (
    MIRRORED,
    PCMA,
    PCMU,
    UnusableDescription,
    answer,
    offer,
    read,
)

OWN = ("127.30.0.2", 3000)
FAR = ("127.30.0.3", 4000)


def body(*lines: str) -> bytes:
    return "\r\n".join(("v=0", "o=- 1 1 IN IP4 127.30.0.3", "s=-", *lines, "")).encode()


def test_our_offer_is_read_as_it_was_meant() -> None:
    found = read(offer(FAR, 1))
    assert (found.address, found.payload, found.direction) == (FAR, PCMU, "sendrecv")
    assert found.events and found.receives and found.talks


def test_a_stream_s_own_lines_count_before_the_session_s() -> None:
    found = read(
        body(
            "c=IN IP4 127.30.0.9",
            "a=inactive",
            "t=0 0",
            "m=audio 4000 RTP/AVP 18 8 0",
            "c=IN IP4 127.30.0.3",
            "a=recvonly",
            "m=video 5000 RTP/AVP 31",
            "c=IN IP4 127.30.0.8",
            "a=sendonly",
        )
    )
    assert (found.address, found.payload, found.direction) == (FAR, PCMA, "recvonly")
    assert not found.events


def test_streams_that_we_do_not_speak_are_refused_in_their_place() -> None:
    asked = read(
        body(
            "c=IN IP4 127.30.0.3",
            "t=0 0",
            "m=video 5000 RTP/AVP 31",
            "m=audio 4000 RTP/AVP 8",
            "m=audio 4002 RTP/SAVP 0",
        )
    )
    media = [line for line in answer(asked, OWN, 1).decode().split("\r\n") if line[:2] == "m="]
    assert media == ["m=video 0 RTP/AVP 31", "m=audio 3000 RTP/AVP 8", "m=audio 0 RTP/SAVP 0"]


@pytest.mark.parametrize(
    ("asked", "holds", "expected"),
    [
        ("sendrecv", False, "sendrecv"),
        ("sendonly", False, "recvonly"),
        ("recvonly", False, "sendonly"),
        ("inactive", False, "inactive"),
        ("sendrecv", True, "sendonly"),
        ("sendonly", True, "inactive"),
        ("recvonly", True, "sendonly"),
        ("inactive", True, "inactive"),
    ],
)
def test_the_direction_of_an_answer(asked: str, holds: bool, expected: str) -> None:
    answered = answer(read(offer(FAR, 1, asked)), OWN, 1, holds=holds)
    assert read(answered).direction == expected


def test_the_address_of_old_phones_on_hold_means_nothing_is_to_be_sent() -> None:
    found = read(offer(("0.0.0.0", 4000), 1))
    assert not found.receives and not found.talks


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"\xff\xfe",
        b"o=- 1 1",
        body("m=audio 4000 RTP/AVP 0"),  # no address
        body("c=IN IP6 ::1", "m=audio 4000 RTP/AVP 0"),
        body("c=IN IP4 127.0.0.1", "m=audio 0 RTP/AVP 0"),
        body("c=IN IP4 127.0.0.1", "m=audio 99999 RTP/AVP 0"),
        body("c=IN IP4 127.0.0.1", "m=audio 4000 RTP/SAVP 0"),
        body("c=IN IP4 127.0.0.1", "m=audio 4000 RTP/AVP 18 9"),
        body("c=IN IP4 127.0.0.1", "m=video 4000 RTP/AVP 0"),
        body("c=IN IP4 127.0.0.1", "m=audio"),
        body("c=IN IP4 127.0.0.1", *["m=audio 4000 RTP/AVP 0"] * 9),
        body("x" * 70_000),
    ],
)
def test_what_can_not_be_spoken_is_said(wrong: bytes) -> None:
    with pytest.raises(UnusableDescription, match=r"expected|not UTF-8"):
        read(wrong)


@given(st.binary(max_size=300), st.integers(0, 200))
def test_garbage_is_refused_in_one_way(garbage: bytes, place: int) -> None:
    whole = offer(FAR, 1)
    for data in (garbage, b"v=0\r\n" + garbage, whole[:place] + garbage + whole[place:]):
        try:
            found = read(data)
        except UnusableDescription:
            continue
        assert found.direction in MIRRORED
        read(answer(found, OWN, 1))
