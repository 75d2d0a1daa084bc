"""Fault: a call is done, and its answer never comes."""

from typing import ClassVar

from aiohttp import web
from aiohttp.typedefs import Handler

from simulators.faults.broken_answers import LostAnswer
from simulators.faults.http_faults import HttpFault, Site


class LoseAnswer(HttpFault):
    """The MBG does what the call asks for, and the connection is reset before the answer.

    A client can't know whether the change was made: it has to look before it tries again.
    """

    name: ClassVar[str] = "lost-answer"

    async def play(self, request: web.Request, handler: Handler, site: Site) -> web.StreamResponse:
        return LostAnswer(await handler(request))
