"""Addresses: comparing, checking, and telling a teleworker from a local phone (ADR-2)."""

import ipaddress
import re
from enum import StrEnum

_HOST_NAME = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*",
    re.IGNORECASE | re.ASCII,
)


class Location(StrEnum):
    """Where a phone is, as far as its MCS can tell."""

    TELEWORKER = "teleworker"
    LOCAL = "local"


def location_of(source: str, mbg_internal_address: str | None) -> Location:
    """A request from the MBG's internal address is a teleworker's, any other is local (ADR-2).

    It works because each forward of the MBG has SNAT on (FWD-3).
    """
    if mbg_internal_address and same_address(source, mbg_internal_address):
        return Location.TELEWORKER
    return Location.LOCAL


def same_address(one: str, other: str) -> bool:
    """Whether two texts name one IP address; ``::ffff:10.0.0.1`` is 10.0.0.1."""
    first, second = _plain(one), _plain(other)
    return first is not None and first == second


def is_ip_address(text: str) -> bool:
    """Whether the text is one IPv4 or IPv6 address, without a scope such as ``%eth0``."""
    return _plain(text) is not None


def is_host(text: str) -> bool:
    """Whether the text is an IP address or a host name."""
    if is_ip_address(text):
        return True
    # "10.0.0.256" has a host name's shape but is a mistyped address.
    return bool(_HOST_NAME.fullmatch(text)) and not text.rsplit(".", 1)[-1].isdigit()


def host_in_uri(host: str) -> str:
    """The host as it stands in a URI: an IPv6 address in brackets (RFC 3986 section 3.2.2)."""
    return f"[{host}]" if ":" in host else host


def _plain(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    if "%" in text:
        # What follows may be anything, and means nothing on another machine (RFC 4007).
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
