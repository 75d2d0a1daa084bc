"""Faults of HTTP calls: their scope, and the middleware in which they act.

An HTTP fault is a middleware of its own: it gets the request and the handler, and may answer
itself, delay, or give back an answer that breaks on its way out (`broken_answers`).
"""

import contextlib
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol
from urllib.parse import unquote

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import Field

from simulators.clock import Clock
from simulators.faults.fault import Fault
from simulators.faults.table import FaultTable
from simulators.http_api.application import octets
from simulators.http_api.refused import Refused

_CONSUMER = re.compile(r'oauth_consumer_key="?([^",&\s]*)')


@dataclass(frozen=True, slots=True)
class HttpCall:
    """A call as scopes see it; `consumer` is its ConsumerID, "" without one."""

    method: str
    path: str
    consumer: str


class Site(Protocol):
    """What an HTTP fault may need of the role that it strikes."""

    clock: Clock

    def restart_soon(self, *, keep_state: bool) -> None:
        """Restart in the background."""


class HttpFault(Fault):
    """A fault of a call to the REST API."""

    method: str = Field(
        default="", max_length=20, description="Only calls of this method, such as `POST`."
    )
    path: str = Field(
        default="",
        max_length=200,
        description="Only paths of this pattern, such as `/mslrest/mbg/v1/devices/*`.",
    )
    consumer: str = Field(
        default="", max_length=200, description="Only calls of the consumer of this ConsumerID."
    )

    def concerns(self, event: object) -> bool:
        return (
            isinstance(event, HttpCall)
            and self.method in ("", event.method)
            and (not self.path or fnmatchcase(event.path, self.path))
            and self.consumer in ("", event.consumer)
        )

    async def play(self, request: web.Request, handler: Handler, site: Site) -> web.StreamResponse:
        """Answer in the handler's place, or in another way than it would."""
        raise NotImplementedError


class HttpFaults:
    """The middleware that lets HTTP faults strike; it belongs outside of the error documents."""

    def __init__(self, table: FaultTable, site: Site) -> None:
        self._table = table
        self._site = site

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let what is on strike this call."""
        if not self._table.of(HttpFault):
            return await handler(request)
        call = HttpCall(request.method, request.path, await _consumer(request))
        what = f"{call.method} {call.path}"
        for strike in self._table.strikes(HttpFault, call, what):
            handler = self._played(strike.fault, handler)
        return await handler(request)

    def _played(self, fault: HttpFault, handler: Handler) -> Handler:
        return lambda request: fault.play(request, handler, self._site)


async def _consumer(request: web.Request) -> str:
    """The ConsumerID that a call names in its header, query or form."""
    form = b""
    if request.content_type == "application/x-www-form-urlencoded":
        with contextlib.suppress(Refused):  # what is wrong with it, the call's answer tells
            form = await octets(request)
    for text in (
        request.headers.get("Authorization", ""),
        request.query_string,
        form.decode("utf-8", "replace"),
    ):
        if found := _CONSUMER.search(text):
            return unquote(found[1])
    return ""
