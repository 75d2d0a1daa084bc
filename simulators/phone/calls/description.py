"""Session descriptions of a phone: one audio stream, offered and answered (RFC 4566, RFC 3264).

PCMU, PCMA and telephone-event are spoken; streams of other kinds are refused with port 0.
"""

import re
from dataclasses import dataclass

from simulators.core import Address
from simulators.errors import RemoteProtocolError

PCMU, PCMA, TELEPHONE_EVENT = 0, 8, 101
NAMES = {PCMU: "PCMU", PCMA: "PCMA"}
CODECS = {
    PCMU: "a=rtpmap:0 PCMU/8000",
    PCMA: "a=rtpmap:8 PCMA/8000",
    TELEPHONE_EVENT: "a=rtpmap:101 telephone-event/8000",
}
LONGEST = 65_536
MOST_STREAMS = 8
NOWHERE = "0.0.0.0"
"""How a peer of RFC 2543 says: send me nothing (RFC 3264 section 8.4)."""

RECEIVES = ("sendrecv", "recvonly")
MIRRORED = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}
"""What may be answered to each direction (RFC 3264 section 6.1)."""

_MEDIA = re.compile(r"m=(\S{1,32}) (\d{1,5})(?:/\d+)? (\S{1,64}) (.{1,512})")
_CONNECTION = re.compile(r"c=IN IP4 (\d{1,3}(?:\.\d{1,3}){3})(?:/\d+)*")


class UnusableDescription(RemoteProtocolError):
    """No session description, or none that this phone can speak; says why."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a peer says of its audio.

    Args:
        address: where it wants to hear us.
        payload: the first payload type of its list that we speak.
        direction: of RFC 3264 section 5.1, as it sees it.
        streams: each media line as kind, protocol, formats; the audio's place is `place`.
        events: whether it takes telephone-event as we number it.
    """

    address: Address
    payload: int
    direction: str = "sendrecv"
    streams: tuple[tuple[str, str, str], ...] = (("audio", "RTP/AVP", "0"),)
    place: int = 0
    events: bool = False

    @property
    def receives(self) -> bool:
        """Whether it wants to hear us."""
        return self.direction in RECEIVES and self.address[0] != NOWHERE

    @property
    def talks(self) -> bool:
        """Whether both shall hear each other; a phone that holds (`sendonly`) plays nothing."""
        return self.direction == "sendrecv" and self.receives


def read(body: bytes) -> Description:
    """What an offer or answer says.

    Raises:
        UnusableDescription: it can't be read, or has no audio stream that we speak.
    """
    streams: list[tuple[str, str, str]] = []
    found: tuple[int, int, int] | None = None  # place, port, payload
    events, host, direction = False, "", "sendrecv"
    for line in _lines(body):
        media, connection = _MEDIA.fullmatch(line), _CONNECTION.fullmatch(line)
        at_session, in_ours = not streams, found is not None and found[0] == len(streams) - 1
        if line.startswith("m=") and media is None:
            raise UnusableDescription(f"expected 'm=kind port protocol formats', got {line[:60]!r}")
        if media is not None:
            kind, port, protocol, formats = media.groups()
            if len(streams) == MOST_STREAMS:
                raise UnusableDescription(f"expected at most {MOST_STREAMS} streams, got more")
            payload = _spoken(formats)
            ours = (kind, protocol) == ("audio", "RTP/AVP") and 0 < int(port) <= 65_535
            if found is None and ours and payload is not None:
                found = len(streams), int(port), payload
                events = str(TELEPHONE_EVENT) in formats.split()
            streams.append((kind, protocol, formats))
        elif connection is not None and (at_session or in_ours):
            host = connection[1]
        elif line[2:] in MIRRORED and line.startswith("a=") and (at_session or in_ours):
            direction = line[2:]
    if found is None or not host:
        raise UnusableDescription("expected an RTP/AVP audio stream with PCMU or PCMA at an IPv4")
    return Description((host, found[1]), found[2], direction, tuple(streams), found[0], events)


def offer(own: Address, version: int, direction: str = "sendrecv") -> bytes:
    """Our offer, to be heard at `own`; each later one of a call has a higher `version`."""
    return _session(own, version, [_audio(own[1], tuple(CODECS), direction)])


def answer(to: Description, own: Address, version: int, *, holds: bool = False) -> bytes:
    """Our answer: its codec, and what its direction and our hold leave over."""
    direction = MIRRORED[to.direction]
    if holds:
        direction = "sendonly" if to.direction in RECEIVES else "inactive"
    payloads = (to.payload, TELEPHONE_EVENT) if to.events else (to.payload,)
    media = [
        _audio(own[1], payloads, direction)
        if place == to.place
        else [f"m={kind} 0 {protocol} {formats}"]
        for place, (kind, protocol, formats) in enumerate(to.streams)
    ]
    return _session(own, version, media)


def _lines(body: bytes) -> list[str]:
    if len(body) > LONGEST:
        raise UnusableDescription(f"expected at most {LONGEST} octets, got {len(body)}")
    try:
        lines = body.decode("utf-8").replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError as error:
        raise UnusableDescription(f"not UTF-8 at octet {error.start}") from error
    if lines[0] != "v=0":
        raise UnusableDescription(f"expected v=0 first, got {lines[0][:40]!r}")
    return lines


def _spoken(formats: str) -> int | None:
    """The first voice codec of a list that we speak."""
    known = {str(PCMU): PCMU, str(PCMA): PCMA}
    return next((known[word] for word in formats.split() if word in known), None)


def _audio(port: int, payloads: tuple[int, ...], direction: str) -> list[str]:
    numbers = " ".join(map(str, payloads))
    maps = [CODECS[payload] for payload in payloads]
    if TELEPHONE_EVENT in payloads:
        maps.append("a=fmtp:101 0-15")
    return [f"m=audio {port} RTP/AVP {numbers}", *maps, "a=ptime:20", f"a={direction}"]


def _session(own: Address, version: int, media: list[list[str]]) -> bytes:
    host, port = own
    head = ["v=0", f"o=- {port} {version} IN IP4 {host}", "s=call", f"c=IN IP4 {host}", "t=0 0"]
    lines = head + [line for stream in media for line in stream]
    return "".join(f"{line}\r\n" for line in lines).encode()
