"""The MBG's REST API over aiohttp: routes to the pure parts, errors to JSON (docs/wire.md 1)."""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import urlencode

from aiohttp import web

from simulators.clock import Clock
from simulators.core import Address
from simulators.journal import Journal
from simulators.mbg.devices import Device, DeviceStore
from simulators.mbg.oauth import HttpRequest
from simulators.mbg.refusals import Refused, invalid, malformed, not_found, stopped
from simulators.mbg.settings import MbgSettings
from simulators.mbg.tokens import FinalEvent, FinalToken
from simulators.mbg.web_services import Consumer, WebServices

BASE = "/mslrest"
FORM = "application/x-www-form-urlencoded"
MAX_PAGE_SIZE = 500
MAX_BODY = 1 << 20
DEVICE_FILTERS = ("set_username", "icp_username", "icp_id")
CODE = web.ResponseKey("code", str)
"""An error's code, for the journal."""

UNREADABLE = web.RequestKey("unreadable", Refused)
"""Why a request's body could not be taken."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Parts(Protocol):
    """What the API needs of the MBG that it belongs to."""

    role: str
    settings: MbgSettings
    rest_address: Address
    clock: Clock
    journal: Journal
    store: DeviceStore
    web_services: WebServices

    def happened(self, name: str, /, **facts: object) -> None:
        """Journal an event of the MBG."""

    def remove_device(self, device_id: str) -> Device:
        """Delete a device; its registration ends."""

    def device_changed(self, device: Device) -> None:
        """Tell the border."""


class RestApi:
    """The handlers; one object per MBG."""

    def __init__(self, mbg: Parts) -> None:
        self._mbg = mbg

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(
            middlewares=[_whole_body, self._journal, self._errors], client_max_size=MAX_BODY
        )
        devices = f"{BASE}/mbg/v1/devices/"
        icps = f"{BASE}/mbg/v1/icps/"
        app.add_routes(
            [
                web.post(f"{BASE}/initiate", self.initiate),
                web.post(f"{BASE}/token", self.token),
                web.post(f"{BASE}/ping", self.ping),
                web.get(f"{BASE}/base/v1/managetoken/", self.read_token),
                web.put(f"{BASE}/base/v1/managetoken/", self.renew_token),
                web.delete(f"{BASE}/base/v1/managetoken/", self.revoke_token),
                web.get(f"{BASE}/mbg/v1/system/", self.system),
                web.get(icps, self.list_icps),
                web.get(f"{icps}{{id}}/", self.read_icp),
                web.get(devices, self.list_devices),
                web.post(devices, self.create_device),
                web.get(f"{devices}{{id}}/", self.read_device),
                web.put(f"{devices}{{id}}/", self.replace_device),
                web.patch(f"{devices}{{id}}/", self.patch_device),
                web.delete(f"{devices}{{id}}/", self.delete_device),
            ]
        )
        return app

    # Tokens

    async def initiate(self, request: web.Request) -> web.Response:
        signed = await _http_request(request)
        token = self._mbg.web_services.initiate(signed, self._mbg.clock.now())
        self._mbg.journal.masker.learn(token.token, token.secret)
        self._mbg.happened("temporary token issued", consumer=token.consumer_id)
        return _form(
            oauth_token=token.token,
            oauth_token_secret=token.secret,
            oauth_callback_confirmed="true",
        )

    async def token(self, request: web.Request) -> web.Response:
        signed = await _http_request(request)
        token = self._mbg.web_services.exchange(signed, self._mbg.clock.now())
        self._mbg.journal.masker.learn(token.token, token.secret)
        self._mbg.happened("final token issued", consumer=token.consumer_id)
        return _form(oauth_token=token.token, oauth_token_secret=token.secret)

    async def ping(self, request: web.Request) -> web.Response:
        await self._authorize(request)
        return web.json_response({"ping": "ok"})

    async def read_token(self, request: web.Request) -> web.Response:
        consumer, token = await self._authorize(request, "Base/managetoken", "read")
        return web.json_response(self._token_document(consumer, token))

    async def renew_token(self, request: web.Request) -> web.Response:
        consumer, token = await self._authorize(request, "Base/managetoken", "write")
        self._mbg.web_services.renew(token.token, self._mbg.clock.now())
        return web.json_response(self._token_document(consumer, token))

    async def revoke_token(self, request: web.Request) -> web.Response:
        _, token = await self._authorize(request, "Base/managetoken", "write")
        token.move(FinalEvent.REVOKE)
        return web.Response(status=204)

    async def system(self, request: web.Request) -> web.Response:
        await self._authorize(request)
        settings = self._mbg.settings
        return web.json_response({"release": settings.release, "mode": settings.mode})

    # ICPs

    async def list_icps(self, request: web.Request) -> web.Response:
        await self._authorize(request, "MBG/v1/icps", "read")
        address = request.query.get("address")
        icps = [
            icp.document()
            for icp in self._mbg.store.icps.values()
            if address is None or icp.address == address
        ]
        return _page(request, icps)

    async def read_icp(self, request: web.Request) -> web.Response:
        await self._authorize(request, "MBG/v1/icps", "read")
        icp = self._mbg.store.icps.get(request.match_info["id"])
        if icp is None:
            raise not_found(f"ICP {request.match_info['id']}")
        return web.json_response(icp.document())

    # Devices

    async def list_devices(self, request: web.Request) -> web.Response:
        await self._authorize(request, "MBG/v1/devices", "read")
        wanted = {name: request.query[name] for name in DEVICE_FILTERS if name in request.query}
        devices = [
            device.document()
            for device in self._mbg.store.devices.values()
            if all(getattr(device, name) == value for name, value in wanted.items())
        ]
        return _page(request, devices)

    async def read_device(self, request: web.Request) -> web.Response:
        await self._authorize(request, "MBG/v1/devices", "read")
        return _device(self._mbg.store.get(request.match_info["id"]))

    async def create_device(self, request: web.Request) -> web.Response:
        consumer, _ = await self._authorize(request, "MBG/v1/devices", "write")
        device = self._mbg.store.create(await _document(request), consumer.consumer_id)
        self._learn(device)
        self._mbg.happened("SIP device created", id=device.id, icp_username=device.icp_username)
        location = f"{BASE}/mbg/v1/devices/{device.id}/"
        return _device(device, status=201, headers={"Location": location})

    async def replace_device(self, request: web.Request) -> web.Response:
        await self._authorize(request, "MBG/v1/devices", "write")
        device = self._mbg.store.replace(request.match_info["id"], await _document(request))
        return self._changed(device)

    async def patch_device(self, request: web.Request) -> web.Response:
        await self._authorize(request, "MBG/v1/devices", "write")
        device = self._mbg.store.patch(request.match_info["id"], await _document(request))
        return self._changed(device)

    async def delete_device(self, request: web.Request) -> web.Response:
        await self._authorize(request, "MBG/v1/devices", "write")
        self._mbg.remove_device(request.match_info["id"])
        return web.Response(status=204)

    def _changed(self, device: Device) -> web.Response:
        self._learn(device)
        self._mbg.device_changed(device)
        return _device(device)

    # Around every call

    async def _authorize(
        self, request: web.Request, permission: str = "", needed: str = "read"
    ) -> tuple[Consumer, FinalToken]:
        signed = await _http_request(request)
        return self._mbg.web_services.authorize(signed, self._mbg.clock.now(), permission, needed)

    def _learn(self, device: Device) -> None:
        self._mbg.journal.masker.learn(device.set_password, device.icp_password)

    def _token_document(self, consumer: Consumer, token: FinalToken) -> dict[str, object]:
        now = self._mbg.clock.now()
        return {
            "consumer_id": consumer.consumer_id,
            "state": token.shown_state(now),
            "issued_at": _iso(token.issued_at),
            "expires_at": _iso(token.expires_at),
            "permissions": consumer.permissions,
        }

    @web.middleware
    async def _errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refusals as documents; nothing but 503 while the service is stopped (TOK-1)."""
        try:
            if not self._mbg.web_services.running:
                raise stopped()
            if UNREADABLE in request:
                raise request[UNREADABLE]
            return await handler(request)
        except Refused as refused:
            headers = {"WWW-Authenticate": 'OAuth realm="MBG"'} if refused.status == 401 else {}
            response = web.json_response(refused.document(), status=refused.status, headers=headers)
            response[CODE] = refused.code
            return response
        except web.HTTPNotFound:
            return web.json_response(not_found(f"resource {request.path}").document(), status=404)
        except web.HTTPMethodNotAllowed as error:
            wrong = Refused(405, "method_not_allowed", f"{request.method} is not possible here")
            return web.json_response(
                wrong.document(), status=405, headers={"Allow": error.headers.get("Allow", "")}
            )

    @web.middleware
    async def _journal(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Record each call and its answer."""
        if not self._mbg.journal.enabled:
            return await handler(request)
        peer = request.transport.get_extra_info("peername") if request.transport else None
        source = (peer[0], peer[1]) if peer else ("?", 0)
        body = b"" if UNREADABLE in request else await request.read()
        frm, to = self._mbg.journal.role_at(source), self._mbg.role
        own = request.transport.get_extra_info("sockname") if request.transport else None
        destination = (own[0], own[1]) if own else self._mbg.rest_address

        def record(status: int | None, code: str, text: str) -> None:
            """The request (status None) or its answer."""
            self._mbg.journal.http(
                frm if status is None else to,
                to if status is None else frm,
                method=request.method,
                path=request.path_qs,
                status=status,
                code=code,
                text=text,
                interface="REST",
                source=source if status is None else destination,
                destination=destination if status is None else source,
            )

        with self._mbg.clock.busy():
            record(None, "", _text(request.headers, body))
            response = await handler(request)
            answer = response.body if isinstance(response, web.Response) else b""
            answer_text = _text(response.headers, answer if isinstance(answer, bytes) else b"")
            record(response.status, response.get(CODE, ""), answer_text)
            return response


@web.middleware
async def _whole_body(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Read the body once, before anybody looks at it; what is wrong with it is told in order."""
    try:
        await request.read()
    except web.HTTPRequestEntityTooLarge:
        text = f"expected at most {MAX_BODY} octets in the body"
        request[UNREADABLE] = Refused(413, "too_large", text)
    except web.RequestPayloadError:
        text = "the body can't be read as its Content-Encoding and length say"
        request[UNREADABLE] = malformed("parameter_rejected", text)
    return await handler(request)


async def _http_request(request: web.Request) -> HttpRequest:
    form = await request.read() if request.content_type == FORM else b""
    uri = f"{request.scheme}://{request.host}{request.raw_path}"
    authorization = request.headers.get("Authorization", "")
    return HttpRequest(request.method, uri, authorization, form)


async def _document(request: web.Request) -> dict[str, object]:
    """The JSON object of the body."""
    try:
        document = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise malformed("parameter_rejected", "expected a JSON object in the body") from None
    if not isinstance(document, dict):
        raise malformed("parameter_rejected", "expected a JSON object in the body")
    return document


def _page(request: web.Request, items: list[dict[str, object]]) -> web.Response:
    page, size = (
        _number(request, "page", 1, 10**9),
        _number(request, "page_size", 100, MAX_PAGE_SIZE),
    )
    start = (page - 1) * size
    return web.json_response(
        {
            "items": items[start : start + size],
            "total": len(items),
            "page": page,
            "page_size": size,
        }
    )


def _number(request: web.Request, name: str, default: int, highest: int) -> int:
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= highest):
        raise invalid({name: f"must be a number from 1 to {highest}"})
    return int(text)


def _device(
    device: Device, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    return web.json_response(device.document(), status=status, headers=headers)


def _form(**values: str) -> web.Response:
    return web.Response(text=urlencode(values), content_type=FORM)


def _text(headers: Mapping[str, str], body: bytes) -> str:
    lines = [f"{name}: {value}" for name, value in headers.items()]
    return "\n".join(lines) + "\n\n" + body.decode("utf-8", "replace")


def _iso(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
