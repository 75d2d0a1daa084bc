"""A cancel at any moment of an opening leaves the address free."""

import asyncio
import socket

import pytest
from aiohttp import web

from simulators.http_api.opening import open_http


async def runner() -> web.AppRunner:
    made = web.AppRunner(web.Application())
    await made.setup()
    return made


@pytest.mark.parametrize("ticks", range(6))
async def test_a_cancelled_opening_leaves_the_port_free(ticks: int) -> None:
    first = await runner()
    await open_http(first, "127.0.0.1", 0)
    port = first.addresses[0][1]
    await first.cleanup()
    second = await runner()
    opening = asyncio.create_task(open_http(second, "127.0.0.1", port))
    for _ in range(ticks):
        await asyncio.sleep(0)
    opening.cancel()
    await asyncio.wait([opening])
    await second.cleanup()
    third = await runner()
    await open_http(third, "127.0.0.1", port)
    await third.cleanup()


async def test_an_address_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        own = await runner()
        with pytest.raises(OSError, match="address already in use"):
            await open_http(own, *other.getsockname())
        await own.cleanup()
