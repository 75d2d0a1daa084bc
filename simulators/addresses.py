"""Who lives where: the address plan of a run, and blocks of it that two runs never share.

Linux answers on all of 127.0.0.0/8, so each role has an address of its own and keeps the real port
numbers. A block is three second octets: the LAN, the outside (where the MBG's external address is)
and the homes.
"""

import os
import re
import socket
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path

from simulators.errors import ConfigurationError

CLAIM_PORT = 47001
"""A block is claimed by listening here on its reserved address, until the process ends."""

LOW_PORT_OFFSET = 10000
"""Added to ports that this user may not open (443 becomes 10443)."""


MOST_MBGS = 8
MOST_HOMES = 62_500
MOST_LOCAL = 16_000

CAP_NET_BIND_SERVICE = 1 << 10


@dataclass(frozen=True, slots=True)
class AddressPlan:
    """The addresses of one run; `lan`, `outside`, `homes` are second octets of 127.x.0.0/16.

    `mbgs` is how many MBGs there are; `outside_at` is the external address of the first, where it
    is not one of the block (a laboratory's, for phones on other machines).
    """

    lan: int = 10
    outside: int = 20
    homes: int = 30
    mbgs: int = 1
    outside_at: str = ""

    @property
    def mcs(self) -> str:
        return f"127.{self.lan}.0.5"

    @property
    def mbg_inside(self) -> str:
        return self.inside_of_mbg(1)

    @property
    def mbg_outside(self) -> str:
        return self.outside_of_mbg(1)

    def inside_of_mbg(self, number: int) -> str:
        """Internal address of MBG 1 to 8."""
        return f"127.{self.lan}.0.{9 + number}"

    def outside_of_mbg(self, number: int) -> str:
        """External address of MBG 1 to 8."""
        if number == 1 and self.outside_at:
            return self.outside_at
        return f"127.{self.outside}.0.{9 + number}"

    def control_of_mbg(self, number: int) -> str:
        """Where the control API of MBG 1 to 8 is."""
        return f"127.{self.lan}.0.{89 + number}"

    @property
    def control_of_pbx(self) -> str:
        """Where the control API of the PBX is."""
        return f"127.{self.lan}.0.98"

    @property
    def control_of_estate(self) -> str:
        """Where the control API of the estate as a whole is, with its entry page and live map."""
        return f"127.{self.lan}.0.88"

    @property
    def control_of_phones(self) -> str:
        """Where the control API of the phones is."""
        return f"127.{self.lan}.0.89"

    def is_outside_of_an_mbg(self, address: str) -> bool:
        """Whether this is the external address of one of the MBGs."""
        return any(address == self.outside_of_mbg(n + 1) for n in range(self.mbgs))

    @property
    def ct_gateway(self) -> str:
        return f"127.{self.lan}.0.30"

    @property
    def administrator(self) -> str:
        """Where the person at the two admin sites sits."""
        return f"127.{self.lan}.0.99"

    def node(self, number: int) -> str:
        """PBX node 1 to 9."""
        return f"127.{self.lan}.0.{20 + number}"

    def local_phone(self, index: int) -> str:
        """Local phone, counted from 0; up to 16,000 of them in 127.<lan>.64.0/18."""
        return f"127.{self.lan}.{64 + index // 250}.{1 + index % 250}"

    def home(self, index: int) -> str:
        """A home's public address, counted from 0; up to 62,500 of them."""
        return f"127.{self.homes}.{index // 250}.{2 + index % 250}"

    def zone(self, address: str) -> str:
        """`lan`, `outside`, `home` or `elsewhere`."""
        if address and address == self.outside_at:
            return "outside"
        zones = {self.lan: "lan", self.outside: "outside", self.homes: "home"}
        return zones.get(_loopback_block(address), "elsewhere")


@lru_cache(maxsize=1 << 16)
def _loopback_block(address: str) -> int:
    """The n of 127.n.x.y; -1 of what is no such address, a host name or IPv6.

    Kept, since it is asked four times a datagram, of the same addresses again and again.
    """
    try:
        first, second, *_ = IPv4Address(address).packed
    except AddressValueError:
        return -1
    return second if first == 127 else -1


DEFAULT_PLAN = AddressPlan()
PRIVATE_PLANS = [AddressPlan(n, n + 1, n + 2) for n in range(40, 250, 3)]


class BlockClaim:
    """An address plan that this process alone uses until `release` (or its end)."""

    def __init__(self, plan: AddressPlan, holder: socket.socket) -> None:
        self.plan = plan
        self._holder = holder

    def release(self) -> None:
        self._holder.close()


def claim(plan: AddressPlan) -> BlockClaim:
    """Claim this very plan.

    Raises:
        ConfigurationError: another run holds it.
    """
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    reserved = f"127.{plan.lan}.255.254"
    try:
        holder.bind((reserved, CLAIM_PORT))
        holder.listen(1)
    except OSError as error:
        holder.close()
        raise ConfigurationError(
            f"the addresses 127.{plan.lan}.*, 127.{plan.outside}.* and 127.{plan.homes}.* are in "
            f"use by another run of the bench ({reserved}:{CLAIM_PORT} is taken): stop it, or "
            "choose private addresses"
        ) from error
    return BlockClaim(plan, holder)


def claim_private() -> BlockClaim:
    """Claim any free private plan, so that runs side by side don't collide."""
    start = os.getpid() % len(PRIVATE_PLANS)
    for plan in PRIVATE_PLANS[start:] + PRIVATE_PLANS[:start]:
        try:
            return claim(plan)
        except ConfigurationError:
            continue
    raise ConfigurationError(
        f"all {len(PRIVATE_PLANS)} private address blocks are in use by other runs: "
        "stop some of them"
    )


def lowest_open_port(status: Path = Path("/proc/self/status")) -> int:
    """The lowest port that this process may listen on: root, or anybody with the capability, 1."""
    setting = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    found = re.search(r"^CapEff:\s*([0-9a-f]+)", status.read_text(), re.MULTILINE)
    if found and int(found[1], 16) & CAP_NET_BIND_SERVICE:
        return 1
    return int(setting.read_text()) if setting.exists() else 1024


def open_port(port: int, lowest: int | None = None) -> int:
    """`port` itself where this user may listen on it, else moved by `LOW_PORT_OFFSET`."""
    floor = lowest_open_port() if lowest is None else lowest
    return port if port == 0 or port >= floor else port + LOW_PORT_OFFSET
