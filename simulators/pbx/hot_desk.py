"""Hot desking on a node, pure: whose calls a phone takes (domain reference, 3.7).

A hot desk extension has no phone of its own. Its user logs in at the phone of another extension,
the base; that phone then takes its calls and calls in its name, until it is logged out. A second
log-in logs out the first. Who logs in, and how, is the caller's business: the feature code, or the
MCS with its screens. The MCS also logs in at phones without an extension of their own, whose base
is ""; nothing tells two of them apart, so each such log-in is another one.
"""

from collections.abc import Mapping
from enum import Enum
from hmac import compare_digest
from types import MappingProxyType

from simulators.errors import ConfigurationError
from simulators.pbx.exchange_events import HotDeskLoggedIn, HotDeskLoggedOut
from simulators.pbx.extensions import DeviceType, Extension, Extensions
from simulators.pbx.hot_desk_phones import HotDeskPhones


class State(Enum):
    """Where a hot desk extension stands."""

    LOGGED_OUT = "logged out"
    LOGGED_IN = "logged in"


class Event(Enum):
    """What moves it."""

    LOG_IN = "log-in"
    LOG_OUT = "log-out"
    LOG_IN_ELSEWHERE = "log-in at another phone"
    OTHER_USER = "another user's log-in at this phone"
    REMOVED = "one of the two extensions was removed"


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.LOGGED_OUT: {Event.LOG_IN: State.LOGGED_IN},
    State.LOGGED_IN: {
        Event.LOG_OUT: State.LOGGED_OUT,
        Event.LOG_IN_ELSEWHERE: State.LOGGED_OUT,
        Event.OTHER_USER: State.LOGGED_OUT,
        Event.REMOVED: State.LOGGED_OUT,
    },
}


class HotDesk:
    """Who is where. `events` yields `HotDeskLoggedIn` and `HotDeskLoggedOut`.

    Args:
        extensions: read at each log-in.
    """

    def __init__(self, extensions: Extensions) -> None:
        self.phones = HotDeskPhones()
        """Which phones may register as a hot desk extension themselves."""
        self._extensions = extensions
        self._bases: dict[str, str] = {}
        self._users: dict[str, str] = {}
        self._events: list[object] = []

    @property
    def places(self) -> Mapping[str, str]:
        """Base extension of each hot desk extension that is logged in; a live view."""
        return MappingProxyType(self._bases)

    def state(self, hot_desk: str) -> State:
        """Where the hot desk extension stands."""
        return State.LOGGED_IN if hot_desk in self._bases else State.LOGGED_OUT

    def user_at(self, base: str) -> str | None:
        """The hot desk extension that is logged in at a phone."""
        return self._users.get(base)

    def matches(self, hot_desk: str, passcode: str) -> bool:
        """Whether this is a hot desk extension with this passcode."""
        found = self._extensions.get(hot_desk)
        if found is None or found.device_type is not DeviceType.SIP_HOT_DESK:
            return False
        return compare_digest(found.passcode.encode(), passcode.encode())

    def log_in(self, hot_desk: str, base: str) -> None:
        """The phone of `base` takes the calls of `hot_desk`; logs out whoever is in the way.

        Args:
            base: "" for a phone without an extension of its own.

        Raises:
            ConfigurationError: one of the two is no such extension.
        """
        self._check(hot_desk, DeviceType.SIP_HOT_DESK)
        if base:
            self._check(base, DeviceType.SIP_PHONE)
            if self._bases.get(hot_desk) == base:
                return
        self._move(hot_desk, Event.LOG_IN_ELSEWHERE)
        if (other := self._users.get(base)) is not None:
            self._move(other, Event.OTHER_USER)
        self._bases[hot_desk] = base
        if base:
            self._users[base] = hot_desk
        self.phones.logged_in(hot_desk)
        self._events.append(HotDeskLoggedIn(hot_desk, base))

    def log_out(self, hot_desk: str) -> bool:
        """End a log-in; returns whether there was one."""
        return self._move(hot_desk, Event.LOG_OUT)

    def changed(self, old: Extension | None, new: Extension | None) -> None:
        """An extension is not as it was: with its number, its log-ins are gone."""
        if old is None or (new is not None and new.number == old.number):
            return
        self._move(old.number, Event.REMOVED)
        self.phones.forget(old.number)
        if (user := self._users.get(old.number)) is not None:
            self._move(user, Event.REMOVED)

    def events(self) -> list[object]:
        """What happened, in order, once."""
        events, self._events = self._events, []
        return events

    def _move(self, hot_desk: str, event: Event) -> bool:
        """Log out, if the table says that this does it here."""
        if event not in TRANSITIONS[self.state(hot_desk)]:
            return False
        base = self._bases.pop(hot_desk)
        self._users.pop(base, None)
        moves = event is Event.LOG_IN_ELSEWHERE
        left = not moves and self.phones.logged_out(hot_desk)
        self._events.append(HotDeskLoggedOut(hot_desk, base, event.value, left))
        return True

    def _check(self, number: str, kind: DeviceType) -> None:
        found = self._extensions.get(number)
        if found is None or found.device_type is not kind:
            raise ConfigurationError(f"extension {number[:20]} is no {kind.label} extension")
