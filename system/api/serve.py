"""Serving declared routes: who may call, and errors as JSON.

Answers are never cached. An unexpected error becomes a 500 without detail; the log has the rest.
"""

import hmac
import logging
from collections.abc import Iterable

from aiohttp import web

from system.api.declare import BASE, IDENTITY, ROUTE, Access, Handler, Route
from system.api.services import SERVICES, Services
from system.domain.roles import roles_with
from system.errors import (
    Forbidden,
    InvalidInput,
    McsError,
    NotFound,
    NotLoggedIn,
    StaleTag,
    TooManyAttempts,
)
from system.people.accounts import Identity, LogInKind, csrf_token

log = logging.getLogger("mcs.api")

COOKIE = "__Host-mcs_session"
CSRF_HEADER = "X-CSRF-Token"
SAFE = frozenset({"GET", "HEAD"})

DECLARED: web.AppKey[dict[web.AbstractRoute, Route]] = web.AppKey("declared", dict)


def make_application(
    services: Services, routes: Iterable[Route], *, largest_body: int
) -> web.Application:
    """An application that serves the routes; it holds no state besides ``services``."""
    app = web.Application(middlewares=[errors_as_json, who_may], client_max_size=largest_body)
    app[SERVICES] = services
    app[DECLARED] = {}
    app.on_response_prepare.append(never_cached)
    for route in routes:
        methods = [route.method, "HEAD"] if route.method == "GET" else [route.method]
        for method in methods:
            added = app.router.add_route(method, BASE + route.path, route.handler)
            app[DECLARED][added] = route
    return app


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever a handler raises into the documented error object."""
    try:
        return await handler(request)
    except McsError as error:
        response = web.json_response(error.document(), status=error.status)
        if isinstance(error, TooManyAttempts):
            response.headers["Retry-After"] = str(error.retry_after_s)
        if isinstance(error, StaleTag) and error.etag is not None:
            response.headers["ETag"] = f'"{error.etag}"'
    except web.HTTPException as error:
        code = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}.get(error.status)
        response = web.json_response(
            {"code": code or "refused", "message": f"{error.reason}."}, status=error.status
        )
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        response = web.json_response(
            {"code": "internal_error", "message": "MCS made a mistake; its log says more."},
            status=500,
        )
    if response.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


@web.middleware
async def who_may(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let past whom the route's declaration lets past; one without a declaration lets nobody."""
    matched = request.match_info.route
    route = request.app[DECLARED].get(matched)
    if route is not None:
        request[ROUTE] = route
    if route is None or route.needs is not Access.OPEN:
        identity = await identify(request)
        request[IDENTITY] = identity
        _check_role(route, identity)
    # PostgreSQL stores no NUL, and nothing here has one in its name.
    if "\0" in request.path or any("\0" in value for value in request.query.values()):
        raise NotFound("not_found", "There is nothing with a NUL in its name.")
    if route is None and matched.resource is not None:
        raise Forbidden("undeclared", "This route does not say who may call it.")
    if route is not None:
        _check_query(request, route)
    return await handler(request)


async def identify(request: web.Request) -> Identity:
    """Who calls: by bearer token, or by the site's cookie with its CSRF token.

    Raises:
        NotLoggedIn: nobody, or no longer.
        Forbidden: a browser's change without the CSRF token.
    """
    accounts = request.app[SERVICES].accounts
    header = request.headers.get("Authorization")
    if header is None and (cookie := request.cookies.get(COOKIE)):
        identity = _of_kind(await accounts.check(cookie), LogInKind.BROWSER)
        if request.method not in SAFE:
            _check_csrf(request, cookie)
        return identity
    return _of_kind(await accounts.check(bearer(request)), LogInKind.BEARER)


def bearer(request: web.Request) -> str:
    """The bearer token of a request.

    Raises:
        NotLoggedIn: there is none.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotLoggedIn("not_logged_in", f"Log in first: POST {BASE}/login.")
    return token.strip()


async def never_cached(_request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler: an answer is for now only, if it does not say otherwise."""
    response.headers.setdefault("Cache-Control", "no-store")


def _of_kind(identity: Identity, kind: LogInKind) -> Identity:
    """A token is good for what it was given out for, and for nothing else."""
    if identity.kind is not kind:
        raise NotLoggedIn(
            "not_logged_in", f"This log-in is one for {identity.kind}, not for {kind}. Log in here."
        )
    return identity


def _check_csrf(request: web.Request, cookie: str) -> None:
    given = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(given.encode(errors="replace"), csrf_token(cookie).encode()):
        raise Forbidden(
            "csrf_token_wrong",
            f"A change by a browser needs the header {CSRF_HEADER} with the token of GET "
            f"{BASE}/session.",
        )


def _check_query(request: web.Request, route: Route) -> None:
    """A parameter that nobody looks at would leave the caller with an answer to another question.

    Raises:
        InvalidInput: the query has one that the route does not declare, or one twice.
    """
    known = [query.name for query in route.query]
    for name in request.query:
        if name not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            message = f"There is no parameter {name[:64]!r} in this query; {takes}."
            raise InvalidInput("unknown_parameter", message, field=name[:64])
        if len(request.query.getall(name)) > 1:
            raise InvalidInput("invalid", f"{name} may come once in the query.", field=name)


def _check_role(route: Route | None, identity: Identity) -> None:
    if route is None or isinstance(route.needs, Access) or identity.may(route.needs):
        return
    able = " or ".join(roles_with(route.needs))
    raise Forbidden(
        "role_not_allowed",
        f"The role {identity.role} may not do this ({route.needs}); {able} may.",
    )
