"""Locust's web pages start and stop tests, again and again."""

import asyncio
import signal
from pathlib import Path

import aiohttp

from loadtests.plan import read_plan
from loadtests.tests.fake_registrar import FakeRegistrar, passwords
from loadtests.tests.test_locust_users import end, free_port, planned, start


async def test_the_fields_of_the_pages_rule_again_and_again(tmp_path: Path) -> None:
    registrar = FakeRegistrar(passwords(9))
    port = free_port()
    async with planned(registrar, tmp_path) as plan:
        process = await start(plan, "--web-host", "127.0.0.1", "--web-port", str(port))
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
            async with asyncio.timeout(120):
                for users in (5, 3):
                    await begun(http, users)
                    while await ended_by_the_pages(http) != users:  # also still of the last test
                        await asyncio.sleep(0.1)
                    async with http.post("/stop") as answer:
                        assert (await answer.json())["success"]
                    assert len(registrar.registered) == 5, "always the first ones"
                async with http.get("/") as answer:
                    page = await answer.text()
                assert "MBG at {}:{}".format(*read_plan(plan).mbg) in page, "no host is asked for"
        process.send_signal(signal.SIGTERM)
        ended = await end(process)
    assert ended.status == 0, ended.err
    assert "engine 0: " in ended.err and "a child process of Locust" in ended.err
    assert ended.rows["REGISTER"]["num_requests"] == 3, "of the last test"


async def begun(http: aiohttp.ClientSession, users: int) -> None:
    """Wait until the pages are there, and fill in the form."""
    while True:
        try:
            form = {"user_count": users, "spawn_rate": 10}
            async with http.post("/swarm", data=form) as answer:
                said = await answer.json()
        except aiohttp.ClientConnectorError:
            await asyncio.sleep(0.1)
        else:
            assert said["success"], said
            return


async def ended_by_the_pages(http: aiohttp.ClientSession) -> int:
    async with http.get("/stats/requests") as answer:
        rows = (await answer.json())["stats"]
    return int(rows[-1]["num_requests"])
