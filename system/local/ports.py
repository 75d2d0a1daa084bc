"""Ports below 1024, which not every user may open: moved where they are closed."""

import re
from pathlib import Path

LOW_PORT_OFFSET = 10_000
"""Added to a port that this user may not open (69 becomes 10069)."""

_CAP_NET_BIND_SERVICE = 1 << 10
_STATUS = Path("/proc/self/status")
_SETTING = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


def open_port(port: int, lowest: int | None = None) -> int:
    """``port`` itself where this user may listen at it, else moved by ``LOW_PORT_OFFSET``.

    0, any free port, stays 0. ``lowest`` is the lowest port that is open, by default asked of the
    machine.
    """
    floor = lowest_open_port() if lowest is None else lowest
    return port if port == 0 or port >= floor else port + LOW_PORT_OFFSET


def lowest_open_port(status: Path = _STATUS, setting: Path = _SETTING) -> int:
    """The lowest port that this process may listen at."""
    try:
        capabilities = re.search(r"^CapEff:\s*([0-9a-f]+)", status.read_text("ascii"), re.MULTILINE)
        if capabilities and int(capabilities[1], 16) & _CAP_NET_BIND_SERVICE:
            return 1
        return int(setting.read_text("ascii"))
    except (OSError, ValueError):
        return 1024
