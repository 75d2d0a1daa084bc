"""A look-up over LDAP on a connection of its own, from the phone's address."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import nullcontext, suppress

from simulators.clock import Clock
from simulators.core import Address
from simulators.journal import Journal
from simulators.network import Network
from simulators.phone.errands import not_busy
from simulators.phone.local.ldap import LookUp

LDAP_TIMEOUT_S = 10.0
"""Real seconds for a whole look-up."""
DEFAULT_PORT = 389


def ldap_server(configuration: Mapping[str, str]) -> Address | None:
    """Host and port of `ldap server` (`host` or `host:port`); None without one, or a wrong one."""
    text = configuration.get("ldap server", "").strip()
    host, colon, port = text.removeprefix("ldap://").strip("/").partition(":")
    if not host or (colon and not (port.isascii() and port.isdigit() and len(port) < 6)):
        return None
    return host, int(port) if colon else DEFAULT_PORT


async def look_up(
    role: str,
    home: str,
    configuration: Mapping[str, str],
    text: str,
    *,
    clock: Clock,
    network: Network,
    journal: Journal,
) -> LookUp:
    """Look for `text` in the directory that the configuration names; never raises for a server."""
    wanted = LookUp(configuration.get("ldap base dn", ""), text)
    server = ldap_server(configuration)
    if server is None:
        wanted.lost("no directory server")
        return wanted
    try:
        reachable = network.allows(home, server[0])
        with nullcontext() if reachable else not_busy(clock):  # nowhere takes clock time
            await network.reach(home, server, "LDAP")
        async with asyncio.timeout(LDAP_TIMEOUT_S):
            await _converse(wanted, home, server)
    except TimeoutError:
        wanted.lost("no answer")
    except OSError as error:
        # the loop words its own texts; the number is the system's
        wanted.lost(os.strerror(error.errno) if error.errno else str(error))
    facts = {"server": f"{server[0]}:{server[1]}", "state": wanted.state.value}
    journal.happened(role, "LDAP look-up", found=len(wanted.found), reason=wanted.reason, **facts)
    return wanted


async def _converse(wanted: LookUp, home: str, server: Address) -> None:
    reader, writer = await asyncio.open_connection(*server, local_addr=(home, 0))
    try:
        wanted.connected()
        writer.write(wanted.to_send())
        while not wanted.over:
            data = await reader.read(65_536)
            if not data:
                wanted.lost()
            wanted.receive(data)
            writer.write(wanted.to_send())
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
