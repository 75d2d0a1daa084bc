"""Session descriptions of a phone: one audio stream, offered and answered (RFC 4566, RFC 3264).

PCMU, PCMA and telephone-event are spoken; streams of other kinds are refused with port 0. With
`sip srtp mode` 1 (preferred) plain RTP/AVP is offered with a key in it, which a peer may take or
leave; with 2 (required) RTP/SAVP, and nothing goes without a key (RFC 4568).
"""

import re
from dataclasses import dataclass

from simulators.core import Address
from simulators.errors import RemoteProtocolError
from simulators.phone.calls.srtp import SUITE, MasterKey

PCMU, PCMA, TELEPHONE_EVENT = 0, 8, 101
NAMES = {PCMU: "PCMU", PCMA: "PCMA"}
CODECS = {
    PCMU: "a=rtpmap:0 PCMU/8000",
    PCMA: "a=rtpmap:8 PCMA/8000",
    TELEPHONE_EVENT: "a=rtpmap:101 telephone-event/8000",
}
PLAIN, SECURE = "RTP/AVP", "RTP/SAVP"
OFF, PREFERRED, REQUIRED = 0, 1, 2
"""`sip srtp mode`."""
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
_CRYPTO = re.compile(
    rf"a=crypto:(\d{{1,9}}) {SUITE} inline:([A-Za-z0-9+/=]{{40}})(?:[|].{{1,99}})?"
)
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
        key: with which it encrypts what it says; None: it doesn't. `key_tag` is the key's number.
    """

    address: Address
    payload: int
    direction: str = "sendrecv"
    streams: tuple[tuple[str, str, str], ...] = (("audio", "RTP/AVP", "0"),)
    place: int = 0
    events: bool = False
    key: MasterKey | None = None
    key_tag: str = "1"

    @property
    def receives(self) -> bool:
        """Whether it wants to hear us."""
        return self.direction in RECEIVES and self.address[0] != NOWHERE

    @property
    def talks(self) -> bool:
        """Whether both shall hear each other; a phone that holds (`sendonly`) plays nothing."""
        return self.direction == "sendrecv" and self.receives


def read(body: bytes, srtp: int = OFF) -> Description:
    """What an offer or answer says to a phone with this SRTP mode.

    Raises:
        UnusableDescription: it can't be read, has no audio stream that we speak, or no key where
            one is needed.
    """
    protocols = (PLAIN,) if srtp == OFF else (PLAIN, SECURE)
    key: tuple[str, MasterKey] | None = None
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
            ours = kind == "audio" and protocol in protocols and 0 < int(port) <= 65_535
            if found is None and ours and payload is not None:
                found = len(streams), int(port), payload
                events = str(TELEPHONE_EVENT) in formats.split()
            streams.append((kind, protocol, formats))
        elif connection is not None and (at_session or in_ours):
            host = connection[1]
        elif in_ours and key is None and (crypto := _CRYPTO.fullmatch(line)) is not None:
            given = MasterKey.read(crypto[2])
            key = (crypto[1], given) if given is not None else None
        elif line[2:] in MIRRORED and line.startswith("a=") and (at_session or in_ours):
            direction = line[2:]
    if found is None or not host:
        wanted = " or ".join(protocols)
        raise UnusableDescription(f"expected an audio stream of {wanted}, PCMU or PCMA, at an IPv4")
    if key is None and (srtp == REQUIRED or streams[found[0]][1] == SECURE):
        raise UnusableDescription(f"expected a=crypto with {SUITE}: SRTP is required")
    tag, given = key if key is not None and srtp != OFF else ("1", None)
    return Description(
        (host, found[1]), found[2], direction, tuple(streams), found[0], events, given, tag
    )


def offer(
    own: Address,
    version: int,
    direction: str = "sendrecv",
    *,
    srtp: int = OFF,
    key: MasterKey | None = None,
) -> bytes:
    """Our offer, to be heard at `own`; each later one of a call has a higher `version`."""
    protocol = SECURE if srtp == REQUIRED else PLAIN
    crypto = _crypto("1", key) if srtp != OFF and key is not None else []
    return _session(own, version, [_audio(own[1], tuple(CODECS), direction, protocol, crypto)])


def answer(
    to: Description,
    own: Address,
    version: int,
    *,
    holds: bool = False,
    key: MasterKey | None = None,
) -> bytes:
    """Our answer: its codec, what its direction and our hold leave over, our key if it has one."""
    direction = MIRRORED[to.direction]
    if holds:
        direction = "sendonly" if to.direction in RECEIVES else "inactive"
    crypto = _crypto(to.key_tag, key) if to.key is not None and key is not None else []
    payloads = (to.payload, TELEPHONE_EVENT) if to.events else (to.payload,)
    media = [
        _audio(own[1], payloads, direction, protocol, crypto)
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


def _crypto(tag: str, key: MasterKey) -> list[str]:
    return [f"a=crypto:{tag} {SUITE} inline:{key.inline}"]


def _audio(
    port: int, payloads: tuple[int, ...], direction: str, protocol: str, crypto: list[str]
) -> list[str]:
    numbers = " ".join(map(str, payloads))
    maps = [CODECS[payload] for payload in payloads]
    if TELEPHONE_EVENT in payloads:
        maps.append("a=fmtp:101 0-15")
    head = f"m=audio {port} {protocol} {numbers}"
    return [head, *maps, *crypto, "a=ptime:20", f"a={direction}"]


def _session(own: Address, version: int, media: list[list[str]]) -> bytes:
    host, port = own
    head = ["v=0", f"o=- {port} {version} IN IP4 {host}", "s=call", f"c=IN IP4 {host}", "t=0 0"]
    lines = head + [line for stream in media for line in stream]
    return "".join(f"{line}\r\n" for line in lines).encode()
