"""A `CallSite` with a small server that plays an MCS: files, XML objects, pushes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from simulators.addresses import open_port
from simulators.entropy import Seed
from simulators.phone.handset import Handset
from simulators.phone.identity import Identity
from simulators.phone.life.states import State
from simulators.phone.models import model
from simulators.phone.tests.call_site import CallSite
from simulators.phone.xml import objects as xml
from simulators.phone.xml.objects import XmlObject
from simulators.phone.xml.writing import write_object

PASSCODE = "1234"
OTHER = "2190"
"""The hot desk extension."""


def configuration(values: dict[str, str]) -> xml.Configuration:
    return xml.Configuration(tuple(xml.ConfigurationItem(n, v) for n, v in values.items()))


@dataclass
class XmlSite(CallSite):
    """`answers` by path; `asked` is each path with its query, `phones` are switched off at the end.

    The server is reached at the MBG's outside address by homes, and from the LAN.
    """

    answers: dict[str, XmlObject | bytes | int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    base: str = ""

    @asynccontextmanager
    async def open(self) -> AsyncIterator["XmlSite"]:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, self.plan.mbg_outside, 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.base = f"http://{host}:{port}"
        try:
            await self.start()
            self.node.add_extension(OTHER, "Hot Desk")
            yield self
        finally:
            await self.stop()
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        if request.path.endswith(".cfg"):
            text = self.files.get(request.path[1:])
            return web.Response(status=404 if text is None else 200, text=text)
        found = self.answers.get(request.path, 404)
        if request.path == "/login":
            found = self._log_in(request.query)
        if isinstance(found, int):
            return web.Response(status=found)
        body = found if isinstance(found, bytes) else write_object(found)
        return web.Response(body=body, content_type="text/xml")

    def _log_in(self, query: Any) -> XmlObject:
        """What the contract says of `hotdesk/login`."""
        if (query["extension"], query["passcode"]) != (OTHER, PASSCODE):
            return xml.TextScreen(xml.Head("Hot Desk"), "Extension or passcode is wrong")
        mac = query["mac"]
        values = self.lines(OTHER) | {
            "softkey1 label": "Log Out",
            "softkey1 value": self.url("out"),
        }
        self.files[f"{mac}.cfg"] = _text(self.keys(mac) | values)
        return configuration(values)

    def registered(self, number: str) -> bool:
        """Whether the MBG has the extension's device registered."""
        device = self.mbg.store.by_set_username(f"tw{number}")
        return device is not None and device.status.value == "registered"

    def url(self, path: str) -> str:
        return f"{self.base}/{path}"

    def keys(self, mac: str) -> dict[str, str]:
        return {
            "topsoftkey1 type": "line",
            "softkey1 type": "xml",
            "softkey1 label": "Hot Desk",
            "softkey1 value": self.url(f"hotdesk?mac={mac}"),
            "sip xml notify event": "1",
            "xml application post list": self.plan.mcs,
            "action uri xml sip notify": self.url("notified"),
        }

    def lines(self, number: str) -> dict[str, str]:
        """A line at the MBG, with a device of its own."""
        extension = self.node.extensions[number]
        user = f"tw{number}"
        if user not in {device.set_username for device in self.mbg.store.devices.values()}:
            self.mbg.add_device(
                icp_id=next(iter(self.mbg.store.icps)),
                set_username=user,
                set_password="set-side-1",
                icp_username=extension.auth_name,
                icp_password=extension.auth_password,
            )
        host, port = self.mbg.sip_outside
        return self._line(number, user, "set-side-1", host) | {
            "sip line1 registrar port": str(port)
        }

    def handset(
        self,
        number: str = "",
        *,
        home: bool = True,
        kind: str = "6930",
        more: dict[str, str] | None = None,
        **options: Any,
    ) -> Handset:
        """A phone, switched off, whose file says what a person with this extension needs."""
        identity = Identity(f"1400E9{len(self.phones):02}{number or '9999'}")
        mac = identity.mac
        if home:
            line = self.lines(number) if number else {}
            address = self.plan.home(len(self.phones))
        else:
            extension = self.node.extensions[number] if number else None
            line = {} if extension is None else self._line(
                number, extension.auth_name, extension.auth_password, self.plan.node(1)
            )  # fmt: skip
            address = self.plan.local_phone(len(self.phones))
        self.files[f"{mac}.cfg"] = _text(self.keys(mac) | line | (more or {}))
        self.answers["/hotdesk"] = xml.InputScreen(
            xml.Head("Hot Desk"),
            self.url(f"login?mac={mac}"),
            (
                xml.InputField("Extension", "extension", type="number"),
                xml.InputField("Passcode", "passcode", type="number", password=True),
            ),
        )
        host, port = self.base.removeprefix("http://").split(":")
        phone = Handset(
            identity,
            model(kind),
            address,
            clock=self.clock,
            network=self.network,
            journal=self.journal,
            entropy=Seed(1).stream(mac).randbytes,
            firmware_version="5.1.0.6044",
            local={"download protocol": "HTTP", "http server": host, "http port": port},
            **options,
        )
        self.phones[mac] = phone
        return phone

    async def in_service(self, number: str = "", **options: Any) -> Handset:
        """The same, registered (or idle, without an extension) when this returns."""
        phone = self.handset(number, **options)
        await phone.power_on()
        await phone.until(State.REGISTERED if number else State.IDLE)
        return phone

    async def push(
        self,
        phone: Handset,
        what: XmlObject | bytes,
        *,
        sender: str = "",
        path: str = "/",
        method: str = "POST",
    ) -> int:
        """Push to a phone as the MCS, or as somebody else; returns the status."""
        body = what if isinstance(what, bytes) else b"xml=" + write_object(what)
        connector = aiohttp.TCPConnector(local_addr=(sender or self.plan.mcs, 0))
        async with aiohttp.ClientSession(connector=connector) as session:
            at = f"http://{phone.home_address}:{open_port(80)}{path}"
            async with session.request(method, at, data=body) as response:
                return response.status


def _text(values: dict[str, str]) -> str:
    return "".join(f"{name}: {value}\n" for name, value in values.items())
