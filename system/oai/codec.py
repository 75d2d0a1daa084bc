"""OAI on the wire (``docs/wire.md`` section 2): frames, the log-in, fields, messages. Pure.

A frame is a 4-byte little-endian length and that many octets. Payloads are ASCII, end in CR, and
are split at commas, except between two pipes. What a peer sends wrongly is an ``OaiFormatError``.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

LOG_IN_BYTE = b"\x87"
LONGEST_FRAME = 1024 * 1024
_LENGTH = struct.Struct("<I")


class OaiFormatError(ValueError):
    """Octets or fields that are not OAI as documented."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a gateway sends: ``<sequence>,<event>,<fields...>``; fields without their pipes."""

    sequence: int
    event: str
    fields: tuple[str, ...]


def frame(payload: bytes) -> bytes:
    """The payload with its length before it."""
    return _LENGTH.pack(len(payload)) + payload


class FrameReader:
    """Cuts a stream of octets into payloads, however the octets arrive."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Payloads that are complete now.

        Raises:
            OaiFormatError: a frame claims to be empty, or longer than ``LONGEST_FRAME``. What
                follows cannot be told apart, so the reader is of no use any more.
        """
        self._buffer += data
        payloads = []
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length == 0:
                raise OaiFormatError("a frame of no octets; none is that short")
            if length > LONGEST_FRAME:
                raise OaiFormatError(f"a frame of {length} octets; at most {LONGEST_FRAME} are")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                break
            payloads.append(bytes(self._buffer[_LENGTH.size : end]))
            del self._buffer[:end]
        return payloads

    @property
    def is_empty(self) -> bool:
        """Whether no frame is half here."""
        return not self._buffer


def next_sequence(number: int) -> int:
    """The number after a message's: 000 to 999, then from the start."""
    return (number + 1) % 1000


def log_in(password: str, application: str) -> bytes:
    """The client's first payload.

    Raises:
        OaiFormatError: a NUL or a character that is not ASCII.
    """
    return LOG_IN_BYTE + _nul_ended(password) + _nul_ended(application)


def command(name: str, invoke_id: int, *arguments: str) -> bytes:
    """A command's payload; arguments that are texts come through ``text``."""
    return (",".join([name, str(invoke_id), *arguments]) + "\r").encode("ascii")


def text(value: str) -> str:
    """A text field: the value between pipes.

    Raises:
        OaiFormatError: the value holds a pipe or a control character, or is not ASCII.
    """
    if "|" in value or not value.isascii() or any(character < " " for character in value):
        raise OaiFormatError(f"{value!r} cannot stand in a text field")
    return f"|{value}|"


def parse_message(payload: bytes) -> Message:
    """Read one payload of a gateway.

    Raises:
        OaiFormatError: it is not ``<sequence>,<event>,...`` with one CR, at its end. A wrong length
            is noticed here: what is cut off has no CR, what is too long has another one inside.
    """
    try:
        line = payload.decode("ascii")
    except UnicodeDecodeError as error:
        raise OaiFormatError("a payload that is not ASCII") from error
    if line.find("\r") != len(line) - 1 or not line:
        raise OaiFormatError("a payload that does not end in its only CR")
    fields = split_fields(line[:-1])
    if len(fields) < 2 or not fields[0].isdigit() or len(fields[0]) > 3:
        raise OaiFormatError("a payload that does not begin with sequence number and event")
    return Message(int(fields[0]), fields[1], tuple(fields[2:]))


def split_fields(line: str) -> list[str]:
    """Fields of a payload, pipes taken off; commas between pipes do not split.

    Raises:
        OaiFormatError: a pipe is left open, or stands inside a field.
    """
    fields: list[str] = []
    position = 0
    while True:
        if line.startswith("|", position):
            close = line.find("|", position + 1)
            if close < 0:
                raise OaiFormatError("a text field without its closing pipe")
            value, end = line[position + 1 : close], close + 1
        else:
            comma = line.find(",", position)
            end = len(line) if comma < 0 else comma
            value = line[position:end]
            if "|" in value:
                raise OaiFormatError("a pipe inside a field")
        fields.append(value)
        if end == len(line):
            return fields
        if line[end] != ",":
            raise OaiFormatError("no comma after a text field")
        position = end + 1


def rows(fields: Sequence[str], width: int) -> list[tuple[str, ...]]:
    """A flat list of fields as rows of ``width``.

    Raises:
        OaiFormatError: the last row is not whole.
    """
    if len(fields) % width:
        raise OaiFormatError(f"{len(fields)} fields are no rows of {width}")
    return [tuple(fields[start : start + width]) for start in range(0, len(fields), width)]


def _nul_ended(value: str) -> bytes:
    if "\0" in value or not value.isascii():
        raise OaiFormatError("a log-in value that holds a NUL or is not ASCII")
    return value.encode("ascii") + b"\0"
