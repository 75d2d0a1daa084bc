"""Wave files as a server would have them."""

import struct


def wave(samples: int, *, tag: int = 7, channels: int = 1, rate: int = 8000) -> bytes:
    """A file of so many octets of silence; by default G.711 mu-law, mono, 8 kHz."""
    octets = b"\xff" * samples
    head = struct.pack("<HHIIHH", tag, channels, rate, rate * channels, channels, 8)
    chunks = b"WAVEfmt " + struct.pack("<I", len(head)) + head
    chunks += b"data" + struct.pack("<I", len(octets)) + octets
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks
