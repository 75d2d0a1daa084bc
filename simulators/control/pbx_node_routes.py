"""Control of PBX nodes: added and removed; state, release, licences, alarms; down, up and away.

PRE-3, PRE-5, and several nodes behind one gateway.
"""

from ipaddress import IPv4Address
from typing import Annotated

from aiohttp import web
from pydantic import AfterValidator, Field

from simulators.control.documents import NOTHING, WHOLE, done, iso
from simulators.http_api.refused import Refused
from simulators.http_api.routes import Answer, Document, Route
from simulators.pbx.node import PbxNode
from simulators.pbx.pbx import Pbx
from simulators.pbx.settings import NodeSettings

LONGEST_DOWN_S = 86_400.0
RELEASE = r"^[0-9]{1,9}(\.[0-9]{1,9}){0,7}( SP[0-9]{1,9})?$"


def _own_address(text: str) -> str:
    """An address that one machine can have.

    Raises:
        ValueError: none, or one of no machine alone.
    """
    try:
        address = IPv4Address(text)
    except ValueError:
        raise ValueError("must be an IPv4 address such as 127.10.0.22") from None
    if address.is_unspecified or address.is_multicast or address.is_reserved:
        raise ValueError("must be an address of one machine, such as 127.10.0.22")
    return text


class CatFLicences(Document):
    """Cat-F licences, one for each registered extension; `total` null: any number."""

    total: int | None
    in_use: int
    high_water: int


class AlarmShown(Document):
    """An alarm of a node; 149: a SIP phone registers with a weak password."""

    number: int
    extension: str
    text: str
    since: str


class NodeShown(Document):
    """A node: `reboot_needed` until "SIP UDP Listening Port" is as it was set."""

    number: int
    name: str
    address: str
    release: str
    running: bool
    udp_listening: bool
    reboot_needed: bool
    licences: CatFLicences
    extensions: int
    registered: int
    alarms: list[AlarmShown]


class NodesShown(Document):
    """All nodes."""

    items: list[NodeShown]


class NodeWish(Document):
    """A new node, at an address that no other role has; `licences` null: any number."""

    name: Annotated[str, Field(pattern=r"^[ -~]*[!-~][ -~]*$", max_length=100)]
    address: Annotated[
        str,
        Field(max_length=15, json_schema_extra={"format": "ipv4"}),
        AfterValidator(_own_address),
    ]
    port: Annotated[int, Field(ge=1, le=65_535), WHOLE] = 5060
    release: str = Field(default="6.3 SP1", pattern=RELEASE, max_length=40)
    licences: Annotated[int, Field(ge=0, le=1_000_000), WHOLE] | None = None
    udp_listening: bool = True


class NodeChange(Document):
    """What shall be otherwise; what is left out stays. `licences` null: any number."""

    udp_listening: bool = True
    licences: Annotated[int, Field(ge=0, le=1_000_000), WHOLE] | None = None


class Running(Document):
    """Whether it runs."""

    running: bool


class RebootWish(Document):
    """For how many seconds of the bench's clock the node stays away."""

    down_s: float = Field(default=0.0, ge=0, le=LONGEST_DOWN_S)


class UpgradeWish(RebootWish):
    """The other release, such as `6.3 SP1`."""

    release: str = Field(pattern=RELEASE, max_length=40)


class _Nodes:
    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    async def list_nodes(self, request: web.Request) -> NodesShown:
        return NodesShown(items=[_shown(node) for node in self._pbx.nodes])

    async def add_node(self, request: web.Request, *, body: NodeWish) -> NodeShown:
        if body.name in (node.name for node in self._pbx.nodes):  # it is the digest realm
            raise Refused(409, "not_possible", f"there is a node {body.name}: choose another name")
        node = await self._pbx.add_node(
            body.name,
            body.release,
            (body.address, body.port),
            settings=NodeSettings(licences=body.licences),
            udp_listening=body.udp_listening,
        )
        return _shown(node)

    async def remove_node(self, request: web.Request) -> web.Response:
        await self._pbx.remove_node(named_node(self._pbx, request))
        return done()

    async def read_node(self, request: web.Request) -> NodeShown:
        return _shown(named_node(self._pbx, request))

    async def change_node(self, request: web.Request, *, body: NodeChange) -> NodeShown:
        node = named_node(self._pbx, request)
        if "udp_listening" in body.model_fields_set:
            node.udp_listening = body.udp_listening
        if "licences" in body.model_fields_set:
            node.set_licences(body.licences)
        return _shown(node)

    async def switch_node(self, request: web.Request, *, body: Running) -> NodeShown:
        node = named_node(self._pbx, request)
        await self._pbx.switch(node, running=body.running)
        return _shown(node)

    async def reboot_node(self, request: web.Request, *, body: RebootWish) -> NodeShown:
        node = named_node(self._pbx, request)
        await self._pbx.reboot(node, down_s=body.down_s)
        return _shown(node)

    async def upgrade_node(self, request: web.Request, *, body: UpgradeWish) -> NodeShown:
        node = named_node(self._pbx, request)
        await self._pbx.upgrade(node, body.release, down_s=body.down_s)
        return _shown(node)

    async def clear_alarm(self, request: web.Request) -> web.Response:
        node = named_node(self._pbx, request)
        number, extension = request.match_info["alarm"], request.match_info["extension"]
        for alarm in node.alarms:
            if (str(alarm.number), alarm.extension) == (number, extension):
                node.clear_alarm(alarm.number, extension)
                return done()
        raise Refused(404, "not_found", f"{node.role} has no alarm {number} for {extension}")


def named_node(pbx: Pbx, request: web.Request) -> PbxNode:
    """The node that a call is about.

    Raises:
        Refused: 404, there is none of that number.
    """
    wanted = request.match_info["node"]
    for node in pbx.nodes:
        if str(node.number) == wanted:
            return node
    raise Refused(404, "not_found", f"there is no PBX node {wanted}")


def _shown(node: PbxNode) -> NodeShown:
    licences = node.licences
    return NodeShown(
        number=node.number,
        name=node.name,
        address=f"{node.address[0]}:{node.address[1]}",
        release=str(node.release),
        running=node.is_running,
        udp_listening=node.udp_listening,
        reboot_needed=node.reboot_needed,
        licences=CatFLicences(
            total=licences.total, in_use=licences.in_use, high_water=licences.high_water
        ),
        extensions=len(node.extensions),
        registered=len(node.registered_extensions()),
        alarms=[
            AlarmShown(number=a.number, extension=a.extension, text=a.text, since=iso(a.since))
            for a in node.alarms
        ],
    )


def pbx_node_routes(pbx: Pbx) -> list[Route]:
    """Look, add, remove, change, stop and start, reboot, upgrade."""
    calls = _Nodes(pbx)
    shown = (Answer(200, "as it is now", NodeShown),)
    return [
        Route(
            "GET", "/nodes", "List nodes with their states", calls.list_nodes,
            (Answer(200, "all", NodesShown),),
        ),
        Route(
            "POST", "/nodes", "Add a node, which starts", calls.add_node,
            (Answer(201, "added", NodeShown),),
        ),
        Route("GET", "/nodes/{node}", "See one node", calls.read_node, shown),
        Route("DELETE", "/nodes/{node}", "Remove a node", calls.remove_node, (NOTHING,)),
        Route(
            "PATCH", "/nodes/{node}", "Change licences or SIP UDP Listening Port",
            calls.change_node, shown,
        ),
        Route("PUT", "/nodes/{node}/running", "Stop or start a node", calls.switch_node, shown),
        Route("POST", "/nodes/{node}/reboot", "Reboot a node", calls.reboot_node, shown),
        Route(
            "POST", "/nodes/{node}/upgrade", "Give a node another release", calls.upgrade_node,
            shown,
        ),
        Route(
            "DELETE", "/nodes/{node}/alarms/{alarm}/{extension}", "Take an alarm off the list",
            calls.clear_alarm, (NOTHING,),
        ),
    ]  # fmt: skip
