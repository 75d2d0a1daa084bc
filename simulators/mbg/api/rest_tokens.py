"""REST calls about tokens and the MBG itself: initiate, token, ping, managetoken, system."""

from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlencode

from aiohttp import web

from simulators.http_api.refused import Refusal
from simulators.http_api.routes import Answer, Document, Route
from simulators.mbg.api.rest_calls import BASE, CALLER, FORM, Parts, http_request, permitted

MANAGETOKEN = "Base/managetoken"
FORM_ANSWER = "form-encoded {}"
OF_TEMPORARY = (
    Refusal(401, "token_not_approved", "nobody has pressed approve yet"),
    Refusal(401, "token_rejected", "it was rejected, or a newer request took its place"),
    Refusal(401, "token_used", "it was exchanged already"),
    Refusal(401, "token_void", "five wrong verifiers were given"),
    Refusal(401, "verifier_invalid", "this is not the verifier that was shown"),
)


class Pong(Document):
    """The answer to ping."""

    ping: Literal["ok"]


class TokenDocument(Document):
    """The final token that a call is signed with; times are ISO 8601."""

    consumer_id: str
    state: Literal["valid", "expiring", "expired", "revoked"]
    issued_at: str
    expires_at: str
    permissions: dict[str, Literal["none", "read", "read/write"]]


class SystemDocument(Document):
    """What MBG this is."""

    release: str
    mode: Literal["gateway", "server-only"]


class TokenCalls:
    """The handlers; one object per MBG."""

    def __init__(self, mbg: Parts) -> None:
        self._mbg = mbg

    def routes(self) -> list[Route]:
        """The calls, declared."""
        mbg, managetoken = self._mbg, f"{BASE}/base/v1/managetoken/"
        reading, writing = permitted(mbg, MANAGETOKEN), permitted(mbg, MANAGETOKEN, "write")
        temporary = Answer(
            200,
            FORM_ANSWER.format("oauth_token, oauth_token_secret, oauth_callback_confirmed"),
            media_type=FORM,
        )
        final = Answer(200, FORM_ANSWER.format("oauth_token, oauth_token_secret"), media_type=FORM)
        token = Answer(200, "The final token", TokenDocument)
        system = Answer(200, "Release and mode", SystemDocument)
        return [
            Route("POST", f"{BASE}/initiate", "A temporary token", self.initiate, (temporary,)),
            Route(
                "POST",
                f"{BASE}/token",
                "The final token, for an approved temporary one and its verifier",
                self.exchange,
                (final,),
                OF_TEMPORARY,
            ),
            Route(
                "POST",
                f"{BASE}/ping",
                "Is the final token valid?",
                self.ping,
                (Answer(200, "It is", Pong),),
                guard=permitted(mbg),
            ),
            Route("GET", managetoken, "State of it", self.read_token, (token,), guard=reading),
            Route("PUT", managetoken, "Renew it", self.renew_token, (token,), guard=writing),
            Route(
                "DELETE",
                managetoken,
                "Revoke it",
                self.revoke_token,
                (Answer(204, "It is revoked"),),
                guard=writing,
            ),
            Route(
                "GET",
                f"{BASE}/mbg/v1/system/",
                "Release and mode",
                self.read_system,
                (system,),
                guard=permitted(mbg),
            ),
        ]

    async def initiate(self, request: web.Request) -> web.Response:
        signed = await http_request(request)
        token = self._mbg.web_services.initiate(signed, self._mbg.clock.now())
        self._mbg.journal.masker.learn(token.token, token.secret)
        self._mbg.happened("temporary token issued", consumer=token.consumer_id)
        return _form(
            oauth_token=token.token,
            oauth_token_secret=token.secret,
            oauth_callback_confirmed="true",
        )

    async def exchange(self, request: web.Request) -> web.Response:
        signed = await http_request(request)
        token = self._mbg.web_services.exchange(signed, self._mbg.clock.now())
        self._mbg.journal.masker.learn(token.token, token.secret)
        self._mbg.happened("final token issued", consumer=token.consumer_id)
        return _form(oauth_token=token.token, oauth_token_secret=token.secret)

    async def ping(self, request: web.Request) -> Pong:
        return Pong(ping="ok")

    async def read_token(self, request: web.Request) -> TokenDocument:
        consumer, token = request[CALLER]
        return TokenDocument.model_validate(
            {
                "consumer_id": consumer.consumer_id,
                "state": token.shown_state(self._mbg.clock.now()),
                "issued_at": _iso(token.issued_at),
                "expires_at": _iso(token.expires_at),
                "permissions": consumer.permissions,
            }
        )

    async def renew_token(self, request: web.Request) -> TokenDocument:
        consumer, token = request[CALLER]
        self._mbg.web_services.renew(token.token, self._mbg.clock.now())
        self._mbg.happened("final token renewed", consumer=consumer.consumer_id)
        return await self.read_token(request)

    async def revoke_token(self, request: web.Request) -> web.Response:
        consumer, token = request[CALLER]
        self._mbg.web_services.revoke(token.token)
        self._mbg.happened("final token revoked", consumer=consumer.consumer_id)
        return web.Response(status=204)

    async def read_system(self, request: web.Request) -> SystemDocument:
        settings = self._mbg.settings
        return SystemDocument.model_validate({"release": settings.release, "mode": settings.mode})


def _form(**values: str) -> web.Response:
    return web.Response(text=urlencode(values), content_type=FORM)


def _iso(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
