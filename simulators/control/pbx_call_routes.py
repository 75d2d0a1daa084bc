"""Control of what goes on at a node: calls under way, and hot desks logged in and out."""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from simulators.control.documents import NOTHING, done
from simulators.control.pbx_extension_routes import named_extension
from simulators.control.pbx_node_routes import named_node
from simulators.http_api.routes import Answer, Document, Route
from simulators.pbx.pbx import Pbx


class CallShown(Document):
    """A call; state is `calling`, `ringing` or `talking`, and `for_s` how long it has been one."""

    caller: str
    called: str
    state: str
    for_s: float


class CallsShown(Document):
    """All calls of a node, the oldest first."""

    items: list[CallShown]


class HotDeskShown(Document):
    """A hot desk extension, and at whose phone it is logged in; "": one without an extension."""

    hot_desk: str
    base: str


class HotDesksShown(Document):
    """All that are logged in."""

    items: list[HotDeskShown]


class LogIn(Document):
    """The extension whose phone is logged in at; "" for a phone without one."""

    base: Annotated[str, Field(pattern="^[0-9]{0,10}$")]


class _Calls:
    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    async def list_calls(self, request: web.Request) -> CallsShown:
        node = named_node(self._pbx, request)
        now = node.clock.steady()
        return CallsShown(
            items=[
                CallShown(
                    caller=talk.caller,
                    called=talk.called,
                    state=talk.state,
                    for_s=round(now - talk.since, 3),
                )
                for talk in node.calls
            ]
        )

    async def list_hot_desks(self, request: web.Request) -> HotDesksShown:
        places = named_node(self._pbx, request).hot_desk.items()
        return HotDesksShown(items=[HotDeskShown(hot_desk=h, base=b) for h, b in places])

    async def log_in(self, request: web.Request, *, body: LogIn) -> HotDeskShown:
        node = named_node(self._pbx, request)
        number = named_extension(node, request).number
        node.log_in(number, body.base)
        return HotDeskShown(hot_desk=number, base=body.base)

    async def log_out(self, request: web.Request) -> web.Response:
        node = named_node(self._pbx, request)
        node.log_out(named_extension(node, request).number)
        return done()


def pbx_call_routes(pbx: Pbx) -> list[Route]:
    """Calls; hot desk log-in and log-out."""
    calls = _Calls(pbx)
    one = "/nodes/{node}/hot-desks/{number}"
    return [
        Route(
            "GET", "/nodes/{node}/calls", "List calls under way", calls.list_calls,
            (Answer(200, "the oldest first", CallsShown),),
        ),
        Route(
            "GET", "/nodes/{node}/hot-desks", "List hot desks that are logged in",
            calls.list_hot_desks, (Answer(200, "all", HotDesksShown),),
        ),
        Route(
            "PUT", one, "Log a hot desk extension in at a phone", calls.log_in,
            (Answer(200, "logged in", HotDeskShown),),
        ),
        Route("DELETE", one, "Log a hot desk extension out", calls.log_out, (NOTHING,)),
    ]  # fmt: skip
