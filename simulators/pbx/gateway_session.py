"""One client's session with the CT Gateway: log-in, commands, events (docs/wire.md section 2).

Octets in, payloads out; the driver frames them and asks for the next one as long as its connection
takes more, so what waits here is bounded and lists are made as they go out. A session that is
`closed` wants its connection closed. Two time bases come in: `now` in seconds that only grow, and
the calendar for the time that `RS` tells. The states are in `gateway_session_states`.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hmac import compare_digest

from simulators.errors import RemoteProtocolError
from simulators.pbx import oai_messages
from simulators.pbx.extensions import Extension
from simulators.pbx.gateway_session_states import Event, State, following
from simulators.pbx.oai import Command, FrameReader, LogIn, Message
from simulators.pbx.oai_commands import Commands
from simulators.pbx.oai_directory import Directory, Link, Linked
from simulators.pbx.oai_messages import Fields, LinkReason
from simulators.pbx.release import Release

KEEP_ALIVE_S = 270.0
"""Without a command for this long, a client's monitors are dropped."""

LOG_IN_WITHIN_S = 30.0
"""Who connects and says nothing for this long is let go (ours)."""

READ_WITHIN_S = 60.0
"""Who takes no octet of what waits for this long is cut off (ours)."""

MOST_WAITING_COMMANDS = 100
"""Commands without an answer; beyond them the client is not read until it has read."""

MOST_WAITING_EVENTS = 20_000
"""Events that a client has not taken; beyond them it is cut off."""


@dataclass(frozen=True, slots=True)
class PayloadReceived:
    """A payload came; `text` shows it without a password or passcode."""

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
        directory: the nodes, a live view.
        release: the gateway's release now; below 5.0.64 it has none of ours (PRE-4).
        password: what a client must log in with.
        calendar: epoch seconds.
        now: when the connection came.
        nodes_known: whether the gateway has waited for its nodes; else `tell_nodes_known` follows.
    """

    def __init__(
        self,
        directory: Directory,
        release: Callable[[], Release],
        password: str,
        calendar: Callable[[], float],
        now: float,
        *,
        nodes_known: bool = True,
    ) -> None:
        self.state = State.CONNECTED
        self._directory = directory
        self._release = release
        self._password = password
        self._calendar = calendar
        self._nodes_known = nodes_known
        self._reader = FrameReader()
        self._sequence = 0
        self._commands = Commands(directory, release)
        self._deadline = now + LOG_IN_WITHIN_S
        self._unread_until: float | None = None
        self._answers: deque[Iterator[Fields]] = deque()
        self._waiting_events: deque[Fields] = deque()
        self._events: list[object] = []

    @property
    def closed(self) -> bool:
        """Whether the connection is to be closed."""
        return self.state is State.CLOSED

    @property
    def backlogged(self) -> bool:
        """Whether no more should be read: too much waits to be answered, or nothing may be yet."""
        return self.state is State.HELD or len(self._answers) >= MOST_WAITING_COMMANDS

    def receive(self, data: bytes, now: float) -> None:
        """Take octets; what they bring about comes from `next_payload`."""
        if not self.closed:
            self._take(data, now)

    def next_payload(self, now: float) -> bytes | None:
        """The next payload to send; None where nothing is to be sent now."""
        fields = self._next_fields(now)
        if fields is None:
            return None
        self._sequence = (self._sequence + 1) % 1000
        return Message(self._sequence, fields[0], fields[1:]).encode()

    def events(self) -> list[object]:
        """PayloadReceived, LoggedIn and Closed, in order, once."""
        events, self._events = self._events, []
        return events

    # Time

    def timer_at(self) -> float | None:
        """When `handle_timer` wants to be called."""
        if self.closed:
            return None
        own = () if self.state is State.HELD else (self._deadline,)
        unread = () if self._unread_until is None else (self._unread_until,)
        return min((*own, *unread), default=None)

    def handle_timer(self, now: float) -> None:
        """Drop the monitors of a client that is silent, and say `RS`; let go who is no client."""
        due = self.timer_at()
        if due is None or now < due:
            return
        if self._unread_until is not None and now >= self._unread_until:
            self.close(f"the client has not read for {READ_WITHIN_S:g} s", Event.UNREAD)
        elif self.state is State.CONNECTED:
            self.close("no log-in came", Event.NO_LOG_IN)
        else:
            self._commands.drop_monitors()
            self._deadline = now + KEEP_ALIVE_S
            self._step(Event.SILENCE)
            self._waiting_events.append(self._resync())

    # What happens around the session

    def blocked(self, now: float) -> None:
        """The connection takes no more octets: the client does not read."""
        self._unread_until = now + READ_WITHIN_S

    def unblocked(self) -> None:
        """The connection takes octets again."""
        self._unread_until = None

    def close(self, reason: str, event: Event) -> None:
        """End the session, for a reason that the journal tells; what waits is forgotten."""
        if self.closed:
            return
        self._step(event)
        self._commands.drop_monitors()
        self._answers.clear()
        self._waiting_events.clear()
        self._events.append(Closed(reason))

    def tell_nodes_known(self, now: float) -> None:
        """The gateway has waited for its nodes: who logged in before is greeted now."""
        self._nodes_known = True
        if self.state is State.HELD:
            self._deadline = now + KEEP_ALIVE_S
            self._step(Event.NODES_KNOWN)
            self._greet()
            self._take(b"", now)

    def extension_changed(self, node: int, old: Extension | None, new: Extension | None) -> None:
        """An extension came (old None), went (new None), or is not as it was."""
        self._tell(self._commands.monitors.extension_changed(node, old, new))
        if old and new and _credentials(old) != _credentials(new) and self._commands.has_ours:
            self._tell(self._commands.monitors.credentials_changed(new.number))

    def hot_desk_changed(self, hot_desk: str, base: str, *, logged_in: bool) -> None:
        """A hot desk extension was logged in at the phone of `base`, or out there."""
        if self._commands.has_ours:
            monitors = self._commands.monitors
            self._tell(monitors.hot_desk_changed(hot_desk, base, logged_in=logged_in))

    def device_changed(self, extension: Extension, *, online: bool) -> None:
        """An extension's phone came or went."""
        self._tell(self._commands.monitors.device_changed(extension, online=online))

    def link_changed(self, node: int, reason: LinkReason) -> None:
        """The gateway's link with a node came or went: told to clients that are node aware."""
        if self._commands.node_aware:
            self._tell([oai_messages.link_status(node, reason)])

    def node_connected(self, linked: Linked) -> None:
        """A node answers for the first time since the gateway was started."""
        if self.state in (State.READY, State.MONITORING):
            number = linked.node.number
            self._tell([oai_messages.connection_status(linked.connection, number)])

    # Inside

    def _take(self, data: bytes, now: float) -> None:
        """Work on what was read, as far as the answers that wait allow."""
        payloads = self._reader.feed(data)
        try:
            while not (self.closed or self.backlogged):
                if (payload := next(payloads, None)) is None:
                    return
                self._payload(payload, now)
        except RemoteProtocolError as error:
            self.close(str(error), Event.BREACH)

    def _next_fields(self, now: float) -> Fields | None:
        """Events go before answers, also between two messages of a list."""
        if self._waiting_events:
            return self._waiting_events.popleft()
        while self._answers:
            fields = next(self._answers[0], None)
            if fields is not None:
                return fields
            was_backlogged = self.backlogged
            self._answers.popleft()
            if was_backlogged:
                self._take(b"", now)
        return None

    def _payload(self, payload: bytes, now: float) -> None:
        if self.state is State.CONNECTED:
            self._log_in(LogIn.parse(payload), now)
            return
        text = payload.decode("ascii", "replace").rstrip("\r")
        self._events.append(PayloadReceived(text.partition(",")[0][:20], _without_passcode(text)))
        command = Command.parse(payload)
        self._deadline = now + KEEP_ALIVE_S
        self._answers.append(self._commands.answer(command))
        if self._commands.monitors and self.state is State.READY:
            self._step(Event.MONITOR_STARTED)

    def _log_in(self, log_in: LogIn, now: float) -> None:
        self._events.append(PayloadReceived("log-in", f"application {log_in.application}"))
        if not compare_digest(log_in.password.encode(), self._password.encode()):
            self.close(f"wrong password from {log_in.application}", Event.WRONG_PASSWORD)
            return
        self._events.append(LoggedIn(log_in.application))
        if self._nodes_known:
            self._deadline = now + KEEP_ALIVE_S
            self._step(Event.LOG_IN)
            self._greet()
        else:
            self._step(Event.EARLY_LOG_IN)

    def _greet(self) -> None:
        self._tell([self._resync(), oai_messages.ready()])
        self._tell(
            oai_messages.connection_status(linked.connection, None)
            for linked in self._directory.values()
            if linked.link is Link.NEVER_UP
        )

    def _tell(self, events: Iterable[Fields]) -> None:
        self._waiting_events.extend(() if self.closed else events)
        if len(self._waiting_events) > MOST_WAITING_EVENTS:
            self.close(
                f"the client has left more than {MOST_WAITING_EVENTS} events unread", Event.UNREAD
            )

    def _step(self, event: Event) -> None:
        self.state = following(self.state, event)

    def _resync(self) -> Fields:
        at = datetime.fromtimestamp(self._calendar(), UTC)
        release = str(self._release())
        return oai_messages.resync(at.strftime("%H:%M"), at.strftime("%m%d%y"), release)


def _without_passcode(text: str) -> str:
    """A command as the journal may have it; of an `_XH` in another form it has the name alone."""
    name, *rest = text.split(",")
    if name != "_XH" or len(rest) < 4:
        return text
    return ",".join([name, *rest[:3], "|•••|", rest[4]]) if len(rest) == 5 else "_XH,•••"


def _credentials(extension: Extension) -> tuple[str, str]:
    return extension.auth_name, extension.auth_password
