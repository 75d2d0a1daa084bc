"""The CT Gateway: the OAI server that gathers the nodes and tells the MCS about them.

Decisions are in `gateway_session`, a client's connection is `oai_connection`; this listens, and
knows the nodes and the links with them.
"""

import asyncio
from collections.abc import Callable, Sequence

from simulators.clock import Clock, Timer
from simulators.core import Address
from simulators.errors import ConfigurationError, LocalProtocolError
from simulators.journal import Journal
from simulators.network import Network
from simulators.pbx.extensions import Extension
from simulators.pbx.gateway_session import GatewaySession
from simulators.pbx.node import PbxNode
from simulators.pbx.node_watch import NodeWatch
from simulators.pbx.oai_connection import ROLE, Connection
from simulators.pbx.oai_directory import Link, Linked
from simulators.pbx.oai_disturbance import Disturber
from simulators.pbx.oai_messages import LinkReason
from simulators.pbx.release import Release

WAIT_FOR_NODES_S = 60.0
"""How long a gateway that was just started waits for its nodes before it greets clients."""

MOST_WITHOUT_LOG_IN = 1000
"""Connections that may wait for a log-in; one more, and the oldest is let go."""


class CtGateway:
    """One gateway over some nodes.

    Args:
        nodes: whom it tells about; read anew at each question. More by `add_node`. While it runs
            it hears by itself when they come, go and change.
        release: such as "5.0.64"; may be set later (`gateway.release = "5.0.63"`).
        password: what a client logs in with.
        disturber: faults; may be set later.
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
        disturber: Disturber | None = None,
    ) -> None:
        self.journal = journal
        self.network = network
        self.clock = clock
        self.disturber = disturber
        self.connections: set[Connection] = set()
        self._without_log_in: dict[Connection, None] = {}
        self._nodes: dict[int, PbxNode] = {}
        self._directory: dict[int, Linked] = {}
        self._watches: dict[int, NodeWatch] = {}
        self._last_connection = 0
        self._password = password
        self._server: asyncio.Server | None = None
        self._address: Address | None = None
        self._waiting: Timer | None = None
        self.release = release
        journal.masker.learn(password)
        for node in nodes:
            self._add(node)

    @property
    def release(self) -> Release:
        """The gateway's own release (PRE-4)."""
        return self._release

    @release.setter
    def release(self, release: str | Release) -> None:
        self._release = release if isinstance(release, Release) else Release.parse(release)

    @property
    def is_running(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    @property
    def links(self) -> dict[int, Link]:
        """State of its link with each node."""
        return {number: linked.link for number, linked in self._directory.items()}

    @property
    def address(self) -> Address:
        """Where it listens, or listened last.

        Raises:
            LocalProtocolError: it was never started.
        """
        if self._address is None:
            raise LocalProtocolError(f"the {ROLE} has no address before it is started")
        return self._address

    # Running

    async def start(self, address: Address) -> None:
        """Listen on TCP (port 0: any); the real address is `address` afterwards.

        Nodes that do not run are waited for, up to 60 s of the clock, before a client is
        greeted.

        Raises:
            ConfigurationError: it runs already, or the address can't be had.
        """
        if self._server is not None:
            raise ConfigurationError(f"the {ROLE} runs already: stop it first")
        self.journal.name(address[0], ROLE)
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: Connection(self), *address, start_serving=False
            )
            await self._server.start_serving()  # apart: a cancel has what to close
        except OSError as error:
            raise ConfigurationError(
                f"can't open TCP {address[0]}:{address[1]} ({error.strerror or error}): stop what "
                "uses it, or give another address"
            ) from error
        real = self._server.sockets[0].getsockname()
        self._address = (str(real[0]), int(real[1]))
        for node in self.nodes:
            self._look(node)
            self._watches[node.number] = NodeWatch(self, node)
        self._waiting = self.clock.call_later(WAIT_FOR_NODES_S, self._stop_waiting)
        self._greet_if_all_are_known()

    async def stop(self) -> None:
        """Close all connections and fall silent; may be called again."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        self._end_waiting()
        for node in self.nodes:
            self._directory[node.number].link = Link.NEVER_UP
            self._end_watch(node)
        lost = [connection.lost for connection in self.connections]
        for connection in list(self.connections):
            connection.abort()
        if lost:
            await asyncio.wait(lost)
        await server.wait_closed()

    # Nodes

    @property
    def nodes(self) -> list[PbxNode]:
        """The nodes behind it, in the order in which they were added."""
        return list(self._nodes.values())

    def add_node(self, node: PbxNode) -> None:
        """Tell about one more node from now on.

        Raises:
            ConfigurationError: its number is taken.
        """
        self._add(node)
        if self._server is not None:
            self._look(node)
            self._watches[node.number] = NodeWatch(self, node)
            self._each(lambda session: session.link_changed(node.number, LinkReason.NODE_ADDED))

    def remove_node(self, number: int) -> None:
        """Tell about this node no more.

        Raises:
            ConfigurationError: there is no such node.
        """
        self._get(number)
        self._end_watch(self._nodes.pop(number))
        del self._directory[number]
        self._each(lambda session: session.link_changed(number, LinkReason.NODE_DELETED))
        self._greet_if_all_are_known()

    def node_lost(self, number: int, reason: LinkReason = LinkReason.TCP_FAILURE) -> None:
        """The node answers no more: `LS`, and its extensions leave the lists.

        Raises:
            ConfigurationError: there is no such node.
        """
        linked = self._get(number)
        if linked.is_up:
            linked.link = Link.DOWN
            self.journal.happened(ROLE, "node lost", node=number, reason=reason.name)
            self._each(lambda session: session.link_changed(number, reason))

    def node_back(self, number: int) -> None:
        """The node answers: `CS` where it is the first time, else `LS`.

        Raises:
            ConfigurationError: there is no such node.
        """
        linked = self._get(number)
        before = linked.link
        self._look(self._nodes[number])
        if not linked.is_up or before is Link.UP:
            return
        self.journal.happened(ROLE, "node connected", node=number)
        if before is Link.NEVER_UP:
            self._each(lambda session: session.node_connected(linked))
            self._greet_if_all_are_known()
        else:
            self._each(lambda session: session.link_changed(number, LinkReason.TCP_RECONNECT))

    def extension_changed(self, number: int, old: Extension | None, new: Extension | None) -> None:
        """An extension of a node is not as it was."""
        self._each(lambda session: session.extension_changed(number, old, new))

    def device_changed(self, number: int, extension: str, *, online: bool) -> None:
        """A phone of a node came or went: `OL` to who monitors it.

        Raises:
            ConfigurationError: there is no such node.
        """
        found = self._get(number).node.extensions.get(extension)
        if found is not None:
            self._each(lambda session: session.device_changed(found, online=online))

    def hot_desk_changed(self, hot_desk: str, base: str, *, logged_in: bool) -> None:
        """Somebody logged in or out at a phone: `XH` to clients of the short form."""
        self._each(lambda session: session.hot_desk_changed(hot_desk, base, logged_in=logged_in))

    # For connections

    def session(self) -> GatewaySession:
        """A session for a connection that just came."""
        return GatewaySession(
            self._directory,
            lambda: self.release,
            self._password,
            self.clock.now,
            self.clock.steady(),
            nodes_known=self._waiting is None,
        )

    def came(self, connection: Connection) -> None:
        """A connection was made."""
        self.connections.add(connection)
        self._without_log_in[connection] = None
        if len(self._without_log_in) > MOST_WITHOUT_LOG_IN:
            oldest = next(iter(self._without_log_in))
            del self._without_log_in[oldest]
            oldest.let_go(f"more than {MOST_WITHOUT_LOG_IN} connections wait for a log-in")

    def logged_in(self, connection: Connection) -> None:
        """Its client has logged in."""
        self._without_log_in.pop(connection, None)

    def went(self, connection: Connection) -> None:
        """It is over."""
        self._without_log_in.pop(connection, None)
        self.connections.discard(connection)

    # Inside

    def _add(self, node: PbxNode) -> None:
        if node.number in self._nodes:
            raise ConfigurationError(
                f"the {ROLE} has a node {node.number} already: give another number"
            )
        self._last_connection += 1
        self._nodes[node.number] = node
        self._directory[node.number] = Linked(node, self._last_connection)

    def _get(self, number: int) -> Linked:
        try:
            return self._directory[number]
        except KeyError:
            raise ConfigurationError(f"the {ROLE} has no node {number}") from None

    def _look(self, node: PbxNode) -> None:
        """A node that runs answers."""
        if node.is_running:
            linked = self._directory[node.number]
            linked.address, linked.link = node.address[0], Link.UP

    def _end_watch(self, node: PbxNode) -> None:
        watch = self._watches.pop(node.number, None)
        if watch is not None:
            watch.end()

    def _each(self, tell: Callable[[GatewaySession], None]) -> None:
        for connection in list(self.connections):
            tell(connection.session)
            connection.pump()

    def _greet_if_all_are_known(self) -> None:
        if all(linked.link is not Link.NEVER_UP for linked in self._directory.values()):
            self._stop_waiting()

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._end_waiting()
            now = self.clock.steady()
            self._each(lambda session: session.tell_nodes_known(now))

    def _end_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
