"""Port forwarding: TCP from the MBG's outside to a host inside (FWD-1, FWD-3).

With SNAT the outgoing socket is bound to the MBG's internal address, so the MCS knows the phone
for a teleworker. Without it, to the phone's own address: the MCS takes the phone for a local one.
"""

import asyncio
import contextlib
from dataclasses import dataclass

from simulators.core import Address
from simulators.errors import ConfigurationError
from simulators.journal import Journal
from simulators.network import Network

CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class ForwardRule:
    """A rule of MBG Security -> Port Forwarding."""

    outside_port: int
    destination: Address
    snat: bool = True
    protocol: str = "TCP"


class Forward:
    """One rule at work: `start`, `stop`, and counters.

    Args:
        outside: the MBG's external IP address; inside: its internal one.
    """

    def __init__(
        self, rule: ForwardRule, outside: str, inside: str, network: Network, journal: Journal
    ) -> None:
        self.rule = rule
        self.connections = 0
        self.octets_in = 0
        self.octets_out = 0
        self.port = 0
        self._outside = outside
        self._inside = inside
        self._network = network
        self._journal = journal
        self._server: asyncio.Server | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen.

        Raises:
            ConfigurationError: the port is taken or not allowed.
        """
        try:
            self._server = await asyncio.start_server(
                self._accept, self._outside, self.rule.outside_port, backlog=1024
            )
        except OSError as error:
            raise ConfigurationError(
                f"can't listen on TCP {self._outside}:{self.rule.outside_port} for the forward "
                f"({error.strerror or error}): stop what uses it, or choose another port"
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and cut what is connected; may be called again."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in list(self._running):
            task.cancel()
        if self._running:
            await asyncio.gather(*self._running, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._carry(reader, writer))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from accept to the end of both directions."""
        host, port = writer.get_extra_info("peername")[:2]
        if not self._network.allows(host, self._outside):
            writer.transport.abort()
            return
        source = self._inside if self.rule.snat else host
        self._journal.forwarded(
            (host, port),
            (self._outside, self.port),
            port=self.port,
            snat=self.rule.snat,
            snat_source=source,
        )
        self.connections += 1
        try:
            inner_reader, inner_writer = await asyncio.open_connection(
                *self.rule.destination, local_addr=(source, 0)
            )
        except OSError:
            writer.transport.abort()  # nobody behind the forward: the outside sees a reset
            return
        try:
            await asyncio.gather(
                self._pump(reader, inner_writer, "in"), self._pump(inner_reader, writer, "out")
            )
        except OSError:
            pass  # one end was cut; both are closed below
        finally:
            for end in (writer, inner_writer):
                end.close()
                with contextlib.suppress(OSError):
                    await end.wait_closed()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str
    ) -> None:
        """Copy one direction; the end of the stream is passed on as such (half-close)."""
        while data := await reader.read(CHUNK):
            if way == "in":
                self.octets_in += len(data)
            else:
                self.octets_out += len(data)
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            with contextlib.suppress(OSError):
                writer.write_eof()
