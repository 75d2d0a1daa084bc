"""Sounds that an `Execute` asks for: RTP without SIP, wave files; as values, pure.

    RTPRx:i:p[:v][:mix][:disableIcon]   RTPMRx: the same, from a multicast group   RTPRx:Stop
    RTPTx:i:p[:mix][:disableIcon]       RTPMTx: the same, to a multicast group     RTPTx:Stop
    Wav.Play:[v:]URL   Wav.Stop:        Melody.Play:URL[:v] (again and again)      Melody.Stop:

Volumes are offsets for RTP, 0 to 9 for files (domain reference 3.5, the vendor's XML guide).
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

LOWEST_PORT = 3101
"""Those below may be bound by the phone already."""
SCHEMES = ("http", "tftp")
"""What a wave file may come by; `https` is not among them on the real phone either."""

_WAVE = re.compile(r"(?:([0-9]):(?!//))?(?:(\w+)://)?(\S+)")
_MELODY = re.compile(r"(?:(\w+)://)?(\S+?)(?::([0-9]))?")


@dataclass(frozen=True, slots=True)
class Receive:
    """Play RTP that comes from `address` (a group, where `multicast`) to `port`."""

    address: str
    port: int
    multicast: bool = False
    volume: int = 0
    mix: bool = False


@dataclass(frozen=True, slots=True)
class Send:
    """Say something, as RTP, to `address` and `port`."""

    address: str
    port: int
    multicast: bool = False
    mix: bool = False


@dataclass(frozen=True, slots=True)
class EndStream:
    """Receive, or send, no RTP any more."""

    receiving: bool


@dataclass(frozen=True, slots=True)
class PlayFile:
    """Play a wave file once, or as a melody again and again; `volume` None: as it is."""

    url: str
    volume: int | None = None
    melody: bool = False


@dataclass(frozen=True, slots=True)
class EndFile:
    """Play no file any more."""

    melody: bool = False


Media = Receive | Send | EndStream | PlayFile | EndFile


def read_media(word: str, rest: str) -> Media | None:
    """What such a URI asks for; None where it is none, or not a whole one.

    Args:
        word: in lower case, before the first colon.
        rest: what is behind it.
    """
    match word:
        case "rtprx" | "rtpmrx" | "rtptx" | "rtpmtx":
            return _rtp(word, rest)
        case "wav.stop" | "melody.stop":
            return EndFile(word.startswith("melody")) if not rest else None
        case "wav.play":
            found = _WAVE.fullmatch(rest)
            return None if found is None else _file(found[2], found[3], found[1])
        case "melody.play":
            found = _MELODY.fullmatch(rest)
            return None if found is None else _file(found[1], found[2], found[3], melody=True)
    return None


def _file(scheme: str | None, place: str, volume: str | None, melody: bool = False) -> Media | None:
    named = (scheme or "http").lower()
    if named not in SCHEMES or place.startswith(("/", ":")):
        return None
    return PlayFile(f"{named}://{place}", None if volume is None else int(volume), melody)


def _rtp(word: str, rest: str) -> Media | None:
    receiving = word.endswith("rx")
    if rest.lower() == "stop":
        return EndStream(receiving)
    address, *more = (part.strip() for part in rest.split(":"))
    port = more.pop(0) if more else ""
    flags = [part.lower() for part in more]
    volume = flags.pop(0) if receiving and flags and re.fullmatch(r"-?\d{1,2}", flags[0]) else "0"
    known = flags in ([], ["mix"], ["mix", "disableicon"])
    if not known or re.fullmatch(r"\d{4,5}", port) is None:
        return None
    if not LOWEST_PORT <= int(port) < 2**16:
        return None
    try:
        multicast = IPv4Address(address).is_multicast
    except AddressValueError:
        return None
    if multicast is not word.startswith("rtpm"):
        return None
    mix = "mix" in flags
    if receiving:
        return Receive(address, int(port), multicast, int(volume), mix)
    return Send(address, int(port), multicast, mix)
