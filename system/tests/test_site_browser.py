"""The MCS's site in a real browser: all pages, by keyboard, with many phones, live."""

from typing import TYPE_CHECKING

import pytest

from system.tests.conftest import Site
from system.tests.site_browsing import furnished, log_in, tab_at
from tests.browser import Browser
from tests.browser_checks import page_findings, survey

if TYPE_CHECKING:
    pass

MANY = 50_000


@pytest.mark.timeout(900)
async def test_every_page_is_without_trouble(site: Site, browser: Browser) -> None:
    paths = await furnished(site)
    tab = await tab_at(site, browser)
    assert await tab.run(page_findings) == []
    await tab.run(log_in)
    assert await tab.run(survey, [site.mcs.api_url + path for path in paths]) == []
