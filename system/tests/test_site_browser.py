"""The MCS's site in a real browser: all pages, by keyboard, with many phones, live."""

from typing import TYPE_CHECKING

import pytest

from system.tests.conftest import PASSWORD, Site
from system.tests.site_browsing import AHEAD, MAC, at_once, furnished, log_in, tab_at
from tests.browser import Browser
from tests.browser_checks import NARROW, page_findings, survey, tab_to

if TYPE_CHECKING:
    from playwright.async_api import Page

MANY = 50_000


@pytest.mark.timeout(900)
async def test_every_page_is_without_trouble(site: Site, browser: Browser) -> None:
    paths = await furnished(site)
    tab = await tab_at(site, browser)
    assert await tab.run(page_findings) == []
    await tab.run(log_in)
    assert await tab.run(survey, [site.mcs.api_url + path for path in paths]) == []


async def test_logging_in_and_assigning_an_extension_without_a_mouse(
    site: Site, browser: Browser
) -> None:
    await furnished(site)
    tab = await tab_at(site, browser, width=NARROW)

    async def by_keyboard(page: "Page") -> None:
        await type_on(page, "User name", "admin")
        await type_on(page, "Password", PASSWORD)
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Log out").wait_for()
        await type_on(page, "Configuration")  # folded on narrow screens
        await type_on(page, "Phones")
        await page.get_by_role("heading", name="Phones", level=1).wait_for()
        await type_on(page, "Search phones", AHEAD.lower())
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/phones?search=*")
        await type_on(page, AHEAD)
        await page.get_by_role("heading", name=f"Phone {AHEAD}").wait_for()
        await tab_to(page, "Extension")
        await page.keyboard.press("Control+A")
        await page.keyboard.type("2103")
        await page.keyboard.press("Enter")
        await page.get_by_text("Extension 2103 was assigned.").wait_for()

    await tab.run(by_keyboard)
    assert (await site.ok("GET", f"/phones/{AHEAD}"))["extension"] == "2103"


async def type_on(page: "Page", name: str, text: str = "") -> None:
    """Go to something by keyboard and type; without a text, press Enter there."""
    await tab_to(page, name)
    if text:
        await page.keyboard.type(text)
    else:
        await page.keyboard.press("Enter")


async def test_fifty_thousand_phones_open_page_and_are_searched(
    site: Site, browser: Browser
) -> None:
    await furnished(site)
    rows: list[tuple[object, ...]] = [
        (f"08000F{number:06X}", "6930", "5.1.0.6044", "teleworker", "127.10.0.10")
        for number in range(MANY)
    ]
    insert = (
        "INSERT INTO phones (mac, model, firmware, location, address, registered) "
        "VALUES (?, ?, ?, ?, ?, 0)"
    )
    await at_once(site, [(insert, rows)])
    tab = await tab_at(site, browser)

    async def search(page: "Page") -> None:
        await log_in(page)
        await page.get_by_role("link", name="Phones", exact=True).click()
        await page.get_by_text(f"{MANY + 2:,} phones").wait_for()
        await page.get_by_role("link", name="Last page").click()
        await page.get_by_text("Page 1,001 of 1,001").wait_for()
        await page.get_by_role("link", name=MAC).wait_for()
        await page.get_by_label("Search phones").fill("08:00:0f:00:c3:4f")
        await page.get_by_role("button", name="Search").click()
        await page.get_by_text("1 phone with").wait_for()
        await page.get_by_role("link", name="08000F00C34F").click()
        await page.get_by_role("heading", name="Phone 08000F00C34F").wait_for()

    await tab.run(search)


async def test_the_list_of_phones_changes_by_itself(site: Site, browser: Browser) -> None:
    await furnished(site)
    tab = await tab_at(site, browser)

    async def opened(page: "Page") -> None:
        await log_in(page)
        await page.goto(f"{site.mcs.api_url}/phones")
        await page.locator("body[data-live=on]").wait_for()

    async def shown(page: "Page") -> None:
        await page.get_by_role("link", name="1400E9000001").wait_for()

    await tab.run(opened)
    await site.ok("PUT", "/phones/1400E9000001", {})
    site.clock.advance(1)
    await tab.run(shown)


TOLD = """
window.told = 0;
window.EventSource = class extends EventSource {
  constructor(url) {
    super(url);
    setTimeout(() => this.addEventListener("part", () => { told += 1; }));
  }
};
"""
"""Counts the parts that came, each after the page's own script has had it."""

A_PART_CAME = "() => told > 0"
"""A function: an expression is evaluated anew at each look, and later looks fall under the
page's Content-Security-Policy, which forbids that."""


async def test_a_click_is_not_lost_when_its_link_changes_meanwhile(
    site: Site, browser: Browser
) -> None:
    await furnished(site)
    tab = await tab_at(site, browser)

    async def presses(page: "Page") -> int:
        await log_in(page)
        await page.add_init_script(TOLD)
        await page.goto(f"{site.mcs.api_url}/phones")
        await page.wait_for_function(A_PART_CAME)
        await page.get_by_role("link", name=MAC, exact=True).hover()
        await page.mouse.down()
        return int(await page.evaluate("told"))

    async def releases(page: "Page", told: int) -> None:
        await page.wait_for_function("(before) => told > before", arg=told)
        assert await page.get_by_role("link", name="1400E9000001").count() == 0
        await page.mouse.up()
        await page.get_by_role("heading", name=f"Phone {MAC}").wait_for()

    async def slides_off(page: "Page") -> None:
        await page.goto(f"{site.mcs.api_url}/phones")
        await page.wait_for_function(A_PART_CAME)
        await page.get_by_role("link", name=MAC, exact=True).hover()
        await page.mouse.down()
        await page.mouse.move(1, 1)

    async def sees_it_once_released(page: "Page") -> None:
        await page.mouse.up()
        await page.get_by_role("link", name="1400E9000002").wait_for()

    told = await tab.run(presses)
    await site.ok("PUT", "/phones/1400E9000001", {})
    site.clock.advance(1)
    await tab.run(releases, told)
    await tab.run(slides_off)
    await site.ok("PUT", "/phones/1400E9000002", {})
    site.clock.advance(1)
    await tab.run(sees_it_once_released)


async def test_an_image_is_seen_in_its_preview(site: Site, browser: Browser) -> None:
    await furnished(site)
    tab = await tab_at(site, browser)

    async def width(page: "Page") -> int:
        await log_in(page)
        await page.goto(f"{site.mcs.api_url}/features/images")
        picture = page.get_by_alt_text("Preview of logo")
        await picture.scroll_into_view_if_needed()
        found = "(one) => one.decode().then(() => one.naturalWidth)"
        return int(await picture.evaluate(found))

    assert await tab.run(width) == 2


async def test_a_form_with_problems_is_without_trouble(site: Site, browser: Browser) -> None:
    tab = await tab_at(site, browser)
    tab.watch.expect("422")

    async def add_nothing(page: "Page") -> list[str]:
        await log_in(page)
        await page.goto(f"{site.mcs.api_url}/phones/add")
        await page.get_by_role("button", name="Add").click()
        await page.get_by_text("Nothing was saved.").wait_for()
        return await page_findings(page)

    assert await tab.run(add_nothing) == []
