"""Octets of TLS as a client counts them, beside what a relay on its way really carries."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import trustme
import uvloop
from aiohttp import web

from simulators.sockets.tls import TlsChannel
from simulators.traffic import Traffic, client_context

ALERT = 7
"""Octets of an alert outside encryption: the loops may cut it off, and it is counted."""
LOOPS = pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
Loop = Callable[[], asyncio.AbstractEventLoop]
HOST = "127.0.0.1"


class Relay:
    """Carries TCP to a server, and counts the octets of both ways."""

    def __init__(self, port: int) -> None:
        self.sent = self.received = self.connections = 0
        self._port = port
        self.over = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        onwards = await asyncio.open_connection(HOST, self._port)
        back = asyncio.ensure_future(self._back(onwards[0], writer))
        with contextlib.suppress(ConnectionError):
            while octets := await reader.read(1 << 16):
                self.sent += len(octets)
                onwards[1].write(octets)
        onwards[1].close()
        await back
        writer.close()
        self.over.set()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while octets := await reader.read(1 << 16):
            self.received += len(octets)
            writer.write(octets)


async def answer(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(body=bytes(100_000))


@asynccontextmanager
async def served(authority: trustme.CA) -> AsyncIterator[tuple[Relay, str]]:
    """A TLS server that answers with 100,000 octets, behind a relay; its URL."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(tls)
    application = web.Application()
    application.add_routes([web.post("/", answer)])
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0, ssl_context=tls).start()
        relay = Relay(runner.addresses[0][1])
        server = await asyncio.start_server(relay.serve, HOST, 0)
        async with server:
            yield relay, f"https://{HOST}:{server.sockets[0].getsockname()[1]}/"
    finally:
        await runner.cleanup()


async def calls(context: ssl.SSLContext) -> Relay:
    """Two calls over one connection, with 50,000 octets in each; it is then cut."""
    authority = trustme.CA()
    authority.configure_trust(context)
    async with served(authority) as (relay, url):
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
            for _ in range(2):
                async with session.post(url, data=bytes(50_000)) as response:
                    assert len(await response.read()) == 100_000
        await relay.over.wait()
    return relay


async def a_word_and_goodbye(context: ssl.SSLContext) -> Relay:
    """A connection that both ends close with a last word of TLS (close_notify)."""
    authority = trustme.CA()
    authority.configure_trust(context)
    async with served(authority) as (relay, url):
        host, port = url.removeprefix("https://").rstrip("/").split(":")
        reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
        writer.write(b"POST / HTTP/1.0\r\nHost: x\r\n\r\n")
        assert (await reader.read()).endswith(bytes(100_000))
        writer.close()
        await writer.wait_closed()
        await relay.over.wait()
    return relay


async def is_refused(context: ssl.SSLContext) -> Relay:
    """The client does not trust the server, and says so in an alert."""
    async with served(trustme.CA()) as (relay, url):
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await session.get(url)
        await relay.over.wait()
    return relay


@LOOPS
@pytest.mark.parametrize(("work", "least"), [(calls, 100_000), (a_word_and_goodbye, 300)])
def test_each_octet_that_is_on_its_way_is_counted_once(
    loop: Loop, work: Callable[[ssl.SSLContext], Coroutine[Any, Any, Relay]], least: int
) -> None:
    traffic = Traffic()
    with asyncio.Runner(loop_factory=loop) as runner:
        relay = runner.run(work(client_context(traffic)))
    assert (traffic.connections, relay.connections) == (1, 1)
    assert relay.sent == traffic.tls_sent_octets > least
    assert relay.received == traffic.tls_received_octets > least


@LOOPS
def test_a_handshake_that_comes_to_nothing_is_counted(loop: Loop) -> None:
    traffic = Traffic()
    with asyncio.Runner(loop_factory=loop) as runner:
        relay = runner.run(is_refused(client_context(traffic)))
    assert traffic.tls_sent_octets - relay.sent in (0, ALERT)
    assert relay.received == traffic.tls_received_octets > 200


def test_without_a_traffic_nothing_is_counted_and_all_works() -> None:
    with asyncio.Runner() as runner:
        assert runner.run(calls(client_context(None))).received > 200_000


def test_the_bench_own_tls_is_counted_too() -> None:
    """`TlsChannel`, by which SIP goes over TLS."""
    authority, traffic = trustme.CA(), Traffic()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(tls)
    context = client_context(traffic)
    authority.configure_trust(context)
    client, server = TlsChannel(context, HOST), TlsChannel(tls)
    sent = received = 0
    client.receive(b"")
    while not (client.ready and server.ready):
        octets = client.to_send()
        sent += len(octets)
        server.receive(octets)
        octets = server.to_send()
        received += len(octets)
        client.receive(octets)
    client.protect(bytes(10_000))
    sent += len(client.to_send())
    assert (traffic.tls_sent_octets, traffic.tls_received_octets) == (sent, received)
    assert sent > 10_000


def test_a_datagram_that_finds_no_room_is_counted_also_when_its_socket_is_closed() -> None:
    traffic = Traffic()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as narrow,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        narrow.bind((HOST, 0))
        traffic.opened(narrow)
        assert traffic.drops == 0
        for _ in range(20):
            sender.sendto(bytes(2000), narrow.getsockname())
        found = traffic.drops
        assert found > 0
        traffic.closing(narrow)
    assert traffic.drops == found
