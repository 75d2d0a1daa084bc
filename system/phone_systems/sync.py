"""Taking a snapshot over into the database: nodes, SIP extensions, credentials.

What the PBX owns follows the PBX; what an administrator has entered stays. A node's address is
taken at first sight only (ICP-2 compares it with the MBG's ICPs, and the administrator may have to
match it). When the PBX's credentials of an extension with remote credentials change, it is
provisioned again. A node that does not answer has no part in the lists: nothing of it is removed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from system.audit.trail import SYSTEM, add
from system.domain.gates import ct_gateway_gate, pbx_gate
from system.oai.records import CredentialRecord, StationRecord
from system.phone_systems.in_use import IN_USE
from system.phone_systems.snapshot import Snapshot
from system.provisioning import queue
from system.storage.models import Extension, Node, PhoneSystem

_LONGEST_TOLD = 200
"""Extension numbers of a kind in one audit entry."""


@dataclass(frozen=True, slots=True)
class SyncResult:
    """Answer of ``POST /phone-systems/{id}/sync``."""

    nodes: int
    extensions: int


async def apply_snapshot(
    session: AsyncSession, system: PhoneSystem, snapshot: Snapshot, now: float
) -> SyncResult:
    """Bring the stored phone system in line with the snapshot, in the caller's unit of work."""
    nodes = await _take_nodes(session, system, snapshot)
    await _take_extensions(session, system, snapshot, nodes, now)
    system.ct_gateway_release = snapshot.release
    system.state = "connected"
    system.message = _gate_messages(snapshot)
    # A release, an address or credentials may be what an operation waits for.
    await queue.make_all_due(session, now, release=False)
    return SyncResult(len(nodes), len(snapshot.stations))


async def _take_nodes(
    session: AsyncSession, system: PhoneSystem, snapshot: Snapshot
) -> dict[int, Node]:
    statement = select(Node).where(Node.phone_system_id == system.id)
    nodes = {node.number: node for node in await session.scalars(statement)}
    for record in snapshot.nodes or []:
        node = nodes.get(record.number) or _new_node(session, system, nodes, record.number)
        node.name, node.release = record.name, record.release
        if node.address is None:
            node.address = record.address or None
        node.is_up = record.number not in snapshot.nodes_down
    for station in snapshot.stations:
        if station.node not in nodes:
            # A gateway before 5.0.64 lists no nodes; an administrator can still fill this one in.
            _new_node(session, system, nodes, station.node)
    await session.flush()
    return nodes


def _new_node(
    session: AsyncSession, system: PhoneSystem, nodes: dict[int, Node], number: int
) -> Node:
    node = Node(
        phone_system_id=system.id,
        number=number,
        name=f"Node {number}",
        nat_sip_port=5060,
        is_up=True,
    )
    session.add(node)
    nodes[number] = node
    return node


async def _take_extensions(
    session: AsyncSession,
    system: PhoneSystem,
    snapshot: Snapshot,
    nodes: dict[int, Node],
    now: float,
) -> None:
    statement = select(Extension).where(Extension.phone_system_id == system.id)
    statement = queue.in_order(statement)
    known = {extension.extension: extension for extension in await session.scalars(statement)}
    changed: list[Extension] = []
    taken: dict[str, list[str]] = {"added": [], "credentials_changed": []}
    for station in snapshot.stations:
        extension = known.pop(station.extension, None)
        if extension is None:
            extension = Extension(
                phone_system_id=system.id, extension=station.extension, provisioning_state="off"
            )
            session.add(extension)
            taken["added"].append(station.extension)
        before = _icp_side(extension)
        _take_station(extension, station, nodes[station.node].id)
        if snapshot.credentials is not None and station.node not in snapshot.nodes_down:
            _take_credentials(extension, snapshot.credentials.get(station.extension))
        if station.extension not in taken["added"][-1:] and _icp_side(extension) != before:
            taken["credentials_changed"].append(station.extension)
        if extension.use_remote_credentials and _icp_side(extension) != before:
            changed.append(extension)
    await session.flush()
    await queue.enqueue_each(session, [extension.id for extension in changed], now)
    down = {nodes[number].id for number in snapshot.nodes_down if number in nodes}
    absent = [extension for extension in known.values() if extension.node_id not in down]
    # Told once, not at each reading for as long as it is kept.
    taken["no_longer_listed"] = [gone.extension for gone in absent if gone.on_pbx]
    if any(taken.values()):
        facts = {name: numbers[:_LONGEST_TOLD] for name, numbers in taken.items() if numbers}
        add(session, now, SYSTEM, "taken over", f"/phone-systems/{system.id}", None, facts)
    await _take_absence(session, absent)


def _take_station(extension: Extension, station: StationRecord, node_id: int) -> None:
    extension.name, extension.device_type = station.name, station.device_type
    extension.node_id = node_id
    extension.on_pbx = True


def _take_credentials(extension: Extension, record: CredentialRecord | None) -> None:
    extension.internal_auth_name = record.auth_name if record else None
    extension.internal_auth_password = record.auth_password if record else None


def _icp_side(extension: Extension) -> tuple[object, ...]:
    """What the MBG's SIP device has to follow."""
    return (
        extension.node_id,
        extension.internal_auth_name,
        extension.internal_auth_password,
    )


async def _take_absence(session: AsyncSession, absent: Sequence[Extension]) -> None:
    """Extensions that the PBX does not list: forgotten, unless something hangs on them.

    What is configured is kept with a warning.
    """
    if not absent:
        return
    system_id = absent[0].phone_system_id
    statement = select(Extension.id).where(Extension.phone_system_id == system_id, IN_USE)
    in_use = set(await session.scalars(statement))
    for extension in absent:
        if extension.id in in_use:
            extension.on_pbx = False
        else:
            await session.delete(extension)


def _gate_messages(snapshot: Snapshot) -> str | None:
    closed = [ct_gateway_gate(snapshot.release)]
    if snapshot.nodes is not None:
        closed += [pbx_gate(record.name, record.release) for record in snapshot.nodes]
    messages = [gate.message for gate in closed if gate is not None]
    if snapshot.nodes_down:
        numbers = ", ".join(str(number) for number in sorted(snapshot.nodes_down))
        messages.append(
            f"The CT Gateway does not reach node {numbers}: what is known of it is kept as it is."
        )
    return " ".join(messages) or None
