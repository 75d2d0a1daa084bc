"""Control of the CT Gateway: release, clients, and its link with each node (PRE-4)."""

from typing import Literal

from aiohttp import web
from pydantic import Field

from simulators.control.pbx_node_routes import RELEASE, Running, named_node
from simulators.http_api.routes import Answer, Document, Route
from simulators.pbx.oai_messages import LinkReason
from simulators.pbx.pbx import Pbx

LOST: dict[str, LinkReason] = {
    "TCP failure": LinkReason.TCP_FAILURE,
    "timed out": LinkReason.TIMED_OUT,
}


class ClientShown(Document):
    """An OAI client's connection; `application` is "" before its log-in."""

    address: str
    application: str


class LinkShown(Document):
    """The gateway's link with a node: `never up`, `up` or `down`."""

    node: int
    link: str


class GatewayShown(Document):
    """The CT Gateway."""

    release: str
    address: str
    running: bool
    clients: list[ClientShown]
    links: list[LinkShown]


class GatewayChange(Document):
    """What shall be otherwise."""

    release: str = Field(pattern=RELEASE, max_length=40)


class LinkWish(Document):
    """Whether the node answers the gateway; a link goes down for a reason."""

    up: bool
    reason: Literal["TCP failure", "timed out"] = "TCP failure"


class _Gateway:
    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    async def read_gateway(self, request: web.Request) -> GatewayShown:
        return self._shown()

    async def change_gateway(self, request: web.Request, *, body: GatewayChange) -> GatewayShown:
        self._pbx.change_gateway_release(body.release)
        return self._shown()

    async def switch_gateway(self, request: web.Request, *, body: Running) -> GatewayShown:
        await self._pbx.switch_gateway(running=body.running)
        return self._shown()

    async def change_link(self, request: web.Request, *, body: LinkWish) -> GatewayShown:
        number = named_node(self._pbx, request).number
        if body.up:
            self._pbx.gateway.node_back(number)
        else:
            self._pbx.gateway.node_lost(number, LOST[body.reason])
        return self._shown()

    def _shown(self) -> GatewayShown:
        gateway = self._pbx.gateway
        host, port = gateway.address
        return GatewayShown(
            release=str(gateway.release),
            address=f"{host}:{port}",
            running=gateway.is_running,
            clients=[
                ClientShown(address=f"{c.peer[0]}:{c.peer[1]}", application=c.application)
                for c in gateway.connections
            ],
            links=[LinkShown(node=n, link=link.value) for n, link in gateway.links.items()],
        )


def pbx_gateway_routes(pbx: Pbx) -> list[Route]:
    """Look, change, stop and start, cut and mend links."""
    calls = _Gateway(pbx)
    shown = (Answer(200, "as it is now", GatewayShown),)
    return [
        Route("GET", "/ct-gateway", "See the CT Gateway", calls.read_gateway, shown),
        Route(
            "PATCH", "/ct-gateway", "Give the gateway another release", calls.change_gateway, shown
        ),
        Route(
            "PUT", "/ct-gateway/running", "Stop or start the gateway", calls.switch_gateway, shown
        ),
        Route(
            "PUT", "/ct-gateway/links/{node}", "Cut or mend its link with a node",
            calls.change_link, shown,
        ),
    ]  # fmt: skip
