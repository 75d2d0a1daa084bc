"""Control of an MBG's port forwarding: rules, what is wrong with them, what they carried (FWD)."""

from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal

from aiohttp import web
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from simulators.control.documents import NOTHING, WHOLE, Port, done
from simulators.http_api.refused import Refused
from simulators.http_api.routes import Answer, Document, Route
from simulators.mbg.forwarding.forward import Forward
from simulators.mbg.forwarding.forward_rule import ForwardRule
from simulators.mbg.mbg import Mbg


def _host(text: str) -> str:
    try:
        IPv4Address(text)
    except ValueError:
        words = "must be an IPv4 address such as 127.10.0.5"
        raise PydanticCustomError("ipv4_address", words) from None
    return text


def _network(text: str) -> str:
    try:
        IPv4Network(text)
    except ValueError:
        words = "must be a network such as 127.30.0.0/16, without bits beyond its prefix"
        raise PydanticCustomError("ipv4_network", words) from None
    return text


class RuleWish(Document):
    """A rule; `sources` are networks that may use it, none means anybody."""

    outside_port: Port
    destination_host: Annotated[str, AfterValidator(_host)] = Field(
        max_length=255, description="IPv4 address inside.", json_schema_extra={"format": "ipv4"}
    )
    destination_port: Annotated[int, Field(ge=1, le=65_535), WHOLE]
    protocol: Literal["TCP", "UDP"] = "TCP"
    snat: bool = True
    sources: list[Annotated[str, AfterValidator(_network)]] = Field(
        default_factory=list, max_length=100
    )


class CountersShown(Document):
    """What a rule has carried: connections (UDP: sessions), and octets of payload."""

    accepted: int
    refused: int
    open: int
    high_water: int
    octets_in: int
    octets_out: int
    unreachable: int
    last_error: str


class RuleShown(Document):
    """A rule at work."""

    protocol: str
    outside_port: int
    destination_host: str
    destination_port: int
    snat: bool
    sources: list[str]
    warnings: list[str]
    counters: CountersShown


class RulesShown(Document):
    """All rules."""

    items: list[RuleShown]


class _Forwards:
    def __init__(self, mbg: Mbg) -> None:
        self._mbg = mbg

    async def list_forwards(self, request: web.Request) -> RulesShown:
        return RulesShown(items=[_shown(forward) for forward in self._mbg.forwards.values()])

    async def add_forward(self, request: web.Request, *, body: RuleWish) -> RuleShown:
        rule = ForwardRule(
            body.outside_port,
            (body.destination_host, body.destination_port),
            snat=body.snat,
            protocol=body.protocol,
            sources=tuple(body.sources),
        )
        return _shown(await self._mbg.add_forward(rule))

    async def remove_forward(self, request: web.Request) -> web.Response:
        protocol, port = request.match_info["protocol"], request.match_info["port"]
        for known in self._mbg.forwards:
            if known[0] == protocol and str(known[1]) == port:
                await self._mbg.remove_forward(known[1], protocol)
                return done()
        raise Refused(404, "not_found", f"{protocol} port {port} is not forwarded")


def _shown(forward: Forward) -> RuleShown:
    rule, counters = forward.rule, forward.counters
    return RuleShown(
        protocol=rule.protocol,
        outside_port=forward.port,
        destination_host=rule.destination[0],
        destination_port=rule.destination[1],
        snat=rule.snat,
        sources=list(rule.sources),
        warnings=list(forward.warnings),
        counters=CountersShown(
            accepted=counters.accepted,
            refused=counters.refused,
            open=counters.open,
            high_water=counters.high_water,
            octets_in=counters.octets_in,
            octets_out=counters.octets_out,
            unreachable=counters.unreachable,
            last_error=counters.last_error,
        ),
    )


def mbg_forward_routes(mbg: Mbg) -> list[Route]:
    """List, add, remove."""
    calls = _Forwards(mbg)
    return [
        Route(
            "GET", "/forwards", "List forwarding rules with warnings and counters",
            calls.list_forwards, (Answer(200, "all", RulesShown),),
        ),
        Route(
            "POST", "/forwards", "Add a forwarding rule", calls.add_forward,
            (Answer(201, "at work", RuleShown),),
        ),
        Route(
            "DELETE", "/forwards/{protocol}/{port}", "Remove a forwarding rule",
            calls.remove_forward, (NOTHING,),
        ),
    ]  # fmt: skip
