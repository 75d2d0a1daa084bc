"""Opening the port of an aiohttp application so that a cancel loses no listening socket."""

import asyncio
import contextlib
import ssl

from aiohttp import web


async def open_http(
    runner: web.AppRunner, host: str, port: int, tls: ssl.SSLContext | None = None
) -> None:
    """Listen at the address; the cleanup of ``runner`` closes it, also after a cancel.

    asyncio forgets a server whose opening is cancelled after it listens, and aiohttp has no way to
    listen in two steps; so the opening, which takes some turns of the loop, is let come to its end.

    Raises:
        OSError: the address can't be had.
    """
    opening = asyncio.ensure_future(web.TCPSite(runner, host, port, ssl_context=tls).start())
    try:
        await asyncio.wait([opening])
    except asyncio.CancelledError:
        while not opening.done():
            with contextlib.suppress(asyncio.CancelledError):  # another one changes nothing
                await asyncio.wait([opening])
        opening.exception()  # nobody asks for it any more
        raise
    opening.result()
