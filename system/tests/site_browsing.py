"""A site with something of everything, and a browser at it: for tests of pages."""

import asyncio
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from system.tests.conftest import PASSWORD, Site
from system.tests.people_acts import add_user
from system.tests.phone_client import agent_of
from system.tests.test_delivery import png
from system.tests.test_phones import image
from tests.browser import Browser, Tab, pin
from tests.browser_checks import WIDE

if TYPE_CHECKING:
    from playwright.async_api import Page

MAC = "1400E9123456"
AHEAD = "1400E9ABCDEF"
HOSTILE = "<script>alert('1')</script>&\"'"


async def furnished(site: Site) -> list[str]:
    """A phone system, phones, keys, firmware, a directory, images, users; returns all paths."""
    await site.add_phone_system()
    await site.ok("PUT", "/client-locations/remote", {"nat_ip_address_or_hostname": "127.20.0.10"})
    headers = {"User-Agent": agent_of(MAC)}
    phones = f"https://127.0.0.1:{site.mcs.phones_port}"
    async with site.http.get(f"{phones}/{MAC}.cfg", headers=headers) as answer:
        assert answer.status < 500
    await site.ok("PUT", f"/phones/{MAC}", {"extension": "2101"})
    await site.ok("PUT", f"/phones/{AHEAD}", {"extension": "2102"})
    key = {"kind": "topsoftkey", "position": 3, "type": "speeddial", "label": HOSTILE, "value": "9"}
    for level in ("default/all", "model/6930", f"phone/{MAC}", "user/2101"):
        shifted = key | {"position": 3 if level.startswith("default") else 4}
        await site.ok("PUT", f"/keymaps/{level}", {"keys": [shifted]})
    entry = {"first_name": HOSTILE, "last_name": "Home", "company": "", "number": "+41 44 1"}
    await site.ok("PUT", "/directories/system", {"entries": [entry]})
    await octets(site, "/firmware/6930", image())
    await octets(site, "/images/logo", png())
    await add_user(site, "ada", "supervisor", display_name=HOSTILE)
    return [
        "/",
        "/account",
        "/site-settings/client-locations/local",
        "/site-settings/client-locations/remote",
        "/site-settings/phone-systems",
        "/site-settings/phone-systems/new",
        "/site-settings/phone-systems/mbg",
        "/site-settings/phone-systems/mbg/request-access-token",
        "/site-settings/phone-systems/1",
        "/site-settings/phone-systems/1/edit",
        "/site-settings/phone-systems/1/nodes/1",
        "/site-settings/phone-systems/1/extensions/2101",
        "/provisioning",
        "/provisioning/bulk",
        "/provisioning/drift",
        "/notices",
        "/health",
        "/phones",
        "/phones/add",
        "/phones?search=nobody",
        f"/phones/{MAC}",
        f"/phones/{MAC}?kind=hand-out",
        f"/phones/{MAC}/keys",
        f"/phones/{AHEAD}",
        "/features/keymaps",
        "/features/keymaps/default/all",
        "/features/keymaps/default/all?key=topsoftkey+3",
        "/features/keymaps/user/2101",
        "/features/firmware",
        "/features/firmware/6930",
        "/features/directories",
        "/features/directories/system",
        "/features/directories/system?entry=1",
        "/features/images",
        "/users",
        "/add-user",
        "/users/ada",
        "/roles",
        "/log-ins",
        "/licences",
        "/audit",
        "/audit?since=2026-01-01",
        "/audit/retention",
    ]


async def octets(site: Site, path: str, content: bytes) -> None:
    """Send octets by the API."""
    headers = {"Authorization": f"Bearer {site.token}", "Content-Type": "application/octet-stream"}
    url = f"{site.mcs.api_url}/api/v1{path}"
    async with site.http.put(url, data=content, headers=headers) as answer:
        assert answer.status < 300, await answer.text()


async def tab_at(site: Site, browser: Browser, *, width: int = WIDE) -> Tab:
    """A tab at the log-in, which believes the MCS's own certificate and no other."""
    tab = browser.tab(site.mcs.api_url, pins=[mcs_pin(site.mcs.config.data_dir)], width=width)
    await tab.run(go_to, f"{site.mcs.api_url}/log-in")
    return tab


def mcs_pin(data_dir: Path) -> str:
    """The pin of the certificate that the MCS has made for itself."""
    return pin(ssl.PEM_cert_to_DER_cert((data_dir / "tls.crt").read_text()))


async def go_to(page: "Page", url: str) -> None:
    """Open an address."""
    await page.goto(url)


async def log_in(page: "Page", username: str = "admin", password: str = PASSWORD) -> None:
    """Log in by mouse and keyboard."""
    await page.get_by_label("User name").fill(username)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_role("button", name="Log out").wait_for()


async def at_once(site: Site, statements: list[tuple[str, list[tuple[object, ...]]]]) -> None:
    """Many rows into the site's database, behind the MCS's back."""
    import sqlite3

    def put() -> None:
        connection = sqlite3.connect(site.mcs.config.data_dir / "mcs.db", timeout=60)
        with connection:
            for statement, rows in statements:
                connection.executemany(statement, rows)
        connection.close()

    await asyncio.to_thread(put)
