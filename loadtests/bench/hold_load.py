"""Many registered phones in one process, refreshing: what each costs in memory and in time.

    python -m loadtests.bench.hold_load < TASK.json

Registers all over one socket, some at a time, then watches them refresh for a while. Memory is the
growth of the process's resident set (proc(5)) from before the first account was read to the end of
the watch, with a full garbage collection at both ends. Says one JSON object.
"""

import asyncio
import gc
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvloop

from loadtests.bench.processes import own_cpu_s
from loadtests.children import PAGE
from loadtests.homes import Homes
from loadtests.plan import read_accounts
from simulators.core import Address
from simulators.entropy import Seed
from simulators.phone.crowd.crowd import Crowd
from simulators.phone.crowd.results import Failed, Lost, Refreshed, Registered
from simulators.sip.registration import Account

LIMIT_S = 300.0


@dataclass(frozen=True, slots=True)
class Task:
    """What to hold.

    Args:
        registrar: where the phones register; accounts: file with their credentials.
        expires_s: that they ask for; they renew 15 s before its end.
        watch_s: how long to watch them refresh.
        window: how many register at a time.
    """

    registrar: Address
    accounts: str
    phones: int
    expires_s: int
    watch_s: float
    window: int


@dataclass(slots=True)
class Held:
    """What came of it; `octets` is the growth of memory."""

    registered: int = 0
    failed: int = 0
    refreshed: int = 0
    lost: int = 0
    octets: int = 0
    registering_s: float = 0.0
    watched_s: float = 0.0
    cpu_s: float = 0.0
    late_ms: float = 0.0
    drops: int = 0


class Holder:
    """The phones over one socket."""

    def __init__(self, task: Task) -> None:
        self.held = Held()
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = task
        self._next = 0
        self._crowd = Crowd(Seed(1).stream("crowd").randbytes)
        self._homes = Homes(self._crowd.receive, self._pump)
        self._timer: asyncio.TimerHandle | None = None
        contact = self._homes.open(("127.0.0.1", 0), "home", task.registrar)
        self._crowd.settle(contact, "home")
        self._accounts = iter(
            Account(
                registrar=task.registrar,
                domain=task.registrar[0],
                username=phone.username,
                auth_username=phone.username,
                password=phone.password,
                contact=contact,
                expires_s=task.expires_s,
            )
            for phone in read_accounts(Path(task.accounts), task.phones)
        )

    def begin(self) -> None:
        for _ in range(self._task.window):
            self._start()
        self._pump()

    def close(self) -> None:
        self.held.drops = self._homes.drops
        if self._timer is not None:
            self._timer.cancel()
        self._homes.close()

    def _start(self) -> None:
        account = next(self._accounts, None)
        if account is not None:
            self._crowd.start(self._next, account, time.monotonic(), "home")
            self._next += 1

    def _pump(self) -> None:
        held = self.held
        for result in self._crowd.results():
            if isinstance(result, Registered):
                held.registered += 1
                self._start()
            elif isinstance(result, Failed):
                held.failed += 1
                self._start()
            elif isinstance(result, Refreshed):
                held.refreshed += 1
            elif isinstance(result, Lost):
                held.lost += 1
        self._homes.send(self._crowd.to_send())
        if held.registered + held.failed >= self._task.phones and not self.over.done():
            self.over.set_result(None)
        if self._timer is None and (at := self._crowd.timer_at()) is not None:
            delay = max(0.0, at - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        now = time.monotonic()
        at = self._crowd.timer_at()
        if at is not None:
            self.held.late_ms = max(self.held.late_ms, (now - at) * 1000)
        self._crowd.handle_timer(now)
        self._pump()


async def play(task: Task) -> Held:
    """Register all, watch them, measure."""
    gc.collect()
    before = _rss()
    holder = Holder(task)
    held = holder.held
    began = time.monotonic()
    holder.begin()
    await asyncio.wait_for(holder.over, LIMIT_S)
    held.registering_s = time.monotonic() - began
    gc.collect()
    gc.freeze()
    gc.set_threshold(5000, 10, 1_000_000)
    held.late_ms = 0.0
    watched, cpu = time.monotonic(), own_cpu_s()
    await asyncio.sleep(task.watch_s)
    held.watched_s = time.monotonic() - watched
    held.cpu_s = own_cpu_s() - cpu
    gc.collect()
    held.octets = _rss() - before
    holder.close()
    return held


def _rss() -> int:
    """Octets of memory that this process holds."""
    return int(Path(f"/proc/{os.getpid()}/statm").read_text().split()[1]) * PAGE


def main() -> None:
    """Read the task, play it, say what came of it."""
    values: dict[str, Any] = json.load(sys.stdin)
    registrar = tuple(values.pop("registrar"))
    sys.stdout.write(json.dumps(asdict(uvloop.run(play(Task(**values, registrar=registrar))))))


if __name__ == "__main__":
    main()
