"""A phone's requests, for tests: its User-Agent, its source address, and what it was answered."""

import ssl
from dataclasses import dataclass, field
from xml.etree import ElementTree

import aiohttp
from aiohttp import web

from system.tests.conftest import Site
from system.tests.helpers import LOCAL_PHONE

MAC = "1400E9123456"
OTHER_MAC = "1400E9123457"


def agent_of(mac: str, model: str = "6930") -> str:
    dashed = "-".join(mac[start : start + 2] for start in range(0, 12, 2))
    return f"Mitel{model} MAC:{dashed} V:5.1.0.6044-SIP"


def parameters(text: str) -> dict[str, str]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split(": ", 1) for line in lines)


def items(text: str) -> dict[str, str]:
    """Parameters of an ``AastraIPPhoneConfiguration``."""
    root = ElementTree.fromstring(text)
    assert root.tag == "AastraIPPhoneConfiguration", text
    return {item.findtext("Parameter", ""): item.findtext("Value", "") for item in root}


@dataclass
class PhoneClient:
    """One phone; ``source`` is the MBG's address for a teleworker."""

    site: Site
    source: str = LOCAL_PHONE
    mac: str = MAC
    certificate: ssl.SSLContext | None = None
    files: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, *, agent: str | None = None) -> tuple[int, str]:
        """Status and text of one request; ``path`` may be a whole URI of the MCS."""
        path = "/" + path.split("/", 3)[3] if path.startswith("http") else path
        tls = self.certificate or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        connector = aiohttp.TCPConnector(ssl=tls, local_addr=(self.source, 0))
        base = f"https://127.0.0.1:{self.site.mcs.phones_port}"
        headers = {"User-Agent": agent or agent_of(self.mac)}
        async with (
            aiohttp.ClientSession(connector=connector) as http,
            http.get(base + path, headers=headers) as answer,
        ):
            return answer.status, await answer.text(errors="replace")

    async def ok(self, path: str) -> str:
        status, text = await self.get(path)
        assert status == 200, (path, status, text)
        return text

    async def starts(self) -> dict[str, str]:
        """Fetch the own file, from where the last one has said, and hold it."""
        path = self.files.get("^https path")
        self.files = parameters(await self.ok(f"/{path + '/' if path else ''}{self.mac}.cfg"))
        return self.files

    async def polls(self) -> str:
        """The answer to a poll; a configuration in it is obeyed."""
        text = await self.ok(self.files["action uri poll"])
        if "AastraIPPhoneConfiguration" in text:
            self.obeys(text)
        return text

    async def presses(self, label: str) -> str:
        """The answer to the key with this label."""
        (name,) = [name for name, value in self.files.items() if value == label]
        return await self.ok(self.files[name.replace("label", "value")])

    def obeys(self, text: str) -> None:
        """Take the items over; an empty one takes a parameter back."""
        for name, value in items(text).items():
            if value:
                self.files[name] = value
            else:
                self.files.pop(name, None)

    async def history(self) -> list[str]:
        page = await self.site.ok("GET", f"/phones/{self.mac}/history?page_size=500")
        return [f"{event['kind']}: {event['message']}" for event in page["items"]]


class PushedPhone:
    """Where a local phone takes pushes."""

    def __init__(self, site: Site, status: int = 200) -> None:
        self.bodies: list[str] = []
        self.senders: list[str] = []
        self.status = status
        self._site = site
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> "PushedPhone":
        app = web.Application()
        app.router.add_post("/", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.SockSite(self._runner, self._site.push_socket.dup()).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.text())
        self.senders.append(request.remote or "")
        return web.Response(status=self.status)
