"""Where one SIP message ends and the next begins on a stream (RFC 3261 section 18.3).

Octets in, whole messages out; Content-Length is obligatory. Between messages, empty lines are
passed over, and two of them in a row are a ping that wants a pong (RFC 5626 section 3.5.1). What
can't be framed ends the stream: nobody knows where the next message would begin. Memory stays below
the limits plus one chunk, and each octet is looked at a bounded number of times.
"""

import re
from dataclasses import dataclass

HEAD_LIMIT = 64 * 1024
"""Octets of a start line with its headers."""

MESSAGE_LIMIT = 1024 * 1024
"""Octets of a whole message."""

PONG = b"\r\n"

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_HEAD_END_LENGTH = 4
_LENGTH = re.compile(rb"\n(?:content-length|l)[ \t]*+:\s*+([^\n]*+)(?=\n([ \t])?)", re.IGNORECASE)
"""Value, and what shows that it goes on; possessive, since backtracking would be quadratic."""


@dataclass(frozen=True, slots=True)
class Ping:
    """The far end asks whether the stream still lives: answer `PONG`."""


class Framer:
    """Cuts one stream into messages.

    Attributes:
        refused: why the stream can't be read on ("" while it can); it stays so.
    """

    __slots__ = ("_buffer", "_empty_lines", "_head_limit", "_message_limit", "_seen", "_wanted",
                 "refused")  # fmt: skip

    def __init__(self, head_limit: int = HEAD_LIMIT, message_limit: int = MESSAGE_LIMIT) -> None:
        self.refused = ""
        self._head_limit = head_limit
        self._message_limit = message_limit
        self._buffer = bytearray()
        self._seen = 0  # octets of the buffer in which no head ends
        self._wanted = 0  # length of the message whose head is whole; 0 before
        self._empty_lines = 0

    def feed(self, data: bytes) -> list[bytes | Ping]:
        """Take the next octets; returns what they complete, in order."""
        if self.refused:
            return []
        self._buffer += data
        found: list[bytes | Ping] = []
        while not self.refused and self._buffer:
            if not self._wanted:
                self._skip_empty_lines(found)
                self._find_head()
            if not self._wanted or len(self._buffer) < self._wanted:
                break
            found.append(bytes(self._buffer[: self._wanted]))
            del self._buffer[: self._wanted]
            self._wanted = 0
        if self.refused:
            self._buffer.clear()
        return found

    def _skip_empty_lines(self, found: list[bytes | Ping]) -> None:
        """Drop what stands before a start line; a line end may come in two parts."""
        if self._seen:
            return  # in the midst of a head
        start, length = 0, len(self._buffer)
        while start < length:
            if self._buffer[start] == 0x0A:
                start += 1
            elif self._buffer.startswith(b"\r\n", start):
                start += 2
            else:
                break
            self._empty_lines += 1
            if self._empty_lines == 2:
                found.append(Ping())
                self._empty_lines = 0
        del self._buffer[:start]
        if self._buffer and self._buffer != b"\r":
            self._empty_lines = 0

    def _find_head(self) -> None:
        """Look for the end of the head, from where the last look ended."""
        begin = max(0, self._seen - _HEAD_END_LENGTH + 1)
        end = _HEAD_END.search(self._buffer, begin, self._head_limit + _HEAD_END_LENGTH)
        if end is None:
            self._seen = 0 if self._buffer == b"\r" else len(self._buffer)
            if len(self._buffer) > self._head_limit:
                self.refused = f"the headers are over {self._head_limit} octets"
            return
        self._seen = 0
        length = self._content_length(end.end())
        if end.end() + length > self._message_limit:
            self.refused = f"a message of over {self._message_limit} octets is announced"
        if not self.refused:
            self._wanted = end.end() + length

    def _content_length(self, head: int) -> int:
        values = set()
        for found in _LENGTH.finditer(self._buffer, 0, head):
            values.add(found[1].strip() + (b" ..." if found[2] else b""))
        text = b", ".join(sorted(values))
        if not text.isdigit() or len(text) > 9:
            got = text[:40].decode("ascii", "replace")
            self.refused = f"expected one Content-Length with a number, got {got!r}"
            return 0
        return int(text)
