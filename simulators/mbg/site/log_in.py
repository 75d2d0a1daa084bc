"""Logging in and out of the MBG's site, as `admin`."""

from math import ceil

from aiohttp import web

from simulators.mbg.refusals import Refused
from simulators.mbg.site import forms
from simulators.mbg.site.forms import Form
from simulators.mbg.site.guard import COOKIE
from simulators.mbg.site.sessions import Guesses, same
from simulators.mbg.site.view import FORM, MBG, PREFIX, SESSION, SESSIONS, at, page

ADMINISTRATOR = "admin"
GUESSES = web.AppKey("guesses", Guesses)
FORM_COOKIE = "__Secure-mbg-log-in"
"""Binds the log-in form to the browser that it was shown in; there is no session yet."""


async def show(request: web.Request) -> web.StreamResponse:
    """GET /log-in"""
    form = Form({"next": request.query.get("next", ""), "user": ADMINISTRATOR}.items())
    ended = COOKIE in request.cookies
    return _form(request, form, "Your session has ended: log in again." if ended else "")


async def log_in(request: web.Request) -> web.StreamResponse:
    """POST /log-in"""
    mbg, guesses = request.app[MBG], request.app[GUESSES]
    form = await forms.read(request)
    ours = request.cookies.get(FORM_COOKIE, "")
    if not ours or not same(form.exact("csrf"), ours):
        raise Refused(403, "not_our_form", "This form is too old: open the log-in page again.")
    now, source = mbg.clock.now(), request.remote or ""
    wait_s = ceil(guesses.wait_s(source, now))
    if wait_s:
        text = f"Too many wrong passwords came from your address: try again in {wait_s} s."
        response = _form(request, form, text, 429)
        response.headers["Retry-After"] = str(wait_s)
        return response
    password = mbg.settings.site_password
    right = same(form.exact("password"), password)
    if not (same(form.text("user"), ADMINISTRATOR) and right):
        guesses.wrong(source, now)
        mbg.happened("log-in refused", source=source)
        return _form(request, form, "User name or password is wrong: nobody was logged in.", 403)
    guesses.right(source)
    mbg.happened("logged in", source=source)
    response = web.Response(status=303, headers={"Location": _local(form.exact("next"))})
    response.del_cookie(FORM_COOKIE, path=PREFIX)
    return _with_session(request, response)


async def log_out(request: web.Request) -> web.StreamResponse:
    """POST /log-out"""
    request.app[SESSIONS].close(request.cookies.get(COOKIE, ""))
    request.app[MBG].happened("logged out", source=request.remote or "")
    response = web.Response(status=303, headers={"Location": at("/log-in")})
    response.del_cookie(COOKIE, path=PREFIX)
    return response


async def change_password(request: web.Request) -> web.StreamResponse:
    """POST /system/password: every other session ends."""
    mbg, form = request.app[MBG], request[FORM]
    new = form.exact("new_password")
    if not same(form.exact("old_password"), mbg.settings.site_password):
        form.problems["old_password"] = "is wrong"
    if new != form.exact("confirm"):
        form.problems["confirm"] = "is not the same as New password"
    if not form.problems:
        try:
            mbg.change_site_password(new)
        except Refused as refused:
            form.refused(refused)
    if form.problems:
        return page(request, "password", status=422, form=form)
    cookie = request.app[SESSIONS].open(new, mbg.clock.now())
    session = request.app[SESSIONS].find(cookie, new, mbg.clock.now())
    assert session is not None
    request[SESSION] = session
    session.notes.append("The password was changed. Whoever else was logged in is so no more.")
    response = web.Response(status=303, headers={"Location": at("/system")})
    _set(response, COOKIE, cookie)
    return response


async def show_password(request: web.Request) -> web.StreamResponse:
    """GET /system/password"""
    return page(request, "password")


def _form(request: web.Request, form: Form, message: str, status: int = 200) -> web.Response:
    cookie = request.cookies.get(FORM_COOKIE, "") or request.app[SESSIONS].token()
    response = page(request, "log_in", status=status, form=form, csrf=cookie, message=message)
    _set(response, FORM_COOKIE, cookie)
    return response


def _with_session(request: web.Request, response: web.Response) -> web.Response:
    mbg = request.app[MBG]
    cookie = request.app[SESSIONS].open(mbg.settings.site_password, mbg.clock.now())
    _set(response, COOKIE, cookie)
    return response


def _set(response: web.Response, name: str, value: str) -> None:
    response.set_cookie(name, value, path=PREFIX, secure=True, httponly=True, samesite="Strict")


def _local(wanted: str) -> str:
    """Where to go after log-in: only to a page of this site."""
    if wanted.startswith(PREFIX + "/") and wanted.isascii() and wanted.isprintable():
        return wanted
    return at("/system")


ROUTES = [
    web.get("/log-in", show),
    web.post("/log-in", log_in),
    web.post("/log-out", log_out),
    web.get("/system/password", show_password),
    web.post("/system/password", change_password),
]
