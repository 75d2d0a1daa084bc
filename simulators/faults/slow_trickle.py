"""Fault: an answer comes octet by octet."""

from typing import ClassVar

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import Field

from simulators.faults.broken_answers import DrippingAnswer
from simulators.faults.http_faults import HttpFault, Site


class SlowTrickle(HttpFault):
    """The answer's body comes octet by octet, each after a pause of the bench's clock.

    Each octet restarts a client's time limit for reading, so only a limit for the whole call helps.
    """

    name: ClassVar[str] = "slow-trickle"

    gap_s: float = Field(default=0.5, gt=0, le=3600, description="Pause before each octet.")

    async def play(self, request: web.Request, handler: Handler, site: Site) -> web.StreamResponse:
        return DrippingAnswer(await handler(request), site.clock, self.gap_s)
