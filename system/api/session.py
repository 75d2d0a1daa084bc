"""Logging in and out, the own account, the own log-ins.

``POST /login`` gives programs a bearer token. ``POST /session`` is for a browser: the token becomes
a cookie that scripts can't read, and changes need the CSRF token that the answer holds.
"""

from typing import Annotated

from aiohttp import web
from pydantic import Field, SecretStr
from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload

from system.api.declare import IDENTITY, Access, Body, Document, Route
from system.api.serve import COOKIE
from system.api.services import SERVICES
from system.api.web import actor, answer, read_body
from system.audit.trail import add
from system.clock import iso_utc
from system.domain.roles import ALLOWED, Permission
from system.errors import NotFound
from system.people.accounts import Identity, LogInKind, NewLogIn, csrf_token
from system.storage.people import LogIn

Username = Annotated[str, Field(max_length=64)]
Password = Annotated[SecretStr, Field(max_length=256)]


class LogInBody(Body):
    """``POST /login`` and ``POST /session``."""

    username: Username
    password: Password


class PasswordBody(Body):
    """``PUT /session/password``."""

    current_password: Password
    new_password: Password


class TokenDocument(Document):
    """A bearer token, told this once."""

    token: str
    expires_at: str


class SessionDocument(Document):
    """Who is logged in, and what the role allows; ``csrf_token`` in a browser's log-in only."""

    username: str
    display_name: str
    role: str
    permissions: list[str]
    expires_at: str
    csrf_token: str | None


class LogInDocument(Document):
    """One log-in; ``current`` is the one that asks."""

    id: str
    username: str
    kind: str
    device: str
    source: str
    created_at: str
    last_seen_at: str
    expires_at: str
    current: bool


class LogInsDocument(Document):
    """Log-ins, the newest first."""

    items: list[LogInDocument]


async def log_in(request: web.Request) -> web.Response:
    """A bearer token for user name and password."""
    new = await _begin(request, LogInKind.BEARER)
    return answer(TokenDocument(token=new.token, expires_at=_utc(new.identity.expires_at)))


async def begin(request: web.Request) -> web.Response:
    """Log a browser in: sets the cookie, answers the CSRF token."""
    new = await _begin(request, LogInKind.BROWSER)
    response = answer(_session(new.identity, new.token))
    response.set_cookie(COOKIE, new.token, path="/", secure=True, httponly=True, samesite="Strict")
    return response


async def read(request: web.Request) -> web.Response:
    """Who is logged in."""
    identity = request[IDENTITY]
    cookie = request.cookies.get(COOKIE) if identity.kind is LogInKind.BROWSER else None
    return answer(_session(identity, cookie))


async def end(request: web.Request) -> web.Response:
    """Log out."""
    await request.app[SERVICES].accounts.log_out(request[IDENTITY], actor(request))
    response = web.Response(status=204)
    if request[IDENTITY].kind is LogInKind.BROWSER:
        response.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
    return response


async def change_password(request: web.Request) -> web.Response:
    """Change the own password; the account's other log-ins end."""
    body = await read_body(request, PasswordBody)
    await request.app[SERVICES].accounts.change_password(
        request[IDENTITY],
        body.current_password.get_secret_value(),
        body.new_password.get_secret_value(),
        actor(request),
    )
    return web.Response(status=204)


async def list_own(request: web.Request) -> web.Response:
    """The own log-ins; everybody's for who may change users."""
    identity = request[IDENTITY]
    services = request.app[SERVICES]
    statement = (
        select(LogIn)
        .where(LogIn.expires_at > services.clock.now())
        .options(joinedload(LogIn.user, innerjoin=True))
        .order_by(LogIn.created_at.desc(), LogIn.id)
    )
    if not identity.may(Permission.CHANGE_USERS):
        statement = statement.where(LogIn.user_id == identity.user_id)
    async with services.database.read() as session:
        items = [_log_in(row, identity) for row in await session.scalars(statement)]
    return answer(LogInsDocument(items=items))


async def revoke(request: web.Request) -> web.Response:
    """End a log-in: an own one, or anybody's for who may change users."""
    identity, services = request[IDENTITY], request.app[SERVICES]
    log_in_id = request.match_info["id"]
    async with services.database.write() as session:
        row = await session.scalar(
            select(LogIn)
            .where(LogIn.id == log_in_id)
            .options(joinedload(LogIn.user, innerjoin=True))
        )
        own = row is not None and row.user_id == identity.user_id
        if row is None or not (own or identity.may(Permission.CHANGE_USERS)):
            raise NotFound("not_found", "There is no such log-in.")
        await session.execute(delete(LogIn).where(LogIn.id == log_in_id))
        facts = {"kind": row.kind, "device": row.device, "source": row.source}
        add(
            session,
            services.clock.now(),
            actor(request),
            "log-in ended",
            f"/users/{row.user.username}",
            facts,
            None,
        )
    return web.Response(status=204)


async def _begin(request: web.Request, kind: LogInKind) -> NewLogIn:
    body = await read_body(request, LogInBody)
    return await request.app[SERVICES].accounts.log_in(
        body.username, body.password.get_secret_value(), request.remote or "", kind
    )


def _session(identity: Identity, cookie: str | None) -> SessionDocument:
    return SessionDocument(
        username=identity.username,
        display_name=identity.display_name,
        role=identity.role,
        permissions=sorted(ALLOWED[identity.role]),
        expires_at=_utc(identity.expires_at),
        csrf_token=csrf_token(cookie) if cookie else None,
    )


def _log_in(row: LogIn, identity: Identity) -> LogInDocument:
    return LogInDocument(
        id=row.id,
        username=row.user.username,
        kind=row.kind,
        device=row.device,
        source=row.source,
        created_at=_utc(row.created_at),
        last_seen_at=_utc(row.last_seen_at),
        expires_at=_utc(row.expires_at),
        current=row.id == identity.log_in_id,
    )


def _utc(seconds: float) -> str:
    text = iso_utc(seconds)
    assert text is not None
    return text


ROUTES = (
    Route(
        method="POST",
        path="/login",
        handler=log_in,
        needs=Access.OPEN,
        body=LogInBody,
        answer=TokenDocument,
        refusals=(401, 429),
    ),
    Route(
        method="POST",
        path="/session",
        handler=begin,
        needs=Access.OPEN,
        body=LogInBody,
        answer=SessionDocument,
        refusals=(401, 429),
    ),
    Route(
        method="GET",
        path="/session",
        handler=read,
        needs=Access.LOGGED_IN,
        answer=SessionDocument,
    ),
    Route(method="DELETE", path="/session", handler=end, needs=Access.LOGGED_IN, status=204),
    Route(
        method="PUT",
        path="/session/password",
        handler=change_password,
        needs=Access.LOGGED_IN,
        body=PasswordBody,
        status=204,
        refusals=(429,),
    ),
    Route(
        method="GET",
        path="/sessions",
        handler=list_own,
        needs=Access.LOGGED_IN,
        answer=LogInsDocument,
    ),
    Route(
        method="DELETE",
        path="/sessions/{id}",
        handler=revoke,
        needs=Access.LOGGED_IN,
        status=204,
    ),
)
