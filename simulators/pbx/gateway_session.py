"""One client's session with the CT Gateway: log-in, commands, events (docs/wire.md section 2).

Octets in, payloads to send out; the driver frames them. A session that is `closed` wants its
connection closed. Two time bases come in: `now` in seconds that only grow, and the calendar for the
time that `RS` tells.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hmac import compare_digest

from simulators.errors import RemoteProtocolError
from simulators.pbx import oai
from simulators.pbx.extensions import Extension
from simulators.pbx.oai import Command, FrameReader, LogIn, Text
from simulators.pbx.release import (
    FIRST_GATEWAY_WITH_CREDENTIALS,
    FIRST_WITH_CREDENTIALS,
    Release,
)

KEEP_ALIVE_S = 270.0
"""Without a command for this long, a client's monitors are dropped."""

LOG_IN_WITHIN_S = 30.0
"""Who connects and says nothing for this long is let go (ours)."""

UNKNOWN_COMMAND, BAD_ARGUMENTS = 1, 2
"""Outcomes of a confirmation."""

HIGHEST_MONITOR_TYPE = 11


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """What the gateway knows of one node."""

    number: int
    name: str
    address: str
    release: Release
    extensions: tuple[Extension, ...]

    @property
    def hands_out_credentials(self) -> bool:
        """PRE-3."""
        return self.release >= FIRST_WITH_CREDENTIALS


@dataclass(frozen=True, slots=True)
class PayloadReceived:
    """A payload came; `text` shows it without the log-in's password."""

    command: str
    text: str


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The client's password was right."""

    application: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The gateway ends the session, and why."""

    reason: str


class GatewaySession:
    """The gateway's side of one connection.

    Args:
        directory: the nodes as they are now.
        release: the gateway's release now; below 5.0.64 it has no `_XN` and no `_XC` (PRE-4).
        password: what a client must log in with.
        calendar: epoch seconds.
        now: when the connection came.
    """

    def __init__(
        self,
        directory: Callable[[], Sequence[NodeRecord]],
        release: Callable[[], Release],
        password: str,
        calendar: Callable[[], float],
        now: float,
    ) -> None:
        self.application: str | None = None
        self.closed = False
        self._directory = directory
        self._release = release
        self._password = password
        self._calendar = calendar
        self._reader = FrameReader()
        self._sequence = 0
        self._monitors: set[int] = set()
        self._deadline = now + LOG_IN_WITHIN_S
        self._events: list[object] = []

    @property
    def monitoring(self) -> bool:
        """Whether a monitor is started, so that events go to this client."""
        return bool(self._monitors)

    def receive(self, data: bytes, now: float) -> list[bytes]:
        """Take octets; returns the payloads to send, in order."""
        answers: list[bytes] = []
        if self.closed:
            return answers
        try:
            for payload in self._reader.feed(data):
                answers += self._payload(payload, now)
                if self.closed:
                    break
        except RemoteProtocolError as error:
            self._close(str(error))
        return answers

    def events(self) -> list[object]:
        """PayloadReceived, LoggedIn and Closed, in order, once."""
        events, self._events = self._events, []
        return events

    def timer_at(self) -> float | None:
        """When `handle_timer` wants to be called."""
        return None if self.closed else self._deadline

    def handle_timer(self, now: float) -> list[bytes]:
        """Drop the monitors of a client that is silent, and say `RS`; returns payloads to send."""
        if self.closed or now < self._deadline:
            return []
        if self.application is None:
            self._close("no log-in came")
            return []
        self._monitors.clear()
        self._deadline = now + KEEP_ALIVE_S
        return [self._resync()]

    def extension_changed(self, old: str, new: str) -> list[bytes]:
        """Tell of an extension that came, went or got another number or name."""
        if not self.monitoring:
            return []
        return [oai.extension_changed(self._next(), oai.printable(old), oai.printable(new))]

    def credentials_changed(self, extension: str) -> list[bytes]:
        """Tell of new SIP credentials, where this gateway can."""
        if not self.monitoring or not self._has_credentials():
            return []
        return [oai.credentials_changed(self._next(), extension)]

    # Inside

    def _payload(self, payload: bytes, now: float) -> list[bytes]:
        if self.application is None:
            return self._log_in(payload, now)
        text = payload.decode("ascii", "replace").rstrip("\r")
        self._events.append(PayloadReceived(text.partition(",")[0][:20], text))
        command = Command.parse(payload)
        self._deadline = now + KEEP_ALIVE_S
        handler = self._handler(command.name)
        if handler is None:
            return [oai.confirmation(self._next(), command, UNKNOWN_COMMAND)]
        try:
            results = handler(command.arguments)
        except _BadArguments:
            return [oai.confirmation(self._next(), command, BAD_ARGUMENTS)]
        return [oai.confirmation(self._next(), command, 0, *result) for result in results]

    def _log_in(self, payload: bytes, now: float) -> list[bytes]:
        log_in = LogIn.parse(payload)
        self._events.append(PayloadReceived("log-in", f"application {log_in.application}"))
        if not compare_digest(log_in.password.encode(), self._password.encode()):
            self._close(f"wrong password from {log_in.application}")
            return []
        self.application = log_in.application
        self._deadline = now + KEEP_ALIVE_S
        self._events.append(LoggedIn(log_in.application))
        return [self._resync(), oai.ready(self._next())]

    def _close(self, reason: str) -> None:
        self.closed = True
        self._monitors.clear()
        self._events.append(Closed(reason))

    def _next(self) -> int:
        self._sequence = (self._sequence + 1) % 1000
        return self._sequence

    def _resync(self) -> bytes:
        at = datetime.fromtimestamp(self._calendar(), UTC)
        return oai.resync(
            self._next(), at.strftime("%H:%M"), at.strftime("%m%d%y"), str(self._release())
        )

    # Commands: each takes the arguments and returns the results, a list of fields a frame

    def _handler(self, name: str) -> "_Handler | None":
        handlers: dict[str, _Handler] = {
            "_NA": self._node_aware,
            "_MS": self._monitor_start,
            "_NO": self._keep_alive,
            "_QX": self._query_list,
        }
        if self._has_credentials():
            handlers |= {"_XN": self._list_nodes, "_XC": self._list_credentials}
        return handlers.get(name)

    def _has_credentials(self) -> bool:
        return self._release() >= FIRST_GATEWAY_WITH_CREDENTIALS

    def _node_aware(self, arguments: tuple[str, ...]) -> "_Results":
        _check(arguments in (("0",), ("1",)))
        return [[]]

    def _monitor_start(self, arguments: tuple[str, ...]) -> "_Results":
        _check(len(arguments) == 1 and arguments[0].isdigit() and len(arguments[0]) <= 2)
        kind = int(arguments[0])
        _check(kind <= HIGHEST_MONITOR_TYPE)
        self._monitors.add(kind)
        return [[]]

    def _keep_alive(self, arguments: tuple[str, ...]) -> "_Results":
        _check(not arguments)
        return [[]]

    def _query_list(self, arguments: tuple[str, ...]) -> "_Results":
        _check(arguments == ("1",))  # list 1, stations, is the only one here
        return list(
            oai.batches(
                [
                    [
                        Text(extension.number),
                        oai.printable(extension.name),
                        str(int(extension.device_type)),
                        str(node.number),
                    ]
                    for node in self._directory()
                    for extension in node.extensions
                ]
            )
        )

    def _list_nodes(self, arguments: tuple[str, ...]) -> "_Results":
        _check(not arguments)
        return list(
            oai.batches(
                [
                    [
                        str(node.number),
                        oai.printable(node.name),
                        Text(node.address),
                        Text(str(node.release)),
                    ]
                    for node in self._directory()
                ]
            )
        )

    def _list_credentials(self, arguments: tuple[str, ...]) -> "_Results":
        _check(len(arguments) == 1 and isinstance(arguments[0], Text))
        wanted = arguments[0]
        return list(
            oai.batches(
                [
                    [
                        Text(extension.number),
                        Text(extension.auth_name),
                        Text(extension.auth_password),
                    ]
                    for node in self._directory()
                    if node.hands_out_credentials
                    for extension in node.extensions
                    if wanted in ("", extension.number)
                ]
            )
        )


_Results = list[list[str]]
_Handler = Callable[[tuple[str, ...]], _Results]


class _BadArguments(Exception):
    """The arguments of a command are not as docs/wire.md says."""


def _check(good: bool) -> None:
    if not good:
        raise _BadArguments
