"""The SIP generator: a fixed number of phones registers at a time, until all have.

    python -m loadtests.bench.sip_load < TASK.json

Unlike a burst, whose arrivals are open, the next phone starts when one is done: that finds the rate
which the target can keep, without losing datagrams in full socket buffers. Crowd and sockets are
those of the bursts: each phone has its state, and its retransmission timers run. Says the round as
one JSON object; a `Side`, see `figures`.
"""

import asyncio
import gc
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvloop

from loadtests.bench.figures import Side
from loadtests.bench.processes import own_cpu_s
from loadtests.children import cpu_s
from loadtests.homes import Homes
from loadtests.plan import PhoneAccount, read_accounts
from simulators.core import Address
from simulators.entropy import Seed
from simulators.phone.crowd.crowd import Crowd
from simulators.phone.crowd.results import Registered
from simulators.sip.registration import Account

LIMIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Task:
    """One round.

    Args:
        registrar: where the phones register.
        homes: IP addresses that they have, in turn; each has one socket.
        accounts: file with their credentials; phones: how many of them.
        window: how many register at a time.
        server_pid: whose processor time is read at its begin and its end.
        profile: file for a profile of the timed part; "" for none.
    """

    registrar: Address
    homes: list[str]
    accounts: str
    phones: int
    window: int
    server_pid: int
    profile: str = ""


class Round:
    """The phones, their sockets, and how far they are."""

    def __init__(self, task: Task, accounts: list[PhoneAccount]) -> None:
        self.registered = 0
        self.failed = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = task
        self._next = 0
        self._crowd = Crowd(Seed(1).stream("crowd").randbytes)
        self._homes = Homes(self._crowd.receive, self._pump)
        self._timer: asyncio.TimerHandle | None = None
        places = {home: self._homes.open((home, 0), home, task.registrar) for home in task.homes}
        for home, place in places.items():
            self._crowd.settle(place, home)
        self._accounts = [
            Account(
                registrar=task.registrar,
                domain=task.registrar[0],
                username=phone.username,
                auth_username=phone.username,
                password=phone.password,
                contact=places[task.homes[index % len(task.homes)]],
            )
            for index, phone in enumerate(accounts)
        ]

    def begin(self) -> None:
        """Let as many begin as may at a time."""
        for _ in range(self._task.window):
            self._start()
        self._pump()

    def close(self) -> None:
        """Close the sockets."""
        if self._timer is not None:
            self._timer.cancel()
        self._homes.close()

    def _start(self) -> None:
        """Let the next phone begin, if there is one."""
        index = self._next
        if index < len(self._accounts):
            self._next = index + 1
            self._crowd.start(index, self._accounts[index], time.monotonic())

    def _pump(self) -> None:
        """Count, start the next, send, arm the timer."""
        crowd = self._crowd
        for result in crowd.results():
            if isinstance(result, Registered):
                self.registered += 1
            else:
                self.failed += 1
            self._start()
        self._homes.send(crowd.to_send())
        if self.registered + self.failed >= self._task.phones and not self.over.done():
            self.over.set_result(None)
        if self._timer is None and (at := crowd.timer_at()) is not None:
            delay = max(0.0, at - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._crowd.handle_timer(time.monotonic())
        self._pump()


async def play(task: Task) -> Side:
    """One round."""
    round_ = Round(task, read_accounts(Path(task.accounts), task.phones))
    gc.freeze()  # as the engine of a burst does
    gc.set_threshold(5000, 10, 1_000_000)
    began, server, own = time.monotonic(), cpu_s(task.server_pid), own_cpu_s()
    round_.begin()
    await asyncio.wait_for(round_.over, LIMIT_S)
    side = Side(
        round_.registered,
        time.monotonic() - began,
        cpu_s(task.server_pid) - server,
        own_cpu_s() - own,
        round_.failed,
    )
    round_.close()
    return side


def _profiled(task: Task) -> Side:
    import cProfile

    with cProfile.Profile() as profile:
        side = uvloop.run(play(task))
    profile.dump_stats(task.profile)
    return side


def main() -> None:
    """Read the task, play it, say the round."""
    values: dict[str, Any] = json.load(sys.stdin)
    registrar = tuple(values.pop("registrar"))
    task = Task(**values, registrar=registrar)
    side = _profiled(task) if task.profile else uvloop.run(play(task))
    sys.stdout.write(json.dumps(asdict(side)) + "\n")


if __name__ == "__main__":
    main()
