"""The HTTPS generator for the MCS's phones: many files, many phones, kept-alive or new connections.

    python -m loadtests.bench.tls_load < TASK.json

Each request names another phone in its User-Agent, as phones do. With `keep` false every request
has a connection and a TLS handshake of its own, without resumption: a phone that starts. Says the
round as one JSON object; a `Side`, see `figures`.
"""

import asyncio
import json
import ssl
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

import uvloop

from loadtests.bench.figures import Side
from loadtests.bench.http_load import answer_length
from loadtests.bench.processes import own_cpu_s
from loadtests.children import cpu_s


@dataclass(frozen=True, slots=True)
class Task:
    """One round.

    Args:
        host, port: of the server; ca: file with the certificate to trust.
        path: what is asked for; `{mac}` in it stands for the phone's MAC.
        phones: how many phones take turns.
        connections: requests at a time.
        seconds: how long it may last; count: requests after which it ends early, 0 for no limit.
        keep: whether connections are kept.
        server_pid: whose processor time is read at its begin and its end.
    """

    host: str
    port: int
    ca: str
    path: str
    connections: int
    seconds: float
    server_pid: int
    keep: bool = True
    phones: int = 1000
    count: int = 0


def requests_for(task: Task) -> list[bytes]:
    """Whole requests as octets, one for each phone."""
    made = []
    for number in range(task.phones):
        mac = f"1400E9{number:06X}"
        dashes = "-".join(mac[at : at + 2] for at in range(0, 12, 2))
        lines = [
            f"GET {task.path.format(mac=mac)} HTTP/1.1",
            f"Host: {task.host}:{task.port}",
            f"User-Agent: Mitel6930 MAC:{dashes} V:5.1.0.6044-SIP",
            "Accept-Language: en",
        ]
        if not task.keep:
            lines.append("Connection: close")
        made.append("\r\n".join([*lines, "", ""]).encode())
    return made


class Round:
    """Requests that go out while there is time, and what came of them."""

    def __init__(self, task: Task, context: ssl.SSLContext) -> None:
        self.done = 0
        self.failed = 0
        self._task = task
        self._context = context
        self._requests = requests_for(task)
        self._sent = 0
        self._until = time.monotonic() + task.seconds

    def next(self) -> bytes | None:
        """The next request; None when the round is over."""
        task = self._task
        if time.monotonic() >= self._until or (task.count and self._sent >= task.count):
            return None
        self._sent += 1
        return self._requests[self._sent % len(self._requests)]

    async def worker(self) -> None:
        """One request after the other."""
        stream = None
        while (request := self.next()) is not None:
            try:
                if stream is None:
                    stream = await asyncio.open_connection(
                        self._task.host, self._task.port, ssl=self._context
                    )
                reader, writer = stream
                writer.write(request)
                good = await _answer(reader)
            except (OSError, asyncio.IncompleteReadError, ssl.SSLError):
                good = False
            self.done += good
            self.failed += not good
            if stream is not None and not (self._task.keep and good):
                stream[1].transport.abort()
                stream = None
        if stream is not None:
            stream[1].transport.abort()


async def _answer(reader: asyncio.StreamReader) -> bool:
    """Read one answer; whether it was good."""
    buffer = b""
    while (length := answer_length(buffer)) is None or len(buffer) < length:
        data = await reader.read(65_536)
        if not data:
            raise asyncio.IncompleteReadError(buffer, length)
        buffer += data
    return buffer.startswith(b"HTTP/1.1 200 ")


async def play(task: Task) -> Side:
    """One round from the first connection to its end."""
    context = ssl.create_default_context(cafile=task.ca)
    began, server, own = time.monotonic(), cpu_s(task.server_pid), own_cpu_s()
    round_ = Round(task, context)
    await asyncio.gather(*(round_.worker() for _ in range(task.connections)))
    return Side(
        round_.done,
        time.monotonic() - began,
        cpu_s(task.server_pid) - server,
        own_cpu_s() - own,
        round_.failed,
    )


def main() -> None:
    """Read the task, play it, say the round."""
    values: dict[str, Any] = json.load(sys.stdin)
    side = uvloop.run(play(Task(**values)))
    sys.stdout.write(json.dumps(asdict(side)) + "\n")


if __name__ == "__main__":
    main()
