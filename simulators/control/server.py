"""One control API: the routes of a role, served on loopback and described by OpenAPI 3.1.

There is no log-in: whoever may open a connection on this machine may do everything. That is why it
listens on loopback alone, and why a page of another site, in a browser on this machine, is refused.
"""

from collections.abc import Sequence
from ipaddress import AddressValueError, IPv4Address

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import RootModel

from simulators.control.clock_routes import clock_routes
from simulators.control.journal_routes import journal_routes
from simulators.control.role import Named
from simulators.control.role_routes import role_routes
from simulators.core import Address
from simulators.errors import BenchError, ConfigurationError
from simulators.faces.face import Face
from simulators.faces.guard import admit
from simulators.http_api.application import application
from simulators.http_api.openapi import Json, document
from simulators.http_api.opening import open_http
from simulators.http_api.refused import Refusal, Refused
from simulators.http_api.routes import Answer, Route

VERSION = "1"
NOT_POSSIBLE = Refusal(409, "not_possible", "it can't be done as asked; the message says why")
FOREIGN = Refusal(403, "other_origin", "a page of another site, or a host name, asked for it")


class Description(RootModel[dict[str, object]]):
    """An OpenAPI document."""


class ControlServer:
    """Serves the control API of one role, or of the estate.

    Args:
        routes: beside the generic ones of health, reset, clock and journal.
        address: where; port 0 means any.
        refusals: that any of those routes may answer with.
        faces: pages beside the API, each below its own prefix.

    Raises:
        ConfigurationError: the address is not a loopback one.
    """

    def __init__(
        self,
        role: Named,
        routes: Sequence[Route],
        address: Address,
        refusals: Sequence[Refusal] = (),
        faces: Sequence[Face] = (),
    ) -> None:
        if not _is_loopback(address[0]):
            raise ConfigurationError(
                f"the control API has no log-in, so it listens on loopback alone, not on "
                f"{address[0]}: give an address in 127.0.0.0/8"
            )
        if not 0 <= address[1] <= 65_535:
            raise ConfigurationError(
                f"expected a port from 1 to 65535, or 0 for any, for the control API: "
                f"got {address[1]}"
            )
        self.address = address
        self._role = role
        self._common = [NOT_POSSIBLE, FOREIGN, *refusals]
        self.faces = faces
        self._routes = [
            *role_routes(role),
            *clock_routes(role.clock),
            *journal_routes(role.journal),
            *routes,
        ]
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{self.address[0]}:{self.address[1]}"

    def document(self) -> Json:
        """The OpenAPI document."""
        return document(
            f"Control API of {self._role.role}",
            VERSION,
            self._served,
            description="Loopback only, no log-in. Times are ISO 8601 in UTC.",
            common=self._common,
        )

    async def start(self) -> None:
        """Listen.

        Raises:
            ConfigurationError: the address is taken or not allowed.
        """
        app = application(self._served, self._failed, inside=[_own_browser, _not_possible])
        for face in self.faces:
            face.mount(app, self._failed)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        host, port = self.address
        try:
            await open_http(self._runner, host, port)
        except OSError as error:
            await self.stop()
            raise ConfigurationError(
                f"can't listen on TCP {host}:{port} for the control API of {self._role.role} "
                f"({error.strerror or error}): stop what uses it, or give another port"
            ) from error
        self.address = (host, int(self._runner.addresses[0][1]))

    async def stop(self) -> None:
        """Close; may be called again."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def _served(self) -> list[Route]:
        described = Answer(200, "this document", Description)
        return [
            *self._routes,
            Route("GET", "/openapi.json", "Describe this API", self.openapi, (described,)),
        ]

    async def openapi(self, request: web.Request) -> Description:
        return Description(self.document())

    def _failed(self, request: web.Request, error: Exception) -> None:
        self._role.journal.happened(
            self._role.role, "control API failed", call=f"{request.method} {request.path}",
            error=repr(error),
        )  # fmt: skip


@web.middleware
async def _own_browser(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn away what a page of another site makes this machine's browser send."""
    admit(request)
    return await handler(request)


@web.middleware
async def _not_possible(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What the role can't do as asked is no failure of this API."""
    try:
        return await handler(request)
    except Refused:
        raise
    except BenchError as error:
        raise Refused(NOT_POSSIBLE.status, NOT_POSSIBLE.code, str(error)) from error


def _is_loopback(host: str) -> bool:
    try:
        return IPv4Address(host).is_loopback
    except AddressValueError:
        return False
