"""How long a wave file plays on a phone, which takes G.711, mono, 8 kHz alone; pure.

RIFF: `RIFF`, size, `WAVE`, then chunks of a name, a size and octets, padded to an even number.
"""

import struct
from dataclasses import dataclass

CODECS = {6: "PCMA", 7: "PCMU"}
"""Format tags of RFC 2361 and what RTP calls them."""
RATE = 8000
LARGEST_MELODY = 200 * 1024
_FORMAT = struct.Struct("<HHIIHH")


@dataclass(frozen=True, slots=True)
class Wave:
    """A file that can be played."""

    codec: str
    duration_s: float


def read_wave(data: bytes) -> Wave | str:
    """The file, or why the phone declines it."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return "not a wave file"
    codec = ""
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + size]
        if name == b"fmt ":
            if len(body) < _FORMAT.size:
                return "its format is cut off"
            tag, channels, rate, _, _, bits = _FORMAT.unpack_from(body)
            if tag not in CODECS or (channels, rate, bits) != (1, RATE, 8):
                return f"expected G.711, mono, {RATE} Hz: format {tag}, {channels} x {rate} Hz came"
            codec = CODECS[tag]
        elif name == b"data":
            return Wave(codec, len(body) / RATE) if codec and body else "no sound is in it"
        at += 8 + size + size % 2
    return "no sound is in it"
