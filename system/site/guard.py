"""Around every page: headers, error pages, who may come, forms that are really ours.

The order: log-in, role, CSRF token, question, then the act, once. Whatever gets past that goes
through the API, which looks at all of it again.
"""

import hashlib
import hmac
import logging
from urllib.parse import urlencode

from aiohttp import web

from system.api.declare import BASE, Access, Handler
from system.api.serve import COOKIE
from system.api.services import SERVICES
from system.people.accounts import csrf_token
from system.site import forms, live, uploads, view
from system.site.declare import Act, Page
from system.site.inner import Api, Refused
from system.site.keys import LOG_IN, ONCE, PAGES, STATIC_ROUTE
from system.site.once import key_of
from system.site.own_paths import own_path
from system.site.show import failure, show_page, show_question
from system.site.visit import Done, Visit

log = logging.getLogger("mcs.site")

BEFORE = "__Host-mcs_before"
"""Cookie of a browser that is not logged in yet; the CSRF token of the log-in is made of it."""
NOT_OURS = (
    "This form does not belong to your session: it was opened before you logged in, or by another "
    "site. Nothing was done. Open the page again, then send the form from there."
)


async def unreachable(_request: web.Request) -> web.StreamResponse:
    """Handler of the pages' routes: the middleware serves them, so this is never called."""
    raise web.HTTPNotFound


async def _no_values(_visit: Visit) -> dict[str, object]:
    return {}


NOWHERE = Page(path="", title="", template="", show=_no_values, reads="GET /health")
"""The page of a visit to an address that has none."""


@web.middleware
async def pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Serve declared pages; leave the API's paths to the API, and nothing else to anybody."""
    route = request.match_info.route
    page = request.app[PAGES].get(route)
    if page is None and (request.path == BASE or request.path.startswith(BASE + "/")):
        return await handler(request)
    response = await _answer(request, page)
    for name, value in view.HEADERS.items():
        response.headers.setdefault(name, value)
    return response


async def _answer(request: web.Request, page: Page[Visit] | None) -> web.StreamResponse:
    if request.match_info.route in request.app[STATIC_ROUTE]:
        try:
            return await view.static(request)
        except web.HTTPNotFound:
            return web.Response(status=404, text="There is no such file.\n")
    visit = None
    try:
        if "\0" in request.path_qs or any("\0" in value for value in request.query.values()):
            raise Refused(404, "not_found", "There is nothing with a NUL in its name.")
        visit = await _begin(request, page)
        if page is None:
            raise _nothing_here(request)
        return await _serve(visit)
    except Refused as refused:
        return await failure(request, visit, refused)
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        text = "MCS made a mistake; its log says more."
        return await failure(request, visit, Refused(500, "internal_error", text))


def _nothing_here(request: web.Request) -> Refused:
    error = request.match_info.http_exception
    if error is not None and error.status == 405:
        return Refused(405, "method_not_allowed", f"{request.method} is not possible here.")
    return Refused(404, "not_found", "There is no such page.")


async def _begin(request: web.Request, page: Page[Visit] | None) -> Visit:
    """Who comes; a cookie that serves no longer is as good as none."""
    services = request.app[SERVICES]
    cookie = request.cookies.get(COOKIE, "")
    session = None
    if cookie:
        try:
            session = (await Api(request, cookie).get("/session")).document
        except Refused as refused:
            if refused.status != 401:
                raise
    if session is not None:
        csrf = str(session["csrf_token"])
    else:
        csrf = csrf_token(request.cookies.get(BEFORE, ""))
    return Visit(
        request=request,
        page=page or NOWHERE,
        api=Api(request, cookie if session is not None else "", csrf),
        session=session,
        csrf=csrf,
        number=services.entropy(8).hex(),
        now=services.clock.now(),
    )


async def _serve(visit: Visit) -> web.StreamResponse:
    request, page = visit.request, visit.page
    if visit.session is None and page.needs is not Access.OPEN:
        return _to_log_in(visit)
    if not visit.may(page.needs):
        assert visit.session is not None
        role = visit.session["role"]
        raise Refused(403, "role_not_allowed", f"The role {role} may not open this page.")
    try:
        if request.method == "POST":
            return await _act(visit)
        if page.live and "text/event-stream" in request.headers.get("Accept", ""):
            return await live.stream(visit)
        return await _shown(visit)
    except Done as done:
        return view.see_other(done)
    except Refused as refused:
        if refused.status == 401 and page.needs is not Access.OPEN:
            return _to_log_in(visit)
        raise


async def _shown(visit: Visit, status: int = 200) -> web.Response:
    request = visit.request
    before = request.cookies.get(BEFORE, "")
    if visit.session is None and not before:
        before = request.app[SERVICES].entropy(16).hex()
        visit.csrf = csrf_token(before)
    visit.notes = view.take_notes(request)
    response = await show_page(visit, status)
    if visit.session is None:
        response.set_cookie(BEFORE, before, path="/", secure=True, httponly=True, samesite="Strict")
    if visit.notes and request.method != "HEAD":
        view.forget_notes(response)
    return response


def _to_log_in(visit: Visit) -> web.Response:
    request = visit.request
    wanted = request.path_qs if request.method in ("GET", "HEAD") else request.path
    note = ""
    if request.method == "POST":
        note = "Your log-in had ended, so nothing was saved. Log in, then do it again."
    location = LOG_IN
    if own_path(wanted) != "/":
        location += "?" + urlencode({"next": wanted})
    return view.see_other(Done(location, note))


async def _act(visit: Visit) -> web.StreamResponse:
    request = visit.request
    pairs = await _sent(visit)
    given = dict(pairs).get("csrf", "")
    if _from_elsewhere(request) or not _same(given, visit.csrf):
        raise Refused(403, "csrf_token_wrong", NOT_OURS)
    visit.submitted = sent = forms.filled(pairs)
    act = visit.page.act(sent.act)
    if act is None:
        raise Refused(400, "no_act", "This page has no such button. Open it again.")
    if not visit.may(act.needs):
        role = visit.session["role"] if visit.session else "nobody"
        raise Refused(403, "role_not_allowed", f"The role {role} may not do this ({act.needs}).")
    if act.question is not None and "sure" not in sent.values:
        return await show_question(visit, await act.question(visit))
    return await _do(visit, act, pairs)


async def _sent(visit: Visit) -> list[tuple[str, str]]:
    """The form's fields; its files go into the visit, where the page takes any."""
    largest = max(act.largest_file for act in visit.page.acts)
    if not largest or visit.request.content_type != uploads.CONTENT_TYPE:
        return await forms.read(visit.request)
    pairs, visit.files = await uploads.read(visit.request, largest)
    return pairs


async def _do(visit: Visit, act: Act[Visit], pairs: list[tuple[str, str]]) -> web.StreamResponse:
    files = [(name, hashlib.sha256(octets).hexdigest()) for name, octets in visit.files.items()]
    key = key_of(visit.csrf, visit.request.path_qs, pairs + files)

    async def once() -> Done:
        try:
            await act.do(visit)
        except Done as done:
            return done
        return Done(visit.link())

    try:
        done = await visit.request.app[ONCE].do(key, once)
    except Refused as refused:
        if refused.status in (401, 403, 404) and visit.session is not None:
            raise
        visit.sent.refused(refused)
        response = await _shown(visit, refused.status)
        if refused.retry_after_s:
            response.headers["Retry-After"] = str(refused.retry_after_s)
        return response
    return view.see_other(done)


def _from_elsewhere(request: web.Request) -> bool:
    """Whether the browser says that another site has sent the form.

    ``Origin`` may be ``null`` on our own forms (Fetch, "append a request Origin header": a referrer
    policy of no-referrer does that), so the newer header goes first.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    return request.headers.get("Origin") not in (None, "null", f"https://{request.host}")


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), wanted.encode())
