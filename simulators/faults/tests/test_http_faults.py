"""HTTP faults between a real client and a server, over TLS; each with what it leaves alone."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from simulators.clock import Clock
from simulators.errors import ConfigurationError
from simulators.faults.busy import Busy
from simulators.faults.delay import Delay
from simulators.faults.expired_certificate import ExpiredCertificate
from simulators.faults.fault import Fault
from simulators.faults.http_faults import HttpFaults
from simulators.faults.lost_answer import LoseAnswer
from simulators.faults.refuse_nonce import RefuseNonce
from simulators.faults.reset_mid_body import ResetMidBody
from simulators.faults.restart import Restart
from simulators.faults.slow_trickle import SlowTrickle
from simulators.faults.table import FaultTable
from simulators.faults.tls_faults import TlsFaults
from simulators.faults.truncate import Truncate
from simulators.faults.wrong_content_type import WrongContentType
from simulators.faults.wrong_name_certificate import WrongNameCertificate
from simulators.http_api.application import application
from simulators.http_api.routes import Answer, Document, Route
from simulators.mbg.services.signatures import replayed
from simulators.tls import Authority

HOST = "127.0.0.1"


class Thing(Document):
    """What the server answers."""

    name: str


THING = {"name": "a thing of some length"}


@dataclass
class Site:
    """A server with faults, and what it did."""

    clock: Clock
    authority: Authority
    done: list[str] = field(default_factory=list)
    restarts: list[bool] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    def __post_init__(self) -> None:
        self.tls_faults = TlsFaults(self.authority, (HOST,))
        self.faults = FaultTable(1, self.clock.now, self.struck, self.tls_faults.prepare)

    def struck(self, fault: Fault, number: int, what: str) -> None:
        self.told.append(f"{fault.name}: {what}")
        self.news.set()

    def restart_soon(self, *, keep_state: bool) -> None:
        self.restarts.append(keep_state)

    async def make(self, request: web.Request) -> Thing:
        self.done.append(request.method)
        return Thing(**THING)

    async def ask(self, method: str = "POST", path: str = "/things", **options: Any) -> Any:
        """The answer's document, with a new connection."""
        async with aiohttp.ClientSession() as session:
            trust = self.authority.client_context()
            url = self.url + path
            async with session.request(method, url, ssl=trust, **options) as answer:
                return await answer.json() if answer.ok else (answer.status, await answer.json())


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site(Clock(), Authority())
    routes = [
        Route(method, path, "does it", site.make, (Answer(200, "done", Thing),))
        for method in ("GET", "POST")
        for path in ("/things", "/others")
    ]
    app = application(
        routes, lambda request, error: None, outside=[HttpFaults(site.faults, site).middleware]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    tls = site.authority.server_context(HOST)
    site.tls_faults.watch(tls, site.faults)
    await web.TCPSite(runner, HOST, 0, ssl_context=tls).start()
    site.url = f"https://{HOST}:{runner.addresses[0][1]}"
    yield site
    await runner.cleanup()


async def test_calm_every_call_is_answered(site: Site) -> None:
    assert [await site.ask() for _ in range(3)] == [THING] * 3
    assert site.told == []


async def test_a_refused_nonce_is_refused_before_anything_is_done(site: Site) -> None:
    site.faults.switch_on(RefuseNonce(times=1))
    status, document = await site.ask()
    assert (status, document["code"]) == (401, "nonce_used")
    assert document == replayed().document(), "no client can tell it from a real one"
    assert site.done == []
    assert await site.ask() == THING
    assert site.told == ["refuse-nonce: POST /things"]


@pytest.mark.parametrize(("status", "code"), [(429, "too_many_requests"), (503, "busy")])
async def test_a_busy_server_says_when_to_come_again(site: Site, status: int, code: str) -> None:
    site.faults.switch_on(Busy.model_validate({"status": status, "retry_after_s": 7, "times": 1}))
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{site.url}/things", ssl=site.authority.client_context()) as answer,
    ):
        assert (answer.status, answer.headers["Retry-After"]) == (status, "7")
        assert (await answer.json())["code"] == code
    assert site.done == []
    assert await site.ask() == THING


async def test_a_delayed_call_is_done_when_the_bench_clock_says_so(site: Site) -> None:
    site.faults.switch_on(Delay(delay_s=3000, times=1))
    asking = asyncio.create_task(site.ask())
    await site.news.wait()
    assert await site.ask() == THING, "used up: the next one is not delayed"
    await site.clock.advance(2990)
    assert not asking.done()
    assert site.done == ["POST"]
    await site.clock.advance(10)
    assert await asking == THING


async def test_a_wrong_content_type_is_told_with_the_right_body(site: Site) -> None:
    site.faults.switch_on(WrongContentType(times=1))
    with pytest.raises(aiohttp.ContentTypeError, match="text/html"):
        await site.ask()
    assert await site.ask() == THING


@pytest.mark.parametrize("fault", [Truncate(times=1), ResetMidBody(times=1)])
async def test_a_cut_answer_can_not_be_read_though_the_call_was_done(
    site: Site, fault: Fault
) -> None:
    site.faults.switch_on(fault)
    with pytest.raises(aiohttp.ClientError):
        await site.ask()
    assert site.done == ["POST"]
    assert await site.ask() == THING


@pytest.mark.parametrize(("fault", "reset"), [(Truncate(), False), (ResetMidBody(), True)])
async def test_truncating_ends_in_order_and_a_reset_does_not(
    site: Site, fault: Fault, reset: bool
) -> None:
    site.faults.switch_on(fault)
    reader, writer = await asyncio.open_connection(
        *site.url.removeprefix("https://").split(":"), ssl=site.authority.client_context()
    )
    writer.write(b"GET /things HTTP/1.1\r\nHost: x\r\n\r\n")
    came = b""
    try:
        while data := await reader.read(1000):
            came += data
        ended = "in order"
    except (ConnectionResetError, ssl.SSLError):
        ended = "reset"
    writer.transport.abort()
    assert ended == ("reset" if reset else "in order")
    whole = b'{"name":"a thing of some length"}'
    assert came.endswith(whole[: len(whole) // 2]) or (reset and not came)
    assert b"Content-Length: %d" % len(whole) in came or (reset and not came)


async def test_a_lost_answer_leaves_the_change_made(site: Site) -> None:
    site.faults.switch_on(LoseAnswer(times=1, method="POST"))
    assert await site.ask("GET") == THING, "out of scope"
    with pytest.raises(aiohttp.ClientError):
        await site.ask("POST")
    assert site.done == ["GET", "POST"]
    assert await site.ask("POST") == THING


async def test_a_trickle_comes_octet_by_octet_by_the_bench_clock(site: Site) -> None:
    site.faults.switch_on(SlowTrickle(gap_s=60, times=1))
    octets = len(b'{"name":"a thing of some length"}')
    asking = asyncio.create_task(site.ask())
    await site.news.wait()
    assert await site.ask() == THING
    await site.clock.advance(60 * (octets - 1) + 30)
    assert not asking.done()
    for _ in range(3):  # the last sleep begins when the octet before it has been taken
        await site.clock.advance(60)
    assert await asking == THING


async def test_a_restart_is_asked_for_once_and_the_answer_is_lost(site: Site) -> None:
    site.faults.switch_on(Restart(state="lost"))
    with pytest.raises(aiohttp.ClientError):
        await site.ask()
    assert (site.done, site.restarts) == (["POST"], [False])
    assert await site.ask() == THING
    assert site.restarts == [False]


async def test_faults_strike_the_consumer_that_they_are_for(site: Site) -> None:
    site.faults.switch_on(RefuseNonce(consumer="Mi&AppSuite"))
    named = 'OAuth oauth_consumer_key="Mi%26AppSuite", oauth_nonce="1"'
    refused = (401, "nonce_used")
    ways: list[dict[str, Any]] = [
        {"headers": {"Authorization": named}},
        {"params": {"oauth_consumer_key": "Mi&AppSuite"}},
        {"data": {"oauth_consumer_key": "Mi&AppSuite"}},
    ]
    for way in ways:
        status, document = await site.ask(**way)
        assert (status, document["code"]) == refused
    assert await site.ask(headers={"Authorization": named.replace("Mi", "Other")}) == THING
    assert await site.ask() == THING


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (ExpiredCertificate(times=1), "certificate has expired"),
        (WrongNameCertificate(times=1), "IP address mismatch"),
    ],
)
async def test_a_wrong_certificate_is_shown_to_new_connections_until_it_is_used_up(
    site: Site, fault: Fault, reason: str
) -> None:
    connector = aiohttp.TCPConnector(ssl=site.authority.client_context(), limit=1)
    async with aiohttp.ClientSession(connector=connector) as session:
        async with session.get(f"{site.url}/things") as answer:
            assert answer.status == 200
        site.faults.switch_on(fault)
        async with session.get(f"{site.url}/things") as answer:
            assert answer.status == 200, "a connection that stands notices nothing"
        with pytest.raises(aiohttp.ClientConnectorCertificateError, match=reason):
            await site.ask()
        assert await site.ask() == THING
    assert site.told == [f"{fault.name}: TLS handshake"]


async def test_without_a_ca_no_certificate_can_be_wrong() -> None:
    with pytest.raises(ConfigurationError, match="expired-certificate needs a certificate"):
        TlsFaults(None, (HOST,)).prepare(ExpiredCertificate())
