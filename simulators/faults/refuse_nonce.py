"""Fault: a good nonce is refused."""

from typing import ClassVar

from aiohttp import web
from aiohttp.typedefs import Handler

from simulators.faults.http_faults import HttpFault, Site
from simulators.http_api.application import refusal
from simulators.mbg.services.signatures import replayed


class RefuseNonce(HttpFault):
    """The MBG refuses a call as replayed: 401 `nonce_used`, though its nonce was new.

    Nothing was done. A client that signs the call anew gets through.
    """

    name: ClassVar[str] = "refuse-nonce"

    async def play(self, request: web.Request, handler: Handler, site: Site) -> web.StreamResponse:
        return refusal(replayed())
