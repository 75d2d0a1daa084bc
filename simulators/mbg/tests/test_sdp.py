"""Session descriptions through the border: our address and ports in, everything else as it came."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.mbg.sip_border.sdp import MalformedDescription, Stream, rewritten, streams

OFFER = (
    b"v=0\r\n"
    b"o=tw2101 2890844526 2890844527 IN IP4 192.168.1.20\r\n"
    b"s=-\r\n"
    b"c=IN IP4 192.168.1.20\r\n"
    b"t=0 0\r\n"
    b"m=audio 3000 RTP/AVP 0 8 101\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\n"
    b"a=rtcp:3007\r\n"
    b"a=candidate:1 1 UDP 2130706431 192.168.1.20 3000 typ host\r\n"
    b"a=sendrecv\r\n"
)
VIDEO = b"m=video 3002 RTP/AVP 99\r\nc=IN IP4 192.168.1.21\r\na=recvonly\r\n"
REFUSED = b"m=video 0 RTP/AVP 99\r\n"


def test_the_hidden_network_is_nowhere_in_what_goes_on() -> None:
    text = rewritten(OFFER + VIDEO, "127.20.0.10", [20_000, 20_004])
    assert b"192.168" not in text
    assert b"m=audio 20000 RTP/AVP 0 8 101\r\n" in text
    assert b"m=video 20004 RTP/AVP 99\r\nc=IN IP4 127.20.0.10\r\na=recvonly\r\n" in text
    assert b"o=tw2101 2890844526 2890844527 IN IP4 127.20.0.10\r\n" in text


def test_what_nobody_here_knows_goes_on_as_it_came() -> None:
    text = rewritten(OFFER, "127.20.0.10", [20_000])
    kept = [b"s=-", b"t=0 0", b"a=rtpmap:101 telephone-event/8000", b"a=sendrecv"]
    assert all(line + b"\r\n" in text for line in kept)


def test_each_stream_says_where_its_sender_hears_it() -> None:
    assert streams(OFFER + VIDEO) == [
        Stream("audio", "RTP/AVP", "0 8 101", ("192.168.1.20", 3000)),
        Stream("video", "RTP/AVP", "99", ("192.168.1.21", 3002), "recvonly"),
    ]


def test_a_refused_stream_stays_refused() -> None:
    assert streams(OFFER + REFUSED)[1].address is None
    assert REFUSED in rewritten(OFFER + REFUSED, "127.20.0.10", [20_000, 20_004])


def test_a_hold_of_rfc_2543_stays_a_hold() -> None:
    held = OFFER.replace(b"c=IN IP4 192.168.1.20", b"c=IN IP4 0.0.0.0")
    assert b"c=IN IP4 0.0.0.0\r\n" in rewritten(held, "127.20.0.10", [20_000])
    assert b"0.0.0.0" not in rewritten(OFFER, "127.20.0.10", [20_000])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"v=0\r\nm=audio RTP/AVP 0\r\n",
        b"v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 70000 RTP/AVP 0\r\n",
        b"v=0\r\nm=audio 3000 RTP/AVP 0\r\n",  # no c= line anywhere
        b"v=0\r\nc=IN IP4 phone.example\r\nm=audio 3000 RTP/AVP 0\r\n",
        b"v=0\r\nc=IN IP4 1.2.3.400\r\nm=audio 3000 RTP/AVP 0\r\n",
        b"v=0\r\nc=IN IP6 ::1\r\nm=audio 3000 RTP/AVP 0\r\n",
        OFFER + b"c=IN IP4 phone.example\r\n",
        b"v=0\r\ns=\xff\xfe\r\n",
        OFFER + VIDEO * 8,
        b"v=0\r\ns=" + b"x" * 70_000,
    ],
)
def test_what_is_no_description_is_refused_with_a_reason(body: bytes) -> None:
    with pytest.raises(MalformedDescription, match=r"expected|not UTF-8"):
        streams(body)


@pytest.mark.parametrize("ports", [[], [20_000, 20_004]])
def test_ports_and_streams_must_be_as_many(ports: list[int]) -> None:
    with pytest.raises(MalformedDescription, match="media lines"):
        rewritten(OFFER, "127.20.0.10", ports)


@given(st.binary(max_size=300))
def test_any_octets_are_read_or_refused(noise: bytes) -> None:
    for body in (noise, b"v=0\r\n" + noise, OFFER + noise):
        try:
            found = streams(body)
        except MalformedDescription:
            continue
        again = streams(rewritten(body, "127.20.0.10", [20_000] * len(found)))
        assert [s.kind for s in again] == [s.kind for s in found]
        assert [s.address is None for s in again] == [s.address is None for s in found]
