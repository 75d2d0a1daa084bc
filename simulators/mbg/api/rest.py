"""The MBG's REST API over aiohttp: its calls together, journaled and described (docs/wire.md 1)."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import JsonValue, RootModel

from simulators.http_api.application import CODE, application, octets
from simulators.http_api.openapi import document
from simulators.http_api.refused import Refusal, Refused
from simulators.http_api.routes import Answer, Route
from simulators.mbg.api.rest_calls import BASE, Parts
from simulators.mbg.api.rest_resources import ResourceCalls
from simulators.mbg.api.rest_tokens import TokenCalls
from simulators.mbg.refusals import stopped

COMMON = (
    Refusal(400, "parameter_absent", "an OAuth parameter is missing"),
    Refusal(400, "parameter_rejected", "a parameter or the body is not as it should be"),
    Refusal(400, "signature_method_rejected", "neither HMAC-SHA1 nor HMAC-SHA256"),
    Refusal(400, "version_rejected", "`oauth_version` is not 1.0"),
    Refusal(401, "unsigned", "the call carries no OAuth parameter"),
    Refusal(401, "consumer_unknown", "no consumer has this ConsumerID"),
    Refusal(401, "consumer_inactive", "the consumer is not active"),
    Refusal(401, "signature_invalid", "the signature does not fit"),
    Refusal(401, "timestamp_refused", "the time stamp is more than 300 s off"),
    Refusal(401, "nonce_used", "the nonce was used before"),
    Refusal(401, "token_unknown", "no such token was issued to this consumer"),
    Refusal(401, "token_expired", "the token is past its life"),
    Refusal(401, "token_revoked", "the final token was revoked"),
    Refusal(403, "permission_denied", "`detail.permission` lacks `detail.needed`"),
    Refusal(413, "too_large", "the body is over 1 MiB, or a form over 64 KiB"),
    Refusal(503, "state_not_kept", "the state file can't be written; nothing was changed"),
    Refusal(429, "too_many_requests", "come again after `Retry-After` seconds"),
    Refusal(503, "busy", "come again after `Retry-After` seconds"),
    Refusal(503, "web_services_stopped", "web services were not started"),
)
SECURITY = {
    "oauth1": {
        "type": "http",
        "scheme": "OAuth",
        "description": "OAuth 1.0a (RFC 5849), HMAC-SHA1 or HMAC-SHA256",
    }
}


class Description(RootModel[dict[str, JsonValue]]):
    """This document."""


class RestApi:
    """The whole API of one MBG."""

    def __init__(self, mbg: Parts) -> None:
        self._mbg = mbg
        self.routes = [
            *TokenCalls(mbg).routes(),
            *ResourceCalls(mbg).routes(),
            Route(
                "GET",
                f"{BASE}/openapi.json",
                "This document",
                self.describe,
                (Answer(200, "OpenAPI 3.1", Description),),
                (Refusal(503, "web_services_stopped", "web services were not started"),),
                secured=False,
            ),
        ]

    @cached_property
    def description(self) -> dict[str, JsonValue]:
        """The OpenAPI document; made when somebody wants it."""
        return document(
            "MBG web services",
            "1",
            self.routes,
            description="The REST API of a simulated MiVoice Border Gateway.",
            common=COMMON,
            security=SECURITY,
        )

    def application(self, outside: Sequence[Middleware] = ()) -> web.Application:
        """The aiohttp application; `outside` act on what is journaled as come and answered."""
        return application(
            self.routes,
            self._failed,
            outside=[self._journal, *outside],
            inside=[self._while_running],
        )

    async def describe(self, request: web.Request) -> web.Response:
        return web.json_response(self.description)

    # Around every call

    def _failed(self, request: web.Request, error: Exception) -> None:
        what = f"{request.method} {request.path}"
        self._mbg.happened("REST call failed", call=what, error=f"{type(error).__name__}: {error}")

    @web.middleware
    async def _while_running(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Nothing but 503 while the service is stopped (TOK-1)."""
        if not self._mbg.web_services.running:
            raise stopped()
        return await handler(request)

    @web.middleware
    async def _journal(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Record each call and its answer."""
        if not self._mbg.journal.enabled:
            return await handler(request)
        peer = request.transport.get_extra_info("peername") if request.transport else None
        own = request.transport.get_extra_info("sockname") if request.transport else None
        source = (peer[0], peer[1]) if peer else ("?", 0)
        destination = (own[0], own[1]) if own else self._mbg.rest_address
        frm, to = self._mbg.journal.role_at(source), self._mbg.role

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
            record(None, "", _text(request.headers, await _readable(request)))
            response = await handler(request)
            answer = response.body if isinstance(response, web.Response) else b""
            answer_text = _text(response.headers, answer if isinstance(answer, bytes) else b"")
            record(response.status, response.get(CODE, ""), answer_text)
            return response


async def _readable(request: web.Request) -> bytes:
    """The body, for the journal; what is wrong with it the call's answer tells."""
    try:
        return await octets(request)
    except Refused:
        return b""


def _text(headers: Mapping[str, str], body: bytes) -> str:
    lines = [f"{name}: {value}" for name, value in headers.items()]
    return "\n".join(lines) + "\n\n" + body.decode("utf-8", "replace")
