"""A phone in service: its lines, its poll and its action URIs, from one applied configuration.

Belongs to one boot: made when the configuration is applied, forgotten at the next restart.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from simulators.core import Address
from simulators.errors import LocalProtocolError
from simulators.phone.calls.line_table import Activity
from simulators.phone.files.lines import Lines
from simulators.phone.files.server import validates
from simulators.phone.life import actions as do
from simulators.phone.life.action_uris import (
    IDLE,
    LONGEST,
    PREFIX,
    CallFacts,
    call_values,
    events,
    fill_in,
    line_values,
)
from simulators.phone.life.line_states import NO_ANSWER, OK, LineState, together
from simulators.phone.life.states import Event, RegistrationState

_POLL = ("action uri poll", "action uri poll interval")
_NOTES = {
    RegistrationState.REGISTERED: "registered",
    RegistrationState.REFUSED: "registration refused",
    RegistrationState.TIMEOUT: "registration timed out",
    RegistrationState.EXPIRED: "registration expired",
    RegistrationState.UNREGISTERED: "unregistered",
}


class Service:
    """What runs after the boot.

    Args:
        act: takes the actions wanted.
    """

    def __init__(
        self,
        configuration: Mapping[str, str],
        contact: Address,
        lines: Lines,
        act: Callable[[do.Action], None],
    ) -> None:
        self.lines = {line.number: LineState(line) for line in lines.lines}
        self.polling = False
        self._registering = lines
        self._configuration = configuration
        self._contact = contact
        self._act = act
        self._poll_at: float | None = None
        self._calls: dict[int, CallFacts] = {}

    def start(self, now: float) -> None:
        """The boot has ended: tell it, begin to poll and to register."""
        self.call("action uri startup")
        self._next_poll(now)
        if self.lines:
            validate = validates(self._configuration)
            self._act(do.StartRegistration(self._registering, validate))

    def stop_polling(self) -> None:
        """A restart is decided: no further poll."""
        self._poll_at = None

    @property
    def registered(self) -> tuple[int, ...]:
        """Numbers of the lines that are registered."""
        wanted = RegistrationState.REGISTERED
        return tuple(number for number, line in self.lines.items() if line.state is wanted)

    # Lines

    def line_changed(self, result: do.LineResult, now: float) -> Event:
        """Take a line's outcome; returns what it means for the phone.

        Raises:
            LocalProtocolError: there is no such line.
        """
        line = self.lines.get(result.line)
        if line is None:
            raise LocalProtocolError(f"there is no line {result.line}")
        match result:
            case do.Registered(_, granted_s, proxy):
                line.expires_at = now + granted_s
                line.proxy = proxy
                self._tell(line, RegistrationState.REGISTERED, OK)
            case do.RegistrationRefused(_, status, warning):
                line.expires_at = None
                self._tell(line, RegistrationState.REFUSED, status, warning)
            case do.RegistrationTimedOut():
                self._tell(line, RegistrationState.TIMEOUT, NO_ANSWER)
            case do.Unregistered():
                line.expires_at = None
                self._tell(line, RegistrationState.UNREGISTERED, OK)
        return self.together()

    def expire(self, now: float) -> Event | None:
        """Lines whose granted time is over; returns what it means for the phone, if any expired."""
        expired = [
            line
            for line in self.lines.values()
            if line.expires_at is not None and line.expires_at <= now
        ]
        for line in expired:
            line.expires_at = None
            self._tell(line, RegistrationState.EXPIRED, 0)
        return self.together() if expired else None

    def _tell(
        self, line: LineState, state: RegistrationState, code: int, warning: str = ""
    ) -> None:
        """Note an outcome and call the action URIs; a repeat is silent."""
        if not line.change(state, code, warning):
            return
        facts: list[tuple[str, object]] = [
            ("line", line.line.number),
            ("user", line.line.account.username),
        ]
        if state is RegistrationState.REFUSED:
            facts += [("status", code), ("warning", warning)]
        self._act(do.Note(_NOTES[state], tuple(facts)))
        if state is RegistrationState.REGISTERED and not line.announced:
            line.announced = True
            self.call("action uri registered", line.line.number)
        self.call("action uri registration event", line.line.number)

    def together(self) -> Event:
        """What all lines together mean for the phone."""
        return together(list(self.lines.values()))

    def reconfigure(self, configuration: Mapping[str, str], lines: Lines, now: float) -> bool:
        """Another configuration counts from now on; returns whether the lines are others.

        A line whose account stays keeps how it stands; the others have no outcome yet.
        """
        before = self._registering
        polled = {name: self._configuration.get(name) for name in _POLL}
        self._configuration, self._registering = configuration, lines
        kept: dict[int, LineState] = {}
        for line in lines.lines:
            known = self.lines.get(line.number)
            if known is not None and known.line.account == line.account:
                known.line = line
                kept[line.number] = known
            else:
                kept[line.number] = LineState(line)
        self.lines = kept
        if polled != {name: configuration.get(name) for name in _POLL}:
            self._next_poll(now)
        return before != lines

    # Action URIs

    def line_used(self, before: Activity, after: CallFacts) -> None:
        """A line is used otherwise; a call that has ended is told with the state that it had."""
        over = after.activity in (Activity.IDLE, Activity.CLEARING)
        self._calls[after.line] = replace(after, activity=before) if over else after
        for name in events(before, after.activity):
            self.call(PREFIX + name, after.line)
        if over:
            self._calls[after.line] = IDLE

    def sound(self, name: str, *, begins: bool) -> None:
        """A wave file is played as if it called; its name takes the place of the caller's."""
        for event in ("incoming", "connected") if begins else ("disconnected", "onhook"):
            self.call(PREFIX + event, more={"INCOMINGNAME": name})

    def call(self, name: str, line: int = 0, more: Mapping[str, str] = {}) -> None:
        """Call an action URI, if there is one that the phone can keep."""
        uri = self._configuration.get(name, "")
        if 0 < len(uri) <= LONGEST:
            url = self.url(uri, line, more)
            self._act(do.CallActionUri(name, url, validates(self._configuration)))

    def url(self, uri: str, line: int = 0, more: Mapping[str, str] = {}) -> str:
        """A URI with its variables filled in.

        Args:
            line: which line they are about; 0: the one in use, else the first.
            more: values that go before those of lines and calls.
        """
        used = [number for number, call in self._calls.items() if call.activity != Activity.IDLE]
        number = line or next(iter(used), 0) or next(iter(self.lines), 0)
        values = {"LOCALIP": self._contact[0], **call_values(self._calls.get(number, IDLE))}
        found = self.lines.get(number)
        if found is not None:
            values |= {**line_values(found.line, found.proxy), **found.values()}
        return fill_in(uri, {**values, **more})

    # Time

    def timer_at(self) -> float | None:
        """When the next poll or expiry is due."""
        times = [self._poll_at, *(line.expires_at for line in self.lines.values())]
        return min((at for at in times if at is not None), default=None)

    def poll(self, now: float) -> None:
        """Poll if it is time, unless an answer is outstanding."""
        if self._poll_at is None or self._poll_at > now:
            return
        self._next_poll(now)
        if self.polling:
            return
        self.polling = True
        url = self.url(self._configuration["action uri poll"])
        self._act(do.Poll(url, validates(self._configuration)))

    def polled(self) -> None:
        """An answer to the poll came, or none will.

        Raises:
            LocalProtocolError: none was outstanding.
        """
        if not self.polling:
            raise LocalProtocolError("an answer to a poll came, none was sent")
        self.polling = False

    def _next_poll(self, now: float) -> None:
        text = self._configuration.get("action uri poll interval", "")
        seconds = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
        wanted = seconds > 0 and 0 < len(self._configuration.get(_POLL[0], "")) <= LONGEST
        self._poll_at = now + seconds if wanted else None
