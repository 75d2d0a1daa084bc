"""Fault: calls are answered late."""

from typing import ClassVar

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import Field

from simulators.faults.http_faults import HttpFault, Site


class Delay(HttpFault):
    """The MBG is slow: a call is worked on only after some seconds of the bench's clock.

    A client with patience gets its answer; one without may have its call done twice.
    """

    name: ClassVar[str] = "delay"

    delay_s: float = Field(default=5.0, ge=0, le=86_400, description="Seconds before the work.")

    async def play(self, request: web.Request, handler: Handler, site: Site) -> web.StreamResponse:
        await site.clock.sleep(self.delay_s)
        return await handler(request)
