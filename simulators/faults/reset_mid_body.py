"""Fault: the connection is reset in the middle of an answer."""

from typing import ClassVar

from aiohttp import web
from aiohttp.typedefs import Handler

from simulators.faults.broken_answers import CutAnswer
from simulators.faults.http_faults import HttpFault, Site


class ResetMidBody(HttpFault):
    """The connection to the MBG is reset after half of the answer's body.

    The call was done.
    """

    name: ClassVar[str] = "reset-mid-body"

    async def play(self, request: web.Request, handler: Handler, site: Site) -> web.StreamResponse:
        return CutAnswer(await handler(request), reset=True)
