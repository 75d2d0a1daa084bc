"""Whole lives of handsets as fast as they go, for `python -m loadtests bench`.

    python -m simulators.estate.life_load < TASK.json

Each phone boots at a home of its own, as in a burst, with its configuration server known, takes its
files and looks at the firmware over HTTPS, registers, and has its power cut; so many live at a
time. Says one JSON object, a `Side` of the bench: count, elapsed_s, server_cpu_s (that of
`server_pid`), generator_cpu_s, failed.
"""

import asyncio
import gc
import json
import sys
import time
from functools import partial
from typing import Any

from simulators.addresses import DEFAULT_PLAN
from simulators.clock import Clock
from simulators.entropy import Seed
from simulators.estate.lives import OUTCOMES
from simulators.estate.open_network import OpenNetwork
from simulators.journal import Journal
from simulators.phone.handset import Handset
from simulators.phone.identity import Identity
from simulators.phone.life.states import State
from simulators.phone.models import model
from simulators.running import run

LIMIT_S = 120.0


async def play(task: dict[str, Any]) -> dict[str, float]:
    """All lives of a task."""
    clock = Clock()
    journal = Journal(clock.now, enabled=False)
    network = OpenNetwork(DEFAULT_PLAN, journal, clock)
    host, port = task["files"]
    local = {
        "download protocol": "HTTPS",
        "https server": host,
        "https port": str(port),
        "https validate certificates": "0",
    }
    waiting = [
        Handset(
            Identity(mac),
            model(task["model"]),
            DEFAULT_PLAN.home(index),
            clock=clock,
            network=network,
            journal=journal,
            entropy=Seed(1).stream(mac).randbytes,
            firmware_version=task["version"],
            local=local,
        )
        for index, mac in reversed(list(enumerate(task["macs"])))
    ]
    lived = failed = 0
    loop = asyncio.get_running_loop()

    async def live() -> None:
        nonlocal lived, failed
        while waiting:
            phone = waiting.pop()
            ended: asyncio.Future[bool] = loop.create_future()
            phone.on_state = partial(_ended, ended)
            await phone.power_on()
            good = await ended
            lived += good
            failed += not good
            await phone.power_off()

    gc.freeze()
    pid = task["server_pid"]
    began, server, own = time.monotonic(), _cpu_s(pid), time.process_time()
    await asyncio.wait_for(asyncio.gather(*(live() for _ in range(task["window"]))), LIMIT_S)
    return {
        "count": lived,
        "elapsed_s": time.monotonic() - began,
        "server_cpu_s": _cpu_s(pid) - server,
        "generator_cpu_s": time.process_time() - own,
        "failed": failed,
    }


def _ended(ended: asyncio.Future[bool], phone: Handset) -> None:
    """Tell, once, whether the boot has ended well."""
    if not ended.done() and (phone.state in OUTCOMES or phone.state is State.REFUSED):
        ended.set_result(phone.state is State.REGISTERED)


def _cpu_s(pid: int) -> float:
    """Processor time of a process (clock_getcpuclockid(3))."""
    return time.clock_gettime(~pid << 3 | 2)


def main() -> None:
    """Read the task, play it, say what came of it."""
    task: dict[str, Any] = json.load(sys.stdin)
    if task.get("profile"):
        import cProfile

        with cProfile.Profile() as profile:
            side = run(play(task))
        profile.dump_stats(task["profile"])
    else:
        side = run(play(task))
    sys.stdout.write(json.dumps(side) + "\n")


if __name__ == "__main__":
    main()
