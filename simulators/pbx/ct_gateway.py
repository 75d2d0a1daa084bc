"""The CT Gateway: the OAI server that gathers the nodes and tells the MCS about them.

Decisions are in `gateway_session`; this is the TCP side. The MCS is not simulated, so both
directions are journaled here.
"""

import asyncio
from collections.abc import Sequence
from typing import cast

from simulators.clock import Clock, Timer
from simulators.core import Address
from simulators.errors import ConfigurationError, LocalProtocolError
from simulators.journal import Journal
from simulators.network import Network
from simulators.pbx import oai
from simulators.pbx.extensions import Extension
from simulators.pbx.gateway_session import (
    Closed,
    GatewaySession,
    LoggedIn,
    NodeRecord,
    PayloadReceived,
)
from simulators.pbx.node import PbxNode
from simulators.pbx.release import Release

ROLE = "CT Gateway"


class CtGateway:
    """One gateway over some nodes.

    Args:
        nodes: whom it tells about; read anew at each question.
        release: such as "5.0.64"; may be set later (`gateway.release = "5.0.63"`).
        password: what a client logs in with.
    """

    def __init__(
        self,
        nodes: Sequence[PbxNode],
        *,
        release: str | Release = "5.0.64",
        password: str,
        clock: Clock,
        network: Network,
        journal: Journal,
    ) -> None:
        self.nodes = list(nodes)
        self.journal = journal
        self.network = network
        self.clock = clock
        self.connections: set[Connection] = set()
        self._password = password
        self._server: asyncio.Server | None = None
        self._address: Address | None = None
        self.release = release
        journal.masker.learn(password)

    @property
    def release(self) -> Release:
        """The gateway's own release (PRE-4)."""
        return self._release

    @release.setter
    def release(self, release: str | Release) -> None:
        self._release = release if isinstance(release, Release) else Release.parse(release)

    @property
    def address(self) -> Address:
        """Where it listens, or listened last.

        Raises:
            LocalProtocolError: it was never started.
        """
        if self._address is None:
            raise LocalProtocolError(f"the {ROLE} has no address before it is started")
        return self._address

    async def start(self, address: Address) -> None:
        """Listen on TCP (port 0: any); the real address is `address` afterwards.

        Raises:
            ConfigurationError: it runs already, or the address can't be had.
        """
        if self._server is not None:
            raise ConfigurationError(f"the {ROLE} runs already: stop it first")
        self.journal.name(address[0], ROLE)
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: Connection(self), *address)
        except OSError as error:
            raise ConfigurationError(
                f"can't open TCP {address[0]}:{address[1]} ({error.strerror or error}): stop what "
                "uses it, or give another address"
            ) from error
        real = self._server.sockets[0].getsockname()
        self._address = (str(real[0]), int(real[1]))
        for node in self.nodes:
            node.on_change.append(self._on_change)

    async def stop(self) -> None:
        """Close all connections and fall silent; may be called again."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for node in self.nodes:
            if self._on_change in node.on_change:
                node.on_change.remove(self._on_change)
        lost = [connection.lost for connection in self.connections]
        for connection in list(self.connections):
            connection.abort()
        if lost:
            await asyncio.wait(lost)
        await server.wait_closed()

    def records(self) -> list[NodeRecord]:
        """The nodes as a session tells them."""
        return [
            NodeRecord(
                node.number,
                node.name,
                node.address[0],
                node.release,
                tuple(node.extensions.values()),
            )
            for node in self.nodes
        ]

    def session(self) -> GatewaySession:
        """A session for a connection that just came."""
        return GatewaySession(
            self.records,
            lambda: self.release,
            self._password,
            self.clock.now,
            self.clock.steady(),
        )

    def _on_change(self, old: Extension | None, new: Extension | None) -> None:
        for connection in list(self.connections):
            connection.extension_changed(old, new)


class Connection(asyncio.Protocol):
    """One client's connection: octets to the session, payloads back, the timer on our clock."""

    def __init__(self, gateway: CtGateway) -> None:
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gateway = gateway
        self._clock = gateway.clock
        self._session = gateway.session()
        self._timer: Timer | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._gateway.connections.add(self)
        peer, local = (transport.get_extra_info(name) for name in ("peername", "sockname"))
        self._peer: Address = (str(peer[0]), int(peer[1]))
        self._local: Address = (str(local[0]), int(local[1]))
        if self._gateway.network.passes(self._peer, self._local, "TCP", "OAI connection"):
            self._arm()
        else:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        answers = self._session.receive(data, self._clock.steady())
        self._work(answers)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gateway.connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        if not self.lost.done():
            self.lost.set_result(None)

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def extension_changed(self, old: Extension | None, new: Extension | None) -> None:
        """Tell the client what it monitors."""
        payloads: list[bytes] = []
        numbers = (old.number if old else "", new.number if new else "")
        if old is None or new is None or (*numbers, old.name) != (new.number, old.number, new.name):
            payloads += self._session.extension_changed(*numbers)
        if old and new and _credentials(old) != _credentials(new):
            payloads += self._session.credentials_changed(new.number)
        self._work(payloads)

    def _work(self, payloads: list[bytes]) -> None:
        """Journal what came, send what is to go, close when the session is over."""
        journal = self._gateway.journal
        for event in self._session.events():
            match event:
                case PayloadReceived(command, text):
                    journal.oai(self._peer, self._local, command=command, text=text)
                case LoggedIn(application):
                    journal.happened(ROLE, "client logged in", application=application)
                case Closed(reason):
                    journal.happened(ROLE, "session closed", reason=reason)
        for payload in payloads:
            text = payload.decode("ascii").rstrip("\r")
            journal.oai(self._local, self._peer, command=text.split(",", 2)[1], text=text)
            self._transport.write(oai.frame(payload))
        if self._session.closed:
            self._transport.close()
        self._arm()

    def _arm(self) -> None:
        at = self._session.timer_at()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if at is not None and not self._transport.is_closing():
            self._timer = self._clock.call_at_steady(at, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._work(self._session.handle_timer(self._clock.steady()))


def _credentials(extension: Extension) -> tuple[str, str]:
    return extension.auth_name, extension.auth_password
