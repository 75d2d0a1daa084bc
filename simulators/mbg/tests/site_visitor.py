"""A person at the MBG's site, for tests: keeps cookies, reads pages, fills in and submits forms.

Everything goes over TLS to the MBG's real web server; pages are parsed, never searched as text
where a structure is meant.
"""

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import aiohttp
from oauthlib.oauth1 import Client

from simulators.addresses import AddressPlan, claim_private
from simulators.clock import Clock
from simulators.entropy import Seed
from simulators.journal import Journal
from simulators.mbg.mbg import Mbg
from simulators.mbg.services.tokens import FinalToken
from simulators.mbg.settings import MbgSettings
from simulators.network import Network
from simulators.tls import Authority

PASSWORD = "the site's own 1"
ROOT = "/server-manager"
HOSTILE = "<script>alert('1')</script>&\"'"
WITHOUT_TEXT = ("option", "title", "style", "script")
INLINE = ("a", "code", "mark", "span", "strong", "time")
VOID = ("area", "br", "col", "hr", "img", "input", "link", "meta", "rect")


@contextmanager
def made_mbg(**settings: object) -> Iterator[tuple[Mbg, AddressPlan, ssl.SSLContext]]:
    """An MBG that is not started, its plan, and what its visitors trust."""
    held = claim_private()
    clock, authority = Clock(), Authority()
    journal = Journal(clock.now)
    values = {"rest_port": 0, "sip_port": 0, "sip_tls_port": 0, "site_password": PASSWORD}
    yield (
        Mbg(
            held.plan.mbg_outside,
            held.plan.mbg_inside,
            tls=authority.server_context(held.plan.mbg_inside),
            clock=clock,
            network=Network(held.plan, journal, clock),
            journal=journal,
            entropy=Seed(1).stream("mbg").randbytes,
            settings=MbgSettings(**(values | settings)),  # type: ignore[arg-type]
        ),
        held.plan,
        authority.client_context(),
    )
    held.release()


@dataclass(slots=True)
class PageForm:
    """A form of a page: where it goes, its fields, and the words on its button."""

    method: str
    action: str
    values: dict[str, str] = field(default_factory=dict)
    buttons: str = ""


@dataclass(slots=True)
class Page:
    """What came: `text` is what a person reads, `source` the HTML."""

    status: int
    url: str
    source: str
    headers: dict[str, str]
    text: str = ""
    forms: list[PageForm] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def form(self, button: str) -> PageForm:
        """The first form with that button."""
        return next(form for form in self.forms if button in form.buttons.split("|"))

    def buttons(self) -> set[str]:
        """The words on all buttons that submit."""
        return {words for form in self.forms for words in form.buttons.split("|") if words}


class Visitor:
    """A browser, as far as the site needs one."""

    def __init__(self, mbg: Mbg, trust: ssl.SSLContext) -> None:
        self._mbg = mbg
        self.trust = trust
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trust), cookie_jar=aiohttp.CookieJar(unsafe=True)
        )

    @property
    def base(self) -> str:
        host, port = self._mbg.rest_address
        return f"https://{host}:{port}"

    async def close(self) -> None:
        await self.session.close()

    async def go(self, path: str, method: str = "GET", **more: object) -> Page:
        """Open a page of the site; redirects are followed."""
        url = path if path.startswith("https:") else self.base + path
        if path.startswith("/") and not path.startswith(ROOT) and "absolute" not in more:
            url = self.base + ROOT + path
        more.pop("absolute", None)
        async with self.session.request(method, url, **more) as answer:  # type: ignore[arg-type]
            source = (await answer.read()).decode()
            page = Page(answer.status, str(answer.url), source, dict(answer.headers))
        _Reader(page).feed(source)
        page.text = " ".join(page.text.split())
        return page

    async def submit(self, page: Page, form: PageForm, **typed: str | None) -> Page:
        """Submit a form with what was typed into it; None unchecks a box."""
        values = form.values | {k: v for k, v in typed.items() if v is not None}
        for name, value in typed.items():
            if value is None:
                values.pop(name, None)
        return await self.go(urljoin(page.url, form.action), form.method, data=values)

    async def press(self, path: str, button: str, **typed: str | None) -> Page:
        """Open a page and press a button of it."""
        page = await self.go(path)
        return await self.submit(page, page.form(button), **typed)

    async def log_in(self, password: str = PASSWORD, user: str = "admin") -> Page:
        return await self.press("/log-in", "Log in", user=user, password=password)


class _Reader(HTMLParser):
    """Reads a page; what isn't well nested is an error."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page
        self._open: list[str] = []
        self._form: PageForm | None = None
        self._select: str | None = None
        self._words: list[str] | None = None
        self._href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._page.tags.append((tag, given))
        if tag not in VOID:
            self._open.append(tag)
        if tag not in INLINE:
            self._page.text += " "
        if tag == "form":
            self._form = PageForm(given["method"].upper(), given["action"])
            self._page.forms.append(self._form)
        elif tag == "a":
            self._words, self._href = [], given["href"]
        elif tag == "button":
            self._words = []
        elif tag == "select":
            self._select = given["name"]
        elif tag == "input":
            self._field(given["name"], given.get("value", "on"), given, "checked")
        elif tag == "option" and self._select:
            self._field(self._select, given.get("value", ""), given, "selected")

    def _field(self, name: str, value: str, given: dict[str, str], mark: str) -> None:
        """What a browser would submit: boxes that are checked, the chosen option or the first."""
        assert self._form is not None, f"the field {name} is in no form"
        box = given.get("type") == "checkbox"
        if mark in given or not (box or name in self._form.values):
            self._form.values[name] = value

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._page.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        closed = self._open.pop()
        assert closed == tag, f"<{closed}> is closed by </{tag}> in {self._page.url}"
        words = " ".join("".join(self._words or ()).split())
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "button":
            if self._form is not None:
                self._form.buttons += f"|{words}"
            self._words = None
        elif tag == "a":
            self._page.links.setdefault(words, self._href)
            self._words = None

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in WITHOUT_TEXT:
            return
        self._page.text += data
        if self._words is not None:
            self._words.append(data)


@asynccontextmanager
async def administrator() -> AsyncIterator[tuple[Mbg, Visitor, AddressPlan]]:
    """A started MBG with ten licences, and its administrator, who is logged in."""
    with made_mbg(licences=10) as (mbg, plan, trust):
        await mbg.start()
        visitor = Visitor(mbg, trust)
        await visitor.log_in()
        yield mbg, visitor, plan
        await visitor.close()
        await mbg.stop()


async def initiated(visitor: Visitor, secret: str, consumer_id: str = "c", uri: str = "") -> None:
    """A consumer asks for a temporary token."""
    called = f"{visitor.base}/mslrest/initiate"
    _, headers, _ = Client(consumer_id, secret, callback_uri="oob").sign(uri or called, "POST")
    await visitor.go(called, "POST", headers=headers)


def final_token(mbg: Mbg, consumer_id: str = "c") -> FinalToken:
    """A final token as an exchange leaves it."""
    now = mbg.clock.now()
    made = FinalToken("the final token=", "its secret value", consumer_id, now, now + 86400 * 60)
    mbg.web_services.final[made.token] = made
    return made
