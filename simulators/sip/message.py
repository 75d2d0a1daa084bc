"""SIP messages as values: parse what came, build what goes (RFC 3261 section 7).

The parser is tolerant where the RFC asks for it (folded lines, compact forms, any case, bare LF)
and keeps header names and order as they were sent. Anything else that is wrong raises
`MalformedMessage`, so a caller answers 400 or drops, and never meets another exception.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from simulators.errors import RemoteProtocolError
from simulators.sip.vocabulary import CANONICAL, REASONS, canonical

__all__ = [
    "REASONS",
    "Headers",
    "MalformedMessage",
    "Message",
    "Request",
    "Response",
    "canonical",
    "parse",
    "response_to",
    "split_list",
]


_REQUEST_LINE = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]+) ([^\s<>\"]+) SIP/2\.0", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
"""RFC 3261 section 25.1."""
_TAG = re.compile(r";\s*tag\s*=", re.IGNORECASE)


class MalformedMessage(RemoteProtocolError):
    """The octets are not a SIP message; says where and why."""


class Headers:
    """Header fields in the order sent: (name as written, value). Look-ups ignore case and form.

    The list is not to be changed: look-ups remember where things are.
    """

    __slots__ = ("_found", "items")

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self.items: list[tuple[str, str]] = list(items)
        self._found: dict[str, list[str]] | None = None

    def get(self, name: str, default: str = "") -> str:
        """The first value of `name` (full form, any case)."""
        values = self._index().get(name.lower())
        return values[0] if values else default

    def all(self, name: str) -> list[str]:
        """All values of `name`, a comma-separated line split where the RFC allows it."""
        return [part for value in self._index().get(name.lower(), ()) for part in split_list(value)]

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._index()

    def _index(self) -> dict[str, list[str]]:
        """Full lower-case name -> values."""
        found = self._found
        if found is None:
            found = self._found = {}
            for name, value in self.items:
                full = CANONICAL.get(name) or canonical(name)
                if full in found:
                    found[full].append(value)
                else:
                    found[full] = [value]
        return found

    def with_first(self, name: str, value: str) -> "Headers":
        """A copy with one more header on top."""
        return Headers([(name, value), *self.items])

    def replaced(self, name: str, value: str) -> "Headers":
        """A copy in which the first `name` has this value (added at the end if there was none)."""
        items, done = [], False
        for found, old in self.items:
            if not done and canonical(found) == name.lower():
                items.append((found, value))
                done = True
            else:
                items.append((found, old))
        return Headers(items if done else [*items, (name, value)])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self.items == other.items

    def __repr__(self) -> str:
        return f"Headers({self.items!r})"


@dataclass(frozen=True, slots=True)
class Request:
    """A SIP request (RFC 3261 section 7.1)."""

    method: str
    uri: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    def encode(self) -> bytes:
        """The octets on the wire."""
        return _encode(f"{self.method} {self.uri} SIP/2.0", self.headers, self.body)


@dataclass(frozen=True, slots=True)
class Response:
    """A SIP response (RFC 3261 section 7.2)."""

    status: int
    reason: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    def encode(self) -> bytes:
        """The octets on the wire."""
        return _encode(f"SIP/2.0 {self.status} {self.reason}", self.headers, self.body)


Message = Request | Response


def split_list(value: str) -> list[str]:
    """Split a header value at its commas, leaving quoted strings and `<...>` whole.

    Digest headers use commas inside one value; their readers take the unsplit text (`get`).
    """
    if "," not in value:
        value = value.strip()
        return [value] if value else []
    parts, start, quoted, angle = [], 0, False, False
    escaped = False
    for index, char in enumerate(value):
        if escaped:
            escaped = False
        elif quoted:
            if char == "\\":
                escaped = True
            elif char == '"':
                quoted = False
        elif char == '"':
            quoted = True
        elif char == "<":
            angle = True
        elif char == ">":
            angle = False
        elif char == "," and not angle:
            parts.append(value[start:index].strip())
            start = index + 1
    parts.append(value[start:].strip())
    return [part for part in parts if part]


def parse(data: bytes) -> Message:
    """Read one message from one datagram.

    Raises:
        MalformedMessage: no start line, no header end, or a header line without a colon.
    """
    parts = _split_head(data)
    if parts is None:
        raise MalformedMessage("expected an empty line after the headers, none came")
    head, body = parts
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedMessage(f"headers are not UTF-8 at octet {error.start}") from error
    lines = _unfold(text)
    headers = Headers(map(_header, lines[1:]))
    body = _cut_body(headers, body)
    return _start_line(lines[0], headers, body)


def response_to(
    request: Request,
    status: int,
    *,
    headers: Iterable[tuple[str, str]] = (),
    to_tag: str = "",
    reason: str = "",
) -> Response:
    """A response that copies what RFC 3261 section 8.2.6 says: Via, From, To, Call-ID, CSeq."""
    items: list[tuple[str, str]] = []
    for name, value in request.headers.items:
        kind = CANONICAL.get(name) or canonical(name)
        if kind in ("via", "from", "call-id", "cseq"):
            items.append((name, value))
        elif kind == "to":
            tagged = value if not to_tag or _has_tag(value) else f"{value};tag={to_tag}"
            items.append((name, tagged))
    return Response(status, reason or REASONS.get(status, "Unknown"), Headers([*items, *headers]))


def _has_tag(value: str) -> bool:
    """Whether a From or To has a tag of its own (one inside `<...>` is the URI's)."""
    return _TAG.search(value.rpartition(">")[2]) is not None


def _split_head(data: bytes) -> tuple[bytes, bytes] | None:
    """Head and body, divided at the first empty line; None without one."""
    data = data.lstrip(b"\r\n")  # RFC 3261 section 7.5: empty lines before the start line
    end, length = data.find(b"\n\r\n"), 3
    bare = data.find(b"\n\n", 0, end if end >= 0 else len(data))
    if bare >= 0:
        end, length = bare, 2
    return None if end < 0 else (data[:end].removesuffix(b"\r"), data[end + length :])


def _unfold(text: str) -> list[str]:
    text = text.replace("\r\n", "\n")
    if "\n " not in text and "\n\t" not in text:
        return text.split("\n")
    lines: list[list[str]] = []
    for line in text.split("\n"):
        if line[:1] in (" ", "\t") and lines:
            lines[-1].append(line.strip(" \t"))
        else:
            lines.append([line])
    return [" ".join(parts) for parts in lines]


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or name not in CANONICAL:
        name = name.rstrip(" \t")
        if not colon or _TOKEN.fullmatch(name) is None:
            raise MalformedMessage(f"expected 'Name: value', got {line[:80]!r}")
    return name, value.strip(" \t")


def _cut_body(headers: Headers, body: bytes) -> bytes:
    length = headers.get("content-length").strip()
    if not length:
        return body
    if not (length.isascii() and length.isdigit()) or len(length) > 9:
        raise MalformedMessage(f"Content-Length is {length[:20]!r}, expected a number")
    if int(length) > len(body):
        raise MalformedMessage(f"Content-Length is {length}, but {len(body)} octets came")
    return body[: int(length)]


def _start_line(line: str, headers: Headers, body: bytes) -> Message:
    if not line.startswith("SIP/2.0 "):  # a method has no slash
        request = _REQUEST_LINE.fullmatch(line)
        if request is not None:
            return Request(request[1], request[2], headers, body)
    parts = line.split(" ", 2)
    if len(parts) == 3 and parts[0].upper() == "SIP/2.0":  # any case: section 7.1
        if not (parts[1].isascii() and parts[1].isdigit() and len(parts[1]) == 3):
            raise MalformedMessage(f"expected a status of three digits, got {parts[1][:20]!r}")
        return Response(int(parts[1]), parts[2], headers, body)
    raise MalformedMessage(f"expected a request or status line of SIP/2.0, got {line[:80]!r}")


def _encode(start: str, headers: Headers, body: bytes) -> bytes:
    lines = [start]
    lines += [
        f"{n}: {v}"
        for n, v in headers.items
        if (CANONICAL.get(n) or canonical(n)) != "content-length"
    ]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body
