"""Where load may go: this machine's 127.0.0.0/8, and one laboratory network that is named. Pure.

A laboratory network is private (RFC 1918) or for benchmarks (RFC 2544 appendix C.2.2). Nothing else
is ever allowed: who mistypes an address must not meet a stranger. Host names are none, since what
they lead to may change.
"""

from ipaddress import AddressValueError, IPv4Address, IPv4Network
from urllib.parse import urlsplit

from simulators.core import Address
from simulators.errors import ConfigurationError

LOOPBACK = IPv4Network("127.0.0.0/8")
LABORATORY = tuple(
    IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15")
)
ADDRESSES, URLS = frozenset({"files"}), frozenset({"api", "feed", "mbg", "control"})
FILES, VERSIONS = frozenset({"ca"}), frozenset({"firmware", "newer firmware"})
STAYING = frozenset({"administrator"})
"""Files that no engine reads, and no copy of a plan has: who may log in at the target's MCS."""
PLACES = ADDRESSES | URLS | FILES | STAYING | VERSIONS
"""What a plan's places may be called: ADDRESS:PORT, URL, path of a file, version of firmware."""


def laboratory(text: str) -> IPv4Network:
    """The network that is allowed beside 127.0.0.0/8.

    Raises:
        ConfigurationError: it is no network, or not one of a laboratory.
    """
    try:
        network = IPv4Network(text)
    except ValueError as error:
        raise ConfigurationError(
            f"expected a network such as 10.20.0.0/16, got {text!r} ({error}): give the address "
            "of the network itself, and how many bits it has"
        ) from None
    if not any(network.subnet_of(one) for one in LABORATORY):
        raise ConfigurationError(
            f"load never goes to public networks: expected one within {said(LABORATORY)}, got "
            f"{text}: put the target into a laboratory network"
        )
    return network


def check_address(address: Address, network: str = "") -> None:
    """Refuse what is neither on this machine nor in the network that is allowed.

    Args:
        network: of a laboratory, as `laboratory` takes it; "" for none.

    Raises:
        ConfigurationError: another address, a host name, or a port out of range.
    """
    host, port = address
    allowed = (LOOPBACK,) if not network else (LOOPBACK, laboratory(network))
    try:
        inside = any(IPv4Address(host) in one for one in allowed)
    except AddressValueError:
        inside = False
    if inside and 1 <= port <= 65_535:
        return
    raise ConfigurationError(
        f"load is sent to {said(allowed)} only, got {host}:{port}: "
        + (
            "give an address in that network with a port from 1 to 65535"
            if network
            else "give the target's address on this machine as 127.x.y.z:port, or allow the "
            "network of a laboratory with --network"
        )
    )


def check_own_place(place: Address) -> None:
    """Refuse to listen for workers where strangers could come by.

    Raises:
        ConfigurationError: not one address of 127.0.0.0/8 or of a laboratory, or no port.
    """
    host, port = place
    try:
        inside = any(IPv4Address(host) in one for one in (LOOPBACK, *LABORATORY))
    except AddressValueError:
        inside = False
    if not inside or not 1 <= port <= 65_535:
        raise ConfigurationError(
            f"expected this machine's ADDRESS:PORT within {said((LOOPBACK, *LABORATORY))}, for "
            f"workers to join, got {host}:{port}"
        )


def check_places(places: dict[str, str], network: str = "") -> None:
    """Refuse a plan that would speak with anybody beyond the allowed addresses.

    Raises:
        ConfigurationError: a name that is not known, or where one leads.
    """
    unknown = sorted(places.keys() - PLACES)
    if unknown:
        raise ConfigurationError(
            f"expected places among {', '.join(sorted(PLACES))}, got {unknown[0]!r}: leave it out"
        )
    for name in sorted(places.keys() & (ADDRESSES | URLS)):
        try:
            check_address(_where(places[name], url=name in URLS), network)
        except ConfigurationError as error:
            raise ConfigurationError(f"the place {name!r}: {error}") from error


def is_loopback(host: str) -> bool:
    """Whether an IPv4 address is on this machine."""
    return IPv4Address(host) in LOOPBACK


def said(networks: tuple[IPv4Network, ...]) -> str:
    """Their names in a sentence."""
    *most, last = (str(one) for one in networks)
    return f"{', '.join(most)} and {last}" if most else last


def _where(text: str, *, url: bool) -> Address:
    """Whom a URL, or ADDRESS:PORT, leads to; what is no address stays as it is, to be refused."""
    try:
        parts = urlsplit(text if url else f"//{text}")
        port = parts.port
    except ValueError:
        return text, 0
    if url and port is None:
        port = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.hostname or text, port or 0
