"""Everything the MCS wants to know from a CT Gateway, read in one go."""

from dataclasses import dataclass, field

from system.domain.warnings import SIP_DEVICE_TYPES
from system.errors import GatewayGarbled, GatewayRefused
from system.oai.client import NOT_IN_THIS_RELEASE, UNKNOWN_COMMAND, GatewayConnection
from system.oai.codec import OaiFormatError
from system.oai.records import CredentialRecord, NodeRecord, StationRecord


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One reading. ``None`` where the gateway's release does not know the question (PRE-4)."""

    release: str | None
    nodes: list[NodeRecord] | None
    stations: list[StationRecord]
    credentials: dict[str, CredentialRecord] | None
    hot_desks: dict[str, str] | None
    """Base of each hot desk that is logged in."""
    nodes_down: frozenset[int] = field(default=frozenset())
    """Nodes that did not answer before or after the reading: their part of the lists is missing."""


async def read_snapshot(connection: GatewayConnection) -> Snapshot:
    """Ask for nodes, SIP stations, their credentials, and who is logged in where.

    Raises:
        GatewayError: the connection broke, a command was refused, or what came is garbled.
    """
    try:
        down = await connection.read_node_states()
        nodes = await _nodes(connection)
        stations = [
            station
            for station in await connection.stations()
            if station.device_type in SIP_DEVICE_TYPES
        ]
        credentials = await _credentials(connection)
        hot_desks = await _hot_desks(connection)
        # A node may have gone while it was read.
        down |= await connection.read_node_states()
        return Snapshot(connection.release, nodes, stations, credentials, hot_desks, down)
    except OaiFormatError as error:
        raise GatewayGarbled("ct_gateway_format", f"The CT Gateway sent {error}.") from error


async def _nodes(connection: GatewayConnection) -> list[NodeRecord] | None:
    try:
        return await connection.nodes()
    except GatewayRefused as error:
        if error.outcome != UNKNOWN_COMMAND:
            raise
        return None


async def _credentials(connection: GatewayConnection) -> dict[str, CredentialRecord] | None:
    try:
        return {record.extension: record for record in await connection.credentials()}
    except GatewayRefused as error:
        if error.outcome not in (UNKNOWN_COMMAND, NOT_IN_THIS_RELEASE):
            raise
        return None


async def _hot_desks(connection: GatewayConnection) -> dict[str, str] | None:
    try:
        return await connection.hot_desks()
    except GatewayRefused as error:
        if error.outcome != UNKNOWN_COMMAND:
            raise
        return None
