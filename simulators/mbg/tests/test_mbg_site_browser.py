"""The MBG's site in a real browser: every page, wide and narrow, light and dark, by keyboard."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from simulators.addresses import AddressPlan
from simulators.mbg.mbg import Mbg
from simulators.mbg.tests.site_visitor import PASSWORD, ROOT, Visitor, administrator
from simulators.mbg.tests.test_mbg_site_pages import every_page, filled
from tests.browser import Browser, Tab, served_pin
from tests.browser_checks import NARROW, WIDE, page_findings, survey, tab_to

if TYPE_CHECKING:
    from playwright.async_api import Page

Opened = tuple[Mbg, Visitor, AddressPlan]


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    async with administrator() as made:
        yield made


async def at_the_log_in(opened: Opened, browser: Browser, *, width: int = WIDE) -> Tab:
    """A tab at the log-in page."""
    mbg, visitor, _ = opened
    pins = [await asyncio.to_thread(served_pin, *mbg.rest_address, visitor.trust)]
    tab = browser.tab(visitor.base, pins=pins, width=width)
    await tab.run(go_to, visitor.base + ROOT)
    return tab


async def go_to(page: "Page", url: str) -> None:
    await page.goto(url)


async def log_in(page: "Page") -> None:
    await page.get_by_label("User name").fill("admin")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_role("button", name="Log out").wait_for()


@pytest.mark.timeout(600)
async def test_every_page_is_without_trouble(opened: Opened, browser: Browser) -> None:
    mbg, visitor, plan = opened
    await filled(mbg, visitor, plan)
    urls = sorted({page.url for page in await every_page(visitor) if page.status == 200})
    assert len(urls) > 20
    tab = await at_the_log_in(opened, browser)
    assert await tab.run(page_findings) == []
    await tab.run(log_in)
    assert await tab.run(survey, urls) == []


async def test_a_form_with_problems_is_without_trouble(opened: Opened, browser: Browser) -> None:
    tab = await at_the_log_in(opened, browser)
    await tab.run(log_in)
    tab.watch.expect("422")

    async def save_nothing(page: "Page") -> list[str]:
        await page.goto(f"{opened[1].base}{ROOT}/sip-devices/new")
        await page.get_by_role("button", name="Save").click()
        await page.get_by_text("Nothing was saved.").wait_for()
        return await page_findings(page)

    assert await tab.run(save_nothing) == []


async def type_on(page: "Page", name: str, text: str = "") -> None:
    """Go to a field by keyboard and type; Enter presses a button or follows a link."""
    await tab_to(page, name)
    if text:
        await page.keyboard.type(text)
    else:
        await page.keyboard.press("Enter")


async def test_stages_two_and_four_without_a_mouse(opened: Opened, browser: Browser) -> None:
    mbg, _, plan = opened
    tab = await at_the_log_in(opened, browser, width=NARROW)

    async def by_keyboard(page: "Page") -> None:
        await type_on(page, "User name", "admin")
        await type_on(page, "Password", PASSWORD)
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Log out").wait_for()
        await type_on(page, "Web services")
        await page.get_by_role("heading", name="Web services", level=1).wait_for()
        await type_on(page, "Start web services")
        await page.get_by_role("button", name="Stop web services").wait_for()
        await type_on(page, "Port Forwarding")
        await page.get_by_role("heading", name="Port Forwarding", level=1).wait_for()
        await type_on(page, "Add a rule")
        await page.get_by_role("button", name="Save").wait_for()
        await type_on(page, "Port", "8202")
        await type_on(page, "Destination Host IP Address", plan.mcs)
        await type_on(page, "Destination port", "8202")
        await page.keyboard.press("Enter")
        await page.get_by_role("status").wait_for()

    await tab.run(by_keyboard)
    assert mbg.web_services.running
    assert [forward.rule.destination for forward in mbg.forwards.values()] == [(plan.mcs, 8202)]
