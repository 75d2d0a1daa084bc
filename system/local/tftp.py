"""TFTP, the server's side of reading a file (RFC 1350, 2347, 2348, 2349). Pure.

Datagrams in, datagrams out; a timer's end is a call. Options: ``blksize``, ``tsize``, ``timeout``;
others are not confirmed, which is how they are refused (RFC 2347).
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

LARGEST_BLOCK = 65_464
SMALLEST_BLOCK = 8
DEFAULT_BLOCK = 512
DEFAULT_TIMEOUT_S = 2
LONGEST_TIMEOUT_S = 10
"""A client may ask for up to 255 s; a transfer that nobody answers should end sooner."""
MOST_TRIES = 5
LONGEST_REQUEST = 512
"""Octets of a request (RFC 2347)."""

_WORD = struct.Struct(">H")


class Opcode(IntEnum):
    """What a datagram is (RFC 1350 section 5, RFC 2347)."""

    RRQ = 1
    WRQ = 2
    DATA = 3
    ACK = 4
    ERROR = 5
    OACK = 6


class ErrorCode(IntEnum):
    """Why a transfer ends (RFC 1350 appendix)."""

    NOT_DEFINED = 0
    FILE_NOT_FOUND = 1
    ACCESS_VIOLATION = 2
    DISK_FULL = 3
    ILLEGAL_OPERATION = 4
    UNKNOWN_TRANSFER = 5


class TftpError(Exception):
    """A datagram that is answered with an error."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What a client asks for; option names in lower case."""

    name: str
    options: Mapping[str, str] = field(default_factory=dict)


class Source(Protocol):
    """A file's octets."""

    @property
    def size(self) -> int:
        """Number of octets."""
        ...

    def read(self, offset: int, count: int) -> bytes:
        """Up to ``count`` octets from ``offset``."""
        ...


@dataclass(frozen=True, slots=True)
class InMemory:
    """A source that is octets at hand."""

    octets: bytes

    @property
    def size(self) -> int:
        """Number of octets."""
        return len(self.octets)

    def read(self, offset: int, count: int) -> bytes:
        """A part of them."""
        return self.octets[offset : offset + count]


def parse_request(datagram: bytes) -> ReadRequest:
    """Read a first datagram.

    Raises:
        TftpError: it is no request to read in mode octet or netascii.
    """
    if len(datagram) < 2:
        raise TftpError(ErrorCode.ILLEGAL_OPERATION, "Not a TFTP request")
    (opcode,) = _WORD.unpack_from(datagram)
    if opcode == Opcode.WRQ:
        raise TftpError(ErrorCode.ACCESS_VIOLATION, "Files here can be read only")
    if opcode != Opcode.RRQ or len(datagram) > LONGEST_REQUEST or datagram[-1:] != b"\0":
        raise TftpError(ErrorCode.ILLEGAL_OPERATION, "Not a request to read a file")
    try:
        parts = datagram[2:-1].decode("ascii").split("\0")
    except UnicodeDecodeError:
        raise TftpError(ErrorCode.ILLEGAL_OPERATION, "A request that is not ASCII") from None
    if len(parts) < 2 or len(parts) % 2 or not parts[0]:
        raise TftpError(ErrorCode.ILLEGAL_OPERATION, "A request without name or mode")
    if parts[1].lower() not in ("octet", "netascii"):
        raise TftpError(ErrorCode.ILLEGAL_OPERATION, "Only mode octet is served")
    options: dict[str, str] = {}
    for name, value in zip(parts[2::2], parts[3::2], strict=True):
        options.setdefault(name.lower(), value)
    return ReadRequest(parts[0], options)


def error(code: ErrorCode, message: str) -> bytes:
    """An error as a datagram."""
    return _WORD.pack(Opcode.ERROR) + _WORD.pack(code) + message.encode("ascii", "replace") + b"\0"


class Transfer:
    """One file on its way to one client."""

    def __init__(self, source: Source, options: Mapping[str, str]) -> None:
        self.is_over = False
        """Nothing is to be sent any more."""
        self.was_whole = False
        """The client has confirmed the last block."""
        accepted = _accepted(source, options)
        self.timeout_s = float(accepted.get("timeout", DEFAULT_TIMEOUT_S))
        """Seconds after which ``timed_out`` is to be called."""
        self._source = source
        self._block_size = int(accepted.get("blksize", DEFAULT_BLOCK))
        self._block = 0 if accepted else 1
        self._tries = 0
        self._last = _option_confirmation(accepted) if accepted else self._data(1)

    def first(self) -> bytes:
        """The answer to the request."""
        return self._last

    def receive(self, datagram: bytes) -> bytes | None:
        """Take the client's datagram; what to send then, or ``None``.

        An old confirmation is not answered, or each block would be sent twice from then on
        (RFC 1123 section 4.2.3.1).
        """
        if self.is_over or len(datagram) < 4:
            return None
        (opcode,), (number,) = _WORD.unpack_from(datagram), _WORD.unpack_from(datagram, 2)
        if opcode == Opcode.ERROR:
            self.is_over = True
            return None
        if opcode != Opcode.ACK:
            self.is_over = True
            return error(ErrorCode.ILLEGAL_OPERATION, "A confirmation was expected")
        if number != self._block & 0xFFFF:
            return None
        self._tries = 0
        if self._block and self._block * self._block_size > self._source.size:
            self.is_over = self.was_whole = True
            return None
        self._block += 1
        self._last = self._data(self._block)
        return self._last

    def timed_out(self) -> bytes | None:
        """Nothing has come in time: the last datagram again, or ``None`` after enough tries."""
        self._tries += 1
        if self._tries >= MOST_TRIES:
            self.is_over = True
        return None if self.is_over else self._last

    def _data(self, block: int) -> bytes:
        # Block numbers have 16 bits and begin anew after 65535: images are larger than that.
        octets = self._source.read((block - 1) * self._block_size, self._block_size)
        return _WORD.pack(Opcode.DATA) + _WORD.pack(block & 0xFFFF) + octets


def _accepted(source: Source, options: Mapping[str, str]) -> dict[str, str]:
    """The options that are confirmed, with their values."""
    accepted = {}
    block = _number(options.get("blksize", ""))
    if block is not None and block >= SMALLEST_BLOCK:
        accepted["blksize"] = str(min(block, LARGEST_BLOCK))
    if "tsize" in options:
        accepted["tsize"] = str(source.size)
    timeout = _number(options.get("timeout", ""))
    if timeout is not None and 1 <= timeout <= LONGEST_TIMEOUT_S:
        accepted["timeout"] = str(timeout)
    return accepted


def _option_confirmation(options: Mapping[str, str]) -> bytes:
    parts = [part for option in options.items() for part in option]
    return _WORD.pack(Opcode.OACK) + b"".join(part.encode("ascii") + b"\0" for part in parts)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None
