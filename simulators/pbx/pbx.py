"""The PBX as one role: its nodes, the CT Gateway over them, and the faults of both."""

import asyncio
from collections.abc import Coroutine

from simulators.clock import Clock
from simulators.core import Address, Entropy
from simulators.entropy import Seed
from simulators.errors import BenchError, ConfigurationError
from simulators.faults.fault import Fault
from simulators.faults.oai_faults import OaiDisturber, OaiFault
from simulators.faults.sip_faults import SipFault
from simulators.faults.table import FaultTable
from simulators.journal import Journal
from simulators.network import Network
from simulators.pbx.ct_gateway import CtGateway
from simulators.pbx.node import PbxNode
from simulators.pbx.oai_connection import ROLE
from simulators.pbx.release import Release
from simulators.pbx.settings import NodeSettings

FAULT_KINDS = (SipFault, OaiFault)


class Pbx:
    """MiVoice Office 250 nodes behind one CT Gateway.

    Args:
        release: of the CT Gateway.
        password: what an OAI client logs in with.
        entropy: decides the faults' chance, and what nodes make that are added without their own.
    """

    role = "PBX"

    def __init__(
        self,
        *,
        release: str,
        password: str,
        clock: Clock,
        network: Network,
        journal: Journal,
        entropy: Entropy,
    ) -> None:
        self.clock = clock
        self.network = network
        self.journal = journal
        self.nodes: list[PbxNode] = []
        self._seed = seed = int.from_bytes(entropy(7), "big")
        self.faults = FaultTable(seed, clock.now, self._struck, kinds=FAULT_KINDS)
        self.gateway = CtGateway(
            (),
            release=release,
            password=password,
            clock=clock,
            network=network,
            journal=journal,
            disturber=OaiDisturber(self.faults, lambda: self.gateway.nodes),
        )
        self._delivered = self.gateway.release
        self._delivered_nodes: list[PbxNode] = []
        self._last_number = 0
        self._rebooting: dict[int, asyncio.Task[None]] = {}

    async def add_node(
        self,
        name: str,
        release: str,
        address: Address,
        entropy: Entropy | None = None,
        *,
        settings: NodeSettings | None = None,
        udp_listening: bool = True,
    ) -> PbxNode:
        """Start one more node; the first has the number 1, and no number comes twice.

        Those that there are when the gateway is started first count as delivered.

        Raises:
            ConfigurationError: the release is none, or the address can't be had.
        """
        number = self._last_number + 1
        node = PbxNode(
            number,
            name,
            release,
            clock=self.clock,
            network=self.network,
            journal=self.journal,
            entropy=entropy or Seed(self._seed).stream(f"node {number}").randbytes,
            settings=settings,
            udp_listening=udp_listening,
            faults=self.faults,
        )
        await node.start(address)
        self._last_number = number
        self._join(node)
        return node

    async def remove_node(self, node: PbxNode) -> None:
        """Take a node out of service for good; clients of the gateway hear of it.

        Raises:
            ConfigurationError: it is none of this PBX.
        """
        if node not in self.nodes:
            raise ConfigurationError(f"{node.role} is none of this PBX's: it was removed before")
        self.nodes.remove(node)
        self.gateway.remove_node(node.number)
        await self._forget_reboot(node)
        await node.stop()
        self.journal.happened(self.role, "node removed", node=node.number)

    async def start_gateway(self, address: Address) -> None:
        """Let the CT Gateway listen.

        Raises:
            ConfigurationError: it runs already, or the address can't be had.
        """
        await self.gateway.start(address)
        self._delivered_nodes = self.nodes.copy()

    async def stop(self) -> None:
        """Close everything, the gateway first; may be called again."""
        for node in self.nodes:
            await self._forget_reboot(node)
        await self.gateway.stop()
        for node in reversed(self.nodes):
            await node.stop()

    async def reset(self) -> None:
        """Be as delivered, without a fault or an extension: nodes, releases, licences as then.

        Clients of the gateway are cut off.
        """
        self.faults.calm()
        self.gateway.release = self._delivered
        await self.gateway.stop()
        for node in [each for each in self.nodes if each not in self._delivered_nodes]:
            await self.remove_node(node)
        for node in self._delivered_nodes:
            await self._forget_reboot(node)
            await node.reset()
            if node not in self.nodes:
                self._join(node)
        await self.gateway.start(self.gateway.address)

    # Nodes that go down and come back

    async def reboot(self, node: PbxNode, *, down_s: float = 0.0) -> None:
        """Reboot a node; with `down_s` it comes back on the clock, and this does not wait for it.

        Raises:
            ConfigurationError: it is not back from a reboot yet, or somebody took its address.
        """
        await self._go_down(node, None, down_s)

    async def upgrade(self, node: PbxNode, release: str, *, down_s: float = 0.0) -> None:
        """Another software release, like `reboot`.

        Raises:
            ConfigurationError: the release is none, or as at `reboot`.
        """
        await self._go_down(node, Release.parse(release), down_s)

    async def switch(self, node: PbxNode, *, running: bool) -> None:
        """Let a node run or not; ends a reboot that is under way.

        Raises:
            ConfigurationError: somebody took its address.
        """
        await self._forget_reboot(node)
        if not running:
            await node.stop()
        elif not node.is_running:
            await node.start(node.address)

    # The gateway

    def change_gateway_release(self, release: str) -> None:
        """Be another release of the CT Gateway (PRE-4); who is logged in stays so.

        Raises:
            ConfigurationError: it is none.
        """
        self.gateway.release = Release.parse(release)
        self.journal.happened(ROLE, "release changed", release=release)

    async def switch_gateway(self, *, running: bool) -> None:
        """Let the CT Gateway run or not; going, it cuts its clients off.

        Raises:
            ConfigurationError: somebody took its address.
        """
        if not running:
            await self.gateway.stop()
        elif not self.gateway.is_running:
            await self.gateway.start(self.gateway.address)

    # Inside

    def _join(self, node: PbxNode) -> None:
        self.nodes.append(node)
        self.nodes.sort(key=lambda each: each.number)
        self.gateway.add_node(node)
        self.journal.happened(self.role, "node added", node=node.number, name=node.name)

    async def _go_down(self, node: PbxNode, release: Release | None, down_s: float) -> None:
        under_way = self._rebooting.get(node.number)
        if under_way is not None and not under_way.done():
            raise ConfigurationError(f"{node.role} is not back from a reboot yet: wait for it")
        if release is None:
            way_back = node.reboot(down_s=down_s)
        else:
            way_back = node.upgrade(release, down_s=down_s)
        if down_s:
            loop = asyncio.get_running_loop()
            self._rebooting[node.number] = loop.create_task(_or_say(node, way_back))
            await asyncio.sleep(0)  # it is down before this returns
        else:
            await way_back

    async def _forget_reboot(self, node: PbxNode) -> None:
        task = self._rebooting.pop(node.number, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _struck(self, fault: Fault, number: int, what: str) -> None:
        self.journal.happened(self.role, "fault struck", fault=fault.name, number=number, what=what)


async def _or_say(node: PbxNode, way_back: Coroutine[None, None, None]) -> None:
    """What goes wrong when nobody waits is journaled."""
    try:
        await way_back
    except BenchError as error:
        node.happened("did not come back", reason=error)
