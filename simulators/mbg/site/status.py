"""System, Licences and Signature debugger: what one looks at."""

from aiohttp import web

from simulators.mbg.refusals import Refused
from simulators.mbg.services.oauth_debugger import HEADER, RefusedRequest
from simulators.mbg.services.oauth_rendering import compared
from simulators.mbg.site.readiness import points
from simulators.mbg.site.view import FORM, MBG, at, done, page, page_number

PAGE_SIZE = 50


async def home(request: web.Request) -> web.StreamResponse:
    """GET /: the first page is System."""
    raise web.HTTPSeeOther(at("/system"))


async def system(request: web.Request) -> web.StreamResponse:
    """GET /system"""
    return page(request, "system", points=points(request.app[MBG]))


async def weak_passwords(request: web.Request) -> web.StreamResponse:
    """POST /system/weak-passwords: Permit Weak Passwords, checked or not."""
    permitted = request[FORM].checked("permit")
    request.app[MBG].permit_weak_passwords(permitted)
    done(request, "/system", "Weak passwords are " + ("permitted." if permitted else "refused."))


async def licences(request: web.Request) -> web.StreamResponse:
    """GET /licences"""
    return page(request, "licences", pool=request.app[MBG].licences)


async def debugger(request: web.Request) -> web.StreamResponse:
    """GET /signature-debugger: the newest first."""
    refused = list(request.app[MBG].web_services.refusals)[::-1]
    number, pages = page_number(request, len(refused), PAGE_SIZE)
    start = (number - 1) * PAGE_SIZE
    return page(
        request,
        "debugger",
        refused=refused[start : start + PAGE_SIZE],
        total=len(refused),
        page=number,
        pages=pages,
    )


async def refused_request(request: web.Request) -> web.StreamResponse:
    """GET /signature-debugger/{number}"""
    refused = _refused(request)
    found = refused.diagnosis
    theirs, differs = (found.theirs, found.difference) if found else ("", None)
    rows = compared(refused.base_string, theirs, differs) if refused.base_string else ()
    return page(request, "refused", refused=refused, rows=list(rows), header=HEADER)


def _refused(request: web.Request) -> RefusedRequest:
    text = request.match_info["number"]
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
    refused = request.app[MBG].web_services.refusals.get(number)
    if refused is None:
        raise Refused(404, "not_found", "This refused request is not kept any more.")
    return refused


ROUTES = [
    web.get("", home),
    web.get("/", home),
    web.get("/system", system),
    web.post("/system/weak-passwords", weak_passwords),
    web.get("/licences", licences),
    web.get("/signature-debugger", debugger),
    web.get("/signature-debugger/{number}", refused_request),
]
