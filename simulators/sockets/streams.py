"""A side over TCP or TLS: a listener, and the connections with all its peers.

A message goes over the connection whose far end it is for, accepted or not, else over a new one
from the side's own address (RFC 3261 section 18.1.1). What is cut, and why, goes to the journal.
"""

import asyncio
import resource

from simulators.core import TLS, Address
from simulators.errors import ConfigurationError
from simulators.hosts import is_destination
from simulators.sockets.connection import Connection
from simulators.sockets.deadlines import Deadlines
from simulators.sockets.ports import (
    NO_ADDRESS,
    Owner,
    Secrets,
    StreamLimits,
    Surroundings,
)
from simulators.sockets.sip_journal import first_word, record_sip
from simulators.sockets.tls import TlsChannel

BACKLOG = 1024

KEPT_FILES = 2 * BACKLOG
"""Of the files that the process may have open, what accepted connections leave to others: two
listeners can each take a whole backlog before the first of them is asked whether it may stay."""


class StreamPort:
    """The connections of one side over one transport; made to listen by `open`."""

    def __init__(
        self,
        side: str,
        transport: str,
        owner: Owner,
        around: Surroundings,
        limits: StreamLimits,
        secrets: Secrets,
    ) -> None:
        self.side = side
        self.transport = transport
        self.local: Address = ("", 0)
        self.limits = limits
        self._owner = owner
        self._clock = around.clock
        self._network = around.network
        self._journal = around.journal
        self._secrets = secrets
        self._server: asyncio.Server | None = None
        self._closed = False
        self._all: set[Connection] = set()
        self._by_peer: dict[Address, Connection] = {}
        self._connecting: dict[Connection, asyncio.Task[str | None]] = {}
        self._opening = Deadlines[Connection](self._clock, limits.opening_s, self._too_slow)
        self._idle = Deadlines[Connection](self._clock, limits.idle_s, self._too_quiet)

    @property
    def connections(self) -> int:
        """How many connections there are, those being opened too."""
        return len(self._all)

    async def open(self, address: Address) -> None:
        """Listen; `local` is the real address afterwards. TLS without a server context listens not.

        Raises:
            ConfigurationError: the address is taken or not allowed.
        """
        self.local = address
        if self.transport == TLS and self._secrets.server is None:
            return
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                self._accepted,
                *address,
                backlog=min(BACKLOG, _most_files() // 16),
                start_serving=False,  # whoever is cancelled from here on has what to close
            )
            await self._server.start_serving()
        except OSError as error:
            raise ConfigurationError(
                f"can't open {self.transport} {address[0]}:{address[1]} "
                f"({error.strerror or error}): stop what uses it, or give another address"
            ) from error
        host, port = self._server.sockets[0].getsockname()[:2]
        self.local = host, port
        self._journal.listens(self.local, self.transport)

    def send(self, data: bytes, to: Address) -> None:
        if self._closed:
            return
        connection = self._by_peer.get(to)
        if connection is None:
            connection = self._connect(to)
        connection.send(data)

    def close(self) -> None:
        self._closed = True
        if self._server is not None:
            self._server.close()
            self._journal.falls_silent(self.local, self.transport)
        self._opening.close()
        self._idle.close()
        for connection in list(self._all):
            connection.end()

    async def wait_closed(self) -> None:
        if self._connecting:
            await asyncio.wait(self._connecting.values())
        if self._all:
            await asyncio.wait({connection.closed for connection in self._all})

    # Opening

    def _accepted(self) -> Connection:
        context = self._secrets.server if self.transport == TLS else None
        return Connection(self, None, TlsChannel(context) if context else None)

    def _connect(self, to: Address) -> Connection:
        tls = None
        if self.transport == TLS and self._secrets.client is not None:
            tls = TlsChannel(self._secrets.client, to[0])
        connection = Connection(self, to, tls)
        self._all.add(connection)
        self._by_peer[to] = connection
        self._opening.touch(connection)
        task = asyncio.get_running_loop().create_task(self._reach(connection))
        self._connecting[connection] = task
        task.add_done_callback(lambda task: self._reached(connection, task))
        return connection

    async def _reach(self, connection: Connection) -> str | None:
        """Connect; returns why it can't be ("" where that is journaled already), None if it is."""
        to = connection.peer
        if not is_destination(to):
            return NO_ADDRESS
        if self.transport == TLS and self._secrets.client is None:
            return "no TLS client context was given for connections of its own"
        what = first_word(connection.queue[0])
        if not self._network.passes(self.local, to, self.transport, what):
            await self._clock.sleep(self._network.connect_timeout_s)
            return ""
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: connection, *to, local_addr=(self.local[0], 0)
            )
        except OSError as error:
            return f"can't connect: {error.strerror or error}"
        return None

    def _reached(self, connection: Connection, task: asyncio.Task[str | None]) -> None:
        del self._connecting[connection]
        reason = None if task.cancelled() else task.result()
        if reason is not None:
            connection.end(reason)

    # What connections say of themselves

    def admits(self, connection: Connection) -> bool:
        if self._closed:
            return False
        if not connection.accepted:
            return True
        if not self._network.allows(connection.peer[0], self.local[0]):
            return False
        if len(self._all) >= self.limits.connections:
            self.refuses(connection, f"the side has {self.limits.connections} connections already")
            return False
        files = _most_files()
        if connection.file >= files - min(KEPT_FILES, files // 4):
            self.refuses(connection, f"the process may have {files} files open, and few are left")
            return False
        self._all.add(connection)
        self._by_peer[connection.peer] = connection
        self._opening.touch(connection)
        return True

    def opened(self, connection: Connection) -> None:
        if connection.accepted:
            return  # until its first message
        self._opening.drop(connection)
        self._idle.touch(connection)
        if self._journal.enabled:
            role = self._journal.role_at(self.local)
            if self._journal.role_at(connection.local) != role:
                self._journal.name(connection.local, role)
            self._journal.listens(connection.local, self.transport)

    def heard(self, connection: Connection, message: bytes) -> None:
        self._opening.drop(connection)
        self._idle.touch(connection)
        self._owner.arrived(message, connection.peer, connection.local, self)
        self._owner.pump()

    def lives(self, connection: Connection) -> None:
        if connection.used:
            self._idle.touch(connection)

    def leaves(self, connection: Connection, message: bytes) -> None:
        self.lives(connection)
        journal, peer = self._journal, connection.peer
        if journal.enabled and not journal.is_recorded_at(peer, self.transport):
            record_sip(journal, connection.local, peer, message, self.transport)

    def refuses(self, connection: Connection, reason: str) -> None:
        ours = connection.local if connection.local[1] else self.local
        ways = (connection.peer, ours) if connection.accepted else (ours, connection.peer)
        self._journal.lost(*ways, transport=self.transport, reason=reason, what="connection")

    def gone(self, connection: Connection) -> None:
        self._opening.drop(connection)
        self._idle.drop(connection)
        self._all.discard(connection)
        if connection in self._connecting:
            self._connecting[connection].cancel()
        if not connection.accepted:
            self._journal.falls_silent(connection.local, self.transport)
        if self._by_peer.get(connection.peer) is connection:
            del self._by_peer[connection.peer]
            if connection.used and not self._closed:
                asyncio.get_running_loop().call_soon(self._tell_end, connection.peer)

    def _tell_end(self, peer: Address) -> None:
        if not self._closed and peer not in self._by_peer:
            self._owner.ended(peer, self)

    def _too_slow(self, connection: Connection) -> None:
        awaited = "whole message" if connection.accepted else "connection"
        connection.end(f"no {awaited} within {self.limits.opening_s:g} s")

    def _too_quiet(self, connection: Connection) -> None:
        connection.end(f"no whole message for {self.limits.idle_s:g} s")


def _most_files() -> int:
    """How many files the process may have open now."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
