"""The TCP generator for relays: octets through a few connections, or many short connections.

    python -m loadtests.bench.tcp_load < TASK.json

It is also what stands behind the relay: a listener that takes all octets (`carry`), or answers one
octet with one (`connect`). Blocking sockets and threads; system calls let go of the interpreter.
Says the round as one JSON object; a `Side`, see `figures`.
"""

import json
import socket
import sys
import threading
import time
from dataclasses import asdict, dataclass
from typing import Any

from loadtests.bench.figures import Side
from loadtests.bench.processes import own_cpu_s
from loadtests.children import cpu_s
from simulators.core import Address

CHUNK = 1 << 18
RESET = b"\x01\0\0\0\0\0\0\0"


@dataclass(frozen=True, slots=True)
class Task:
    """One round.

    Args:
        what: `carry` counts octets that came through, `connect` finished connections.
        relay: where the relay listens; behind: where it leads, and this process listens.
        streams: connections at a time.
        seconds: how long it lasts; count: connections after which it ends early, 0 for no limit.
        server_pid: the relay, whose processor time is read.
    """

    what: str
    relay: Address
    behind: Address
    streams: int
    seconds: float
    server_pid: int
    count: int = 0


class Round:
    """The counts of one round, shared by its threads."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.over = threading.Event()
        self.octets = [0] * task.streams
        self.finished = [0] * task.streams
        self.failed = [0] * task.streams

    def send(self, number: int) -> None:
        """Send until the round is over."""
        block = bytes(CHUNK)
        with socket.create_connection(self.task.relay) as sender:
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            sender.settimeout(1.0)  # else it would hang where nobody reads at the end
            while not self.over.is_set():
                try:
                    sender.sendall(block)
                except TimeoutError:
                    continue
                except OSError:
                    self.failed[number] += not self.over.is_set()
                    return

    def connect(self, number: int) -> None:
        """One connection after the other: an octet there, an octet back, the end."""
        limit = self.task.count // self.task.streams
        while not self.over.is_set() and not (limit and self.finished[number] >= limit):
            try:
                with socket.create_connection(self.task.relay, timeout=5) as one:
                    one.sendall(b"x")
                    if one.recv(1) != b"x":
                        raise ConnectionError("the relay gave nothing back")
                self.finished[number] += 1
            except OSError:
                self.failed[number] += 1
                time.sleep(0.01)

    def take(self, number: int, taken: socket.socket) -> None:
        """Take all octets of a connection."""
        buffer = bytearray(CHUNK)
        with taken:
            try:
                while got := taken.recv_into(buffer):
                    self.octets[number] += got
            except OSError:
                return  # the sender ends with a reset

    def listen(self, listener: socket.socket) -> None:
        """What stands behind the relay."""
        number = 0
        while True:
            try:
                taken, _ = listener.accept()
            except OSError:
                return  # closed: the round is over
            if self.task.what == "carry":
                threading.Thread(target=self.take, args=(number, taken), daemon=True).start()
                number += 1
            else:
                with taken:
                    taken.settimeout(5)
                    try:
                        taken.sendall(taken.recv(1))
                    except OSError:
                        continue


def play(task: Task) -> Side:
    """One round."""
    round_ = Round(task)
    with socket.create_server(task.behind, backlog=1024) as listener:
        threading.Thread(target=round_.listen, args=(listener,), daemon=True).start()
        work = round_.send if task.what == "carry" else round_.connect
        threads = [
            threading.Thread(target=work, args=(number,), daemon=True)
            for number in range(task.streams)
        ]
        began, server, own = time.monotonic(), cpu_s(task.server_pid), own_cpu_s()
        for thread in threads:
            thread.start()
        until = began + task.seconds
        while time.monotonic() < until and any(thread.is_alive() for thread in threads):
            time.sleep(0.01)
        count = sum(round_.octets if task.what == "carry" else round_.finished)
        side = Side(
            count,
            time.monotonic() - began,
            cpu_s(task.server_pid) - server,
            own_cpu_s() - own,
            sum(round_.failed),
        )
        round_.over.set()
        for thread in threads:
            thread.join(10)
        listener.shutdown(socket.SHUT_RDWR)
    return side


def main() -> None:
    """Read the task, play it, say the round."""
    values: dict[str, Any] = json.load(sys.stdin)
    relay, behind = (tuple(values.pop(name)) for name in ("relay", "behind"))
    side = play(Task(**values, relay=relay, behind=behind))
    sys.stdout.write(json.dumps(asdict(side)) + "\n")


if __name__ == "__main__":
    main()
