"""The bare parts of a phone's life, as fast as they go: what a whole life is measured beside.

    python -m loadtests.bench.life_load < TASK.json

For each phone: one TLS connection of aiohttp's client, four GETs on it (the files, and the image of
the firmware), and one registration with digest by a `Crowd`; so many at a time. Nothing is kept,
parsed or decided. Says a `Side`.
"""

import asyncio
import gc
import json
import ssl
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import aiohttp
import uvloop

from loadtests.bench.figures import Side
from loadtests.bench.processes import own_cpu_s
from loadtests.children import cpu_s
from loadtests.homes import Homes
from loadtests.plan import read_accounts
from simulators.entropy import Seed
from simulators.phone.crowd.crowd import Crowd
from simulators.phone.crowd.results import Registered
from simulators.running import COLLECT_AFTER
from simulators.sip.registration import Account

HOME = "127.0.0.1"
LIMIT_S = 120.0


class Registrations:
    """One registration for each that asks."""

    def __init__(self, task: dict[str, Any]) -> None:
        self._crowd = Crowd(Seed(1).stream("crowd").randbytes)
        self._homes = Homes(self._crowd.receive, self._pump)
        registrar = (str(task["registrar"][0]), int(task["registrar"][1]))
        contact = self._homes.open((HOME, 0), HOME, registrar)
        self._crowd.settle(contact)
        self._waiting: dict[int, asyncio.Future[bool]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._accounts = [
            Account(registrar, registrar[0], a.username, a.username, a.password, contact)
            for a in read_accounts(Path(task["accounts"]), len(task["macs"]))
        ]

    async def register(self, index: int) -> bool:
        """Whether phone `index` was registered."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[index] = done
        self._crowd.start(index, self._accounts[index], time.monotonic())
        self._pump()
        return await done

    def close(self) -> None:
        """Close the socket."""
        if self._timer is not None:
            self._timer.cancel()
        self._homes.close()

    def _pump(self) -> None:
        for result in self._crowd.results():
            self._waiting.pop(result.index).set_result(isinstance(result, Registered))
        self._homes.send(self._crowd.to_send())
        if self._timer is None and (at := self._crowd.timer_at()) is not None:
            delay = max(0.0, at - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._crowd.handle_timer(time.monotonic())
        self._pump()


async def play(task: dict[str, Any]) -> Side:
    """All phones of a task."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    base = "https://{}:{}/".format(*task["files"])
    waiting = list(enumerate(task["macs"]))[::-1]
    registrations = Registrations(task)
    done = failed = 0

    async def one(index: int, mac: str) -> bool:
        connector = aiohttp.TCPConnector(ssl=context, limit=1)
        async with aiohttp.ClientSession(connector=connector) as session:
            model = task["model"]
            for name in ("startup.cfg", f"{model}.cfg", f"{mac}.cfg", f"{model}.st"):
                async with session.get(base + name) as answer:
                    await answer.read()
        return await registrations.register(index)

    async def live() -> None:
        nonlocal done, failed
        while waiting:
            good = await one(*waiting.pop())
            done += good
            failed += not good

    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)  # as the process of the lives does
    pid = task["server_pid"]
    began, server, own = time.monotonic(), cpu_s(pid), own_cpu_s()
    await asyncio.wait_for(asyncio.gather(*(live() for _ in range(task["window"]))), LIMIT_S)
    side = Side(done, time.monotonic() - began, cpu_s(pid) - server, own_cpu_s() - own, failed)
    registrations.close()
    return side


def main() -> None:
    """Read the task, play it, say the round."""
    sys.stdout.write(json.dumps(asdict(uvloop.run(play(json.load(sys.stdin))))) + "\n")


if __name__ == "__main__":
    main()
