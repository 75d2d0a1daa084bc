"""OAI on the wire: frames, the log-in, fields, commands and messages, both ways. Pure.

A frame is a 4-byte little-endian length and that many octets of payload. The first payload of a
client is its log-in; all others are ASCII, fields between commas, text in |pipes|, ended by CR.
What the messages of the gateway hold is in `oai_messages` (docs/wire.md section 2).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from simulators.errors import LocalProtocolError, RemoteProtocolError

MAX_PAYLOAD = 1_048_576
"""Octets of the longest payload that we send; a whole list in one message may need them."""

MAX_RECEIVED = 65_536
"""Octets of the longest payload taken from a client; a browser's greeting read as a length is
longer."""

MAX_LOG_IN = 256
"""Octets of the longest log-in."""

MAX_FIELD = 256
"""Characters of the longest field that we send."""

SYSTEM_OAI = 0x87
"""First octet of a log-in that asks for System OAI."""

MAX_NAME = 20
"""Characters of the longest command and of the longest invoke id."""


class Text(str):
    """A field that travels between pipes."""

    __slots__ = ()


# Frames


def frame(payload: bytes) -> bytes:
    """The octets on the wire.

    Raises:
        LocalProtocolError: empty or longer than `MAX_PAYLOAD`.
    """
    if not 0 < len(payload) <= MAX_PAYLOAD:
        raise LocalProtocolError(
            f"an OAI payload has 1 to {MAX_PAYLOAD} octets, not {len(payload)}"
        )
    return len(payload).to_bytes(4, "little") + payload


class FrameReader:
    """Cuts payloads out of a stream, however the octets arrive.

    Args:
        longest: octets of the longest payload that is taken.
    """

    def __init__(self, longest: int = MAX_RECEIVED) -> None:
        self._buffer = bytearray()
        self._longest = longest

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take octets; yields each payload that is complete.

        The octets are taken at once, whether or not the iterator is used up.

        Raises:
            RemoteProtocolError: from the iterator: a length of 0 or above `longest`; the stream
                is lost.
        """
        self._buffer += data
        return self._payloads()

    def _payloads(self) -> Iterator[bytes]:
        while len(self._buffer) >= 4:
            length = int.from_bytes(self._buffer[:4], "little")
            if not 0 < length <= self._longest:
                raise RemoteProtocolError(
                    f"expected a frame of 1 to {self._longest} octets, its length says {length}"
                )
            if len(self._buffer) < 4 + length:
                return
            payload = bytes(self._buffer[4 : 4 + length])
            del self._buffer[: 4 + length]
            yield payload


# Log-in


@dataclass(frozen=True, slots=True)
class LogIn:
    """A client's first payload."""

    password: str = field(repr=False)
    application: str

    def encode(self) -> bytes:
        parts = (self.password, self.application)
        if any("\0" in part for part in parts):
            raise LocalProtocolError("a NUL ends the parts of a log-in and can't stand in them")
        return bytes([SYSTEM_OAI]) + b"".join(part.encode() + b"\0" for part in parts)

    @classmethod
    def parse(cls, payload: bytes) -> "LogIn":
        """Read a log-in.

        Raises:
            RemoteProtocolError: another kind of log-in, one that is too long, or not two parts that
                end in NUL.
        """
        if payload[:1] != bytes([SYSTEM_OAI]):
            raise RemoteProtocolError(f"expected a log-in (0x87), got 0x{payload[:1].hex()}")
        if len(payload) > MAX_LOG_IN:
            raise RemoteProtocolError(
                f"expected a log-in of at most {MAX_LOG_IN} octets, got {len(payload)}"
            )
        parts = payload[1:].split(b"\0")
        if len(parts) != 3 or parts[2]:
            raise RemoteProtocolError("expected password, NUL, application name, NUL in the log-in")
        try:
            return cls(parts[0].decode(), parts[1].decode())
        except UnicodeDecodeError:
            raise RemoteProtocolError("the log-in is not text") from None


# Lines


def join_fields(fields: Iterable[str]) -> bytes:
    """A payload of these fields; `Text` goes between pipes.

    Raises:
        LocalProtocolError: what can't travel: more than `MAX_FIELD` characters, one that is not
            printable ASCII, a pipe, or a comma outside pipes.
    """
    written = []
    for value in fields:
        is_text = isinstance(value, Text)
        if len(value) > MAX_FIELD:
            raise LocalProtocolError(f"an OAI field has at most {MAX_FIELD} characters")
        if not _is_printable(value) or "|" in value or ("," in value and not is_text):
            raise LocalProtocolError("an OAI field holds a character that can't travel in it")
        written.append(f"|{value}|" if is_text else value)
    return ",".join(written).encode("ascii") + b"\r"


def split_fields(payload: bytes) -> list[str]:
    """The fields of a payload; what stood between pipes comes as `Text`.

    Raises:
        RemoteProtocolError: no CR at the end, not printable ASCII, or pipes that don't pair.
    """
    line = payload.decode("ascii", "replace")
    if not line.endswith("\r") or not _is_printable(line[:-1]):
        raise RemoteProtocolError("expected printable ASCII that ends in CR")
    line, fields, position = line[:-1], [], 0
    while True:
        value, position = _field(line, position)
        fields.append(value)
        if position == len(line):
            return fields
        position += 1  # the comma


def _field(line: str, position: int) -> tuple[str, int]:
    """The field at `position`, and where the comma after it (or the end) is."""
    if line.startswith("|", position):
        end = line.find("|", position + 1)
        if end < 0 or line[end + 1 : end + 2] not in ("", ","):
            raise RemoteProtocolError(f"a text field does not end in a pipe at {position}")
        return Text(line[position + 1 : end]), end + 1
    comma = line.find(",", position)
    end = len(line) if comma < 0 else comma
    if "|" in line[position:end]:
        raise RemoteProtocolError(f"a pipe stands inside the field at {position}")
    return line[position:end], end


def printable(value: str) -> Text:
    """A person's name as OAI can carry it: what is not ASCII, or a pipe, becomes `?`; the rest of
    a name beyond `MAX_FIELD` characters stays behind.
    """
    value = value[:MAX_FIELD]
    if _is_printable(value) and "|" not in value:
        return Text(value)
    return Text("".join(c if _is_printable(c) and c != "|" else "?" for c in value))


def _is_printable(text: str) -> bool:
    return text.isascii() and (text.isprintable() or not text)


# Commands and messages


@dataclass(frozen=True, slots=True)
class Command:
    """What a client asks: `<command>,<invoke id>,<arguments...>`."""

    name: str
    invoke_id: str
    arguments: tuple[str, ...] = ()

    @classmethod
    def parse(cls, payload: bytes) -> "Command":
        """Read a command.

        Raises:
            RemoteProtocolError: no name that begins with `_`, no invoke id to answer to, or one of
                them is too long.
        """
        name, *rest = split_fields(payload)
        if isinstance(name, Text) or not name.startswith("_"):
            raise RemoteProtocolError(f"expected a command such as _NA, got {name[:20]!r}")
        if not rest or not rest[0] or isinstance(rest[0], Text):
            raise RemoteProtocolError(f"expected an invoke id after {name[:20]}")
        if max(len(name), len(rest[0])) > MAX_NAME:  # both come back in the confirmation
            raise RemoteProtocolError(
                f"expected a command and an invoke id of at most {MAX_NAME} characters each"
            )
        return cls(name, rest[0], tuple(rest[1:]))

    def encode(self) -> bytes:
        return join_fields([self.name, self.invoke_id, *self.arguments])


@dataclass(frozen=True, slots=True)
class Message:
    """What a gateway sends: `<sequence 000-999>,<event>,<fields...>`."""

    sequence: int
    event: str
    fields: tuple[str, ...] = ()

    @classmethod
    def parse(cls, payload: bytes) -> "Message":
        """Read a message.

        Raises:
            RemoteProtocolError: no sequence number of three digits, or no event after it.
        """
        sequence, *rest = split_fields(payload)
        if isinstance(sequence, Text) or len(sequence) != 3 or not sequence.isdigit():
            raise RemoteProtocolError(f"expected a sequence number 000-999, got {sequence[:20]!r}")
        if not rest or not rest[0] or isinstance(rest[0], Text):
            raise RemoteProtocolError("expected an event after the sequence number")
        return cls(int(sequence), rest[0], tuple(rest[1:]))

    def encode(self) -> bytes:
        if not 0 <= self.sequence <= 999:
            raise LocalProtocolError(f"a sequence number is 0 to 999, not {self.sequence}")
        return join_fields([f"{self.sequence:03d}", self.event, *self.fields])
