"""What names an end on the network: IPv4 addresses and host names, pure.

Host names are for people. Whoever sends needs an address, and looking a name up takes time that no
event loop has: it is done where a name is saved (`simulators/sockets/names.py`).
"""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address

from simulators.core import Address

_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)*(?=[A-Za-z]){_LABEL}")
"""RFC 1123 section 2.1: labels joined by dots; the last begins with a letter, or it would look
like an address."""


@lru_cache(maxsize=4096)
def is_ipv4(host: str) -> bool:
    """Whether this is an IPv4 address; asked for each message, so known ones are remembered."""
    try:
        IPv4Address(host)
    except AddressValueError:
        return False
    return True


def is_host_name(host: str) -> bool:
    """Whether this can be a host name; no IPv4 address is one."""
    return _HOST_NAME.fullmatch(host) is not None


def is_destination(to: Address) -> bool:
    """Whether a socket can send there at once: an IPv4 address and a port from 1 to 65535."""
    return 0 < to[1] < 65_536 and is_ipv4(to[0])
