"""The tone: RTP packets as RFC 3550 has them, and who was heard."""

import struct
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from simulators.entropy import Seed
from simulators.phone.calls.audio import PACKETS, SAMPLES, TONE, Stream, read

FAR = ("127.30.0.3", 4000)
OTHER = ("127.30.0.9", 4000)


def stream(name: str = "a") -> Stream:
    return Stream(Seed(1).stream(name).randbytes)


def tone(of: Stream) -> list[bytes]:
    packets = []
    while (packet := of.packet()) is not None:
        packets.append(packet)
    return packets


def test_a_tone_is_a_few_packets_that_follow_each_other() -> None:
    sender = stream()
    assert sender.packet() is None, "nobody to send to yet"
    sender.aim(FAR, 8, listens=True)
    packets = tone(sender)
    assert len(packets) == PACKETS == sender.sent
    found = [read(packet) for packet in packets]
    assert all(p is not None and (p.payload_type, p.payload) == (8, TONE) for p in found)
    heads = [struct.unpack_from("!BBHII", packet) for packet in packets]
    assert {head[0] for head in heads} == {0x80} and {head[4] for head in heads} == {heads[0][4]}
    assert [head[1] for head in heads] == [0x88, 8, 8, 8, 8], "a marker where the tone begins"
    for before, after in pairwise(heads):
        assert (after[2] - before[2]) % 2**16 == 1
        assert (after[3] - before[3]) % 2**32 == SAMPLES


def test_two_streams_can_be_told_apart() -> None:
    first, second = stream("a"), stream("b")
    for sender in (first, second):
        sender.aim(FAR, 0, listens=True)
    one, two = read(tone(first)[0]), read(tone(second)[0])
    assert one is not None and two is not None and one.ssrc != two.ssrc


def test_the_first_packet_heard_is_news_and_the_others_count() -> None:
    sender, hearer = stream("a"), stream("b")
    sender.aim(FAR, 0, listens=True)
    hearer.aim(OTHER, 0, listens=True)
    assert hearer.unheard
    assert [hearer.receive(p, FAR) for p in tone(sender)] == [True, False, False, False, False]
    assert (hearer.heard, hearer.heard_from, hearer.unheard) == (PACKETS, FAR, False)


def test_what_is_no_rtp_is_not_heard() -> None:
    hearer = stream()
    hearer.aim(FAR, 0, listens=True)
    for data in (b"", b"\x80", b"hello, this is no RTP", b"\x00" * 200):
        assert not hearer.receive(data, FAR)
    assert hearer.unheard and hearer.heard == 0


def test_on_hold_nothing_is_said_and_nothing_expected() -> None:
    hearer = stream()
    hearer.aim(None, 0, listens=False)
    assert tone(hearer) == [] and not hearer.unheard
    hearer.aim(FAR, 0, listens=True)
    assert len(tone(hearer)) == PACKETS and hearer.unheard, "resumed: anew"


def test_csrcs_an_extension_and_padding_are_no_payload() -> None:
    head = struct.pack("!BBHII", 0x80 | 0x20 | 0x10 | 2, 0, 1, 2, 3)
    extension = struct.pack("!HH", 7, 1) + b"wxyz"
    found = read(head + b"c" * 8 + extension + b"voice" + b"\0\0\x03")
    assert found is not None and found.payload == b"voice"
    assert read(head + b"c" * 8 + extension + b"\xff") is None, "more padding than there is"


@given(st.binary(max_size=64))
def test_any_octets_are_a_packet_or_none(data: bytes) -> None:
    found = read(data)
    assert found is None or len(found.payload) <= len(data) - 12
