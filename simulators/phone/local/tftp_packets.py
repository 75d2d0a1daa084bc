"""TFTP's packets (RFC 1350 section 5, options RFC 2347 to 2349): octets from and to values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

MAX_PACKET = 65_468
"""Octets of the longest DATA packet (RFC 2348: blksize up to 65,464)."""


class ErrorCode(IntEnum):
    """RFC 1350 appendix, and RFC 2347 for the last."""

    NOT_DEFINED = 0
    FILE_NOT_FOUND = 1
    ACCESS_VIOLATION = 2
    DISK_FULL = 3
    ILLEGAL_OPERATION = 4
    UNKNOWN_TRANSFER = 5
    FILE_EXISTS = 6
    NO_SUCH_USER = 7
    OPTIONS_REFUSED = 8


@dataclass(frozen=True, slots=True)
class Data:
    """Block `block` of a file; the last is shorter than the block size."""

    block: int
    data: bytes


@dataclass(frozen=True, slots=True)
class OptionsAccepted:
    """OACK: the options that the server takes, names in lower case."""

    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Error:
    """The peer ends the transfer. `code` is as sent, also an unknown one."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """Octets that are no packet that a reader gets."""

    reason: str


Received = Data | OptionsAccepted | Error | Malformed


def read_request(file: str, options: Mapping[str, int]) -> bytes:
    """RRQ for `file` in mode octet.

    Raises:
        ValueError: the name can't be sent: not ASCII, empty, or with a zero octet.
    """
    name = file.encode("ascii")
    if not name or b"\0" in name:
        raise ValueError(f"expected a file name in ASCII, got {file!r}")
    parts = [name, b"octet"]
    for option, value in options.items():
        parts += [option.encode("ascii"), str(value).encode("ascii")]
    return b"\0\1" + b"".join(part + b"\0" for part in parts)


def acknowledgement(block: int) -> bytes:
    """ACK of a block, 0 for an OACK."""
    return b"\0\4" + block.to_bytes(2, "big")


def error(code: ErrorCode, message: str) -> bytes:
    """ERROR."""
    return b"\0\5" + int(code).to_bytes(2, "big") + message.encode("ascii", "replace") + b"\0"


def parse(packet: bytes) -> Received:
    """What a reader gets; never raises."""
    if len(packet) < 4 and packet[:2] != b"\0\6":
        return Malformed("shorter than any packet")
    kind, number = packet[:2], int.from_bytes(packet[2:4], "big")
    if kind == b"\0\3":
        return Data(number, packet[4:])
    if kind == b"\0\5":
        return Error(number, packet[4:].split(b"\0", 1)[0].decode("ascii", "replace"))
    if kind == b"\0\6":
        return _options(packet[2:])
    return Malformed("no DATA, OACK or ERROR")


def _options(octets: bytes) -> OptionsAccepted | Malformed:
    if not octets:
        return OptionsAccepted()
    parts = octets.split(b"\0")
    if parts.pop() or len(parts) % 2:
        return Malformed("options that don't come in pairs")
    try:
        texts = [part.decode("ascii") for part in parts]
    except UnicodeDecodeError:
        return Malformed("options that aren't ASCII")
    return OptionsAccepted({n.lower(): v for n, v in zip(texts[::2], texts[1::2], strict=True)})
