"""Fault: an answer ends too early."""

from typing import ClassVar

from aiohttp import web
from aiohttp.typedefs import Handler

from simulators.faults.broken_answers import CutAnswer
from simulators.faults.http_faults import HttpFault, Site


class Truncate(HttpFault):
    """The MBG closes the connection in order after half of the body that its headers promised.

    The call was done.
    """

    name: ClassVar[str] = "truncate"

    async def play(self, request: web.Request, handler: Handler, site: Site) -> web.StreamResponse:
        return CutAnswer(await handler(request), reset=False)
