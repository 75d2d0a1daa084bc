"""How each line of a phone stands, and what action URIs are told of it (domain reference 3.3)."""

from dataclasses import dataclass
from urllib.parse import quote

from simulators.phone.files.lines import Line
from simulators.phone.life.states import Event, RegistrationState

OK = 200
NO_ANSWER = 408
"""RFC 3261 section 8.1.3.1: a time-out is treated as if this status had come."""


@dataclass(slots=True)
class LineState:
    """One line: `state` is None until the first outcome; `expires_at` is on the steady base."""

    line: Line
    state: RegistrationState | None = None
    code: int = 0
    warning: str = ""
    announced: bool = False
    expires_at: float | None = None

    def change(self, state: RegistrationState, code: int, warning: str = "") -> bool:
        """Take an outcome; False when it repeats the one before (a repeat is silent)."""
        fresh = (state, code) != (self.state, self.code)
        self.state, self.code, self.warning = state, code, warning
        return fresh


_BY_STATE = (
    (RegistrationState.REGISTERED, Event.REGISTERED),
    (RegistrationState.REFUSED, Event.REFUSED),
    (RegistrationState.TIMEOUT, Event.TIMED_OUT),
    (RegistrationState.EXPIRED, Event.TIMED_OUT),
    (RegistrationState.UNREGISTERED, Event.UNREGISTERED),
)


def together(lines: list[LineState]) -> Event:
    """What all lines together mean for the phone: one that works is enough to be registered."""
    states = {line.state for line in lines}
    for state, event in _BY_STATE:
        if state in states:
            return event
    return Event.UNDECIDED


def fill_in(uri: str, line: LineState | None, local_ip: str) -> str:
    """An action URI with its variables replaced, percent-encoded; unknown ones become empty."""
    values = {"LOCALIP": local_ip}
    if line is not None:
        values |= {
            "SIPUSERNAME": line.line.account.username,
            "SIPAUTHNAME": line.line.account.auth_username,
            "DISPLAYNAME": line.line.display_name,
            "REGISTRATIONSTATE": line.state.value if line.state else "",
            "REGISTRATIONCODE": str(line.code) if line.code else "",
        }
    parts = uri.split("$$")
    # even places are text, odd ones names; a lone $$ at the end stays as it is
    if len(parts) % 2 == 0:
        parts[-2:] = [f"{parts[-2]}$${parts[-1]}"]
    return "".join(
        part if index % 2 == 0 else quote(values.get(part, ""), safe="")
        for index, part in enumerate(parts)
    )
