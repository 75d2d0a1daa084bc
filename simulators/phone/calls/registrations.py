"""Where each line is registered: at its registrar, else at the backup one, pure.

The backup registrar serves from when the first does not answer; the first is tried again each
`timeout_retry_s`, and takes the line back once it answers (domain reference 3.2; the way back is
ours). A line that gets another account is taken back from its old registrar first, so that a
licence is free for the new one; nobody waits for that longer than `LEAVING_S`.
"""

from dataclasses import dataclass, field

from simulators.core import Address
from simulators.phone.files.lines import Line
from simulators.sip.agent import RegistrationAgent, RegistrationChanged
from simulators.sip.registration import State

LEAVING_S = 4.0
BUSY = (State.REGISTERED, State.REFRESHING, State.REGISTERING)
AWAITING = (State.REGISTERING, State.REFRESHING, State.UNREGISTERING)
OUTCOMES = (State.REGISTERED, State.REFUSED, State.TIMED_OUT, State.UNREGISTERED)


@dataclass(slots=True)
class _Kept:
    """One line; `on_backup`: the backup registrar has it. `leaving`: keys being taken back."""

    line: Line
    on_backup: bool = False
    leaving: set[str] = field(default_factory=set)
    begin_at: float | None = None


class LineRegistrations:
    """Keeps lines registered by one agent; `take` turns its events into those of the lines.

    A line's events carry its number as their key, whichever registrar they are about.
    """

    def __init__(self, agent: RegistrationAgent) -> None:
        self._agent = agent
        self._lines: dict[int, _Kept] = {}
        self._count = 0

    def register(self, line: Line, now: float) -> None:
        """Begin to keep a line registered."""
        self._lines[line.number] = _Kept(line)
        self._agent.register(_first(line.number), line.account, now)

    def unregister(self, number: int, now: float) -> None:
        """Take a line's registration back; it ends in `unregistered`."""
        kept = self._lines.get(number)
        if kept is None:
            return
        kept.begin_at = None
        if kept.on_backup:
            self._agent.drop(_first(number))
            self._agent.unregister(_backup(number), now)
        else:
            self._agent.drop(_backup(number))
            self._agent.unregister(_first(number), now)

    def change(self, line: Line, now: float) -> None:
        """Register a line with another account, once it is taken back from where it is."""
        self._leave(line.number, now)
        kept = self._lines.setdefault(line.number, _Kept(line))
        kept.line, kept.on_backup = line, False
        kept.begin_at = now + LEAVING_S if kept.leaving else now
        self.begin(now)

    def remove(self, number: int, now: float) -> None:
        """A line is no more."""
        self._leave(number, now)
        self._lines.pop(number, None)

    def update(self, line: Line) -> None:
        """A line whose accounts stay has another name, proxy or the like."""
        self._lines[line.number].line = line

    # What is so

    def granted_s(self, number: int) -> int:
        """Seconds that the registrar in use granted."""
        return self._agent.registrations[self._key(number)].granted_s

    def proxy(self, line: Line) -> Address:
        """Where calls of a line go now."""
        kept = self._lines.get(line.number)
        uses = kept is not None and kept.on_backup and line.backup_proxy is not None
        return line.backup_proxy if uses and line.backup_proxy else line.proxy

    def uses_backup(self, number: int) -> bool:
        """Whether the backup registrar is used, as the phone's status page tells."""
        return number in self._lines and self._lines[number].on_backup

    @property
    def registered(self) -> list[int]:
        """The lines that are registered, with no request under way."""
        kept = self._agent.registrations
        return [
            number
            for number in self._lines
            if self._key(number) in kept and kept[self._key(number)].state is State.REGISTERED
        ]

    @property
    def awaiting(self) -> bool:
        """Whether a registrar's answer is awaited, for whichever line."""
        return any(each.state in AWAITING for each in self._agent.registrations.values())

    # What comes

    def take(self, event: RegistrationChanged, now: float) -> RegistrationChanged | None:
        """What an event means for a line; None: nothing to tell."""
        number, _, which = event.key.partition(" ")
        kept = self._lines.get(int(number))
        if which.startswith("leaving"):
            if event.after is State.UNREGISTERED:
                self._left(event.key, kept, now)
            return None
        if kept is None:
            return None
        if which:
            return self._of_backup(event, kept)
        return self._of_first(event, kept, now)

    def begin(self, now: float) -> None:
        """Register what has waited long enough for its old registration to be taken back."""
        for number, kept in self._lines.items():
            if kept.begin_at is not None and kept.begin_at <= now:
                kept.begin_at = None
                self._agent.register(_first(number), kept.line.account, now)

    def timer_at(self) -> float | None:
        """When `begin` wants to be called."""
        times = [kept.begin_at for kept in self._lines.values() if kept.begin_at is not None]
        return min(times, default=None)

    # Inside

    def _of_first(
        self, event: RegistrationChanged, kept: _Kept, now: float
    ) -> RegistrationChanged | None:
        number = kept.line.number
        if event.after is State.REGISTERED:
            if _backup(number) in self._agent.registrations:
                self._retire(_backup(number), number, now)
            kept.on_backup = False
            return event
        if event.after is State.TIMED_OUT and kept.line.backup is not None:
            if _backup(number) not in self._agent.registrations:
                self._agent.register(_backup(number), kept.line.backup, now)
            return None  # what the backup one says is told
        return None if kept.on_backup else event

    def _of_backup(self, event: RegistrationChanged, kept: _Kept) -> RegistrationChanged | None:
        if event.after not in OUTCOMES:
            return None
        if event.after is State.REGISTERED:
            kept.on_backup = True
        elif event.after is not State.UNREGISTERED:
            kept.on_backup = False
        key = str(kept.line.number)
        return RegistrationChanged(key, event.before, event.after, event.response)

    def _leave(self, number: int, now: float) -> None:
        for key in (_first(number), _backup(number)):
            if key in self._agent.registrations:
                self._retire(key, number, now)

    def _retire(self, key: str, number: int, now: float) -> None:
        """Take back a registration that is no longer the line's."""
        if self._agent.registrations[key].state not in BUSY:
            self._agent.drop(key)
            return
        self._count += 1
        leaving = f"{number} leaving {self._count}"
        self._agent.rename(key, leaving)
        kept = self._lines.get(number)
        if kept is not None:
            kept.leaving.add(leaving)
        self._agent.unregister(leaving, now)

    def _left(self, key: str, kept: _Kept | None, now: float) -> None:
        self._agent.drop(key)
        if kept is None:
            return
        kept.leaving.discard(key)
        if not kept.leaving and kept.begin_at is not None:
            kept.begin_at = now
            self.begin(now)

    def _key(self, number: int) -> str:
        return _backup(number) if self._lines[number].on_backup else _first(number)


def _first(number: int) -> str:
    return str(number)


def _backup(number: int) -> str:
    return f"{number} backup"
