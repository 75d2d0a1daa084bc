"""Pages made of templates: links to packaged files, moments, headers, notes from page to page.

Everything is escaped by Jinja2 (autoescape everywhere, undefined names are errors). The Content-
Security-Policy allows our own style sheet, script and pictures, nothing inline, nobody else's.
"""

import base64
import functools
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from system import __version__
from system.domain.expiry import days_left
from system.site.visit import Done

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
NOTES = "__Host-mcs_notes"
"""Cookie with what the page after an act says; any MCS of the site can read it."""

KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
STATIC = {
    file.name: file.read_bytes() for file in (resources.files("system.site") / "static").iterdir()
}
VERSION = hashlib.sha256(b"".join(STATIC[name] for name in sorted(STATIC))).hexdigest()[:12]
"""In the addresses of packaged files, so that a browser never keeps an old one."""


@functools.cache
def environment() -> Environment:
    """The templates of this package, read once; ``parts`` has the macros, ``ui`` in all of them."""
    made = Environment(
        loader=PackageLoader("system.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    made.filters.update(moment=moment, count=count, days=days)
    made.globals.update(file=file, version=__version__)
    made.globals["ui"] = made.get_template("parts.html.j2").module
    return made


def file(name: str) -> str:
    """The address of a packaged file."""
    return f"/static/{VERSION}/{name}"


def moment(time: str | None, otherwise: str = "–") -> Markup | str:
    """A time of the API (``2026-11-23T12:00:00Z``) as people and programs read it."""
    if time is None:
        return otherwise
    shown = time.replace("T", " ").replace("Z", " UTC")
    return Markup('<time datetime="{}">{}</time>').format(time, shown)


def days(time: str | None, now: float) -> int:
    """Days from now to a time of the API, begun ones counted; 0 once it has passed."""
    if time is None:
        return 0
    return days_left(datetime.fromisoformat(time).timestamp(), now)


def count(number: int, one: str, many: str = "") -> str:
    """``1 phone``, ``1,000 phones``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def template_of(name: str) -> Template:
    """A template; the first one that is asked for has ``parts`` compiled, not an MCS's start."""
    return environment().get_template(f"{name}.html.j2")


def render(name: str, values: Mapping[str, Any]) -> str:
    """A template's text."""
    return template_of(name).render(values)


def html(text: str, status: int = 200) -> web.Response:
    """A page as an answer."""
    body = text.encode("utf-8", "replace")
    return web.Response(body=body, status=status, content_type="text/html", charset="utf-8")


async def static(request: web.Request) -> web.Response:
    """A packaged file; an address of another version is one of another MCS."""
    name = request.match_info["name"]
    if name not in STATIC or request.match_info["version"] != VERSION:
        raise web.HTTPNotFound
    kind = KINDS[name.rpartition(".")[2]]
    response = web.Response(body=STATIC[name], content_type=kind, charset="utf-8")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def take_notes(request: web.Request) -> list[str]:
    """What the act before this page says; ``[]`` where nothing readable came."""
    try:
        found = json.loads(base64.urlsafe_b64decode(request.cookies.get(NOTES, "")))
    except ValueError:
        return []
    if not isinstance(found, list):
        return []
    return [note for note in found if isinstance(note, str)]


def see_other(done: Done) -> web.Response:
    """Lead to a page after an act, which says what was done."""
    response = web.Response(status=303, headers={"Location": done.location})
    if done.note:
        value = base64.urlsafe_b64encode(json.dumps([done.note]).encode()).decode()
        response.set_cookie(
            NOTES, value, path="/", secure=True, httponly=True, samesite="Strict", max_age=60
        )
    for answer in done.cookies_from:
        for name, morsel in answer.cookies.items():
            response.cookies[name] = morsel
    return response


def forget_notes(response: web.Response) -> None:
    """They have been shown."""
    response.del_cookie(NOTES, path="/", secure=True, httponly=True, samesite="Strict")
