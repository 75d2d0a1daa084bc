"""Looking up a host name.

It waits for the system's resolver and stops the event loop meanwhile, so it is for moments when a
person saves a name, never for messages.
"""

import socket

from simulators.hosts import is_host_name, is_ipv4


def resolved(host: str) -> str | None:
    """The IPv4 address that a host name stands for, an IPv4 address as it is; None: no such host.

    Only what can be a host name is looked up.
    """
    if is_ipv4(host):
        return host
    if not is_host_name(host):
        return None
    try:
        found = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM)
    except OSError:
        return None
    return str(found[0][4][0])
