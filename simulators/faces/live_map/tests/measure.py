"""How much the live map costs with many phones, and how fluent it is. No test: a person runs it.

    python -m simulators.faces.live_map.tests.measure 2000

An estate of so many whole handsets in a process of its own cuts their power and lets it return, one
after the other, so that all register; first while nobody looks, then while a browser does. Says the
estate's processor seconds for both, and the frames that the browser drew.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from playwright.async_api import async_playwright

from simulators.tests.map_bench import map_bench

CHROMIUM = "/usr/bin/chromium"
RATE = 50.0
"""Phones that get power per second: what a small machine carries beside a browser."""

LIMIT_S = 20.0
"""Real seconds for the last to register; on a busy machine some are late."""
TICKS = os.sysconf("SC_CLK_TCK")


async def serve(phones: int) -> None:
    """The estate: a line on standard input lets all phones register, and it says how that went."""
    async with map_bench(phones) as estate:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        say({"url": estate.control.url})
        while await reader.readline():
            handsets = list(estate.phones.values())
            await estate.handsets.power(on=False)
            begun, used, mark = loop.time(), cpu_s(os.getpid()), estate.journal.mark()
            for number, phone in enumerate(handsets):
                await asyncio.sleep(begun + number / RATE - loop.time())
                await phone.power_on()
            deadline = loop.time() + LIMIT_S
            while not all(phone.registered for phone in handsets) and loop.time() < deadline:
                await asyncio.sleep(0.1)
            took = loop.time() - begun
            say({
                "took_s": round(took, 1),
                "cpu_s": round(cpu_s(os.getpid()) - used, 2),
                "messages": estate.journal.mark() - mark,
                "registered": sum(phone.registered for phone in handsets),
            })  # fmt: skip


def say(what: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def cpu_s(pid: int) -> float:
    """Processor seconds of a process so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def measure(phones: int) -> None:
    """Start the estate, look or not, and tell."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __spec__.name, str(phones), "serve",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdin and child.stdout

    async def register() -> dict[str, float]:
        assert child.stdin and child.stdout
        child.stdin.write(b"go\n")
        found: dict[str, float] = json.loads(await child.stdout.readline())
        return found

    url = json.loads(await child.stdout.readline())["url"]
    say({"phones": phones, "powered on per s": RATE})
    say({"nobody looks": await register()})
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=CHROMIUM, args=["--disable-dev-shm-usage"]
        )
        page = await browser.new_page(viewport={"width": 1280, "height": 900})
        await page.goto(f"{url}/map/")
        await page.locator("#registered").filter(has_not_text="–").wait_for()
        await page.evaluate(WATCH_FRAMES)
        before = await page.evaluate("liveMap.frames")
        looked = await register()
        after = await page.evaluate("liveMap.frames")
        gaps = await page.evaluate("frameGaps.sort((a, b) => a - b)")
        say({
            "one browser looks": looked,
            "frames_per_s": round((after - before) / looked["took_s"], 1),
            "frame_gap_ms": {
                "median": round(gaps[len(gaps) // 2], 1),
                "p99": round(gaps[int(len(gaps) * 0.99)], 1),
                "longest": round(gaps[-1], 1),
            },
        })  # fmt: skip
        idle = cpu_s(child.pid)
        await asyncio.sleep(10)
        say({"idle for 10 s, one looks, cpu_s": round(cpu_s(child.pid) - idle, 2)})
        await browser.close()
    idle = cpu_s(child.pid)
    await asyncio.sleep(10)
    say({"idle for 10 s, nobody looks, cpu_s": round(cpu_s(child.pid) - idle, 2)})
    child.stdin.close()
    await child.wait()


WATCH_FRAMES = """() => {
    window.frameGaps = [];
    let last = performance.now();
    const step = (now) => { frameGaps.push(now - last); last = now; requestAnimationFrame(step); };
    requestAnimationFrame(step);
}"""

if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])) if "serve" in sys.argv else measure(int(sys.argv[1])))
