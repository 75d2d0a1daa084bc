"""Fault: the MBG is too busy to answer."""

from typing import ClassVar, Literal

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import Field

from simulators.faults.http_faults import HttpFault, Site

CODES = {429: "too_many_requests", 503: "busy"}


class Busy(HttpFault):
    """The MBG does not take a call now: 429 or 503, and `Retry-After` says when to come again.

    Nothing was done.
    """

    name: ClassVar[str] = "busy"

    status: Literal[429, 503] = Field(default=503, description="How it says so.")
    retry_after_s: int = Field(default=5, ge=0, le=86_400, description="What `Retry-After` says.")

    async def play(self, request: web.Request, handler: Handler, site: Site) -> web.StreamResponse:
        message = f"this MBG is busy: come again in {self.retry_after_s} s"
        return web.json_response(
            {"code": CODES[self.status], "message": message, "detail": {}},
            status=self.status,
            headers={"Retry-After": str(self.retry_after_s)},
        )
