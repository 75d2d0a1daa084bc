"""An MBG for tests: TLS, OAuth signatures checked by hand, a log of requests.

Only what the tests of the MCS need. ``fail_after`` plants a lost answer: the MBG does what it was
asked and closes the connection instead of answering.
"""

import base64
import hmac
import json
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from aiohttp import web

ALL_PERMISSIONS = {
    ("Base/managetoken", "read"),
    ("MBG/v1/icps", "read"),
    ("MBG/v1/devices", "read"),
    ("MBG/v1/devices", "write"),
}


class Refuse(Exception):
    """An error answer."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail or {}
        self.headers = headers or {}


@dataclass
class FakeMbg:
    """State of the MBG; tests read and set it directly."""

    consumer_id: str = "MiVOAppSuite"
    shared_secret: str = "sharedsecret"
    active: bool = True
    started: bool = True
    release: str = "11.4.0.225"
    mode: str = "gateway"
    approved: bool = False
    verifier: str = "904117"
    token_problem: str | None = None
    temporary_problem: str | None = None
    expires_at: str = "2028-01-01T00:00:00Z"
    icps: list[dict[str, str]] = field(
        default_factory=lambda: [
            {
                "id": "1",
                "name": "Head Office",
                "address": "127.10.0.21",
                "type": "MiVoice Office 250",
            }
        ]
    )
    permissions: set[tuple[str, str]] = field(default_factory=lambda: set(ALL_PERMISSIONS))
    devices: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    sources: list[tuple[str, str, str]] = field(default_factory=list)
    """The same with the address that each came from."""
    writes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    lose_answer_to: str | None = None
    temporary: tuple[str, str] | None = None
    final: tuple[str, str] | None = None
    tokens: set[tuple[str, str]] = field(default_factory=set)
    """All that were ever handed out."""
    on_request: Callable[[str, str], None] | None = None
    address: str = "127.0.0.1"
    port: int = 0
    _runner: web.AppRunner | None = None

    async def start(self, tls: ssl.SSLContext, port: int = 0) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.address, port, ssl_context=tls).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def count(self, method: str, path: str) -> int:
        return sum(1 for seen in self.requests if seen == (method, path))

    def add_device(self, **values: Any) -> str:
        # An id that has become free may be given out again, to somebody else.
        number = str(max(map(int, self.devices), default=6) + 1)
        self.devices[number] = {
            "id": number,
            "enabled": True,
            "description": "by hand",
            "icp_id": "1",
            "set_username": "hand",
            "set_password": "Typed-by-hand-1",
            "icp_username": "2101",
            "icp_password": "Typed-by-hand-2",
            "availability": "everywhere",
            "created_by": "admin",
            **values,
        }
        return number

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/mslrest")
        self.requests.append((request.method, path))
        self.sources.append((request.method, path, request.remote or ""))
        if self.on_request is not None:
            self.on_request(request.method, path)
        try:
            answer = self._answer(request, path, await request.read())
        except Refuse as refused:
            return web.json_response(
                {"code": refused.code, "message": "No.", "detail": refused.detail},
                status=refused.status,
                headers=refused.headers,
            )
        if self.lose_answer_to == request.method:
            self.lose_answer_to = None
            assert request.transport is not None
            request.transport.abort()
        return answer

    def _answer(self, request: web.Request, path: str, body: bytes) -> web.Response:
        if not self.started:
            raise Refuse(503, "web_services_stopped")
        oauth = {
            name: unquote(value.strip('"'))
            for name, _, value in (
                part.strip().partition("=")
                for part in request.headers["Authorization"].removeprefix("OAuth ").split(",")
            )
        }
        self._check(request, oauth, path)
        if path == "/initiate":
            self.temporary, self.approved = (secrets.token_hex(8), secrets.token_hex(8)), False
            pair = self.temporary
            self.tokens.add(pair)
            return _form(pair, oauth_callback_confirmed="true")
        if path == "/token":
            if not self.approved:
                raise Refuse(401, "token_not_approved")
            if oauth.get("oauth_verifier") != self.verifier:
                raise Refuse(401, "verifier_invalid")
            self.final, self.temporary = (secrets.token_hex(8), secrets.token_hex(8)), None
            self.tokens.add(self.final)
            return _form(self.final)
        return self._resource(request, path, body)

    def _check(self, request: web.Request, oauth: dict[str, str], path: str) -> None:
        if oauth["oauth_consumer_key"] != self.consumer_id:
            raise Refuse(401, "consumer_unknown")
        if not self.active:
            raise Refuse(401, "consumer_inactive")
        token_secret = ""
        if path == "/token":
            if self.temporary_problem:
                raise Refuse(401, self.temporary_problem)
            if self.temporary is None or oauth.get("oauth_token") != self.temporary[0]:
                raise Refuse(401, "token_unknown")
            token_secret = self.temporary[1]
        elif path != "/initiate":
            if self.final is None or oauth.get("oauth_token") != self.final[0]:
                raise Refuse(401, "token_unknown")
            token_secret = self.final[1]
        given = oauth.pop("oauth_signature")
        params = [*oauth.items(), *parse_qsl(request.rel_url.raw_query_string)]
        # RFC 5849 section 3.4.1, written out: the MCS signs with oauthlib, so this must not.
        pairs = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in params)
        joined = "&".join(f"{name}={value}" for name, value in pairs)
        uri = f"https://{self.address}:{self.port}{request.path}"
        base = "&".join([request.method, quote(uri, safe="~"), quote(joined, safe="~")])
        key = f"{quote(self.shared_secret, safe='')}&{quote(token_secret, safe='')}"
        digest = hmac.new(key.encode(), base.encode(), "sha1").digest()
        if base64.b64encode(digest).decode() != given:
            raise Refuse(401, "signature_invalid")
        if path not in ("/initiate", "/token") and self.token_problem:
            raise Refuse(401, self.token_problem)

    def _resource(self, request: web.Request, path: str, body: bytes) -> web.Response:
        match path.strip("/").split("/"):
            case ["base", "v1", "managetoken"]:
                self._need("Base/managetoken", "read")
                return web.json_response({"state": "valid", "expires_at": self.expires_at})
            case ["mbg", "v1", "system"]:
                return web.json_response({"release": self.release, "mode": self.mode})
            case ["mbg", "v1", "icps"]:
                self._need("MBG/v1/icps", "read")
                return _page(self.icps, request)
            case ["mbg", "v1", "devices"] if request.method == "GET":
                self._need("MBG/v1/devices", "read")
                return _page([_shown(device) for device in self.devices.values()], request)
            case ["mbg", "v1", "devices"]:
                self._need("MBG/v1/devices", "write")
                written = _json(body)
                self._refuse_duplicate(written, None)
                number = self.add_device(**written, created_by=self.consumer_id)
                self.writes.append((number, written))
                return web.json_response(_shown(self.devices[number]), status=201)
            case ["mbg", "v1", "devices", number]:
                self._need("MBG/v1/devices", "read" if request.method == "GET" else "write")
                return self._device(request.method, number, body)
        raise Refuse(404, "not_found")

    def _device(self, method: str, number: str, body: bytes) -> web.Response:
        if number not in self.devices:
            raise Refuse(404, "not_found")
        if method == "DELETE":
            del self.devices[number]
            return web.Response(status=204)
        if method == "PUT":
            written = _json(body)
            self._refuse_duplicate(written, number)
            self.devices[number].update(written)
            self.writes.append((number, written))
        return web.json_response(_shown(self.devices[number]))

    def _refuse_duplicate(self, written: dict[str, Any], own: str | None) -> None:
        for number, device in self.devices.items():
            if number != own and device["set_username"] == written["set_username"]:
                raise Refuse(409, "duplicate", {"id": number, "field": "set_username"})
            same_icp = device["icp_id"] == written["icp_id"]
            if number != own and same_icp and device["icp_username"] == written["icp_username"]:
                raise Refuse(409, "duplicate", {"id": number, "field": "icp_username"})

    def _need(self, permission: str, needed: str) -> None:
        if (permission, needed) not in self.permissions:
            raise Refuse(403, "permission_denied", {"permission": permission, "needed": needed})


def _json(body: bytes) -> dict[str, Any]:
    document = json.loads(body)
    assert isinstance(document, dict)
    return document


def _shown(device: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in device.items() if not name.endswith("_password")}


def _page(items: list[dict[str, Any]], request: web.Request) -> web.Response:
    query = dict(request.query)
    number, size = int(query.pop("page", 1)), int(query.pop("page_size", 100))
    found = [item for item in items if all(item[name] == query[name] for name in query)]
    part = found[(number - 1) * size : number * size]
    return web.json_response(
        {"items": part, "total": len(found), "page": number, "page_size": size}
    )


def _form(pair: tuple[str, str], **more: str) -> web.Response:
    values = {"oauth_token": pair[0], "oauth_token_secret": pair[1], **more}
    return web.Response(text=urlencode(values))
