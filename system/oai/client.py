"""One connection to a CT Gateway: log-in, commands with their confirmations, changes.

The connection does not come back by itself; ``phone_systems.link`` opens the next one. Changes are
not carried as messages: ``on_change`` says that something is new, and the owner reads it anew.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from system.errors import GatewayError, GatewayRefused, GatewayUnreachable
from system.oai.codec import (
    FrameReader,
    Message,
    OaiFormatError,
    command,
    frame,
    log_in,
    parse_message,
    text,
)
from system.oai.records import (
    CredentialRecord,
    NodeRecord,
    StationRecord,
    credential_records,
    node_records,
    station_records,
)

log = logging.getLogger("mcs.oai")

APPLICATION = "MCS"
UNKNOWN_COMMAND = 1
NOT_IN_THIS_RELEASE = 3
ALL_STATIONS = "2"
_CHANGES = frozenset({"EC", "XC"})


class GatewayConnection:
    """An open connection that is logged in. Made by ``connect``."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        timeout_s: float,
        on_change: Callable[[], None],
    ) -> None:
        self.release: str | None = None
        """The gateway's release, from its ``RS``."""
        self.failure: GatewayError | None = None
        """Why the connection is over; ``None`` while it works."""
        self.monitors_lost = False
        """The gateway has sent ``RS`` again: monitors have to be started anew."""
        self._reader = reader
        self._writer = writer
        self._timeout_s = timeout_s
        self._on_change = on_change
        self._ready = asyncio.Event()
        self._invoke_id = 0
        self._answers: dict[str, asyncio.Queue[tuple[str, ...] | None]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def start(self, password: str) -> None:
        """Log in and wait for the gateway to be ready (``RS``, then ``RD``).

        Raises:
            GatewayRefused: the gateway closed the connection: the password is wrong.
            GatewayUnreachable: no answer in time.
        """
        self._reading = asyncio.create_task(self._read(), name="oai-reader")
        try:
            await self._send(log_in(password, APPLICATION))
        except OaiFormatError as error:
            raise GatewayRefused("ct_gateway_password_unusable", f"CT Gateway: {error}.") from None
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._ready.wait()
        except TimeoutError:
            raise _unreachable("it did not answer the log-in in time") from None
        if self.release is None:
            raise GatewayRefused(
                "ct_gateway_refused",
                "The CT Gateway closed the connection at the log-in: its password is wrong. Enter "
                "it again at the phone system.",
            )

    async def start_monitors(self) -> None:
        """Ask for node numbers and for changes of stations."""
        self.monitors_lost = False
        await self._request("_NA", "1")
        await self._request("_MS", ALL_STATIONS)

    async def keep_alive(self) -> None:
        """Any command within 270 s keeps the monitors."""
        await self._request("_NO")

    async def nodes(self) -> list[NodeRecord]:
        """All PBX nodes; ``GatewayRefused`` with outcome 1 before release 5.0.64 (PRE-4)."""
        return node_records(await self._list("_XN"))

    async def stations(self) -> list[StationRecord]:
        """All stations of all nodes."""
        return station_records(await self._list("_QX", "1"))

    async def credentials(self, extension: str = "") -> list[CredentialRecord]:
        """SIP credentials of one extension, or of all when it is empty."""
        return credential_records(await self._list("_XC", text(extension)))

    async def close(self) -> None:
        """Close the connection; may be called again."""
        self._writer.close()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
            if not self._reading.cancelled() and (mistake := self._reading.exception()):
                raise mistake
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(self._timeout_s):
                await self._writer.wait_closed()

    async def _list(self, name: str, *arguments: str) -> list[str]:
        """Fields of all items, over as many frames as it takes: ``<more>,<count>,<items...>``."""
        fields: list[str] = []
        for answer in await self._request(name, *arguments, is_list=True):
            fields.extend(answer[2:])
        return fields

    async def _request(
        self, name: str, *arguments: str, is_list: bool = False
    ) -> list[tuple[str, ...]]:
        """Send a command; its confirmations' fields after the outcome, in order."""
        self._invoke_id += 1
        key = str(self._invoke_id)
        queue = self._answers[key] = asyncio.Queue()
        answers: list[tuple[str, ...]] = []
        try:
            if self.failure is not None:
                raise self.failure
            await self._send(command(name, self._invoke_id, *arguments))
            while True:
                async with asyncio.timeout(self._timeout_s):
                    answer = await queue.get()
                if answer is None:
                    raise self.failure or _unreachable("the connection is closed")
                outcome, rest = answer[0], answer[1:]
                if outcome != "0":
                    number = int(outcome) if outcome.isdigit() else None
                    raise GatewayRefused(
                        "ct_gateway_command_refused",
                        f"The CT Gateway refused {name} with outcome {outcome[:16]}.",
                        outcome=number,
                    )
                answers.append(rest)
                if not is_list or not rest or rest[0] != "1":
                    return answers
        except TimeoutError:
            raise _unreachable(f"no answer to {name} in time") from None
        finally:
            del self._answers[key]

    async def _send(self, payload: bytes) -> None:
        try:
            self._writer.write(frame(payload))
            await self._writer.drain()
        except OSError as error:
            raise _unreachable(f"the connection broke ({error.strerror or 'closed'})") from error

    async def _read(self) -> None:
        frames = FrameReader()
        try:
            while data := await self._reader.read(65536):
                for payload in frames.feed(data):
                    self._take(parse_message(payload))
            self.failure = _unreachable("it closed the connection")
        except OaiFormatError as error:
            self.failure = GatewayRefused("ct_gateway_format", f"The CT Gateway sent {error}.")
        except OSError as error:
            self.failure = _unreachable(f"the connection broke ({error.strerror or 'reset'})")
        finally:
            self._ready.set()
            for queue in self._answers.values():
                queue.put_nowait(None)
            self._on_change()

    def _take(self, message: Message) -> None:
        match message.event:
            case "CF" if len(message.fields) >= 3:
                queue = self._answers.get(message.fields[1])
                if queue is not None:
                    queue.put_nowait(message.fields[2:])
            case "RS" if len(message.fields) >= 5:
                self.monitors_lost = self.release is not None
                self.release = message.fields[4]
                if self.monitors_lost:
                    self._on_change()
            case "RD":
                self._ready.set()
            case event if event in _CHANGES:
                log.info("CT Gateway: %s", event)
                self._on_change()
            case _:
                log.debug("CT Gateway: event %s is not used", message.event[:8])


async def connect(
    address: str,
    port: int,
    password: str,
    *,
    outbound_address: str | None,
    timeout_s: float,
    on_change: Callable[[], None],
) -> GatewayConnection:
    """Connect and log in.

    Args:
        address: host name or IP address; ``port``: TCP port.
        outbound_address: source address of the connection, or ``None``.
        timeout_s: seconds of real time for each step.
        on_change: called for each change, and when the connection ends.

    Raises:
        GatewayError: unreachable, or log-in refused; nothing stays open.
    """
    source = (outbound_address, 0) if outbound_address else None
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(address, port, local_addr=source)
    except TimeoutError:
        raise _unreachable(f"no connection to {address}:{port} in time") from None
    except OSError as error:
        reason = error.strerror or "refused"
        raise _unreachable(f"no connection to {address}:{port} ({reason})") from error
    connection = GatewayConnection(reader, writer, timeout_s=timeout_s, on_change=on_change)
    try:
        await connection.start(password)
    except BaseException:
        await connection.close()
        raise
    return connection


def _unreachable(why: str) -> GatewayUnreachable:
    return GatewayUnreachable(
        "ct_gateway_unreachable",
        f"The CT Gateway cannot be reached: {why}. Check address and port at the phone system.",
    )
