"""An MBG with web services, a consumer with its final token, and a client, over real TLS."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import aiohttp
from oauthlib.oauth1 import Client as OauthlibClient

from simulators.addresses import claim_private
from simulators.clock import Clock
from simulators.entropy import Seed
from simulators.journal import Journal
from simulators.mbg.mbg import Mbg
from simulators.mbg.records.devices import Icp
from simulators.mbg.services.consumers import Consumer
from simulators.mbg.settings import MbgSettings
from simulators.network import Network
from simulators.tls import Authority

DEVICES = "/mbg/v1/devices/"
ICPS = "/mbg/v1/icps/"


@dataclass
class Answer:
    """One answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        read = json.loads(self.body)
        assert isinstance(read, dict)
        return read

    @property
    def code(self) -> object:
        return self.json["code"]


@dataclass
class Site:
    """The MBG and what a client needs to call it."""

    mbg: Mbg
    authority: Authority
    consumer: Consumer
    icp: Icp
    http: aiohttp.ClientSession
    token: str = ""
    token_secret: str = ""

    @property
    def base(self) -> str:
        host, port = self.mbg.rest_address
        return f"https://{host}:{port}/mslrest"

    def signed(self, method: str, url: str, **more: Any) -> str:
        """An Authorization header, by oauthlib."""
        client = OauthlibClient(
            self.consumer.consumer_id,
            client_secret=self.consumer.shared_secret,
            resource_owner_key=self.token or None,
            resource_owner_secret=self.token_secret or None,
            **more,
        )
        return str(client.sign(url, http_method=method)[1]["Authorization"])  # type: ignore[arg-type]

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
        *,
        sign: bool = True,
        **more: Any,
    ) -> Answer:
        """One call; `path` is what comes after /mslrest."""
        url = self.base + path
        sent = {"Authorization": self.signed(method, url, **more)} if sign else {}
        data = None if body is None else json.dumps(body).encode()
        async with self.http.request(method, url, data=data, headers=sent | (headers or {})) as got:
            return Answer(got.status, got.headers, await got.read())

    def mbg_ca(self, folder: Path) -> Path:
        """The certificate of the MBG's CA as a file, for clients that want one."""
        return self.authority.write_ca(folder)

    async def device(self, number: int = 1, **values: object) -> dict[str, object]:
        """A device made through REST."""
        body = {
            "icp_id": self.icp.id,
            "set_username": f"tw{number}",
            "set_password": "abcdefg1",
            "icp_username": f"21{number:02}",
        }
        answer = await self.call("POST", DEVICES, body | values)
        assert answer.status == 201, answer.body
        return answer.json


@asynccontextmanager
async def site(*, with_token: bool = True) -> AsyncIterator[Site]:
    """A running MBG; stopped at the end."""
    held, clock, authority = claim_private(), Clock(), Authority()
    plan, journal = held.plan, Journal(clock.now)
    mbg = Mbg(
        plan.mbg_outside,
        plan.mbg_inside,
        tls=authority.server_context(plan.mbg_inside),
        clock=clock,
        network=Network(plan, journal, clock),
        journal=journal,
        entropy=Seed(1).stream("mbg").randbytes,
        settings=MbgSettings(rest_port=0, sip_port=0),
    )
    await mbg.start()
    mbg.start_web_services()
    consumer = mbg.add_consumer("MiVoice Office Application Suite", "MiVOAppSuite")
    icp = mbg.add_icp("Head Office", plan.node(1))
    trust = aiohttp.TCPConnector(ssl=authority.client_context())
    try:
        async with aiohttp.ClientSession(
            connector=trust, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
        ) as http:
            made = Site(mbg, authority, consumer, icp, http)
            if with_token:
                await _dance(made)
            yield made
    finally:
        await mbg.stop()
        held.release()


async def _dance(made: Site) -> None:
    first = await made.call("POST", "/initiate", callback_uri="oob")
    _take(made, first)
    verifier = made.mbg.approve_latest()
    _take(made, await made.call("POST", "/token", verifier=verifier))


def _take(made: Site, answer: Answer) -> None:
    given = parse_qs(answer.body.decode())
    made.token, made.token_secret = given["oauth_token"][0], given["oauth_token_secret"][0]
