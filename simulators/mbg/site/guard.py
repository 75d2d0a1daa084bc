"""Around every page: headers, error pages, log-in, forms that are really ours, the journal."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from simulators.errors import BenchError
from simulators.mbg.refusals import Refused
from simulators.mbg.site import forms
from simulators.mbg.site.sessions import same
from simulators.mbg.site.view import (
    FORM,
    HEADERS,
    MBG,
    PREFIX,
    SESSION,
    SESSIONS,
    at,
    page,
)

COOKIE = "__Secure-mbg-session"
LOG_IN = PREFIX + "/log-in"
LOG_OUT = PREFIX + "/log-out"
OPEN = (LOG_IN, PREFIX + "/static/")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def covered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every answer its headers, and every failure a page; journal both ways.

    Only request line and status are journaled: forms carry passwords, pages a person's eyes only.
    """
    mbg = request.app[MBG]
    with mbg.clock.busy():
        _journal(request)
        response = await _answer(request, handler)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        _journal(request, response.status)
        return response


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        return _failure(request, refused.status, str(refused))
    except BenchError as error:
        return _failure(request, 409, str(error))
    except web.HTTPSeeOther as leads:
        return web.Response(status=303, headers={"Location": leads.headers["Location"]})
    except web.HTTPMethodNotAllowed as error:
        response = _failure(request, 405, f"{request.method} is not possible here.")
        response.headers["Allow"] = error.headers["Allow"]
        return response
    except web.HTTPNotFound:
        return _failure(request, 404, "There is no such page.")
    except web.HTTPException as error:
        return _failure(request, error.status, error.reason)
    except Exception as error:  # noqa: BLE001 - the last net: nobody sees a traceback
        kind = type(error).__name__
        request.app[MBG].happened("page failed", path=request.path, error=kind)
        return _failure(request, 500, "This page failed; the journal says where.")


def _failure(request: web.Request, status: int, text: str) -> web.Response:
    return page(request, "error", status=status, code=status, text=text)


@web.middleware
async def admitted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let only who is logged in further, and of forms only those that a page of theirs holds."""
    if request.path.startswith(OPEN):
        return await handler(request)
    mbg = request.app[MBG]
    cookie = request.cookies.get(COOKIE, "")
    session = request.app[SESSIONS].find(cookie, mbg.settings.site_password, mbg.clock.now())
    if session is None:
        raise web.HTTPSeeOther(at("/log-in", next=_wanted(request)))
    request[SESSION] = session
    if request.method != "POST":
        return await handler(request)
    form = request[FORM] = await forms.read(request)
    if not same(form.exact("csrf"), session.csrf):
        raise Refused(403, "not_our_form", "This form is not of your log-in: open its page again.")
    return await _once(request, handler)


async def _once(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a form act once: who submits it twice is led where the first time led."""
    session, number = request[SESSION], request[FORM].exact("number")
    if number in session.submitted:
        raise web.HTTPSeeOther(session.submitted[number])
    if number:
        session.leads(number, _section(request))
    try:
        response = await handler(request)
    except web.HTTPSeeOther as leads:
        if number:
            session.leads(number, leads.headers["Location"])
        raise
    except BaseException:
        session.submitted.pop(number, None)
        raise
    session.submitted.pop(number, None)
    return response


def _wanted(request: web.Request) -> str:
    """Where to go after log-in: the page asked for, or the section of the form that came late."""
    if request.path == LOG_OUT:
        return ""
    return request.path_qs if request.method in ("GET", "HEAD") else _section(request)


def _section(request: web.Request) -> str:
    return at("/" + request.path.removeprefix(PREFIX).strip("/").partition("/")[0])


def _journal(request: web.Request, status: int | None = None) -> None:
    """The request line (status None), or the answer's status."""
    mbg = request.app[MBG]
    if not mbg.journal.enabled or request.transport is None:
        return
    peer = request.transport.get_extra_info("peername")[:2]
    own = request.transport.get_extra_info("sockname")[:2]
    source, destination = (peer, own) if status is None else (own, peer)
    caller = mbg.journal.role_at(peer)
    mbg.journal.http(
        caller if status is None else mbg.role,
        mbg.role if status is None else caller,
        method=request.method,
        path=request.path,
        status=status,
        source=source,
        destination=destination,
    )
