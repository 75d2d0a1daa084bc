"""``/login`` and ``/health``."""

import logging
from typing import Annotated

from aiohttp import web
from pydantic import Field, SecretStr

from system import __version__
from system.api.services import SERVICES
from system.api.web import Body, read_body
from system.clock import iso_utc
from system.errors import NotLoggedIn

audit = logging.getLogger("mcs.audit")


class LogInBody(Body):
    """``POST /login``."""

    username: Annotated[str, Field(max_length=64)]
    password: Annotated[SecretStr, Field(max_length=256)]


async def log_in(request: web.Request) -> web.Response:
    """A bearer token for user name and password."""
    body = await read_body(request, LogInBody)
    try:
        token, expires_at = await request.app[SERVICES].accounts.log_in(
            body.username, body.password.get_secret_value()
        )
    except NotLoggedIn:
        audit.warning("log-in of %r from %s refused", body.username, request.remote)
        raise
    audit.info("%r logged in from %s", body.username, request.remote)
    return web.json_response({"token": token, "expires_at": iso_utc(expires_at)})


async def health(_request: web.Request) -> web.Response:
    """The MCS is up."""
    return web.json_response({"status": "ok", "version": __version__})
