"""How each line of a phone stands, and what action URIs are told of it (domain reference 3.3)."""

from dataclasses import dataclass

from simulators.phone.files.lines import Line
from simulators.phone.life.states import Event, RegistrationState

OK = 200
NO_ANSWER = 408
"""RFC 3261 section 8.1.3.1: a time-out is treated as if this status had come."""


@dataclass(slots=True)
class LineState:
    """One line: `state` is None until the first outcome; `expires_at` is on the steady base.

    `proxy` is the host that calls go to where it is not the line's first.
    """

    line: Line
    state: RegistrationState | None = None
    code: int = 0
    warning: str = ""
    announced: bool = False
    expires_at: float | None = None
    proxy: str = ""

    def change(self, state: RegistrationState, code: int, warning: str = "") -> bool:
        """Take an outcome; False when it repeats the one before (a repeat is silent)."""
        fresh = (state, code) != (self.state, self.code)
        self.state, self.code, self.warning = state, code, warning
        return fresh

    def values(self) -> dict[str, str]:
        """What variables of action URIs say of the registration."""
        return {
            "REGISTRATIONSTATE": self.state.value if self.state else "",
            "REGISTRATIONCODE": str(self.code) if self.code else "",
        }


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
