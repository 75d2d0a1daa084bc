"""Faces over real sockets: pages, headers, static files, and streams with readers of all kinds."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from simulators.errors import ConfigurationError
from simulators.faces.events import Event
from simulators.faces.face import Face, Link, of
from simulators.faces.stream import Streams


class Site:
    """A face in a server of its own."""

    def __init__(self, streams: Streams) -> None:
        self.failures: list[str] = []
        self.left = asyncio.Event()
        self.written = 0
        self.size = 0
        self.face = Face(
            "simulators.faces", "/face", "Face",
            routes=[
                web.get("/", self._home), web.get("/events", self._events),
                web.post("/change", self._change), web.get("/wrong", self._wrong),
                web.get("/not-now", self._not_now),
            ],
            links=lambda: [Link("<Map>", "/map/")], streams=streams,
        )  # fmt: skip
        self.url = ""

    async def _home(self, request: web.Request) -> web.Response:
        return of(request).page(request, "faces/error.html.j2", code=200, text="<b>")

    async def _change(self, request: web.Request) -> web.Response:
        return web.json_response({"done": True})

    async def _wrong(self, request: web.Request) -> web.Response:
        raise KeyError("secret thing")

    async def _not_now(self, request: web.Request) -> web.Response:
        raise ConfigurationError("not now: wait")

    async def _events(self, request: web.Request) -> web.StreamResponse:
        async with of(request).streams.open(request) as stream:
            stream.put(Event("begun", stream.last_id, "1"))
            while await stream.is_read(0.001 if self.size else None):
                if self.size:
                    stream.put(Event("big", "x" * self.size))
                    self.written += 1
                    self.size = self.size if self.written < 4000 else 0
        self.left.set()
        return stream.response


@contextlib.asynccontextmanager
async def served(**limits: Any) -> AsyncIterator[Site]:
    site = Site(Streams(**limits))
    app = web.Application()
    site.face.mount(app, lambda request, error: site.failures.append(repr(error)))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield site
    finally:
        await runner.cleanup()
        assert len(site.face.streams) == 0


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_a_page_has_its_headers_and_escapes(client: aiohttp.ClientSession) -> None:
    async with served() as site, client.get(site.url + "/face") as answer:
        text = await answer.text()
    assert answer.status == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "&lt;Map&gt;" in text and "&lt;b&gt;" in text and "<b>" not in text
    assert "<style" not in text and " style=" not in text


async def test_static_files_are_kept_for_ever_by_their_version(
    client: aiohttp.ClientSession,
) -> None:
    async with served() as site:
        async with client.get(site.url + site.face.static("live.js")) as answer:
            assert answer.content_type == "text/javascript"
            assert "immutable" in answer.headers["Cache-Control"]
            assert (
                await answer.read() == (Path(__file__).parents[1] / "static/live.js").read_bytes()
            )
        for path in ("/face/static/other/live.js", f"/face/static/{site.face.version}/no.js"):
            async with client.get(site.url + path) as answer:
                assert (answer.status, answer.headers["Cache-Control"]) == (404, "no-store")
        with pytest.raises(KeyError):
            site.face.static("no.js")


async def test_failures_are_pages_for_people_and_documents_for_scripts(
    client: aiohttp.ClientSession,
) -> None:
    async with served() as site:
        for path, status, said in (
            ("/face/nothing", 404, "There is no such page."),
            ("/face/change", 405, "GET is not possible here."),
            ("/face/not-now", 409, "not now: wait"),
            ("/face/wrong", 500, "This page failed"),
        ):
            async with client.get(site.url + path) as answer:
                assert answer.status == status and said in await answer.text()
                assert "secret" not in await answer.text()
            async with client.get(site.url + path, headers={"Accept": "application/json"}) as told:
                assert said in (await told.json())["message"]
        assert site.failures == ["KeyError('secret thing')"] * 2


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "own"}, 200),
        ({"Origin": "own", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Host": "rebound.example:8190"}, 403),
    ],
)
async def test_a_change_comes_from_pages_of_this_site_alone(
    client: aiohttp.ClientSession, headers: dict[str, str], status: int
) -> None:
    async with served() as site:
        sent = {k: site.url if v == "own" else v for k, v in headers.items()}
        async with client.post(site.url + "/face/change", headers=sent) as answer:
            assert answer.status == status


async def test_a_page_under_a_foreign_name_is_not_given_out(client: aiohttp.ClientSession) -> None:
    """DNS rebinding: the browser believes that it talks to somebody else's host."""
    async with served() as site:
        for host, status in (("rebound.example", 403), ("localhost:1", 200), ("127.0.0.9", 200)):
            async with client.get(site.url + "/face/", headers={"Host": host}) as answer:
                assert answer.status == status


async def test_a_reader_gets_events_and_keeps_its_place(client: aiohttp.ClientSession) -> None:
    async with served() as site:
        headers = {"Last-Event-ID": "41"}
        async with client.get(site.url + "/face/events", headers=headers) as answer:
            assert answer.content_type == "text/event-stream"
            assert await answer.content.readuntil(b"\n\n") == b'event: begun\nid: 1\ndata: "41"\n\n'
            assert len(site.face.streams) == 1


async def test_a_reader_that_leaves_leaves_no_task(client: aiohttp.ClientSession) -> None:
    async with served(tick_s=0.01) as site:
        before = asyncio.all_tasks()
        answer = await client.get(site.url + "/face/events")
        await answer.content.readuntil(b"\n\n")
        during = asyncio.all_tasks() - before
        assert during and not site.left.is_set()
        answer.close()
        await asyncio.wait_for(site.left.wait(), 10)
        await asyncio.wait(during, timeout=10)
        assert not {task for task in asyncio.all_tasks() - before if not task.done()}
        assert len(site.face.streams) == 0


async def test_a_reader_that_takes_nothing_is_cut_off(client: aiohttp.ClientSession) -> None:
    """And until then holds up nobody, and has no more than its outbox and buffers waiting."""
    async with served(tick_s=0.01, patience_s=0.3, most_waiting=4) as site:
        site.size = 500_000
        lazy = socket.create_connection(("127.0.0.1", int(site.url.rpartition(":")[2])))
        with contextlib.closing(lazy):
            await asyncio.to_thread(
                lazy.sendall, b"GET /face/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
            )
            await asyncio.wait_for(site.left.wait(), 30)
            # What the kernel took, and a few events: far from the 4,000 that were to be written.
            assert 1 <= site.written < 100


async def test_a_reader_that_reads_is_not_cut_off(client: aiohttp.ClientSession) -> None:
    """The negative control of the test above: the same stream, read."""
    async with served(tick_s=0.01, patience_s=0.3) as site:
        site.size = 50_000
        answer = await client.get(site.url + "/face/events")
        while site.written < 1000:
            await answer.content.readany()
        assert not site.left.is_set()
        answer.close()


async def test_only_so_many_readers_are_let_in(client: aiohttp.ClientSession) -> None:
    async with served(most_readers=1, tick_s=0.01) as site:
        first = await client.get(site.url + "/face/events")
        async with client.get(site.url + "/face/events") as second:
            assert second.status == 503
        first.close()
        await asyncio.wait_for(site.left.wait(), 10)
        async with client.get(site.url + "/face/events") as third:
            assert third.status == 200


async def test_the_end_of_the_server_ends_its_streams(client: aiohttp.ClientSession) -> None:
    async with served() as site:
        answer = await client.get(site.url + "/face/events")
        await answer.content.readuntil(b"\n\n")
    assert await answer.content.read() == b""
