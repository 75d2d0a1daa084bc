"""A teleworker at the page of a handset: stage 6 with the mouse, key by key."""

import re
from typing import TYPE_CHECKING

from features.actors.installer import PHONES_PORT
from features.actors.teleworker import Teleworker
from features.actors.windows import Window

if TYPE_CHECKING:
    from playwright.async_api import Page

PROTOCOLS_TO_HTTPS = 3
"""From TFTP over FTP and HTTP to HTTPS."""


class Keys:
    """One person's fingers on one phone, and eyes on its screen.

    Args:
        person: whose phone it is.
        window: at the phones' pages.
    """

    def __init__(self, person: Teleworker, window: Window) -> None:
        self.person = person
        self.window = window

    def switches_on(self) -> None:
        """Open the phone's page and connect its power."""
        self.window.opens(f"/handsets/{self.person.phone.identity.mac}")

        async def act(page: "Page") -> None:
            await page.get_by_role("button", name="Switch on").click()
            await page.locator("#screen[data-scene=idle]").wait_for()

        self.window.does(act)

    def enters_password(self, password: str, then: str) -> None:
        """Settings -> Advanced -> administrator password; what the screen says then."""

        async def act(page: "Page") -> None:
            await press(page, "Settings")
            await soft(page, "Advanced")
            await sees(page, "Administrator password")
            await press(page, *password)
            await soft(page, "Enter")
            await sees(page, then)

        self.window.does(act)

    def fills_in_configuration_server(self, host: str) -> None:
        """Configuration Server: HTTPS, MCS as seen from outside, 8202, no validation; Save, Yes."""

        async def act(page: "Page") -> None:
            await press(page, "Down", "Down", "Select")
            await sees(page, "Download Protocol")
            await press(page, *["Select"] * PROTOCOLS_TO_HTTPS)
            await press(page, "Down", "Select", *host.replace(".", "*"))
            await soft(page, "Done")
            await press(page, "Down", "Down", "Select", *str(PHONES_PORT))
            await soft(page, "Done")
            await press(page, "Down", "Select")
            await sees(page, "false")
            await soft(page, "Save")
            await sees(page, "Restart the phone now?")
            await soft(page, "Yes")

        self.window.does(act)

    def sees_lines(self) -> None:
        """The screen is idle with its extension, Line 1 and Line 2 are on top softkeys (PHN-5)."""

        async def act(page: "Page") -> None:
            await page.locator("#screen[data-scene=idle]").wait_for()
            for line in ("Line 1", "Line 2"):
                await page.get_by_role("button", name=line).first.wait_for()
            await sees(page, self.person.person.extension)

        self.window.does(act)

    def dials(self, extension: str) -> None:
        """The speaker key, the digits, and the softkey Dial."""

        async def act(page: "Page") -> None:
            await press(page, "Speaker", *extension)
            await soft(page, "Dial")
            await sees(page, "Ringing")

        self.window.does(act)

    def answers(self) -> None:
        """Wait until it rings, and take the call."""

        async def act(page: "Page") -> None:
            await sees(page, "Incoming call")
            await soft(page, "Answer")
            await sees(page, "Connected")

        self.window.does(act)

    def reads(self, words: str) -> None:
        """The screen says so."""

        async def act(page: "Page") -> None:
            await sees(page, words)

        self.window.does(act)


async def press(page: "Page", *keys: str) -> None:
    """Printed keys, by their names."""
    for key in keys:
        await page.locator(f'button[name="press"][value="{key}"]').first.click()


async def soft(page: "Page", label: str) -> None:
    """The key below the label on the screen; with touch the label itself."""
    name = re.compile(rf"(^|: ){re.escape(label)}$")
    await page.get_by_role("button", name=name).first.click()


async def sees(page: "Page", text: str) -> None:
    """Wait until the screen says so."""
    await page.locator("#screen").get_by_text(text).first.wait_for()
