"""Administration -> Web services: Start and Stop, temporary and final tokens (TOK-1 to TOK-8).

A token shows as a short digest of itself, its Token ID: neither it nor its secret is on any page.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from aiohttp import web

from simulators.mbg.administration import Administration
from simulators.mbg.refusals import Refused
from simulators.mbg.services.tokens import FinalToken, Temporary, TemporaryToken
from simulators.mbg.site.view import MBG, at, done, page

DAY_S = 86400.0
MOST_ENDED = 20
"""Temporary tokens listed of which nothing can become any more."""


@dataclass(frozen=True, slots=True)
class TemporaryRow:
    """A temporary token as listed; `verifier` while it is approved, `living` has buttons."""

    id: str
    token: TemporaryToken
    living: bool

    @property
    def verifier(self) -> str:
        return self.token.verifier if self.token.state is Temporary.APPROVED else ""


@dataclass(frozen=True, slots=True)
class FinalRow:
    """A final token as listed; `unusable` says why a valid one does not serve now."""

    id: str
    token: FinalToken
    state: str
    days_left: int
    unusable: str


async def show(request: web.Request) -> web.StreamResponse:
    """GET /web-services"""
    mbg = request.app[MBG]
    now = mbg.clock.now()
    mbg.web_services.age(now)
    return page(
        request,
        "web_services",
        temporary=_temporary_rows(mbg),
        final=[_final_row(mbg, token, now) for token in reversed(mbg.web_services.final.values())],
    )


async def start(request: web.Request) -> web.StreamResponse:
    """POST /web-services/start"""
    request.app[MBG].start_web_services()
    done(request, "/web-services", "Web services are started.")


async def stop(request: web.Request) -> web.StreamResponse:
    """POST /web-services/stop"""
    request.app[MBG].stop_web_services()
    done(request, "/web-services", "Web services are stopped: no consumer is answered.")


async def approve(request: web.Request) -> web.StreamResponse:
    """POST /web-services/temporary-tokens/{id}/approve"""
    mbg = request.app[MBG]
    mbg.approve(_found(request, mbg.web_services.temporary))
    done(request, "/web-services", "The temporary token is approved: its Verifier is shown below.")


async def reject(request: web.Request) -> web.StreamResponse:
    """POST /web-services/temporary-tokens/{id}/reject"""
    mbg = request.app[MBG]
    mbg.reject(_found(request, mbg.web_services.temporary))
    done(request, "/web-services", "The temporary token is rejected.")


async def renew(request: web.Request) -> web.StreamResponse:
    """POST /web-services/final-tokens/{id}/renew"""
    mbg = request.app[MBG]
    mbg.renew(_found(request, mbg.web_services.final))
    done(request, "/web-services", "The final token is renewed.")


async def ask_to_revoke(request: web.Request) -> web.StreamResponse:
    """GET /web-services/final-tokens/{id}/revoke"""
    mbg = request.app[MBG]
    token = mbg.web_services.final[_found(request, mbg.web_services.final)]
    return page(
        request,
        "confirm",
        title="Revoke a final token",
        question=f"Revoke the final token {token_id(token.token)} of {token.consumer_id}?",
        consequence="Its consumer is refused from now on, and must ask for a new token: request, "
        "approve, verifier. This can't be taken back.",
        button="Revoke",
        action=request.path,
        back=at("/web-services"),
    )


async def revoke(request: web.Request) -> web.StreamResponse:
    """POST /web-services/final-tokens/{id}/revoke"""
    mbg = request.app[MBG]
    mbg.revoke(_found(request, mbg.web_services.final))
    done(request, "/web-services", "The final token is revoked.")


def token_id(token: str) -> str:
    """What a token is called by on the site: 12 hexadecimal digits of its digest."""
    return hashlib.sha256(token.encode()).hexdigest()[:12]


def _found(request: web.Request, tokens: Iterable[str]) -> str:
    wanted = request.match_info["id"]
    for token in tokens:
        if token_id(token) == wanted:
            return token
    raise Refused(404, "not_found", f"There is no token {wanted}: it is gone, or was never here.")


def _temporary_rows(mbg: Administration) -> list[TemporaryRow]:
    """The newest first; living ones, and some of which nothing became."""
    living = set(map(id, mbg.web_services.pending(mbg.clock.now())))
    rows, ended = [], 0
    for token in reversed(mbg.web_services.temporary.values()):
        lives = id(token) in living
        ended += not lives
        if token.state is not Temporary.USED and (lives or ended <= MOST_ENDED):
            rows.append(TemporaryRow(token_id(token.token), token, lives))
    return rows


def _final_row(mbg: Administration, token: FinalToken, now: float) -> FinalRow:
    state = token.shown_state(now)
    unusable = ""
    if state in ("valid", "expiring"):
        if not mbg.web_services.running:
            unusable = "unusable while web services are stopped"
        elif not mbg.web_services.consumers.known(token.consumer_id).active:
            unusable = "unusable while its consumer is not active"
    days_left = max(0, ceil((token.expires_at - now) / DAY_S))
    return FinalRow(token_id(token.token), token, state, days_left, unusable)


TEMPORARY = "/web-services/temporary-tokens/{id}"
FINAL = "/web-services/final-tokens/{id}"
ROUTES = [
    web.get("/web-services", show),
    web.post("/web-services/start", start),
    web.post("/web-services/stop", stop),
    web.post(f"{TEMPORARY}/approve", approve),
    web.post(f"{TEMPORARY}/reject", reject),
    web.post(f"{FINAL}/renew", renew),
    web.get(f"{FINAL}/revoke", ask_to_revoke),
    web.post(f"{FINAL}/revoke", revoke),
]
