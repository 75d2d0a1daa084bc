"""The address that a client has reached us at; its connection may have ended meanwhile."""

import asyncio
from unittest import mock

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from system.listening import reached_at


def request_with(sockname: tuple[str, int] | None) -> web.Request:
    transport = mock.Mock(asyncio.Transport)
    transport.get_extra_info.side_effect = lambda name: sockname if name == "sockname" else None
    request = make_mocked_request("GET", "/", transport=transport)
    request.protocol.transport = transport
    return request


async def test_it_is_the_sockets_own() -> None:
    assert reached_at(request_with(("127.9.0.5", 8202))) == "127.9.0.5"


async def test_a_connection_that_has_ended_is_no_mistake_of_ours() -> None:
    with pytest.raises(web.HTTPBadRequest):
        reached_at(request_with(None))
    gone = request_with(("127.9.0.5", 8202))
    gone.protocol.transport = None
    with pytest.raises(web.HTTPBadRequest):
        reached_at(gone)
