"""Pages of the MBG's site made of templates: navigation, links, moments, headers.

Everything from outside is escaped by Jinja2 (autoescape everywhere, undefined names are errors).
The Content-Security-Policy allows our one style sheet and pictures, and no script at all.
"""

import hashlib
from datetime import UTC, datetime
from importlib import resources
from typing import NoReturn
from urllib.parse import quote

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from simulators.mbg.administration import Administration
from simulators.mbg.refusals import Refused
from simulators.mbg.site.forms import Form
from simulators.mbg.site.sessions import Session, Sessions

PREFIX = "/server-manager"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
NAVIGATION = (
    ("Administration", "", (("Web services", "/web-services"),)),
    ("MBG Security", "", (("Port Forwarding", "/port-forwarding"),)),
    (
        "MiVoice Border Gateway",
        "Service configuration",
        (("ICPs", "/icps"), ("SIP devices", "/sip-devices")),
    ),
    (
        "Status",
        "",
        (
            ("System", "/system"),
            ("Licences", "/licences"),
            ("Signature debugger", "/signature-debugger"),
        ),
    ),
)

MBG = web.AppKey("mbg", Administration)
SESSIONS = web.AppKey("sessions", Sessions)
TEMPLATES = web.AppKey("templates", Environment)
SESSION = web.RequestKey("session", Session)
FORM = web.RequestKey("form", Form)


def environment() -> Environment:
    """The templates of this package."""
    made = Environment(
        loader=PackageLoader("simulators.mbg.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(moment=moment, count=count, octets=octets, path_of=path_of)
    made.globals.update(at=at, navigation=NAVIGATION)
    return made


def at(path: str, **query: object) -> str:
    """The link to a page: `path` below the site's prefix, values quoted."""
    pairs = [
        f"{name}={quote(str(value), safe='', errors='replace')}" for name, value in query.items()
    ]
    return PREFIX + path + ("?" + "&".join(pairs) if pairs else "")


def moment(epoch_s: float) -> Markup:
    """A time as people and programs read it, UTC."""
    when = datetime.fromtimestamp(epoch_s, UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        when.strftime("%Y-%m-%dT%H:%M:%SZ"), when.strftime("%Y-%m-%d %H:%M:%S UTC")
    )


def count(number: int, one: str, many: str = "") -> str:
    """`1 device`, `1,000 devices`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def octets(number: int) -> str:
    """A number of octets, in three figures."""
    size = float(number)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.0f} TB"


def path_of(uri: str) -> str:
    """A URI without scheme, host and query; it may be none that can be parsed."""
    return "/" + uri.partition("?")[0].partition("://")[2].partition("/")[2]


def page(
    request: web.Request, template: str, *, status: int = 200, **values: object
) -> web.Response:
    """A page of the template of that name.

    Args:
        values: what the template shows; `form` is the one to fill in again, with its problems.
    """
    mbg, session = request.app[MBG], request.get(SESSION)
    shown: dict[str, object] = {
        "form": Form(),
        "mbg": mbg,
        "now": mbg.clock.now(),
        "here": request.path.removeprefix(PREFIX),
        "logged_in": session is not None,
        "notes": session.take_notes() if session and request.method != "HEAD" else [],
        "csrf": session.csrf if session else "",
        "number": request.app[SESSIONS].token,
        "style": STYLE_VERSION,
    }
    text = request.app[TEMPLATES].get_template(f"{template}.html.j2").render(shown | values)
    return web.Response(
        body=text.encode("utf-8", "replace"),
        status=status,
        content_type="text/html",
        charset="utf-8",
    )


def done(request: web.Request, path: str, note: str) -> NoReturn:
    """Lead to another page after an act, which says what was done."""
    request[SESSION].notes.append(note)
    raise web.HTTPSeeOther(at(path))


def asked(request: web.Request, name: str) -> str:
    """A value of the query, "" without one."""
    return request.query.get(name, "")


def page_number(request: web.Request, total: int, size: int) -> tuple[int, int]:
    """The page that is asked for, from 1, and how many there are; what is none is the nearest."""
    pages = max(1, -(-total // size))
    text = asked(request, "page")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 1
    return min(max(1, number), pages), pages


async def static(request: web.Request) -> web.Response:
    """The style sheet and the picture of the tab."""
    name = request.match_info["name"]
    if name not in STATIC:
        raise Refused(404, "not_found", f"there is no file {name}")
    kind = KINDS[name.rpartition(".")[2]]
    response = web.Response(body=STATIC[name], content_type=kind, charset="utf-8")
    response.headers["Cache-Control"] = "max-age=3600"
    return response


KINDS = {"css": "text/css", "svg": "image/svg+xml"}
STATIC = {
    file.name: file.read_bytes()
    for file in (resources.files("simulators.mbg.site") / "static").iterdir()
}
STYLE_VERSION = hashlib.sha256(STATIC["site.css"]).hexdigest()[:8]
"""In the style sheet's link, so that a browser never keeps an old one."""
