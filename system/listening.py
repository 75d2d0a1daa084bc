"""Binding an aiohttp application to an address and port."""

import logging
import ssl

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from system.clock import to_the_end
from system.errors import StartError

_SHUTDOWN_S = 1.0
_LOG = "mcs.http"


class Listener:
    """One bound application; ``port`` is the real one."""

    def __init__(self, runner: web.AppRunner, port: int) -> None:
        self._runner = runner
        self.port = port

    async def close(self) -> None:
        """Stop listening and end open connections; may be called again."""
        await self._runner.cleanup()


def reached_at(request: web.Request) -> str:
    """The address that a client has reached us at.

    Raises:
        HTTPBadRequest: its connection has ended meanwhile; nobody gets this answer.
    """
    own = request.transport.get_extra_info("sockname") if request.transport else None
    if own is None:
        raise web.HTTPBadRequest(text="The connection has ended.\n")
    return str(own[0])


async def listen(
    app: web.Application, address: str, port: int, tls: ssl.SSLContext | None
) -> Listener:
    """Serve ``app`` at ``address``; port 0 takes any free one.

    Raises:
        StartError: the address or the port cannot be had.
    """
    log = logging.getLogger(_LOG)
    log.addFilter(_without_content)
    runner = web.AppRunner(app, access_log=None, logger=log, shutdown_timeout=_SHUTDOWN_S)
    try:
        await runner.setup()
        site = web.TCPSite(runner, address, port, ssl_context=tls, backlog=4096)
        await to_the_end(site.start())  # asyncio loses the socket of one that is cancelled
    except OSError as error:
        await runner.cleanup()
        raise StartError(
            "cannot_listen", f"Cannot listen at {address} port {port}: {error.strerror or error}."
        ) from error
    except BaseException:
        await runner.cleanup()
        raise
    bound: int = runner.addresses[0][1]
    return Listener(runner, bound)


def _without_content(record: logging.LogRecord) -> bool:
    """Log filter: a malformed request is told by its kind only.

    aiohttp's own text quotes the request, and that may be a bearer token or a password (API-1).
    """
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError | web.RequestPayloadError):
        record.msg, record.args = f"{record.getMessage()}: {type(error).__name__}", ()
        record.exc_info = record.exc_text = None
        record.levelno, record.levelname = logging.INFO, "INFO"
    return True
