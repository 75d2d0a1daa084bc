"""Pictures of all pages, wide and narrow, light and dark, by Debian's chromium.

The browser believes the certificates of the sites that are pictured and no others: they are checked
by the run's CA first, then pinned.
"""

import asyncio
import base64
import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from features.picture_pages import FACES, Face, PictureError, places
from simulators.errors import ConfigurationError
from simulators.estate.estate import Estate

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

WIDTHS = (1280, 400)
SCHEMES = ("light", "dark")
HEIGHT = 900


def chromium() -> str:
    """The browser.

    Raises:
        ConfigurationError: there is none.
    """
    found = shutil.which("chromium")
    if found is None:
        raise ConfigurationError("pictures need chromium: apt-get install chromium")
    return found


async def take(estate: Estate, folder: Path, faces: Iterable[Face] = FACES) -> int:
    """Picture every page of these faces into `folder`; returns how many pictures there are.

    Raises:
        PictureError: a page answers with an error, or a log-in is refused.
    """
    from playwright.async_api import async_playwright

    faces = list(faces)
    folder.mkdir(parents=True, exist_ok=True)
    urls = [face.url(estate) for face in faces]
    pins = [await _pin(url, estate) for url in urls if url.startswith("https:")]
    taken = 0
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(),
            args=[
                "--disable-dev-shm-usage",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.*",
                f"--ignore-certificate-errors-spki-list={','.join(pins)}",
            ],
        )
        for face in faces:
            taken += await _face(browser, face, estate, folder)
        await browser.close()
    return taken


async def _pin(url: str, estate: Estate) -> str:
    """Base64 of SHA-256 of the site's public key; its certificate has to be one of the run's CA."""
    parts = urlsplit(url)
    mcs = estate.mcs
    trust = mcs.tls if mcs and url == mcs.api_url else estate.authority.client_context()
    _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=trust)
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    await writer.wait_closed()
    key = x509.load_der_x509_certificate(certificate).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


async def _face(browser: "Browser", face: Face, estate: Estate, folder: Path) -> int:
    """All pages of one face; one log-in for each colour scheme."""
    pages = places(face, estate)
    for scheme in SCHEMES:
        context = await browser.new_context(
            color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
        )
        page = await context.new_page()
        base = face.url(estate)
        if face.log_in:
            await _go(page, base + face.log_in)
            await _shoot(page, folder / f"{face.name}-log-in", scheme)
            await _log_in(page, *face.account(estate))
        for name, path in pages.items():
            await _go(page, base + path)
            if face.alive:
                await page.locator(face.alive).first.wait_for()
            await _shoot(page, folder / name, scheme)
        await context.close()
    return (len(pages) + bool(face.log_in)) * len(WIDTHS) * len(SCHEMES)


async def _go(page: "Page", url: str) -> None:
    answer = await page.goto(url)
    if answer is None or not answer.ok:
        status = "nothing" if answer is None else answer.status
        raise PictureError(f"{urlsplit(url).path} answers {status}, expected a page")


async def _log_in(page: "Page", user: str, password: str) -> None:
    await page.get_by_label("User name").fill(user)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_role("button", name="Log out").wait_for()


async def _shoot(page: "Page", name: Path, scheme: str) -> None:
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": HEIGHT})
        path = name.with_name(f"{name.name}-{width}-{scheme}.png")
        await page.screenshot(path=path, full_page=True, animations="disabled")
