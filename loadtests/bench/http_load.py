"""The HTTP generator: keep-alive connections that ask one URL as fast as answers come.

    python -m loadtests.bench.http_load < TASK.json

Requests are made and signed (RFC 5849, oauthlib) before the clock starts, each with its own nonce,
so that signing is not measured. Says the round as one JSON object; a `Side`, see `figures`.
"""

import asyncio
import json
import ssl
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

import uvloop
from oauthlib.oauth1 import Client

from loadtests.bench.figures import Side
from loadtests.bench.processes import own_cpu_s
from loadtests.children import cpu_s


@dataclass(frozen=True, slots=True)
class Task:
    """One round.

    Args:
        connections: how many at a time, one request on each.
        count: requests that are made beforehand; the round ends early when they run out.
        seconds: how long it may last.
        server_pid: whose processor time is read at its begin and its end.
        ca: file with the certificate to trust; "" for plain HTTP.
        key, secret, token, token_secret: what to sign with; an empty key: not signed.
    """

    url: str
    connections: int
    count: int
    seconds: float
    server_pid: int
    ca: str = ""
    key: str = ""
    secret: str = ""
    token: str = ""
    token_secret: str = ""


class Round:
    """Deals requests to connections and counts answers."""

    def __init__(self, requests: list[bytes]) -> None:
        self.done = 0
        self.failed = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests: Iterator[bytes] = iter(requests)

    def next(self) -> bytes | None:
        """The next request; None when the round is over."""
        request = None if self.over.done() else next(self._requests, None)
        if request is None:
            self.end()
        return request

    def end(self) -> None:
        """What is still on its way does not count."""
        if not self.over.done():
            self.over.set_result(None)


class Connection(asyncio.Protocol):
    """One request at a time; the next one follows its answer."""

    def __init__(self, round_: Round) -> None:
        self._round = round_
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # uvloop's own class

    def ask(self) -> None:
        """Send the next request, while there is one."""
        request = self._round.next()
        if request is not None:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        length = answer_length(self._buffer)
        if length is None or len(self._buffer) < length:
            return
        good = self._buffer.startswith(b"HTTP/1.1 200 ")
        self._buffer = self._buffer[length:]
        if not self._round.over.done():
            self._round.done += good
            self._round.failed += not good
            self.ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._round.over.done():
            self._round.failed += 1
            self._round.end()


def answer_length(buffer: bytes) -> int | None:
    """Octets of the answer at the front of `buffer`; None as long as that can't be told."""
    head, found, _ = buffer.partition(b"\r\n\r\n")
    if not found:
        return None
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return len(head) + 4 + int(value)
    last_chunk = buffer.find(b"0\r\n\r\n", len(head))  # else chunked: the mock's way
    return None if last_chunk < 0 else last_chunk + 5


def requests_for(task: Task) -> list[bytes]:
    """Whole requests as octets, `task.count` of them."""
    parts = urlsplit(task.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    head = f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: application/json\r\n"
    if not task.key:
        return [f"{head}\r\n".encode()] * task.count
    client = Client(task.key, task.secret, task.token, task.token_secret)
    made = []
    for _ in range(task.count):
        _, headers, _ = client.sign(task.url)
        made.append(f"{head}Authorization: {headers['Authorization']}\r\n\r\n".encode())
    return made


async def play(task: Task) -> Side:
    """One round from connecting to its end."""
    round_ = Round(requests_for(task))
    host, _, port = urlsplit(task.url).netloc.partition(":")
    context = ssl.create_default_context(cafile=task.ca) if task.ca else None
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Connection(round_), host, int(port), ssl=context)
        for _ in range(task.connections)
    ]
    began, server, own = time.monotonic(), cpu_s(task.server_pid), own_cpu_s()
    loop.call_later(task.seconds, round_.end)
    for _, connection in made:
        connection.ask()
    await round_.over
    side = Side(
        round_.done,
        time.monotonic() - began,
        cpu_s(task.server_pid) - server,
        own_cpu_s() - own,
        round_.failed,
    )
    for transport, _ in made:
        transport.abort()
    return side


def main() -> None:
    """Read the task, play it, say the round."""
    values: dict[str, Any] = json.load(sys.stdin)
    side = uvloop.run(play(Task(**values)))
    sys.stdout.write(json.dumps(asdict(side)) + "\n")


if __name__ == "__main__":
    main()
