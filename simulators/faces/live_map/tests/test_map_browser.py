"""The map in a real browser: what a person sees and does, wide and narrow, light and dark."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from simulators.estate.estate import Estate
from simulators.phone.life.states import State
from simulators.tests.map_bench import all_phones, first, map_bench
from tests.browser import Browser, Tab
from tests.browser_checks import NARROW, WIDE, page_findings, sideways_px, tab_to

if TYPE_CHECKING:
    from playwright.async_api import Page

PATIENCE_MS = 60_000.0


@pytest.fixture
async def estate() -> AsyncIterator[Estate]:
    async with map_bench(3) as made:
        yield made


async def at_the_map(estate: Estate, browser: Browser, *, width: int = WIDE) -> Tab:
    """A tab at the map that has had its first news."""
    tab = browser.tab(estate.control.url, width=width)

    async def go(page: "Page") -> None:
        page.set_default_timeout(PATIENCE_MS)
        await page.goto(f"{estate.control.url}/map/")
        await page.locator("#of", has_text="of 3").wait_for()

    await tab.run(go)
    return tab


async def power_on(estate: Estate) -> None:
    for phone in all_phones(estate):
        await phone.power_on()
        await phone.until(State.REGISTERED)


@pytest.mark.parametrize("width", [WIDE, NARROW])
async def test_a_registration_is_seen_happening(
    estate: Estate, browser: Browser, width: int
) -> None:
    tab = await at_the_map(estate, browser, width=width)

    async def before(page: "Page") -> None:
        await page.get_by_role("row", name="home off").first.wait_for()
        # With movement: the test browser otherwise asks for none.
        await page.emulate_media(reduced_motion="no-preference")
        await page.evaluate(
            """() => {
                window.most = 0;
                setInterval(() => { most = Math.max(most, liveMap.moving); }, 5);
            }"""
        )

    await tab.run(before)
    await power_on(estate)

    async def after(page: "Page") -> int:
        await page.locator("#registered", has_text="3").wait_for()
        await page.get_by_role("row", name="2101").get_by_text("registered").wait_for()
        await page.locator("#log").get_by_text("REGISTER").first.wait_for(state="attached")
        await page.wait_for_function("() => most > 0")
        await page.wait_for_function("() => liveMap.moving === 0")  # and comes to rest
        dots = await page.evaluate(PAINTED, "dots")
        assert dots > 50
        return int(await page.evaluate("() => most"))

    assert await tab.run(after) >= 1


PAINTED = """(id) => {
    const canvas = document.getElementById(id);
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let painted = 0;
    for (let at = 3; at < data.length; at += 4) painted += data[at] > 0;
    return painted;
}"""


async def test_nothing_moves_for_who_wants_no_motion(estate: Estate, browser: Browser) -> None:
    tab = await at_the_map(estate, browser)  # the test browser asks for reduced motion
    await power_on(estate)

    async def look(page: "Page") -> None:
        await page.locator("#registered", has_text="3").wait_for()
        await page.locator("#log p").first.wait_for(state="attached")
        assert await page.evaluate("() => liveMap.moving") == 0
        assert await page.evaluate("() => liveMap.frames") > 0  # wires are lit instead

    await tab.run(look)


async def test_a_paused_picture_waits_and_the_estate_does_not(
    estate: Estate, browser: Browser
) -> None:
    tab = await at_the_map(estate, browser)

    async def pause(page: "Page") -> None:
        await page.emulate_media(reduced_motion="no-preference")
        await page.get_by_role("button", name="Pause", exact=True).click()

    await tab.run(pause)
    await power_on(estate)

    async def go_on(page: "Page") -> None:
        await page.locator("#registered", has_text="3").wait_for()  # counters go on
        await page.wait_for_function("() => liveMap.waiting > 0")
        assert await page.evaluate("() => liveMap.moving") == 0
        assert await page.get_by_role("row", name="home registered").count() == 0
        await page.get_by_role("button", name="Back to now").click()
        await page.wait_for_function("() => liveMap.waiting === 0")
        await page.get_by_role("row", name="home registered").first.wait_for()

    await tab.run(go_on)


async def test_the_ladder_of_a_phone_grows(estate: Estate, browser: Browser) -> None:
    tab = await at_the_map(estate, browser)

    async def choose(page: "Page") -> None:
        await page.get_by_label("Extension or MAC").fill(first(estate).identity.mac)
        await page.locator("#choose").get_by_role("button", name="Show").click()
        await page.locator("#ladder").wait_for()

    await tab.run(choose)
    await power_on(estate)

    async def look(page: "Page") -> tuple[str, list[str]]:
        rungs = page.locator("#rungs")
        answer = rungs.get_by_role("button", name="MBG to phone, SIP: 200")
        await answer.first.wait_for()
        await rungs.get_by_role("button", name="MBG to PBX, SIP: REGISTER 2101").first.wait_for()
        await rungs.get_by_role("button", name="phone, note: registered").first.wait_for()
        request = rungs.get_by_role("button", name="phone to MBG, SIP: REGISTER").nth(1)
        await request.click()
        text = rungs.locator("pre", has_text="Digest")
        await text.wait_for()
        assert await request.get_attribute("aria-expanded") == "true"
        found = await text.inner_text()
        await request.click()
        await text.wait_for(state="detached")
        # The name of the lifeline follows the extension that the phone has come to have.
        await page.locator(".lifelines", has_text="phone 2101").wait_for()
        return found, await page_findings(page)

    text, findings = await tab.run(look)
    assert 'response="•••"' in text
    assert findings == []


async def test_the_clock_is_moved_by_a_button(estate: Estate, browser: Browser) -> None:
    tab = await at_the_map(estate, browser)
    begun = estate.clock.now()

    async def press(page: "Page") -> None:
        await page.get_by_role("button", name="+ 1 day").click()
        await page.get_by_text("Moved by 86,400 s").wait_for()

    await tab.run(press)
    assert estate.clock.now() - begun >= 86_400


async def test_a_fault_is_switched_on_and_off(estate: Estate, browser: Browser) -> None:
    tab = await at_the_map(estate, browser, width=NARROW)
    tab.watch.expect("422")  # of the wrong parameter

    async def switch_on(page: "Page") -> None:
        await page.get_by_label("Fault", exact=True).select_option("busy")
        await page.get_by_label("for (s)").fill("0")  # the browser lets it pass, the bench doesn't
        await page.get_by_role("button", name="Switch on").click()
        await page.locator("#fault-field-for_s[aria-invalid=true]").wait_for()
        await page.get_by_label("times").fill("3")
        await page.get_by_label("status", exact=True).select_option("429")
        await page.get_by_label("for (s)").fill("600")
        await page.get_by_role("button", name="Switch on").click()
        await page.locator("#faults-on", has_text="busy at MBG").wait_for()
        await page.locator("#faults-on", has_text="until").wait_for()
        assert await sideways_px(page) == 0

    await tab.run(switch_on)
    (switched,) = estate.mbg.faults.listed()
    shown = switched.fault.model_dump()
    assert (shown["status"], shown["times"], shown["for_s"]) == (429, 3, 600.0)

    async def switch_off(page: "Page") -> list[str]:
        found = await page_findings(page)
        await page.get_by_role("button", name="Switch busy of MBG off").click()
        await page.get_by_text("None is on.").wait_for()
        return found

    assert await tab.run(switch_off) == []
    assert estate.mbg.faults.is_empty


@pytest.mark.parametrize("role", ["MBG", "PBX", "phones"])
async def test_every_fault_of_the_catalogue_makes_a_form_that_works(
    estate: Estate, browser: Browser, role: str
) -> None:
    """Switched on as the form stands; a fault that needs more says which field."""
    tab = await at_the_map(estate, browser)

    async def try_all(page: "Page") -> list[str]:
        await page.get_by_label("Role", exact=True).select_option(role)
        names = page.locator("#fault-name option")
        await page.wait_for_function(
            """async (role) => {
                const { items } = await (await fetch(`/roles/${role}/faults/catalogue`)).json();
                const shown = [...document.querySelectorAll("#fault-name option")];
                return String(shown.map((one) => one.value)) === String(items.map((i) => i.name));
            }""",
            arg=role,
        )
        said = []
        for name in await names.all_inner_texts():
            await page.get_by_label("Fault", exact=True).select_option(name)
            await page.get_by_role("button", name="Switch on").click()
            await page.locator("#fault-said:not(:empty)").wait_for()
            said.append(await page.locator("#fault-said").inner_text())
        await page.get_by_role("button", name="Switch all of this role off").click()
        await page.get_by_text("All are off.").wait_for()
        return said

    said = await tab.run(try_all)
    assert len(said) >= 2
    assert [text for text in said if not text.endswith(" is on.")] == []


async def test_the_map_and_the_entry_page_are_without_trouble(
    estate: Estate, browser: Browser
) -> None:
    tab = await at_the_map(estate, browser)
    await power_on(estate)

    async def look(page: "Page") -> list[str]:
        await page.locator("#log p").first.wait_for(state="attached")
        found = await page_findings(page)
        await page.goto(estate.control.url + "/")
        return found + await page_findings(page)

    assert await tab.run(look) == []


async def test_a_phone_is_chosen_and_a_message_read_without_a_mouse(
    estate: Estate, browser: Browser
) -> None:
    await power_on(estate)
    tab = await at_the_map(estate, browser)

    async def by_keyboard(page: "Page") -> None:
        await tab_to(page, "Extension or MAC")
        await page.keyboard.type("2102")
        await page.keyboard.press("Enter")
        await page.locator("#rungs button").first.wait_for()
        await page.locator("#rungs").focus()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.locator("#rungs pre").wait_for()

    await tab.run(by_keyboard)


async def test_a_hidden_or_closed_page_costs_nothing(estate: Estate, browser: Browser) -> None:
    tab = await at_the_map(estate, browser)
    face = estate.control.faces[0]
    assert len(face.streams) == 1

    async def leave(page: "Page") -> None:
        await page.goto("about:blank")

    await tab.run(leave)
    async with asyncio.timeout(30):
        while len(face.streams):
            await asyncio.sleep(0.01)
