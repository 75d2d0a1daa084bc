"""The pairs of provisioning: an MCS beside a bare signed client loop, and two MCS beside one.

Each round begins with an empty MBG, a PBX that has told its extensions, and a new database; what is
timed is one bulk switch, from the request until it is done.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import aiohttp

from loadtests.bench.aims import AIMS
from loadtests.bench.figures import Figure, Of, Side
from loadtests.bench.file_servers import Unavailable
from loadtests.bench.mcs import RunningMcs, administrator, mcs
from loadtests.bench.postgres import postgres
from loadtests.bench.processes import Child, generated, lacking_cores, serving
from loadtests.bench.rounds import Say, Size, take_turns
from loadtests.errors import TargetError

SITE = ("-m", "simulators.estate.provision_site")
AIM = AIMS["provision"]
CALLS = 4
"""At a time, as the MCS is delivered."""
LOOK_EVERY_S = 0.5
SYNC: tuple[str, str, dict[str, object]] = ("POST", "/phone-systems/1/sync", {})
"""Reading the PBX, which an MCS does at its start too: it is over when this is answered."""


async def provision(size: Size, say: Say) -> list[Figure]:
    """Extensions provisioned by one MCS, with either database, beside a bare signed client loop."""
    figures = []
    for database in ("SQLite", "PostgreSQL"):
        name = f"provision {size.extensions:,} extensions, {database}"
        figure = Figure(name, "extensions/s", "bare signed client loop", aim=AIM, of=Of.CPU)
        ours = partial(_switched, size, 1, database == "PostgreSQL")
        try:
            figure = await take_turns(figure, ours, partial(_bare, size), size.rounds, say)
        except Unavailable as why:
            figure = replace(figure, skipped=str(why))
        else:
            rate = replace(figure, of=Of.RATE, aim=None)
            figures.append(replace(rate, name=f"{name}: rate"))
        figures.append(figure)
    return figures


async def two_mcs(size: Size, say: Say) -> list[Figure]:
    """Two MCS on one PostgreSQL beside one: what the busier one has to do, and the rate."""
    name = f"two MCS provision {size.extensions:,} extensions"
    by_cpu = f"{name}, by the busier one's CPU"
    busiest = Figure(by_cpu, "extensions/s", "one MCS", aim=AIMS["two-mcs"], of=Of.BUSIEST)
    lacks = lacking_cores(4, "two MCS, MBG and database")
    rate = Figure(f"{name}: rate", "extensions/s", "one MCS", lacks=lacks)
    two, one = (partial(_switched, size, count, True) for count in (2, 1))
    try:
        busiest = await take_turns(busiest, two, one, size.rounds, say)
    except Unavailable as why:
        return [replace(figure, skipped=str(why)) for figure in (busiest, rate)]
    return [busiest, replace(rate, rounds=busiest.rounds)]


async def _bare(size: Size) -> Side:
    async with _site(size) as site:
        return await _bare_at(site, size)


async def _bare_at(site: Child, size: Size) -> Side:
    host, port = site.ready["rest"]
    task: dict[str, object] = {
        "url": f"https://{host}:{port}/mslrest/mbg/v1/devices/",
        "ca": site.ready["ca"],
        "key": site.ready["consumer_key"],
        "secret": site.ready["consumer_secret"],
        "token": site.ready["token"],
        "token_secret": site.ready["token_secret"],
        "icp_id": site.ready["icp_id"],
        "count": size.extensions,
        "parallel": CALLS,
    }
    return Side(**await generated("provision_load", task))


async def _switched(size: Size, count: int, on_postgres: bool) -> Side:
    """So many MCS on one database, one bulk switch; the processor time of all of them."""
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(_site(size))
        options: dict[str, object] = {"--trusted-ca": site.ready["ca"]}
        if on_postgres:
            options["--database-url"] = await stack.enter_async_context(postgres())
        first = await stack.enter_async_context(mcs(options))
        admin = await stack.enter_async_context(administrator(first))
        await _set_up(admin, site, size.extensions)
        running = [first]
        key = (first.folder / "data" / "secret.key").read_bytes()
        while len(running) < count:
            another = await stack.enter_async_context(mcs(options, key))
            await _ok(await stack.enter_async_context(administrator(another)), *SYNC)
            running.append(another)
        return await _timed(admin, running, size.extensions)


@asynccontextmanager
async def _site(size: Size) -> AsyncIterator[Child]:
    async with serving(sys.executable, *SITE, str(size.extensions)) as site:
        yield site


async def _set_up(admin: aiohttp.ClientSession, site: Child, extensions: int) -> None:
    """What is done once: the PBX read, the MBG named, the token fetched (stages 1 to 4)."""
    host, port = site.ready["ct_gateway"]
    await _ok(
        admin, "POST", "/phone-systems",
        {"name": "Bench", "ct_gateway_address": host, "ct_gateway_port": port,
         "ct_gateway_password": site.ready["ct_gateway_password"]},
    )  # fmt: skip
    found = await _ok(admin, *SYNC)
    if found["extensions"] != extensions:
        raise TargetError(f"the MCS has read {found['extensions']} of {extensions} extensions")
    host, port = site.ready["rest"]
    settings = {"internal_address": host, "port": port, "rest_api_enabled": True}
    await _ok(admin, "PUT", "/settings/mbg", settings)
    consumer = {
        "name": "Bench",
        "consumer_id": site.ready["consumer_key"],
        "shared_secret": site.ready["consumer_secret"],
    }
    await _ok(admin, "POST", "/settings/mbg/request-token", consumer)
    verifier = await site.ask("approve")
    await _ok(admin, "POST", "/settings/mbg/retrieve-token", verifier)


async def _timed(admin: aiohttp.ClientSession, running: list[RunningMcs], extensions: int) -> Side:
    before = [one.child.cpu_s for one in running]
    began = time.monotonic()
    body = {"phone_system": 1, "use_remote_credentials": True, "all": True}
    switch = await _ok(admin, "POST", "/provisioning/bulk", body)
    while switch["state"] == "running":
        await asyncio.sleep(LOOK_EVERY_S)
        switch = await _ok(admin, "GET", f"/provisioning/bulk/{switch['id']}", None)
    elapsed_s = time.monotonic() - began
    done = switch["progress"]["done"]
    used = [one.child.cpu_s - then for one, then in zip(running, before, strict=True)]
    return Side(done, elapsed_s, sum(used), 0.0, extensions - done, max(used))


async def _ok(admin: aiohttp.ClientSession, method: str, path: str, body: object) -> dict[str, Any]:
    async with admin.request(method, f"/api/v1{path}", json=body) as answer:
        document: dict[str, Any] = await answer.json()
    if answer.status >= 300:
        raise TargetError(f"the MCS refuses {method} {path}: {document.get('message')}")
    return document
