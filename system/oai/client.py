"""One connection to a CT Gateway: log-in, commands with their confirmations, changes.

The connection does not come back by itself; ``phone_systems.link`` opens the next one. What the
gateway tells unasked goes to ``on_event`` as a ``Meaning``; a gap in the sequence numbers is one
too, for what was lost may have been a change.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from system.errors import GatewayError, GatewayGarbled, GatewayRefused, GatewayUnreachable
from system.oai.codec import (
    FrameReader,
    Message,
    OaiFormatError,
    command,
    frame,
    log_in,
    next_sequence,
    parse_message,
    text,
)
from system.oai.link_events import Changed, Meaning, NodeCame, NodeWent, meaning_of
from system.oai.records import (
    CREDENTIAL_WIDTH,
    HOT_DESK_WIDTH,
    NODE_WIDTH,
    STATION_WIDTH,
    CredentialRecord,
    NodeRecord,
    StationRecord,
    credential_records,
    hot_desk_places,
    node_records,
    nodes_down,
    part_of_list,
    station_records,
)

log = logging.getLogger("mcs.oai")

APPLICATION = "MCS"
UNKNOWN_COMMAND = 1
NOT_IN_THIS_RELEASE = 3
NO_MATCH = 6
ALL_STATIONS = "2"


class GatewayConnection:
    """An open connection that is logged in. Made by ``connect``."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        timeout_s: float,
        on_event: Callable[[Meaning], None],
    ) -> None:
        self.release: str | None = None
        """The gateway's release, from its ``RS``."""
        self.failure: GatewayError | None = None
        """Why the connection is over; ``None`` while it works."""
        self.monitors_lost = False
        """The gateway has sent ``RS`` again: monitors have to be started anew."""
        self.nodes_down: frozenset[int] = frozenset()
        """Nodes that the gateway does not reach, as it last said."""
        self.gaps = 0
        """How often the sequence numbers have jumped: what was lost may have been a change."""
        self._reader = reader
        self._writer = writer
        self._timeout_s = timeout_s
        self._on_event = on_event
        self._sequence: int | None = None
        self._heard = False
        self._closed_in_order = False
        self._ready = asyncio.Event()
        self._invoke_id = 0
        self._answers: dict[str, asyncio.Queue[tuple[str, ...] | None]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def start(self, password: str) -> None:
        """Log in and wait for the gateway to be ready (``RS``, then ``RD``).

        Raises:
            GatewayRefused: the gateway closed the connection without a word: the password is wrong.
            GatewayError: no answer in time, a broken connection, or no OAI.
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
            if self.failure is None:
                raise GatewayGarbled("ct_gateway_format", "The CT Gateway sent RD before RS.")
            if self._heard or not self._closed_in_order:
                raise self.failure  # a line that broke says nothing about the password
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

    async def read_node_states(self) -> frozenset[int]:
        """The nodes that the gateway does not reach now; also a keep-alive.

        Raises:
            OaiFormatError: the states do not come out even.
        """
        (answer,) = await self._request("_NO")
        down = nodes_down(answer)
        if down is not None:
            self.nodes_down = down
        return self.nodes_down

    async def hot_desk_log_in(self, hot_desk: str, passcode: str, base: str) -> None:
        """Log a hot desk extension in at the phone of ``base``, which may be empty (EXT-7).

        Raises:
            GatewayRefused: outcome 6: extension and passcode do not match.
            GatewayError: any other reason.
            OaiFormatError: a value that cannot stand in a text field; nothing was sent.
        """
        await self._request("_XH", "1", text(hot_desk), text(passcode), text(base))

    async def hot_desk_log_out(self, hot_desk: str) -> None:
        """Log a hot desk extension out; done also where nobody was logged in."""
        await self._request("_XH", "0", text(hot_desk))

    async def nodes(self) -> list[NodeRecord]:
        """All PBX nodes; ``GatewayRefused`` with outcome 1 before release 5.0.64 (PRE-4)."""
        return node_records(await self._list(NODE_WIDTH, "_XN"))

    async def stations(self) -> list[StationRecord]:
        """All stations of all nodes."""
        return station_records(await self._list(STATION_WIDTH, "_QX", "1"))

    async def credentials(self, extension: str = "") -> list[CredentialRecord]:
        """SIP credentials of one extension, or of all when it is empty."""
        return credential_records(await self._list(CREDENTIAL_WIDTH, "_XC", text(extension)))

    async def hot_desks(self) -> dict[str, str]:
        """Base of each hot desk extension that is logged in, "" for a phone without extension."""
        return hot_desk_places(await self._list(HOT_DESK_WIDTH, "_XL"))

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

    async def _list(self, width: int, name: str, *arguments: str) -> list[str]:
        """Fields of all items, over as many frames as it takes: ``<more>,<count>,<items...>``."""
        fields: list[str] = []
        for answer in await self._request(name, *arguments, is_list=True):
            fields.extend(part_of_list(answer, width))
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
                self._heard = True
                for payload in frames.feed(data):
                    self._take(parse_message(payload))
            self._closed_in_order = frames.is_empty
            self.failure = _unreachable("it closed the connection")
        except OaiFormatError as error:
            self.failure = GatewayGarbled("ct_gateway_format", f"The CT Gateway sent {error}.")
        except OSError as error:
            self.failure = _unreachable(f"the connection broke ({error.strerror or 'reset'})")
        finally:
            self._ready.set()
            for queue in self._answers.values():
                queue.put_nowait(None)
            self._on_event(Changed())

    def _take(self, message: Message) -> None:
        self._count(message)
        match message.event:
            case "CF" if len(message.fields) >= 3:
                queue = self._answers.get(message.fields[1])
                if queue is not None:
                    queue.put_nowait(message.fields[2:])
            case "RS" if len(message.fields) >= 5:
                self.monitors_lost = self.release is not None
                self.release = message.fields[4]
                if self.monitors_lost:
                    self._on_event(Changed())
            case "RD":
                self._ready.set()
            case _:
                self._tell(message)

    def _count(self, message: Message) -> None:
        expected, self._sequence = self._sequence, next_sequence(message.sequence)
        # RS is a beginning: what was before it is read anew anyway.
        if expected is None or message.event == "RS" or message.sequence == expected:
            return
        self.gaps += 1
        log.warning(
            "CT Gateway: message %03d came where %03d was due: reading everything anew",
            message.sequence,
            expected,
        )
        self._on_event(Changed())

    def _tell(self, message: Message) -> None:
        meaning = meaning_of(message)
        if meaning is None:
            log.debug("CT Gateway: event %s is not used", message.event[:8])
            return
        log.info("CT Gateway: %s", message.event)
        if isinstance(meaning, NodeWent):
            self.nodes_down |= {meaning.number}
        elif isinstance(meaning, NodeCame):
            self.nodes_down -= {meaning.number}
        self._on_event(meaning)


async def connect(
    address: str,
    port: int,
    password: str,
    *,
    outbound_address: str | None,
    timeout_s: float,
    on_event: Callable[[Meaning], None],
) -> GatewayConnection:
    """Connect and log in.

    Args:
        address: host name or IP address; ``port``: TCP port.
        outbound_address: source address of the connection, or ``None``.
        timeout_s: seconds of real time for each step.
        on_event: called for what the gateway tells unasked, and when the connection ends.

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
    connection = GatewayConnection(reader, writer, timeout_s=timeout_s, on_event=on_event)
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
