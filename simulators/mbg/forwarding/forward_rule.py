"""A rule of MBG Security -> Port Forwarding: what it says, whether it can be, and what is wrong
with it.

A mistake that people make on the real site is possible here, too, and shown as a warning: a port
that should stay shut (FWD-2), SNAT off (FWD-3). Only what can't work at all is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network

from simulators.core import TCP, UDP, Address
from simulators.errors import ConfigurationError

PHONES_PORT = 8202
"""The one port that teleworkers' phones need (FWD-1)."""
PHONE_MANAGER_PORT = 8204
"""The one that Phone Manager needs where it is used outside (ADR-7, docs/wire.md section 6)."""
WANTED = (PHONES_PORT, PHONE_MANAGER_PORT)

SHUT: dict[tuple[str, int], str] = {
    (TCP, 8205): "LDAP",
    (TCP, 389): "LDAP",
    (TCP, 636): "LDAP",
    (UDP, 389): "LDAP",
    (UDP, 69): "TFTP",
    (UDP, 514): "syslog",
}
"""What must not be reached through the MBG (FWD-2)."""


@dataclass(frozen=True, slots=True)
class ForwardRule:
    """One rule.

    Args:
        outside_port: 1 to 65535; 0 takes any free one.
        destination: IPv4 address and port inside.
        snat: the destination sees the MBG's internal address instead of the sender's (FWD-3).
        protocol: `TCP` or `UDP`.
        sources: networks that may use it, such as `127.30.0.0/16`; none means anybody.

    Raises:
        ConfigurationError: a value is not possible; the message says which and what is.
    """

    outside_port: int
    destination: Address
    snat: bool = True
    protocol: str = TCP
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.protocol not in (TCP, UDP):
            _refuse(f"{TCP} or {UDP} as the protocol", self.protocol)
        if not 0 <= self.outside_port <= 65_535:
            _refuse("an outside port from 1 to 65535, or 0 for any", self.outside_port)
        host, port = self.destination
        try:
            IPv4Address(host)
        except AddressValueError:
            _refuse("the IPv4 address of the destination host", host)
        if not 1 <= port <= 65_535:
            _refuse("a destination port from 1 to 65535", port)
        allowed_networks(self.sources)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an installer should put right, a sentence each, with the requirement's id."""
        found = []
        host, port = self.destination
        service = SHUT.get((self.protocol, port)) or SHUT.get((self.protocol, self.outside_port))
        if service:
            found.append(
                f"FWD-2: {service} must not be opened through the MBG, and this rule forwards it "
                f"({self.protocol} {self.outside_port}): remove the rule."
            )
        if IPv4Address(host).is_multicast:
            found.append(
                f"FWD-2: multicast must not be opened through the MBG, and {host} is a multicast "
                "group: remove the rule."
            )
        wanted = self.protocol == TCP and port in WANTED and self.outside_port in (0, port)
        if not found and not wanted:
            found.append(
                f"FWD-2: phones need TCP {PHONES_PORT} to TCP {PHONES_PORT} of the MCS alone "
                f"(Phone Manager {PHONE_MANAGER_PORT}), and this rule forwards {self.protocol} "
                f"{self.outside_port} to port {port}: remove it, or correct its ports."
            )
        if not self.snat:
            found.append(
                "FWD-3: SNAT is off, so the MCS sees a teleworker's own address and takes the "
                "phone for a local one: switch SNAT on."
            )
        return tuple(found)


def allowed_networks(sources: Sequence[str]) -> tuple[IPv4Network, ...]:
    """The networks of a rule, read.

    Raises:
        ConfigurationError: one of them is none, or has bits set beyond its prefix.
    """
    try:
        return tuple(IPv4Network(source) for source in sources)
    except ValueError as error:
        raise ConfigurationError(
            f"expected networks such as 127.30.0.0/16 as allowed sources ({error}): correct the "
            "rule, or leave it empty for anybody"
        ) from error


def _refuse(expected: str, got: object) -> None:
    raise ConfigurationError(
        f"a forwarding rule: expected {expected}, got {got!r}: correct the rule"
    )
