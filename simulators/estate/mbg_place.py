"""Where an MBG is, as everybody else has to know it: the same for a simulated and a real one."""

from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path

from simulators.core import Address
from simulators.errors import ConfigurationError
from simulators.estate.config import MbgTable
from simulators.mbg.mbg import Mbg

ROLE = "MBG"


@dataclass(frozen=True, slots=True)
class MbgPlace:
    """The addresses of one MBG.

    Args:
        inside, outside: IP addresses.
        rest, sip_inside, sip_outside: address and port.
    """

    inside: str
    outside: str
    rest: Address
    sip_inside: Address
    sip_outside: Address


def place_of(mbg: Mbg) -> MbgPlace:
    """Where a simulated one is."""
    return MbgPlace(mbg.inside, mbg.outside, mbg.rest_address, mbg.sip_inside, mbg.sip_outside)


def place_elsewhere(table: MbgTable) -> MbgPlace:
    """Where an external one is.

    Raises:
        ConfigurationError: an address is missing or is none; the message names the setting.
    """
    for name in ("inside", "outside"):
        try:
            IPv4Address(getattr(table, name))
        except AddressValueError:
            raise ConfigurationError(
                f"an external MBG needs mbg.{name}, an IPv4 address: got {getattr(table, name)!r}"
            ) from None
    if table.speaks == "control" and not table.control_url:
        raise ConfigurationError('mbg.speaks = "control" needs mbg.control_url: give its URL')
    return MbgPlace(
        table.inside,
        table.outside,
        (table.inside, table.rest_port),
        (table.inside, table.sip_port),
        (table.outside, table.sip_port),
    )


def with_ca_of(table: MbgTable, trusted: Path) -> Path:
    """The file of CAs that our MCS trusts, with that of an external MBG added.

    Raises:
        ConfigurationError: the file of that CA can't be read.
    """
    if table.ca_file is not None:
        try:
            trusted.write_text(trusted.read_text() + table.ca_file.read_text())
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"can't read mbg.ca_file {table.ca_file} ({error}): give the path of a PEM file"
            ) from error
    return trusted
