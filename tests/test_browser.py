"""The browser fixture finds what it is there for: each kind of trouble, planted on a page."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import trustme
from aiohttp import web

from simulators.addresses import claim_private
from simulators.tls import Authority
from tests.browser import Browser, Engine, pin, served_pin
from tests.browser_checks import page_findings, readable, tab_to

if TYPE_CHECKING:
    from playwright.async_api import Page

GOOD = (
    "<!doctype html><html lang=en><head><title>Good</title><link rel=icon href='data:,'></head>"
    "<body><main><h1>Good</h1>{}</main></body></html>"
)
FIELDS = "<a href='#a'>First</a> <label>Name <input></label> <button>Save</button>"
PAGES = {
    "good": FIELDS,
    "console": "<script>console.error('a complaint')</script>",
    "throws": "<script>setTimeout(() => { throw new Error('a bug') }, 0)</script>",
    "missing": "<img src='/no-such-picture' alt=''>",
    "foreign": "<img src='https://elsewhere.example/x.png' alt=''>",
    "unnamed": "<button></button>",
    "faint": "<style>@media (prefers-color-scheme: dark) { body { background: #000 } }</style>"
    "<p style='color: #333'>faint</p>",
    "wide": "<p style='width: 900px'>wide</p>",
}


@dataclass
class Planted:
    """A site of planted pages, over TLS."""

    base: str
    pin: str


@pytest.fixture
async def planted() -> AsyncIterator[Planted]:
    held, authority = claim_private(), Authority()

    async def page(request: web.Request) -> web.Response:
        body = PAGES.get(request.match_info["name"])
        if body is None:
            return web.Response(status=404)
        return web.Response(text=GOOD.format(body), content_type="text/html")

    app = web.Application()
    app.router.add_get("/{name}", page)
    runner = web.AppRunner(app)
    await runner.setup()
    host = held.plan.mcs
    await web.TCPSite(runner, host, 0, ssl_context=authority.server_context(host)).start()
    port = runner.addresses[0][1]
    trust = authority.client_context()
    pinned = await asyncio.to_thread(served_pin, host, port, trust)
    yield Planted(f"https://{host}:{port}", pinned)
    await runner.cleanup()
    held.release()


async def opened(page: "Page", url: str) -> None:
    await page.goto(url)
    await page.wait_for_load_state("networkidle")


async def test_a_page_without_trouble_has_none(planted: Planted, browser_engine: Engine) -> None:
    browser = Browser(browser_engine)
    tab = browser.tab(planted.base, pins=[planted.pin])
    await tab.run(opened, f"{planted.base}/good")
    assert await tab.run(page_findings) == []
    await tab.run(tab_to, "Save")
    assert await browser.close() == []


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("console", "console error: a complaint"),
        ("throws", "script error: a bug"),
        ("missing", "console error: Failed to load resource"),
        ("foreign", "another host was asked: GET https://elsewhere.example/x.png"),
    ],
)
async def test_planted_trouble_is_found(
    planted: Planted, browser_engine: Engine, name: str, trouble: str
) -> None:
    browser = Browser(browser_engine)
    tab = browser.tab(planted.base, pins=[planted.pin])
    await tab.run(opened, f"{planted.base}/{name}")
    found = await browser.close()
    assert any(line.startswith(trouble) for line in found), found


async def test_expected_trouble_is_none_but_has_to_come(
    planted: Planted, browser_engine: Engine
) -> None:
    browser = Browser(browser_engine)
    tab = browser.tab(planted.base, pins=[planted.pin])
    tab.watch.expect("a complaint")
    tab.watch.expect("another complaint")
    await tab.run(opened, f"{planted.base}/console")
    assert await browser.close() == ["expected and not seen: another complaint"]


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("unnamed", "axe critical button-name"),
        ("wide", "scrolls sideways by"),
        ("faint", "dark: axe serious color-contrast"),
    ],
)
async def test_what_a_page_lacks_is_named(
    planted: Planted, browser: Browser, name: str, finding: str
) -> None:
    tab = browser.tab(planted.base, pins=[planted.pin])
    await tab.run(opened, f"{planted.base}/{name}")
    found = await tab.run(page_findings)
    assert any(line.startswith(f"{planted.base}/{name} at 400 px: {finding}") for line in found), (
        found
    )


async def test_what_no_key_reaches_is_told(planted: Planted, browser: Browser) -> None:
    tab = browser.tab(planted.base, pins=[planted.pin])
    await tab.run(opened, f"{planted.base}/good")
    with pytest.raises(AssertionError, match=r"never reaches 'Delete' .* 'First', 'Name', 'Save'"):
        await tab.run(tab_to, "Delete")


async def test_no_certificate_is_believed_but_the_pinned_one(
    planted: Planted, browser_engine: Engine
) -> None:
    browser = Browser(browser_engine)
    tab = browser.tab(planted.base, pins=[pin(_another_certificate())])
    with pytest.raises(Exception, match="ERR_CERT_AUTHORITY_INVALID"):
        await tab.run(opened, f"{planted.base}/good")
    found = await browser.close()
    assert any("ERR_CERT_AUTHORITY_INVALID" in line for line in found)


async def test_only_the_cas_certificate_is_pinned(planted: Planted) -> None:
    host, port = planted.base.removeprefix("https://").split(":")
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.to_thread(served_pin, host, int(port), Authority().client_context())


def test_a_plain_test_has_a_browser_too(browser: Browser) -> None:
    tab = browser.tab()
    tab.now(opened, "data:text/html,<h1>Here</h1>")
    assert tab.now(heading) == "Here"


async def heading(page: "Page") -> str:
    return await page.get_by_role("heading").inner_text()


def test_moderate_findings_are_left_to_people() -> None:
    node = {"target": ["h2"], "failureSummary": "Fix it"}
    found = {"id": "x", "help": "y", "nodes": [node]}
    assert readable([{**found, "impact": "moderate"}]) == []
    assert readable([{**found, "impact": "serious"}]) == ["axe serious x: y: h2: Fix it"]


def _another_certificate() -> bytes:
    issued = trustme.CA().issue_cert("127.0.0.1").cert_chain_pems[0].bytes().decode()
    return ssl.PEM_cert_to_DER_cert(issued)
