"""Wave files: what a phone plays, for how long, and what it declines."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.phone.tests.waves import wave
from simulators.phone.xml.wave import Wave, read_wave


@pytest.mark.parametrize(("tag", "codec"), [(6, "PCMA"), (7, "PCMU")])
def test_g711_plays_as_long_as_its_samples(tag: int, codec: str) -> None:
    assert read_wave(wave(12_000, tag=tag)) == Wave(codec, 1.5)


def test_other_chunks_are_passed_over_padded_ones_too() -> None:
    more = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    data = wave(8000)
    assert read_wave(data[:12] + more + data[12:]) == Wave("PCMU", 1.0)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a wave file"),
        (wave(8000)[:24], "its format is cut off"),
        (wave(0), "no sound is in it"),
        (wave(8000)[:36], "no sound is in it"),
        (wave(8000, tag=1), "expected G.711"),
        (wave(8000, channels=2), "2 x 8000 Hz came"),
        (wave(8000, rate=44_100), "1 x 44100 Hz came"),
    ],
)
def test_others_are_declined_with_the_reason(data: bytes, reason: str) -> None:
    found = read_wave(data)
    assert isinstance(found, str) and reason in found


@given(st.binary(max_size=80), st.integers(0, 60))
def test_any_octets_get_an_answer(octets: bytes, at: int) -> None:
    data = wave(4)
    assert isinstance(read_wave(octets), Wave | str)
    assert isinstance(read_wave(data[:at] + octets + data[at + len(octets) :]), Wave | str)
