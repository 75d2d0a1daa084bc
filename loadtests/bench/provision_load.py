"""The bare signed client loop: makes SIP devices on an MBG, and does nothing else.

A program of its own: a task as JSON on standard input, a result on standard output. oauthlib signs,
aiohttp sends and reads, as in the MCS; nothing is stored, looked up or tried again.
"""

import asyncio
import json
import ssl
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp
import uvloop
from oauthlib.oauth1 import Client
from yarl import URL

from loadtests.bench.figures import Side
from loadtests.bench.processes import own_cpu_s


@dataclass(frozen=True, slots=True)
class Task:
    """One round: `count` devices, `parallel` calls at a time."""

    url: str
    ca: str
    key: str
    secret: str
    token: str
    token_secret: str
    icp_id: str
    count: int
    parallel: int


async def play(task: Task) -> Side:
    """Make the devices; its processor time is its own."""
    tls = ssl.create_default_context(cafile=task.ca)
    client = Client(task.key, task.secret, task.token, task.token_secret)
    url = URL(task.url, encoded=True)
    numbers = iter(range(task.count))
    failed = 0

    async def one_after_the_other(http: aiohttp.ClientSession) -> None:
        nonlocal failed
        for number in numbers:
            device = {
                "enabled": True,
                "description": f"{number} Number",
                "icp_id": task.icp_id,
                "set_username": f"tw{number}",
                "set_password": "Some-password-1",
                "icp_username": str(number),
                "icp_password": "Some-password-2",
                "availability": "everywhere",
            }
            _, signed, _ = client.sign(task.url, http_method="POST")
            headers = {**signed, "Content-Type": "application/json"}
            async with http.post(url, data=json.dumps(device), headers=headers) as answer:
                document = await answer.json()
            failed += answer.status != 201 or "id" not in document

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls)) as http:
        began, own = time.monotonic(), own_cpu_s()
        await asyncio.gather(*(one_after_the_other(http) for _ in range(task.parallel)))
        elapsed_s, cpu = time.monotonic() - began, own_cpu_s() - own
    return Side(task.count - failed, elapsed_s, cpu, 0.0, failed)


def main() -> None:
    """Read the task, play it, say the round."""
    values: dict[str, Any] = json.load(sys.stdin)
    # The loop of the MCS, too: a faster one for one of them alone would compare loops.
    side = uvloop.run(play(Task(**values)))
    sys.stdout.write(json.dumps(asdict(side)) + "\n")


if __name__ == "__main__":
    main()
