"""A CT Gateway for tests: log-in, lists in small frames, events on demand."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
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
    down: set[int] = field(default_factory=set)
    """Nodes that the gateway does not reach."""
    hot_desks: dict[str, str] = field(default_factory=dict)
    """Passcode of each hot desk extension."""
    logged_in: dict[str, str] = field(default_factory=dict)
    """Base of each hot desk extension that is logged in."""
    unknown: set[str] = field(default_factory=set)
    """Commands that this gateway does not know."""
    spoil: Callable[[bytes], bytes | None] | None = None
    """Changes a frame on its way out; ``None`` cuts the connection instead of it."""
    port: int = 0
    _server: asyncio.Server | None = None
    _clients: set[asyncio.StreamWriter] = field(default_factory=set)
    _sequence: dict[asyncio.StreamWriter, int] = field(default_factory=dict)
    _events: list[str] = field(default_factory=list)

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

    def add(
        self,
        extension: str,
        name: str,
        auth: tuple[str, str] | None = None,
        *,
        device_type: int = 38,
        node: int = 1,
    ) -> None:
        self.stations.append((extension, name, device_type, node))
        self.credentials[extension] = auth or (extension, f"Pbx-random-{extension}")

    def send_event(self, text: str) -> None:
        for writer in self._clients:
            self._send(writer, text)

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
        self._sequence[writer] = 0
        self._send(writer, f"RS,0,14:05,112326,10.20,{self.release},0,1,1,US,1")
        self._send(writer, "RD")
        while True:
            line = (await _receive(reader)).decode("ascii").rstrip("\r")
            name, number, *arguments = line.split(",")
            self.commands.append(name)
            plain = [argument.strip("|") for argument in arguments]
            for fields in self._answers(name, plain):
                self._send(writer, ",".join(["CF", name, number, *fields]))
            self._tell_events()

    def lose_event(self) -> None:
        """One message is lost on the way to each client: its number is missing."""
        for writer in self._clients:
            self._sequence[writer] += 1

    def _send(self, writer: asyncio.StreamWriter, text: str) -> None:
        self._sequence[writer] = (self._sequence[writer] + 1) % 1000
        payload = f"{self._sequence[writer]:03d},{text}".encode("ascii") + b"\r"
        octets: bytes | None = struct.pack("<I", len(payload)) + payload
        assert octets is not None
        if self.spoil is not None:
            octets = self.spoil(octets)
        if octets is None:
            reset = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            writer.transport.abort()
        else:
            writer.write(octets)

    def _tell_events(self) -> None:
        events, self._events = self._events, []
        for event in events:
            self.send_event(event)

    def _hot_desk(self, arguments: list[str]) -> list[list[str]]:
        """``_XH``: a second log-in logs out the first, and whoever is at the phone."""
        into, number = arguments[0] == "1", arguments[1]
        if not into:
            self._leave(number)
            return [["0"]]
        passcode, base = arguments[2:]
        if self.hot_desks.get(number) != passcode:
            return [["6"]]
        self._leave(number)
        for other in [one for one, at in self.logged_in.items() if at == base and base]:
            self._leave(other)
        self.logged_in[number] = base
        self._events.append(f"XH,|{number}|,|{base}|,1")
        return [["0"]]

    def _leave(self, number: str) -> None:
        base = self.logged_in.pop(number, None)
        if base is not None:
            self._events.append(f"XH,|{number}|,|{base}|,0")

    def dialled_348(self, number: str, base: str) -> None:
        """Somebody logs in by the feature code at the phone of ``base``."""
        self._hot_desk(["1", number, self.hot_desks[number], base])
        self._tell_events()

    def _answers(self, name: str, arguments: list[str]) -> list[list[str]]:
        old = self.release.startswith("5.0.6") and self.release < "5.0.64"
        match name:
            case _ if name in self.unknown:
                return [["1"]]
            case "_QX":
                items = [
                    f"|{e}|,|{n}|,{t},{node}"
                    for e, n, t, node in self.stations
                    if node not in self.down
                ]
            case "_XN" if not old:
                items = [f"{n},|{name}|,|{a}|,|{r}|" for n, name, a, r in self.nodes]
            case "_XC" if not old:
                up = {e for e, _, _, node in self.stations if node not in self.down}
                items = [f"|{e}|,|{n}|,|{p}|" for e, (n, p) in self.credentials.items() if e in up]
            case "_NA" | "_MS":
                return [["0"]]
            case "_NO":
                states = [f"{n},{int(n not in self.down)}" for n, *_ in self.nodes]
                return [["0", str(len(states)), *states]]
            case "_XL" if not old:
                items = [f"|{e}|,|{base}|" for e, base in self.logged_in.items()]
            case "_XH" if not old:
                return self._hot_desk(arguments)
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
