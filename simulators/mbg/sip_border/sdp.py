"""Session descriptions as the border changes them (RFC 4566, offers and answers of RFC 3264), pure.

The border stands between two networks, so each side must be told the border's own address and
ports. Everything else (codecs, keys, directions, attributes that nobody here knows) goes on as it
came, line by line. ICE candidates and RTCP addresses name the hidden network and are taken out.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from simulators.core import Address
from simulators.errors import RemoteProtocolError
from simulators.hosts import is_ipv4

CONTENT_TYPE = "application/sdp"
LONGEST = 65_536
MOST_STREAMS = 8
"""More media lines than a phone ever offers; each costs the border four sockets."""
HELD = "c=IN IP4 0.0.0.0"
"""How a phone of RFC 2543 puts a call on hold (RFC 3264 section 8.4); it must arrive as it left."""

_MEDIA = re.compile(r"m=(\S+) (\d{1,5})(/\d+)? (\S+) (.+)")
_CONNECTION = re.compile(r"c=IN IP4 ([\d.]+)(?:/\d+)*")
"""No host name: it would have to be looked up before the call can go on. No IPv6: none here."""
_ORIGIN = re.compile(r"(o=\S+ \S+ \S+ IN )(IP[46]) \S+")
_HIDDEN = ("a=candidate:", "a=remote-candidates:", "a=ice-", "a=rtcp:", "a=end-of-candidates")
_DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


class MalformedDescription(RemoteProtocolError):
    """A body that is no session description; says which line and why."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One media line: what it is, and where its sender wants to hear it.

    `address` is None for a stream that is refused or switched off (port 0); `direction` is that of
    RFC 3264 section 5.1, as its sender sees it.
    """

    kind: str
    protocol: str
    formats: str
    address: Address | None
    direction: str = "sendrecv"


def streams(body: bytes) -> list[Stream]:
    """The media lines of a description, in order.

    Raises:
        MalformedDescription: no description, or a media line without a connection address.
    """
    found: list[Stream] = []
    session_host, session_direction = "", "sendrecv"
    for line in _lines(body):
        connection = _CONNECTION.fullmatch(line)
        if line.startswith("c=") and (connection is None or not is_ipv4(connection[1])):
            raise MalformedDescription(f"expected 'c=IN IP4 <IPv4 address>', got {line[:60]!r}")
        if line.startswith("m="):
            found.append(_stream(line, session_host, session_direction))
        elif connection is not None and found:
            found[-1] = _moved(found[-1], connection[1])
        elif connection is not None:
            session_host = connection[1]
        elif line[2:] in _DIRECTIONS and line.startswith("a="):
            if found:
                found[-1] = _turned(found[-1], line[2:])
            else:
                session_direction = line[2:]
    for stream in found:
        if stream.address is not None and not stream.address[0]:
            raise MalformedDescription(f"expected a c= line for the {stream.kind} stream")
    if len(found) > MOST_STREAMS:
        raise MalformedDescription(f"expected at most {MOST_STREAMS} media lines, got {len(found)}")
    return found


def rewritten(body: bytes, host: str, ports: Sequence[int]) -> bytes:
    """The description with our address and, in the order of its media lines, our ports.

    A media line with port 0 keeps it: a refused stream stays refused, whatever `ports` says.

    Raises:
        MalformedDescription: no description, or not as many media lines as ports.
    """
    left = list(ports)
    lines: list[str] = []
    for line in _lines(body):
        if line.startswith("c="):
            lines.append(line if line == HELD else f"c=IN IP4 {host}")
        elif line.startswith("o="):
            lines.append(_ORIGIN.sub(rf"\g<1>IP4 {host}", line))
        elif line.startswith("m="):
            if not left:
                raise MalformedDescription(f"expected {len(ports)} media lines, got more")
            lines.append(_with_port(line, left.pop(0)))
        elif not line.startswith(_HIDDEN):
            lines.append(line)
    if left:
        raise MalformedDescription(f"expected {len(ports)} media lines, got fewer")
    return "".join(f"{line}\r\n" for line in lines).encode()


def _lines(body: bytes) -> list[str]:
    """The lines, `v=0` first."""
    if len(body) > LONGEST:
        raise MalformedDescription(f"expected at most {LONGEST} octets, got {len(body)}")
    try:
        lines = body.decode("utf-8").replace("\r\n", "\n").strip("\n").split("\n")
    except UnicodeDecodeError as error:
        raise MalformedDescription(f"not UTF-8 at octet {error.start}") from error
    if lines[0] != "v=0":
        raise MalformedDescription(f"expected v=0 first, got {lines[0][:40]!r}")
    return lines


def _stream(line: str, host: str, direction: str) -> Stream:
    kind, port, _, protocol, formats = _media(line).groups()
    address = (host, int(port)) if int(port) else None
    return Stream(kind, protocol, formats, address, direction)


def _media(line: str) -> re.Match[str]:
    found = _MEDIA.fullmatch(line)
    if found is None or int(found[2]) > 65_535:
        raise MalformedDescription(f"expected 'm=kind port protocol formats', got {line[:60]!r}")
    return found


def _moved(stream: Stream, host: str) -> Stream:
    address = None if stream.address is None else (host, stream.address[1])
    return Stream(stream.kind, stream.protocol, stream.formats, address, stream.direction)


def _turned(stream: Stream, direction: str) -> Stream:
    return Stream(stream.kind, stream.protocol, stream.formats, stream.address, direction)


def _with_port(line: str, port: int) -> str:
    kind, old, _, protocol, formats = _media(line).groups()
    return f"m={kind} {port if int(old) else 0} {protocol} {formats}"
