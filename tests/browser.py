"""A real browser for tests of pages: Debian's chromium, driven by Playwright, on a loop of its own.

One driver for each test process, and a fresh chromium for each test: nothing of one test is left to
the next. Both run on a loop in a thread, since the tests' own loops end with each test; what a test
does on a page is a coroutine function, carried there by `Tab.run` (from an async test) or `Tab.now`
(from a plain one). A browser believes exactly the certificates whose pins the test names, and
resolves no host but 127.0.0.0/8. What goes wrong on a page fails the test, see `browser_watch`.

    async def test_a_page(opened, browser: Browser) -> None:
        tab = browser.tab(opened.base, pins=[served_pin(host, port, trust)])
        await tab.run(press_save)
"""

import asyncio
import base64
import hashlib
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.browser_checks import HEIGHT, WIDE
from tests.browser_watch import Watch

if TYPE_CHECKING:
    from playwright.async_api import Browser as Chromium
    from playwright.async_api import Page, Playwright

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
"""One engine of pages; without the windows around it, it takes half the time (decision 86)."""
INSTALL = "chromium, a browser, is not installed: apt-get install chromium-headless-shell"
ARGUMENTS = (
    "--disable-dev-shm-usage",
    # Not even a name is asked for outside this machine; pages that try are found by the watch.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.*",
)

LOOP_TURNS = 10
"""In which a site on the test's own loop sees that the connections of a browser are closed."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Engine:
    """Playwright's driver and its loop."""

    portal: BlockingPortal
    playwright: "Playwright"


class Tab:
    """One window of a context of its own; `page` is Playwright's, for use on its loop alone."""

    def __init__(self, portal: BlockingPortal, page: "Page", watch: Watch) -> None:
        self.page = page
        self.watch = watch
        self._portal = portal

    async def run(
        self,
        act: Callable[Concatenate["Page", P], Awaitable[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Do something on the page, while the test's own loop goes on serving what it serves."""

        async def carry() -> T:
            return await act(self.page, *args, **kwargs)

        return await asyncio.wrap_future(self._portal.start_task_soon(carry))

    def now(
        self,
        act: Callable[Concatenate["Page", P], Awaitable[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """The same for a test without a loop of its own; it waits."""

        async def carry() -> T:
            return await act(self.page, *args, **kwargs)

        return self._portal.call(carry)


class Browser:
    """What a test has: opens tabs, and at its end tells what went wrong in them.

    Certificates are pinned when a chromium starts, and each test's sites have their own: so each
    test has its own chromium, too. Its end is waited for; sites see all its connections closed.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._chromiums: dict[tuple[str, ...], Chromium] = {}
        self._watches: list[Watch] = []

    def tab(
        self, *origins: str, pins: Sequence[str] = (), width: int = WIDE, dark: bool = False
    ) -> Tab:
        """A window of its own, with cookies of its own.

        Args:
            origins: the sites that its pages may ask anything of, such as `https://127.0.0.1:8200`.
            pins: what `pin` or `served_pin` say of the certificates to believe.
        """

        async def opened() -> Tab:
            chromium = await self._chromium(tuple(sorted(pins)))
            context = await chromium.new_context(
                viewport={"width": width, "height": HEIGHT},
                color_scheme="dark" if dark else "light",
                reduced_motion="reduce",
            )
            watch = Watch(context, origins)
            self._watches.append(watch)
            return Tab(self._engine.portal, await context.new_page(), watch)

        return self._engine.portal.call(opened)

    async def _chromium(self, pins: tuple[str, ...]) -> "Chromium":
        if pins not in self._chromiums:
            self._chromiums[pins] = await self._engine.playwright.chromium.launch(
                executable_path=CHROMIUM,
                args=[*ARGUMENTS, f"--ignore-certificate-errors-spki-list={','.join(pins)}"],
            )
        return self._chromiums[pins]

    async def close(self) -> list[str]:
        """Close all tabs; returns what went wrong in them, a line each."""

        async def closed() -> None:
            for chromium in self._chromiums.values():
                await chromium.close()

        await asyncio.wrap_future(self._engine.portal.start_task_soon(closed))
        for _ in range(LOOP_TURNS):
            await asyncio.sleep(0)
        return [trouble for watch in self._watches for trouble in watch.troubles()]


def pin(certificate: bytes) -> str:
    """What chromium is told to believe a certificate (DER) by: base64 of SHA-256 of its key."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


def served_pin(host: str, port: int, trust: ssl.SSLContext) -> str:
    """The pin of the certificate that a site serves, checked by the CA that the test trusts.

    It blocks: from a test whose loop serves the site, call it by `asyncio.to_thread`.

    Raises:
        ssl.SSLError: the certificate isn't of that CA, or not for that host.
    """
    with (
        socket.create_connection((host, port), timeout=30) as raw,
        trust.wrap_socket(raw, server_hostname=host) as wrapped,
    ):
        certificate = wrapped.getpeercert(binary_form=True)
    assert certificate is not None
    return pin(certificate)


@pytest.fixture(scope="session")
def browser_engine() -> Iterator[Engine]:
    """Playwright and chromium, once for each test process."""
    if CHROMIUM is None:
        pytest.skip(INSTALL)
    from playwright.async_api import async_playwright

    with ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal("asyncio"))
        playwright = stack.enter_context(portal.wrap_async_context_manager(async_playwright()))
        yield Engine(portal, playwright)


@pytest.fixture
async def browser(browser_engine: Engine) -> AsyncIterator[Browser]:
    """A browser without history. The test fails at its end where a page of it had trouble."""
    made = Browser(browser_engine)
    yield made
    troubles = await made.close()
    if troubles:
        pytest.fail("the browser met trouble:\n  " + "\n  ".join(troubles), pytrace=False)
