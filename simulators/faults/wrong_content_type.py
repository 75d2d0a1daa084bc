"""Fault: an answer says that it is something else."""

from typing import ClassVar

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import Field

from simulators.faults.http_faults import HttpFault, Site


class WrongContentType(HttpFault):
    """The MBG answers with the right body under a wrong `Content-Type`.

    The call was done.
    """

    name: ClassVar[str] = "wrong-content-type"

    content_type: str = Field(
        default="text/html",
        pattern=r"^[a-z]+/[a-z0-9.+-]+$",
        max_length=100,
        description="What the answer claims to be.",
    )

    async def play(self, request: web.Request, handler: Handler, site: Site) -> web.StreamResponse:
        answer = await handler(request)
        answer.content_type = self.content_type
        return answer
