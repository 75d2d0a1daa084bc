"""A phone in service: its lines, its poll and its action URIs, from one applied configuration.

Belongs to one boot: made when the configuration is applied, forgotten at the next restart.
"""

from collections.abc import Callable, Mapping

from simulators.core import Address
from simulators.errors import LocalProtocolError
from simulators.phone.files.lines import Lines
from simulators.phone.files.server import validates
from simulators.phone.life import actions as do
from simulators.phone.life.line_states import NO_ANSWER, OK, LineState, fill_in, together
from simulators.phone.life.states import Event, RegistrationState

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

    def start(self, now: float) -> None:
        """The boot has ended: tell it, begin to poll and to register."""
        self._call("action uri startup", None)
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
            case do.Registered(_, granted_s):
                line.expires_at = now + granted_s
                self._tell(line, RegistrationState.REGISTERED, OK)
            case do.RegistrationRefused(_, status, warning):
                line.expires_at = None
                self._tell(line, RegistrationState.REFUSED, status, warning)
            case do.RegistrationTimedOut():
                self._tell(line, RegistrationState.TIMEOUT, NO_ANSWER)
            case do.Unregistered():
                line.expires_at = None
                self._tell(line, RegistrationState.UNREGISTERED, OK)
        return together(list(self.lines.values()))

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
        return together(list(self.lines.values())) if expired else None

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
            self._call("action uri registered", line)
        self._call("action uri registration event", line)

    def _call(self, name: str, line: LineState | None) -> None:
        uri = self._configuration.get(name, "")
        if uri:
            url = fill_in(uri, line, self._contact[0])
            self._act(do.CallActionUri(name, url, validates(self._configuration)))

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
        line = next(iter(self.lines.values()), None)
        url = fill_in(self._configuration["action uri poll"], line, self._contact[0])
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
        wanted = seconds > 0 and bool(self._configuration.get("action uri poll"))
        self._poll_at = now + seconds if wanted else None
