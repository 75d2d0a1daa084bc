"""Fault: the MBG restarts under a call."""

from typing import ClassVar, Literal

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import Field

from simulators.faults.broken_answers import LostAnswer
from simulators.faults.http_faults import HttpFault, Site


class Restart(HttpFault):
    """The MBG does what the call asks for and restarts before it answers.

    Afterwards nobody is registered. With its state kept it knows all that it knew; with its state
    lost it is as delivered: no consumer, no token, no device, web services stopped.
    """

    name: ClassVar[str] = "restart"

    times: int | None = Field(
        default=1, ge=1, le=1_000_000, description="Strike so often and then no more."
    )
    state: Literal["kept", "lost"] = Field(default="kept", description="What becomes of it all.")

    async def play(self, request: web.Request, handler: Handler, site: Site) -> web.StreamResponse:
        answer = await handler(request)
        site.restart_soon(keep_state=self.state == "kept")
        return LostAnswer(answer)
