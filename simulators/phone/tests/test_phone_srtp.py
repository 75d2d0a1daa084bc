"""SRTP: the vectors of RFC 3711, packets there and back, forged and repeated ones."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.phone.calls.srtp import (
    WINDOW,
    MasterKey,
    Receiver,
    Sender,
    keystream,
    session_keys,
)

MASTER = MasterKey(bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6"))
OTHER = MasterKey(bytes(30))


def rtp(sequence: int, payload: bytes = b"\xab" * 16) -> bytes:
    return struct.pack("!BBHII", 0x80, 0x0F, sequence, 0xDECAFBAD, 0xCAFEBABE) + payload


def test_the_key_stream_of_appendix_b_2() -> None:
    key = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
    start = bytes.fromhex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000")
    assert keystream(key, start, 48).hex().upper() == (
        "E03EAD0935C95E80E166B16DD92B4EB4"
        "D23513162B02D0F72A43A2FE4A5F97AB"
        "41E95B3BB0A2E8DD477901E4FCA894C0"
    )


def test_the_derived_keys_of_appendix_b_3() -> None:
    keys = session_keys(MASTER)
    assert keys.encryption.hex().upper() == "C61E7A93744F39EE10734AFE3FF7A087"
    assert keys.salt.hex().upper() == "30CBBC08863D8C85D49DB34A9AE1"
    assert keys.authentication.hex().upper() == "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"


def test_a_packet_as_other_implementations_make_it() -> None:
    """The reference packet by which implementations check each other, with these keys."""
    assert Sender(MASTER).protect(rtp(0x1234)).hex() == (
        "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb"
    )


@given(st.integers(0, 65_535), st.lists(st.integers(1, 2000), max_size=60))
def test_what_is_protected_opens_across_roll_overs(start: int, steps: list[int]) -> None:
    sender, receiver = Sender(MASTER), Receiver(MASTER)
    sequence = start
    for step in [0, *steps]:
        sequence = (sequence + step) % 65_536
        packet = rtp(sequence, bytes([step % 256]) * 7)
        assert receiver.open(sender.protect(packet)) == packet


def test_headers_with_sources_and_extension_stay_readable() -> None:
    head = bytes([0x91]) + rtp(5, b"")[1:] + b"sour" + b"\xbe\xde\x00\x01" + b"exte"
    protected = Sender(MASTER).protect(head + b"voice")
    assert protected.startswith(head) and b"voice" not in protected
    assert Receiver(MASTER).open(protected) == head + b"voice"


def test_forged_damaged_and_repeated_packets_are_not_heard() -> None:
    protected = Sender(MASTER).protect(rtp(7))
    assert Receiver(OTHER).open(protected) is None
    for place in range(len(protected)):
        damaged = bytearray(protected)
        damaged[place] ^= 1
        assert Receiver(MASTER).open(bytes(damaged)) is None, place
    receiver = Receiver(MASTER)
    assert receiver.open(protected) is not None
    assert receiver.open(protected) is None, "the same once more"


def test_late_packets_are_heard_within_the_window_only() -> None:
    sender, receiver = Sender(MASTER), Receiver(MASTER)
    sent = [sender.protect(rtp(100 + number)) for number in range(WINDOW + 10)]
    assert receiver.open(sent[-1]) is not None
    assert receiver.open(sent[-2]) is not None and receiver.open(sent[-2]) is None
    assert receiver.open(sent[-WINDOW]) is not None
    assert receiver.open(sent[-WINDOW - 1]) is None


@given(st.binary(max_size=80))
def test_any_octets_are_survived(data: bytes) -> None:
    Receiver(MASTER).open(data)


def test_keys_as_they_stand_in_a_description() -> None:
    assert MasterKey.read(MASTER.inline) == MASTER
    assert MasterKey.read("no key") is None and MasterKey.read(MASTER.inline[:-4]) is None
    assert MASTER.inline not in repr(MASTER)
    with pytest.raises(ValueError, match="30 octets"):
        MasterKey(b"")
