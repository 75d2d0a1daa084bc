"""Browser windows of the people of a scenario: both admin sites side by side, a phone's page.

A window keeps the source of every page that was open in it, for who looks for secrets (API-1).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

from features.picture_pages import FACES, Face
from simulators.estate.estate import Estate
from tests.browser import Browser, Tab, served_pin

if TYPE_CHECKING:
    from playwright.async_api import Page, Request

PATIENCE_MS = 30_000.0
READ = ("document", "fetch", "xhr", "script", "stylesheet", "image")
"""What is kept of what a page loads; an event stream has no end, and shows in the page."""
SAME_FOR_ALL = ("script", "stylesheet")
"""What each page of a site loads alike: it is read once in a window."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """What was sent to a browser for an address, or stood in its page after scripts had run."""

    url: str
    text: str

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


class Window:
    """One window at one site.

    Args:
        face: the site.
        base: scheme, host and port.
    """

    def __init__(self, tab: Tab, face: Face, base: str) -> None:
        self.face, self.base = face, base
        self.sources: list[Source] = []
        self._tab = tab
        self._same_for_all: set[str] = set()
        tab.now(self._listen)

    def does(
        self,
        act: Callable[Concatenate["Page", P], Awaitable[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Do something in the window; what stands there afterwards is kept."""

        async def watched(page: "Page") -> T:
            found = await act(page, *args, **kwargs)
            self.sources.append(Source(page.url, await page.content()))
            return found

        return self._tab.now(watched)

    def opens(self, path: str) -> None:
        """Open a page of the site by its address."""

        async def go(page: "Page") -> None:
            answer = await page.goto(self.base + path)
            assert answer is not None and answer.ok, f"{path} answers {answer and answer.status}"
            if self.face.alive:
                await page.locator(self.face.alive).first.wait_for()

        self.does(go)

    def expects(self, trouble: str) -> None:
        """What the browser will complain of (a pattern), since the scenario wants it so."""
        self._tab.watch.expect(trouble)

    def allows(self, trouble: str) -> None:
        """What the browser may complain of (a pattern), or not, as it comes."""
        self._tab.watch.allow(trouble)

    def reads(self, path: str) -> None:
        """Fetch a page of the site with the window's log-in, without drawing it."""

        async def fetched(page: "Page") -> None:
            # The windows have checked the certificate by its pin, which this client can't.
            answer = await page.request.get(self.base + path, ignore_https_errors=True)
            assert answer.ok, f"{path} answers {answer.status}"
            self.sources.append(Source(answer.url, await answer.text()))

        self._tab.now(fetched)

    async def _listen(self, page: "Page") -> None:
        page.set_default_timeout(PATIENCE_MS)
        page.on("requestfinished", self._read)

    async def _read(self, request: "Request") -> None:
        from playwright.async_api import Error

        if request.resource_type not in READ or request.url in self._same_for_all:
            return
        if request.resource_type in SAME_FOR_ALL:
            self._same_for_all.add(request.url)
        answer = await request.response()
        if answer is None or 300 <= answer.status < 400:
            return
        try:
            self.sources.append(Source(request.url, (await answer.body()).decode(errors="replace")))
        except Error:
            return  # the window has gone on, and the browser has forgotten the answer


class Windows:
    """All windows of a scenario; the first two are the admin sites'."""

    def __init__(self, estate: Estate, browser: Browser) -> None:
        self._estate, self._browser = estate, browser
        self._faces = {face.name: face for face in FACES}
        self._open: dict[str, Window] = {}

    @property
    def mcs(self) -> Window:
        """The MCS's site."""
        return self.at("mcs")

    @property
    def mbg(self) -> Window:
        """The MBG's site."""
        return self.at("mbg")

    def at(self, name: str, of: str = "") -> Window:
        """The window at a face (a name of `FACES`), opened when it is first asked for.

        Args:
            of: tells several windows at the same face apart.
        """
        key = f"{name} {of}"
        if key not in self._open:
            face = self._faces[name]
            base = face.url(self._estate).removesuffix(":443")
            tab = self._browser.tab(base, pins=self._pins())
            self._open[key] = Window(tab, face, base)
        return self._open[key]

    def sources(self) -> list[Source]:
        """Every source that any of the windows has seen."""
        return [source for window in self._open.values() for source in window.sources]

    def _pins(self) -> list[str]:
        """Those of all sites that a scenario may open, so that one browser serves all windows."""
        estate, pins = self._estate, []
        for face in self._faces.values():
            parts = urlsplit(face.url(estate))
            if parts.scheme != "https":
                continue
            assert parts.hostname is not None
            ours = estate.mcs is not None and parts.netloc == urlsplit(estate.mcs.api_url).netloc
            trust = estate.mcs.tls if estate.mcs and ours else estate.authority.client_context()
            pins.append(served_pin(parts.hostname, parts.port or 443, trust))
        return pins
