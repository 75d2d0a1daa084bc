"""The syslog sink on UDP 514."""

import asyncio
from typing import cast

from system.clock import Clock
from system.domain.addresses import Location, location_of
from system.errors import StartError
from system.local.syslog import Lines, parse_line
from system.phones.site import SiteAddresses

MOST_WAITING = 1000
"""Datagrams taken at the same time; what comes beyond is lost, as syslog allows."""


class SyslogServer(asyncio.DatagramProtocol):
    """Keeps the lines of local phones; made by ``listen_syslog``."""

    def __init__(self, lines: Lines, site: SiteAddresses, clock: Clock) -> None:
        self.port = 0
        self._lines = lines
        self._site = site
        self._clock = clock
        self._transport: asyncio.DatagramTransport | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is bound."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """A line has come."""
        if len(self._tasks) >= MOST_WAITING:
            return
        task = asyncio.ensure_future(self._take(data, addr[0]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop listening; may be called again."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # the transport closes in the loop's next round

    async def _take(self, data: bytes, address: str) -> None:
        mbg = (await self._site.get()).mbg_internal_address
        if location_of(address, mbg) is Location.LOCAL:
            self._lines.add(address, parse_line(data, self._clock.now()))


async def listen_syslog(
    address: str, port: int, lines: Lines, site: SiteAddresses, clock: Clock
) -> SyslogServer:
    """Take lines at ``address``.

    Raises:
        StartError: address or port cannot be had.
    """
    loop = asyncio.get_running_loop()
    try:
        _, server = await loop.create_datagram_endpoint(
            lambda: SyslogServer(lines, site, clock), local_addr=(address, port)
        )
    except OSError as problem:
        raise StartError(
            "cannot_listen",
            f"Cannot listen at {address} UDP port {port} (syslog): {problem.strerror or problem}.",
            field="syslog_port",
        ) from problem
    return server
