"""The report in a real browser: messages are there when somebody wants them."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reports.catalogue import load_catalogue
from reports.coverage import cover
from reports.html import render
from reports.run import read_run
from reports.tests import sample
from tests.browser import Browser

if TYPE_CHECKING:
    from playwright.async_api import Page

DISK = "file://"
KEPT = "document.querySelectorAll('noscript').length"
ARROWS = "document.querySelectorAll('.rungs a').length"
CATALOGUE = load_catalogue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The page of the sample run, on a disk."""
    run = read_run(sample.write_features(tmp_path), CATALOGUE)
    page = tmp_path / "report.html"
    page.write_text(render(run, cover(CATALOGUE, run.scenarios), CATALOGUE), encoding="utf-8")
    return page


async def filled(page: "Page") -> None:
    """Wait until the last scenario has its messages."""
    await page.locator("noscript").last.wait_for(state="detached")


async def test_messages_come_by_themselves_and_all_at_once_for_paper(
    file: Path, browser: Browser
) -> None:
    async def prints(page: "Page") -> int:
        await page.goto(file.as_uri())
        await page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert await page.evaluate(KEPT) == 0
        return int(await page.evaluate(ARROWS))

    async def waits(page: "Page") -> int:
        await page.goto(file.as_uri())
        await filled(page)
        return int(await page.evaluate(ARROWS))

    there = file.read_text(encoding="utf-8").count('<rect class="row"/>')
    tab = browser.tab(DISK)
    assert await tab.run(prints) == await tab.run(waits) == there > 150


async def test_an_arrow_shows_its_message_and_a_link_leads_to_it(
    file: Path, browser: Browser
) -> None:
    async def looks(page: "Page") -> None:
        await page.goto(file.as_uri())
        scenario = page.locator("details.scenario:not([open])").first
        number = await scenario.get_attribute("id")
        await scenario.locator("summary").first.click()
        arrow = page.locator(f"#{number} .rungs a").nth(1)
        listed = page.locator(f"#{number} .wire > li > details").nth(1)
        said = await listed.locator("summary").text_content()
        assert await arrow.locator("title").text_content() == said
        await arrow.click()
        assert await page.locator("#inspected").text_content() == said
        shown = await page.locator("#inspector pre").text_content()
        assert shown and shown == await listed.locator("pre").text_content()
        # to one that is closed, by an address that somebody was given
        await page.goto("about:blank")
        await page.goto(f"{file.as_uri()}#{number}-m1")
        await page.locator(f"#{number}-m1").wait_for(state="visible")

    await browser.tab(DISK).run(looks)
