"""A short tone, sent and heard as RTP packets, pure (RFC 3550 section 5.1).

Enough to tell whether two people would hear each other: a call's stream sends a few packets of 20
ms and counts what comes. Jitter, RTCP and real voice are left out.
"""

import struct
from dataclasses import dataclass
from typing import Protocol

from simulators.core import Address, Entropy
from simulators.phone.calls.srtp import MasterKey, Receiver, Sender

PACKETS = 5
"""How many make the tone."""
PACKET_S = 0.02
SAMPLES = 160
TONE = (b"\x9f" * 8 + b"\x1f" * 8) * (SAMPLES // 16)
"""20 ms of a rectangle of 500 Hz: the sign bit of PCMU and PCMA alike."""
LISTENING_S = 2.0
"""Whoever hears nothing for so long hears nobody."""

_HEADER = struct.Struct("!BBHII")
_VERSION = 2 << 6
_MARKER = 0x80


class AudioPorts(Protocol):
    """What calls need of whoever has the sockets; nothing here waits."""

    def open(self, line: int) -> Address | None:
        """An RTP port for the line's call; None where none is free."""

    def aim(self, line: int, to: Address | None, payload: int, *, listens: bool) -> None:
        """Send a tone there (None: nowhere); `listens` says whether one should be heard."""

    def secure(self, line: int, own: MasterKey | None, peer: MasterKey | None) -> None:
        """Encrypt with `own` and decrypt with `peer` from now on; without both neither."""

    def close(self, line: int) -> None:
        """The call is over; a line without a port is fine."""


@dataclass(frozen=True, slots=True)
class Packet:
    """An RTP packet, as far as we look into it."""

    payload_type: int
    sequence: int
    ssrc: int
    payload: bytes


def read(data: bytes) -> Packet | None:
    """An RTP packet; None where the octets are none."""
    if len(data) < _HEADER.size or data[0] & 0xC0 != _VERSION:
        return None
    first, second, sequence, _, ssrc = _HEADER.unpack_from(data)
    begin = _HEADER.size + 4 * (first & 0x0F)
    if first & 0x10 and len(data) >= begin + 4:  # a header extension (section 5.3.1)
        begin += 4 + 4 * int.from_bytes(data[begin + 2 : begin + 4], "big")
    padding = data[-1] if first & 0x20 else 0
    if begin + padding > len(data):
        return None
    payload = data[begin : len(data) - padding]
    return Packet(second & 0x7F, sequence, ssrc, payload)


class Stream:
    """One call's audio at one phone.

    Attributes:
        sent, heard: packets, of the tone and of any RTP.
        heard_from: who sent the first that was heard since the last `aim`.
        listens: whether something should be heard now.
        unopened: packets that came without the right key, where one is needed.
    """

    def __init__(self, entropy: Entropy) -> None:
        self.sent = 0
        self.heard = 0
        self.heard_from: Address | None = None
        self.listens = False
        self.unopened = 0
        self._keys: tuple[MasterKey, MasterKey] | None = None
        self._secured: tuple[Sender, Receiver] | None = None
        self.to: Address | None = None
        self._payload_type = 0
        self._left = 0
        self._ssrc, self._sequence, self._timestamp = struct.unpack("!IHI", entropy(10))

    @property
    def unheard(self) -> bool:
        """Whether something should be heard and is not."""
        return self.listens and self.heard_from is None

    def aim(self, to: Address | None, payload_type: int, *, listens: bool) -> None:
        """Begin a tone to `to`, and listen anew or no more."""
        self.to, self._payload_type = to, payload_type
        self.listens, self.heard_from = listens, None
        self._left = PACKETS

    @property
    def secured(self) -> bool:
        """Whether it goes as SRTP."""
        return self._secured is not None

    def secure(self, own: MasterKey | None, peer: MasterKey | None) -> None:
        """Encrypt and decrypt with these keys; the same ones again go on as they are."""
        keys = (own, peer) if own is not None and peer is not None else None
        if keys != self._keys:
            self._keys = keys
            self._secured = None if keys is None else (Sender(keys[0]), Receiver(keys[1]))

    def packet(self) -> bytes | None:
        """The tone's next packet; None when it is over."""
        if self.to is None or not self._left:
            return None
        marker = _MARKER if self._left == PACKETS else 0
        kind = marker | self._payload_type
        header = _HEADER.pack(_VERSION, kind, self._sequence, self._timestamp, self._ssrc)
        self._left -= 1
        self.sent += 1
        self._sequence = (self._sequence + 1) % 2**16
        self._timestamp = (self._timestamp + SAMPLES) % 2**32
        said = header + TONE
        return said if self._secured is None else self._secured[0].protect(said)

    def receive(self, data: bytes, peer: Address) -> bool:
        """Take what came; True if it is the first RTP heard since the last `aim`."""
        opened = data if self._secured is None else self._secured[1].open(data)
        if opened is None:
            self.unopened += 1
            return False
        if read(opened) is None:
            return False
        self.heard += 1
        if self.heard_from is not None or not self.listens:
            return False
        self.heard_from = peer
        return True
