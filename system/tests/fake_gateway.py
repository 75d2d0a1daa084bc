"""A CT Gateway for tests: log-in, lists in small frames, events on demand."""

import asyncio
import contextlib
import struct
from dataclasses import dataclass, field


@dataclass
class FakeGateway:
    """State of the gateway; tests read and set it directly."""

    password: str = "Gateway-secret-1"
    release: str = "5.0.64"
    nodes: list[tuple[int, str, str, str]] = field(
        default_factory=lambda: [(1, "Head Office", "127.10.0.21", "6.3 SP1")]
    )
    stations: list[tuple[str, str, int, int]] = field(default_factory=list)
    credentials: dict[str, tuple[str, str]] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    items_a_frame: int = 2
    port: int = 0
    _server: asyncio.Server | None = None
    _clients: set[asyncio.StreamWriter] = field(default_factory=set)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in list(self._clients):
                writer.close()
            await self._server.wait_closed()
            self._server = None

    def add(self, extension: str, name: str, auth: tuple[str, str] | None = None) -> None:
        self.stations.append((extension, name, 38, 1))
        self.credentials[extension] = auth or (extension, f"Pbx-random-{extension}")

    def send_event(self, text: str) -> None:
        for writer in self._clients:
            _send(writer, f"900,{text}")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await self._talk(reader, writer)
        finally:
            self._clients.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        log_in = await _receive(reader)
        if log_in[:1] != b"\x87" or log_in[1:].split(b"\0")[0] != self.password.encode():
            return
        _send(writer, f"001,RS,0,14:05,112326,10.20,{self.release},0,1,1,US,1")
        _send(writer, "002,RD")
        while True:
            line = (await _receive(reader)).decode("ascii").rstrip("\r")
            name, number, *_ = line.split(",")
            self.commands.append(name)
            for fields in self._answers(name):
                _send(writer, ",".join(["003", "CF", name, number, *fields]))

    def _answers(self, name: str) -> list[list[str]]:
        old = self.release.startswith("5.0.6") and self.release < "5.0.64"
        match name:
            case "_QX":
                items = [f"|{e}|,|{n}|,{t},{node}" for e, n, t, node in self.stations]
            case "_XN" if not old:
                items = [f"{n},|{name}|,|{a}|,|{r}|" for n, name, a, r in self.nodes]
            case "_XC" if not old:
                items = [f"|{e}|,|{n}|,|{p}|" for e, (n, p) in self.credentials.items()]
            case "_NA" | "_MS" | "_NO":
                return [["0"]]
            case _:
                return [["1"]]
        parts = [
            items[start : start + self.items_a_frame]
            for start in range(0, len(items), self.items_a_frame)
        ] or [[]]
        return [
            ["0", "1" if number < len(parts) else "0", str(len(part)), *part]
            for number, part in enumerate(parts, 1)
        ]


async def _receive(reader: asyncio.StreamReader) -> bytes:
    (length,) = struct.unpack("<I", await reader.readexactly(4))
    return await reader.readexactly(length)


def _send(writer: asyncio.StreamWriter, text: str) -> None:
    payload = text.encode("ascii") + b"\r"
    writer.write(struct.pack("<I", len(payload)) + payload)
