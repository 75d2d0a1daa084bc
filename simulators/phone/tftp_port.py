"""Reading a file over TFTP on a socket, from the phone's own address and by the run's clock."""

import asyncio
import contextlib
from contextlib import nullcontext
from typing import cast

from simulators.clock import Clock, Timer
from simulators.core import UDP, Address
from simulators.journal import Journal
from simulators.network import Network
from simulators.phone.errands import not_busy
from simulators.phone.local.tftp import TftpRead, TftpSettings


class TftpPort(asyncio.DatagramProtocol):
    """One transfer's socket."""

    def __init__(
        self, reading: TftpRead, clock: Clock, network: Network, drop_after: int | None = None
    ) -> None:
        self._drop_after = drop_after
        self._reading = reading
        self._clock = clock
        self._network = network
        self._socket: asyncio.DatagramTransport | None = None
        self._local: Address = ("", 0)
        self._timer: Timer | None = None
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._socket = cast(asyncio.DatagramTransport, transport)
        host, port = transport.get_extra_info("sockname")[:2]
        self._local = host, port
        if hasattr(transport, "max_size"):
            transport.max_size = 65_536

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if self._network.allows(addr[0], self._local[0]):
            self._reading.receive(data, addr, self._clock.steady())
            if self._drop_after is not None and self._reading.length > self._drop_after:
                self._end()
            else:
                self._pump()

    def error_received(self, exc: Exception) -> None:
        """Nobody has the port (ICMP): on UDP that is silence."""

    async def run(self) -> None:
        """Return when the transfer has ended.

        Raises:
            ValueError: the file's name can't be sent.
        """
        try:
            self._reading.start(self._clock.steady())
            self._pump()
            await self._over
        finally:
            if self._timer is not None:
                self._timer.cancel()
            if self._socket is not None:
                self._socket.close()

    def _pump(self) -> None:
        for datagram in self._reading.to_send():
            passes = self._network.passes(self._local, datagram.to, UDP, "TFTP")
            if passes and self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.sendto(datagram.data, datagram.to)
        if self._timer is not None:
            self._timer.cancel()
        at = self._reading.timer_at()
        if at is not None:
            self._timer = self._clock.call_at_steady(at, self._due)
        else:
            self._end()

    def _end(self) -> None:
        if not self._over.done():
            self._over.set_result(None)

    def _due(self) -> None:
        self._timer = None
        self._reading.handle_timer(self._clock.steady())
        self._pump()


async def read_file(
    role: str,
    home: str,
    server: Address,
    file: str,
    *,
    clock: Clock,
    network: Network,
    journal: Journal,
    settings: TftpSettings | None = None,
    drop_after: int | None = None,
) -> TftpRead | None:
    """Read `file` from `server`; the result says how that ended. Called inside a busy task.

    Args:
        drop_after: fall silent after so many octets, and return None.

    Raises:
        OSError: no socket can be opened.
        ValueError: the file's name can't be sent.
    """
    reading = TftpRead(file, server, settings)
    loop = asyncio.get_running_loop()
    _, port = await loop.create_datagram_endpoint(
        lambda: TftpPort(reading, clock, network, drop_after), local_addr=(home, 0)
    )
    # a server that can't be reached takes time of the clock, which has to go on for that
    with nullcontext() if network.allows(home, server[0]) else not_busy(clock):
        await port.run()
    if not reading.over:
        return None
    said: dict[str, object] = {"file": file, "server": f"{server[0]}:{server[1]}"}
    if reading.failure is None:
        said |= {"octets": len(reading.data), "blocks": reading.blocks}
    else:
        said["failure"] = reading.failure.reason
    journal.happened(role, "TFTP read", **said)
    return reading
