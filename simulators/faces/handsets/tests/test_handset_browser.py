"""The handsets in a real browser: stage 6 with the mouse alone, by keyboard, and how it looks."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from simulators.faces.handsets.pages import MOST_CARDS
from simulators.phone.calls.line_table import Activity
from simulators.phone.handset import Handset
from simulators.phone.life.states import State
from simulators.tests.phones_bench import PhonesBench, phones_bench
from tests.browser import Browser, Tab
from tests.browser_checks import NARROW, WIDE, page_findings

if TYPE_CHECKING:
    from playwright.async_api import Page

MCS = "127.0.0.1"
PATIENCE_MS = 20_000
MODELS = ("6920", "6930", "6940", "6970")


@pytest.fixture
async def bench() -> AsyncIterator[PhonesBench]:
    async with phones_bench() as made:
        yield made


def opened(bench: PhonesBench, browser: Browser, *, width: int = WIDE) -> Tab:
    return browser.tab(bench.control.url, width=width)


def page_of(bench: PhonesBench, phone: Handset) -> str:
    return f"{bench.control.url}/handsets/{phone.identity.mac}"


async def go_to(page: "Page", url: str) -> None:
    await page.goto(url)
    await page.locator("#link[data-how=open]").wait_for()


class Hand:
    """A person with a mouse: looks at the screen, and clicks on keys."""

    def __init__(self, page: "Page") -> None:
        self._page = page

    async def press(self, *keys: str) -> None:
        """Printed keys, by their names."""
        for key in keys:
            await self._page.get_by_role("button", name=key, exact=True).click()

    async def soft(self, label: str) -> None:
        """The key below the label on the screen."""
        await self._page.get_by_role("button", name=f": {label}", exact=False).first.click()

    async def sees(self, text: str) -> None:
        """Wait until the screen says so."""
        screen = self._page.locator("#screen")
        await screen.get_by_text(text, exact=False).first.wait_for(timeout=PATIENCE_MS)


async def test_stage_six_with_the_mouse_alone(bench: PhonesBench, browser: Browser) -> None:
    phone = bench.handsets[0]
    await bench.registered()
    tab = opened(bench, browser)

    async def by_mouse(page: "Page") -> None:
        await go_to(page, page_of(bench, phone))
        hand = Hand(page)
        await hand.press("Settings")
        await hand.sees("Settings")
        await hand.soft("Advanced")
        await hand.sees("Administrator password")
        await hand.press(*"11111")
        await hand.soft("Enter")
        await hand.sees("Wrong password")
        await hand.press(*"22222")
        await hand.soft("Enter")
        await hand.sees("Configuration Server")
        await hand.press("Down", "Down", "Select")
        await hand.sees("Download Protocol")
        await hand.press("Select", "Select", "Select")  # TFTP, FTP, HTTP, HTTPS
        await hand.press("Down", "Select")
        await hand.press(*"127*0*0*1")
        await hand.soft("Done")
        await hand.press("Down", "Down", "Select", "9")
        await hand.soft("Done")
        await hand.press("Down", "Select")
        await hand.sees("false")
        await hand.soft("Save")
        await hand.sees("Restart the phone now?")
        await hand.soft("Yes")

    await tab.run(by_mouse)
    async with asyncio.timeout(20):
        while phone.reboots == 0:
            await asyncio.sleep(0)
    stored = phone.local_configuration
    assert (stored["download protocol"], stored["https server"]) == ("HTTPS", MCS)
    assert (stored["https port"], stored["https validate certificates"]) == ("9", "0")
    await phone.until(State.REGISTERED, within_s=30)


async def test_by_keyboard_with_a_host_name(bench: PhonesBench, browser: Browser) -> None:
    phone = bench.handsets[0]
    await bench.registered()
    tab = opened(bench, browser, width=NARROW)

    async def by_keyboard(page: "Page") -> None:
        await go_to(page, page_of(bench, phone))
        hand = Hand(page)
        await page.get_by_role("button", name="Settings", exact=True).focus()
        await page.keyboard.press("Enter")
        await hand.sees("Settings")
        await page.locator("#phone button[value='softkey 1']").focus()
        await page.keyboard.press("Space")
        await page.locator("#phone").focus()
        await page.keyboard.type("22222")
        await page.keyboard.press("Enter")
        await hand.sees("Configuration Server")
        for key in ("ArrowDown", "ArrowDown", "Enter", "ArrowDown", "Enter"):
            await page.keyboard.press(key)
        await page.keyboard.type("mcs.example.test:x")
        await page.keyboard.press("Backspace")
        await page.keyboard.press("Backspace")
        await hand.sees("mcs.example.test_")
        said = page.locator("#said")
        assert "HTTPS Server: mcs.example.test_, 2 of 5" in str(await said.text_content())
        await page.keyboard.press("Escape")
        await page.locator("#screen[data-scene=idle]").wait_for(timeout=PATIENCE_MS)
        assert await page.evaluate("scrollY") == 0, "arrows are the phone's"

    await tab.run(by_keyboard)


async def test_a_call_rings_is_answered_and_ends(bench: PhonesBench, browser: Browser) -> None:
    ada, ben = bench.handsets
    await bench.registered()
    tab = opened(bench, browser)
    await tab.run(go_to, page_of(bench, ben))
    ada.dial("2102")

    async def answers(page: "Page") -> None:
        hand = Hand(page)
        await hand.sees("Incoming call")
        await page.locator("#lamp[data-lamp=fastflash]").wait_for()
        line = page.get_by_role("button", name="Top softkey 1: Line 1, lamp blinking fast")
        await line.wait_for()
        await hand.soft("Answer")
        await hand.sees("Connected")
        await page.locator("#phone[data-lifted=yes]").wait_for()

    await tab.run(answers)
    await ada.until_call(Activity.CONNECTED)

    async def hangs_up_and_dials(page: "Page") -> None:
        hand = Hand(page)
        await hand.press("Goodbye")
        await page.locator("#screen[data-scene=idle]").wait_for()
        await page.get_by_label("Number").fill("2101")
        await page.get_by_role("button", name="Dial", exact=True).click()
        await hand.sees("Ringing")

    await tab.run(hangs_up_and_dials)
    await ada.until_call(Activity.INCOMING)


async def test_power_is_cut_and_a_refused_act_is_told(bench: PhonesBench, browser: Browser) -> None:
    phone = bench.handsets[0]
    await bench.registered()
    tab = opened(bench, browser)
    tab.watch.expect("409")

    async def by_mouse(page: "Page") -> None:
        await go_to(page, page_of(bench, phone))
        await page.get_by_role("button", name="Pull the cable").click()
        await page.get_by_text("no network", exact=True).wait_for()
        await page.get_by_role("button", name="Plug the cable in").click()
        await page.get_by_role("button", name="Cut the power").click()
        await page.locator("#screen[data-scene=off]").wait_for()
        await page.get_by_label("Number").fill("2101")
        await page.get_by_role("button", name="Dial", exact=True).click()
        await page.get_by_role("alert").get_by_text("the phone shows nothing").wait_for()
        await page.get_by_role("button", name="Switch on").click()
        await page.locator("#screen[data-scene=idle]").wait_for(timeout=PATIENCE_MS)

    await tab.run(by_mouse)


async def test_a_lost_connection_shows_and_comes_back(bench: PhonesBench, browser: Browser) -> None:
    phone = bench.handsets[0]
    tab = opened(bench, browser)
    await tab.run(go_to, page_of(bench, phone))
    tab.watch.expect("ERR_CONNECTION_REFUSED")
    await bench.control.stop()

    async def lost(page: "Page") -> None:
        await page.get_by_text("connection lost").wait_for(timeout=PATIENCE_MS)
        await page.wait_for_event("requestfailed", timeout=PATIENCE_MS)  # it tries again

    async def back(page: "Page") -> None:
        await page.locator("#link[data-how=open]").wait_for(timeout=PATIENCE_MS)
        await page.locator("#screen[data-scene=idle]").wait_for(timeout=PATIENCE_MS)

    await tab.run(lost)
    await bench.control.start()
    await phone.power_on()
    await tab.run(back)


async def test_the_wall_changes_filters_and_opens(bench: PhonesBench, browser: Browser) -> None:
    tab = opened(bench, browser)

    async def at_first(page: "Page") -> None:
        await go_to(page, f"{bench.control.url}/handsets/")
        assert await page.locator("#wall li:visible").count() == 2

    async def later(page: "Page") -> None:
        both = page.locator("#counts a[data-state=registered] b", has_text="2")
        await both.wait_for(timeout=PATIENCE_MS)
        await page.get_by_label("Text").fill("2102")
        await page.get_by_text("1 of 2").wait_for()
        assert await page.locator("#wall li:visible").count() == 1
        await page.get_by_role("link", name="2102, 6930: registered").click()
        await page.locator("#screen[data-scene=idle]").wait_for()

    await tab.run(at_first)
    await bench.registered()
    await tab.run(later)


async def test_many_are_drawn_and_few_are_links(browser: Browser) -> None:
    """More phones than cards: arrow keys and Enter on the canvas, a filter that makes links."""
    async with phones_bench(MOST_CARDS + 10) as bench:
        tab = opened(bench, browser)

        async def through(page: "Page") -> list[str]:
            await go_to(page, f"{bench.control.url}/handsets/")
            crowd = page.get_by_role("application")
            await crowd.wait_for()
            assert await page.locator("#wall").is_hidden()
            found = await page_findings(page)
            await crowd.focus()
            for key in ("ArrowRight", "ArrowRight", "End", "Home"):
                await page.keyboard.press(key)
            first, last = bench.handsets[0], bench.handsets[-1]
            await page.locator("#pointed", has_text=first.identity.mac).wait_for()
            await page.get_by_label("Text").fill(last.identity.mac.lower())
            await page.get_by_role("link", name=f"{last.identity.mac}, 6930: off").wait_for()
            await crowd.wait_for(state="hidden")
            await page.get_by_label("Text").fill("")
            await crowd.wait_for()
            await crowd.click(position={"x": 20, "y": 20})
            await page.wait_for_url(f"**/handsets/{first.identity.mac}")
            return found

        assert await tab.run(through) == []


@pytest.mark.timeout(600)
async def test_every_model_and_the_wall_look_right(browser: Browser) -> None:
    """Axe, sideways scrolling, console: idle, in a form, in a call, off; wide, narrow, dark."""
    async with phones_bench(12, models=MODELS) as bench:
        for phone in bench.handsets:
            phone.enter(
                {
                    "topsoftkey2 type": "speeddial", "topsoftkey2 label": "Somebody",
                    "softkey1 type": "callers", "softkey1 label": "Callers",
                    "expmod1 key3 type": "speeddial", "expmod1 key3 label": "Desk",
                }
            )  # fmt: skip
        await bench.registered()
        by_model = {phone.model.name: phone for phone in bench.handsets}
        assert sorted(by_model) == sorted(MODELS)
        tab = opened(bench, browser)

        async def looks(page: "Page", url: str) -> list[str]:
            await go_to(page, url)
            return await page_findings(page)

        for phone in by_model.values():
            found = await tab.run(looks, page_of(bench, phone))
            phone.open_advanced()
            phone.select("Configuration Server")
            phone.select("HTTPS Server")
            found += await tab.run(looks, page_of(bench, phone))
            phone.press("Goodbye")
            phone.press("Speaker")
            found += await tab.run(looks, page_of(bench, phone))
            phone.press("Goodbye")
            assert found == [], phone.model.name
        await by_model["6920"].power_off()
        for url in (page_of(bench, by_model["6920"]), f"{bench.control.url}/handsets/"):
            assert await tab.run(looks, url) == []
