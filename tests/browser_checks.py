"""Checks of an open page: accessible by axe, no sideways scrolling, reachable by keyboard."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.async_api import Page

WIDE, NARROW, HEIGHT = 1280, 400, 900
GRAVE = ("serious", "critical")
MOST_TABS = 200

ACTIVE_NAME = """() => {
  const on = document.activeElement;
  if (!on || on === document.body) return "";
  const label = on.labels && on.labels[0];
  return (on.getAttribute("aria-label") || (label && label.innerText) || on.innerText || on.value
          || "").replace(/\\s+/g, " ").trim();
}"""


@functools.cache
def _axe_source() -> str:
    from axe_playwright_python.base import AXE_SCRIPT

    return str(AXE_SCRIPT)


async def axe_findings(page: "Page", *rules: str) -> list[str]:
    """Serious and critical findings of axe-core on the page as it stands, a line each.

    Args:
        rules: ids of the rules to apply; all, without.
    """
    await page.evaluate(_axe_source())
    wanted = {"type": "rule", "values": rules} if rules else None
    result = await page.evaluate(
        "(wanted) => axe.run(document, {resultTypes: ['violations'], ...(wanted && "
        "{runOnly: wanted})})",
        wanted,
    )
    return readable(result["violations"])


def readable(violations: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each grave finding: its rule, where it is, what is wrong."""
    return [
        f"axe {one['impact']} {one['id']}: {one['help']}: {', '.join(map(str, node['target']))}: "
        + " ".join(str(node.get("failureSummary", "")).split())
        for one in violations
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


async def sideways_px(page: "Page") -> int:
    """By how many pixels the page is wider than its window."""
    return int(
        await page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
    )


async def page_findings(page: "Page") -> list[str]:
    """All that is wrong with the open page, wide and narrow, light and dark, a line each."""
    wrong = []
    for width in (WIDE, NARROW):
        await page.set_viewport_size({"width": width, "height": HEIGHT})
        await page.emulate_media(color_scheme="light")
        found = await axe_findings(page)
        if too_wide := await sideways_px(page):
            found.append(f"scrolls sideways by {too_wide} px")
        await page.emulate_media(color_scheme="dark")
        found += [f"dark: {line}" for line in await axe_findings(page, "color-contrast")]
        wrong += [f"{page.url} at {width} px: {line}" for line in found]
    return wrong


async def survey(page: "Page", urls: Iterable[str]) -> list[str]:
    """Open each page; all that is wrong with them, a line each."""
    wrong = []
    for url in urls:
        await page.goto(url)
        wrong += await page_findings(page)
    return wrong


async def tab_to(page: "Page", name: str) -> None:
    """Press Tab until what has that name (label, text) has the focus, as a person without a mouse.

    Raises:
        AssertionError: it can't be reached; says what can.
    """
    reached: list[str] = []
    for _ in range(MOST_TABS):
        await page.keyboard.press("Tab")
        now = str(await page.evaluate(ACTIVE_NAME))
        if now == name or now.startswith(f"{name} "):
            return
        reached.append(now)
    raise AssertionError(f"the Tab key never reaches {name!r} on {page.url}, but {reached[:60]}")
