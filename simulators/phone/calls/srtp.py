"""SRTP packets, pure: AES in counter mode and HMAC-SHA1 of 80 bits (RFC 3711, RFC 4568).

One `Sender` for what we say, one `Receiver` for what we hear, each with the master key that its
speaker put into a session description. SRTCP, other suites, key lifetimes and MKIs are left out.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

SUITE = "AES_CM_128_HMAC_SHA1_80"
KEY, SALT = 16, 14
TAG = 10
WINDOW = 64
"""How far a packet may be late (RFC 3711 section 3.3.2)."""
_ENCRYPTION, _AUTHENTICATION, _SALTING = 0, 1, 2
_HEADER = 12
_ROUND = 1 << 16


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A master key with its salt, 30 octets together; never shown."""

    octets: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.octets) != KEY + SALT:
            raise ValueError(f"expected {KEY + SALT} octets, got {len(self.octets)}")

    @property
    def inline(self) -> str:
        """As it stands in an `a=crypto` line."""
        return base64.b64encode(self.octets).decode()

    @classmethod
    def read(cls, inline: str) -> "MasterKey | None":
        """The key of an `a=crypto` line; None where it is none."""
        try:
            return cls(base64.b64decode(inline, validate=True))
        except (binascii.Error, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """What a master key makes of itself (RFC 3711 section 4.3, key derivation rate 0)."""

    encryption: bytes = field(repr=False)
    authentication: bytes = field(repr=False)
    salt: bytes = field(repr=False)


def session_keys(master: MasterKey) -> SessionKeys:
    """The session keys."""
    key, salt = master.octets[:KEY], master.octets[KEY:]

    def derived(label: int, length: int) -> bytes:
        # key_id = label || 48 zero bits, right-aligned with the salt: the label meets octet 7
        block = salt[:7] + bytes([salt[7] ^ label]) + salt[8:]
        return keystream(key, block + b"\x00\x00", length)

    return SessionKeys(
        derived(_ENCRYPTION, KEY), derived(_AUTHENTICATION, 20), derived(_SALTING, SALT)
    )


def keystream(key: bytes, start: bytes, length: int) -> bytes:
    """AES in counter mode from the 16 octets `start` on (RFC 3711 section 4.1.1)."""
    return _counter(key, start, bytes(length))


def _counter(key: bytes, start: bytes, data: bytes) -> bytes:
    return bytes(Cipher(AES(key), CTR(start)).encryptor().update(data))


class Sender:
    """Protects the packets of one stream, in the order of their sequence numbers."""

    def __init__(self, master: MasterKey) -> None:
        self._keys = session_keys(master)
        self._rollover = 0
        self._last: int | None = None

    def protect(self, packet: bytes) -> bytes:
        """The SRTP packet of an RTP packet."""
        sequence = int.from_bytes(packet[2:4], "big")
        if self._last is not None and sequence < self._last:
            self._rollover += 1
        self._last = sequence
        body = _ciphered(self._keys, packet, self._rollover * _ROUND + sequence)
        return body + _tag(self._keys, body, self._rollover)


class Receiver:
    """Opens the packets of one stream; refuses what is forged, damaged, or came before."""

    def __init__(self, master: MasterKey) -> None:
        self._keys = session_keys(master)
        self._highest: int | None = None
        self._seen = 0

    def open(self, data: bytes) -> bytes | None:
        """The RTP packet of an SRTP packet; None where it is not to be trusted."""
        packet, tag = data[:-TAG], data[-TAG:]
        if len(packet) < _HEADER or _payload_at(packet) is None:
            return None
        index = self._index(int.from_bytes(packet[2:4], "big"))
        if index < 0 or self._is_replay(index):
            return None
        if not hmac.compare_digest(tag, _tag(self._keys, packet, index // _ROUND)):
            return None
        self._note(index)
        return _ciphered(self._keys, packet, index)

    def _index(self, sequence: int) -> int:
        """The likeliest packet index (RFC 3711 section 3.3.1 and appendix A)."""
        if self._highest is None:
            return sequence
        rollover, highest = divmod(self._highest, _ROUND)
        if highest < _ROUND // 2:
            rollover -= sequence - highest > _ROUND // 2
        else:
            rollover += highest - _ROUND // 2 > sequence
        return rollover * _ROUND + sequence

    def _is_replay(self, index: int) -> bool:
        if self._highest is None or index > self._highest:
            return False
        behind = self._highest - index
        return behind >= WINDOW or bool(self._seen >> behind & 1)

    def _note(self, index: int) -> None:
        if self._highest is None or index > self._highest:
            moved = WINDOW if self._highest is None else index - self._highest
            self._seen = (self._seen << min(moved, WINDOW) | 1) & (1 << WINDOW) - 1
            self._highest = index
        else:
            self._seen |= 1 << (self._highest - index)


def _payload_at(packet: bytes) -> int | None:
    """Where the payload begins: the header, with its sources and extension, is not encrypted."""
    begin = _HEADER + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:
        if len(packet) < begin + 4:
            return None
        begin += 4 + 4 * int.from_bytes(packet[begin + 2 : begin + 4], "big")
    return begin if begin <= len(packet) else None


def _ciphered(keys: SessionKeys, packet: bytes, index: int) -> bytes:
    """The packet with its payload encrypted, or (the same) decrypted."""
    begin = _payload_at(packet) or _HEADER
    salt = int.from_bytes(keys.salt, "big") << 16
    source = int.from_bytes(packet[8:12], "big") << 64
    start = (salt ^ source ^ index << 16).to_bytes(16, "big")
    return packet[:begin] + _counter(keys.encryption, start, packet[begin:])


def _tag(keys: SessionKeys, packet: bytes, rollover: int) -> bytes:
    text = packet + rollover.to_bytes(4, "big")
    return hmac.new(keys.authentication, text, hashlib.sha1).digest()[:TAG]
