"""The SIP generator: a fixed number of phones registers at a time, until all have.

    python -m loadtests.bench.sip_load < TASK.json

Unlike a burst, whose arrivals are open, the next phone starts when one is done: that finds the rate
which the target can keep, without losing datagrams in full socket buffers. The phones are those of
the bursts. Says the round as one JSON object; a `Side`, see `figures`.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvloop

from loadtests.bench.figures import Side
from loadtests.bench.processes import cpu_s, own_cpu_s
from loadtests.engine_core.population import Population, Registered
from loadtests.plan import PhoneAccount, read_accounts
from simulators.core import Address
from simulators.entropy import Seed
from simulators.sip.registration import Account

LIMIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Task:
    """One round.

    Args:
        registrar: where the phones register.
        homes: IP addresses that they have, in turn.
        accounts: file with their credentials; phones: how many of them.
        window: how many register at a time.
        server_pid: whose processor time is read at its begin and its end.
    """

    registrar: Address
    homes: list[str]
    accounts: str
    phones: int
    window: int
    server_pid: int


class Round:
    """The phones, their sockets, and how far they are."""

    def __init__(self, task: Task, accounts: list[PhoneAccount]) -> None:
        self.registered = 0
        self.failed = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = task
        self._waiting = list(enumerate(accounts))[::-1]
        self._population = Population(lambda home: Seed(1).stream(home).randbytes)
        self._sockets: dict[str, asyncio.DatagramTransport] = {}
        self._ports: dict[str, int] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """A socket for each home."""
        for home in self._task.homes:
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda home=home: Socket(self, home),  # type: ignore[misc]
                local_addr=(home, 0),
            )
            self._sockets[home] = transport
            self._ports[home] = transport.get_extra_info("sockname")[1]
            self._population.settle((home, self._ports[home]))

    def close(self) -> None:
        """Close the sockets."""
        if self._timer is not None:
            self._timer.cancel()
        for transport in self._sockets.values():
            transport.close()

    def start(self) -> None:
        """Let the next phone begin, if there is one."""
        if not self._waiting:
            return
        index, phone = self._waiting.pop()
        home = self._task.homes[index % len(self._task.homes)]
        account = Account(
            registrar=self._task.registrar,
            domain=self._task.registrar[0],
            username=phone.username,
            auth_username=phone.username,
            password=phone.password,
            contact=(home, self._ports[home]),
        )
        self._population.start(index, account, time.monotonic())
        self.pump()

    def received(self, data: bytes, peer: Address, home: str) -> None:
        """A datagram came to a home."""
        self._population.receive(data, peer, time.monotonic(), home)
        self.pump()

    def pump(self) -> None:
        """Send, count, start the next, arm the timer."""
        for datagram in self._population.to_send():
            self._sockets[datagram.side].sendto(datagram.data, datagram.to)
        for result in self._population.results():
            good = isinstance(result, Registered)
            self.registered += good
            self.failed += not good
            self.start()
        if self.registered + self.failed >= self._task.phones and not self.over.done():
            self.over.set_result(None)
        at = self._population.timer_at()
        if self._timer is None and at is not None:
            delay = max(0.0, at - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._population.handle_timer(time.monotonic())
        self.pump()


class Socket(asyncio.DatagramProtocol):
    """Hands datagrams of one home to the round."""

    def __init__(self, round_: Round, home: str) -> None:
        self._round = round_
        self._home = home

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._round.received(data, (addr[0], addr[1]), self._home)


async def play(task: Task) -> Side:
    """One round."""
    round_ = Round(task, read_accounts(Path(task.accounts), task.phones))
    await round_.open()
    began, server, own = time.monotonic(), cpu_s(task.server_pid), own_cpu_s()
    for _ in range(task.window):
        round_.start()
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


def main() -> None:
    """Read the task, play it, say the round."""
    values: dict[str, Any] = json.load(sys.stdin)
    registrar = tuple(values.pop("registrar"))
    side = uvloop.run(play(Task(**values, registrar=registrar)))
    sys.stdout.write(json.dumps(asdict(side)) + "\n")


if __name__ == "__main__":
    main()
