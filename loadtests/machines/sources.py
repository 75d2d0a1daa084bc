"""The addresses that a worker's homes have: by themselves, or those of its own machine. Pure.

Homes are 127.homes.x.y on loopback. On a machine of its own a worker is given that machine's
addresses, and its homes are laid onto them one after the other; where there are fewer addresses
than homes, the next round has the next port, as behind a NAT.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from loadtests.machines.networks import LABORATORY, LOOPBACK, is_loopback, said
from loadtests.scenarios.kinds import KINDS, OF_PHONES, Scenario
from simulators.core import Address
from simulators.errors import ConfigurationError

PHONE_PORT = 5060
LAST_PORT = 32_767
"""Above are, on Linux, the ports that sockets take by themselves."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Addresses of one machine, and which part of them an engine has.

    Args:
        network: they are its hosts; one address is a network of its own.
        part, parts: engines on the same machine take turns; this is number `part` of `parts`.
    """

    network: IPv4Network
    part: int = 0
    parts: int = 1

    @property
    def count(self) -> int:
        """How many addresses there are, of all parts."""
        return self.network.num_addresses - (2 if self.network.prefixlen < 31 else 0)

    def address(self, index: int) -> str:
        """One of them, counted from 0; the network's own and its broadcast address are none."""
        first = int(self.network.network_address) + (1 if self.network.prefixlen < 31 else 0)
        return str(IPv4Address(first + index))

    def place(self, number: int) -> Address:
        """Where home `number` of this part is, counted from 0. No two places are the same."""
        slot = number * self.parts + self.part
        return self.address(slot % self.count), PHONE_PORT + slot // self.count

    def overlaps(self, other: "Sources") -> bool:
        """Whether they have an address in common."""
        return self.network.overlaps(other.network)

    def __str__(self) -> str:
        return str(self.network).removesuffix("/32")


def parse_sources(text: str, part: str = "") -> Sources:
    """Read `--source`: a network or one address; and `--part`: 0/2 is the first of two.

    Raises:
        ConfigurationError: it is neither, or of no laboratory.
    """
    try:
        network = IPv4Network(text)
    except ValueError as error:
        raise ConfigurationError(
            f"expected addresses of this machine for --source, such as 10.20.1.7 or 10.20.1.0/24, "
            f"got {text!r} ({error})"
        ) from None
    if not any(network.subnet_of(one) for one in (LOOPBACK, *LABORATORY)):
        raise ConfigurationError(
            f"load never comes from public addresses: expected some within "
            f"{said((LOOPBACK, *LABORATORY))} for --source, got {text}"
        )
    number, _, parts = (part or "0/1").partition("/")
    if not (number.isdecimal() and parts.isdecimal() and int(number) < int(parts)):
        raise ConfigurationError(f"expected a part such as 0/2, got {part!r}")
    return Sources(network, int(number), int(parts))


def check_sources(scenario: Scenario, target: str, sources: Sources | None) -> None:
    """Refuse sources from which the target can't be reached, or that nobody uses.

    Args:
        target: IPv4 address of the MBG.

    Raises:
        ConfigurationError: the message says what to give instead.
    """
    local = is_loopback(target)
    if sources is None:
        if not local and scenario in OF_PHONES:
            raise ConfigurationError(
                f"the target is at {target}, which homes in 127.0.0.0/8 can't reach: give "
                "addresses of this machine in its network with --source"
            )
        return
    if scenario not in OF_PHONES:
        raise ConfigurationError(
            f"the {KINDS[scenario].noun} of the scenario {scenario} have no homes: leave out "
            f"--source {sources}"
        )
    if local != sources.network.is_loopback:
        raise ConfigurationError(
            f"the target at {target} can't be reached from {sources}: give addresses of this "
            "machine in the target's network with --source"
        )


def lay(
    homes: Sequence[int], sources: Sources | None, by_itself: Callable[[int], str]
) -> dict[int, Address]:
    """Where each home is.

    Args:
        homes: numbers of the homes of one engine's share.
        sources: None for the address that a home has by itself, 127.homes.x.y.

    Raises:
        ConfigurationError: there are too few addresses.
    """
    ordered = sorted(set(homes))
    if sources is None:
        return {home: (by_itself(home), PHONE_PORT) for home in ordered}
    places = {home: sources.place(number) for number, home in enumerate(ordered)}
    highest = max((port for _, port in places.values()), default=0)
    if highest > LAST_PORT:
        raise ConfigurationError(
            f"{len(ordered)} homes on the {sources.count} address(es) of --source {sources} would "
            f"need ports up to {highest}, and the last is {LAST_PORT}: give more addresses, more "
            "workers, or put more phones into a home"
        )
    return places
