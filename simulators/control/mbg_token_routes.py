"""Control of an MBG's web services: what stands on that page of its site, by program (TOK-1..9).

A token is named by an id that is made of it, for the token itself is half of a secret. `latest`
names the newest that may still be approved or rejected, or the final token issued last.
"""

import hashlib
from collections.abc import Iterable

from aiohttp import web

from simulators.control.documents import NOTHING, done, iso, iso_or_none
from simulators.http_api.refused import Refusal, Refused
from simulators.http_api.routes import Answer, Document, Route
from simulators.mbg.mbg import Mbg
from simulators.mbg.services.tokens import FinalToken, TemporaryToken

LATEST = "latest"
NOT_PENDING = Refusal(409, "token_not_pending", "nothing can become of this token any more")
REVOKED = Refusal(409, "token_revoked", "it was revoked")


class TemporaryTokenShown(Document):
    """A line of the list Temporary tokens; `verifier` is "" before approve."""

    id: str
    consumer_id: str
    state: str
    expires_at: str
    verifier: str
    wrong_verifiers: int


class TemporaryTokens(Document):
    """All that were asked for, the oldest first."""

    items: list[TemporaryTokenShown]


class FinalTokenShown(Document):
    """A line of the list Final tokens; state as its consumer is told."""

    id: str
    consumer_id: str
    state: str
    issued_at: str
    expires_at: str
    last_used_at: str | None


class FinalTokens(Document):
    """All that were issued, the oldest first."""

    items: list[FinalTokenShown]


class Verifier(Document):
    """What the installer types at the consumer."""

    verifier: str


class _Tokens:
    def __init__(self, mbg: Mbg) -> None:
        self._mbg = mbg

    async def list_temporary_tokens(self, request: web.Request) -> TemporaryTokens:
        self._mbg.web_services.age(self._mbg.clock.now())
        tokens = self._mbg.web_services.temporary.values()
        return TemporaryTokens(items=[_temporary(token) for token in tokens])

    async def approve_temporary_token(self, request: web.Request) -> Verifier:
        return Verifier(verifier=self._mbg.approve(self._pending(request)))

    async def reject_temporary_token(self, request: web.Request) -> web.Response:
        self._mbg.reject(self._pending(request))
        return done()

    async def list_final_tokens(self, request: web.Request) -> FinalTokens:
        self._mbg.web_services.age(self._mbg.clock.now())
        tokens = self._mbg.web_services.final.values()
        return FinalTokens(items=[self._final(token) for token in tokens])

    async def renew_final_token(self, request: web.Request) -> FinalTokenShown:
        token = _named(request, self._mbg.web_services.final)
        return self._final(self._mbg.renew(token))

    async def revoke_final_token(self, request: web.Request) -> web.Response:
        self._mbg.revoke(_named(request, self._mbg.web_services.final))
        return done()

    def _pending(self, request: web.Request) -> str:
        services = self._mbg.web_services
        if request.match_info["id"] == LATEST:
            pending = [token.token for token in services.pending(self._mbg.clock.now())]
            return _named(request, pending)
        return _named(request, services.temporary)

    def _final(self, token: FinalToken) -> FinalTokenShown:
        return FinalTokenShown(
            id=token_id(token.token),
            consumer_id=token.consumer_id,
            state=token.shown_state(self._mbg.clock.now()),
            issued_at=iso(token.issued_at),
            expires_at=iso(token.expires_at),
            last_used_at=iso_or_none(token.last_used_at),
        )


def token_id(token: str) -> str:
    """A name for a token by which nobody can use it."""
    return hashlib.sha256(token.encode()).hexdigest()[:12]


def _temporary(token: TemporaryToken) -> TemporaryTokenShown:
    return TemporaryTokenShown(
        id=token_id(token.token),
        consumer_id=token.consumer_id,
        state=token.state.value,
        expires_at=iso(token.expires_at),
        verifier=token.verifier,
        wrong_verifiers=token.wrong_verifiers,
    )


def _named(request: web.Request, tokens: Iterable[str]) -> str:
    """The token that a call is about."""
    wanted = request.match_info["id"]
    known = list(tokens)
    if wanted == LATEST and known:
        return known[-1]
    for token in known:
        if token_id(token) == wanted:
            return token
    raise Refused(404, "not_found", f"there is no such token {wanted}")


def mbg_token_routes(mbg: Mbg) -> list[Route]:
    """The lists Temporary tokens and Final tokens, and their buttons."""
    calls = _Tokens(mbg)
    return [
        Route(
            "GET", "/temporary-tokens", "List temporary tokens", calls.list_temporary_tokens,
            (Answer(200, "the oldest first", TemporaryTokens),),
        ),
        Route(
            "POST", "/temporary-tokens/{id}/approve", "Press approve at a temporary token",
            calls.approve_temporary_token, (Answer(200, "approved", Verifier),), (NOT_PENDING,),
        ),
        Route(
            "POST", "/temporary-tokens/{id}/reject", "Press reject at a temporary token",
            calls.reject_temporary_token, (NOTHING,), (NOT_PENDING,),
        ),
        Route(
            "GET", "/final-tokens", "List final tokens", calls.list_final_tokens,
            (Answer(200, "the oldest first", FinalTokens),),
        ),
        Route(
            "POST", "/final-tokens/{id}/renew", "Press Renew at a final token",
            calls.renew_final_token, (Answer(200, "renewed", FinalTokenShown),), (REVOKED,),
        ),
        Route(
            "POST", "/final-tokens/{id}/revoke", "Press revoke at a final token",
            calls.revoke_final_token, (NOTHING,), (REVOKED,),
        ),
    ]  # fmt: skip
