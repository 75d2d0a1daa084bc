"""Which process owns which extension of a node, and which are registered: the parent's part.

Pure. Messages of the processes come in by `hear`, answers go out by `to_say`. Each extension goes
through the states of `TRANSITIONS`; one that is where it belongs needs no row. So at any time one
process at most may bind an extension. Licences are counted in `licences`.
"""

from collections import deque
from collections.abc import Sequence
from enum import Enum

from simulators.errors import LocalProtocolError
from simulators.pbx.processes.dealing import default_owner
from simulators.pbx.processes.licences import LicencePool
from simulators.pbx.processes.messages import (
    Claim,
    FromParent,
    FromProcess,
    Grant,
    GrantBound,
    HandedOver,
    LicencesSpared,
    LicencesWanted,
    Recall,
    Registered,
    Row,
    Unregistered,
)
from simulators.pbx.registrar import Licences

NOBODY = 0
"""The owner of what is free."""


class State(Enum):
    """Where an extension stands."""

    OWNED = "owned by a process"
    MOVING = "asked for from its process"
    FREE = "owned by none: its process is lost"


class Event(Enum):
    """What moves it."""

    RECALLED = "another process claims it"
    HANDED_OVER = "handed over, and granted"
    LOST = "its process is lost"
    GRANTED = "granted"


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.OWNED: {Event.RECALLED: State.MOVING, Event.LOST: State.FREE},
    State.MOVING: {Event.HANDED_OVER: State.OWNED, Event.LOST: State.FREE},
    State.FREE: {Event.GRANTED: State.OWNED},
}


class _Extension:
    """One extension: its state, the process that owns it, those that want it, in order."""

    __slots__ = ("claims", "owner", "state")

    def __init__(self, state: State, owner: int) -> None:
        self.state = state
        self.owner = owner
        self.claims: deque[int] = deque()


class Ownership:
    """The table.

    Args:
        count: how many processes there are, numbered from 1.
        licences: how many extensions may be registered at a time (Cat-F); None: any number.
    """

    def __init__(self, count: int, licences: int | None = None) -> None:
        self._count = count
        self._pool = LicencePool(licences, range(1, count + 1))
        self._lost: set[int] = set()
        self._extensions: dict[str, _Extension] = {}
        self._registered: dict[str, int] = {}
        self._high_water = 0
        self._granted: dict[int, list[str]] = {}
        self._granted_bound: list[tuple[int, GrantBound]] = []
        self._recalled: dict[int, list[str]] = {}

    @property
    def licences(self) -> Licences:
        """How the Cat-F licences stand, as far as the processes have told."""
        return Licences(self._pool.total, len(self._registered), self._high_water)

    def registered(self) -> dict[str, int]:
        """Extension -> number of the process that has it registered; sorted by extension."""
        return dict(sorted(self._registered.items()))

    def hear(self, process: int, message: FromProcess) -> None:
        """Take what a process says.

        Raises:
            LocalProtocolError: it can't be said of such an extension, or not by this process.
        """
        match message:
            case Registered(extensions):
                for extension in extensions:
                    self._check(process, extension)
                    self._registered[extension] = process
                self._high_water = max(self._high_water, len(self._registered))
            case Unregistered(extensions):
                for extension in extensions:
                    self._check(process, extension)
                    self._registered.pop(extension, None)
            case Claim(extensions):
                for extension in extensions:
                    self._claim(process, extension)
            case HandedOver(extension, rows):
                self._check(process, extension)
                self._hand_over(process, extension, rows)
            case LicencesWanted(count):
                self._pool.wanted(process, count)
            case LicencesSpared(count):
                self._pool.spared(process, count)

    def lost(self, process: int) -> int:
        """A process has ended: all that it owned is free; returns how many were registered."""
        self._lost.add(process)
        gone = [each for each, owner in self._registered.items() if owner == process]
        for extension in gone:
            del self._registered[extension]
        self._pool.lost(process)
        for extension, row in list(self._extensions.items()):
            while process in row.claims:
                row.claims.remove(process)
            if row.owner == process:
                self._move(row, Event.LOST)
                row.owner = NOBODY
            self._serve(extension, row)
        return len(gone)

    def to_say(self) -> list[tuple[int, FromParent]]:
        """Process and message, once; what was granted may be recalled in the next breath."""
        said: list[tuple[int, FromParent]] = [
            *((process, Grant(extensions)) for process, extensions in self._granted.items()),
            *self._granted_bound,
            *((process, Recall(extensions)) for process, extensions in self._recalled.items()),
            *self._pool.to_say(),
        ]
        self._granted, self._granted_bound, self._recalled = {}, [], {}
        return said

    # Inside

    def _row(self, extension: str) -> _Extension:
        return self._extensions.get(extension) or _Extension(*self._default(extension))

    def _default(self, extension: str) -> tuple[State, int]:
        """How it stands, and with whom, where it has no row."""
        owner = default_owner(extension, self._count)
        return (State.FREE, NOBODY) if owner in self._lost else (State.OWNED, owner)

    def _check(self, process: int, extension: str) -> None:
        row = self._extensions.get(extension)
        if (self._default(extension)[1] if row is None else row.owner) != process:
            raise LocalProtocolError(
                f"process {process} speaks of extension {extension[:20]}, which it does not own"
            )

    def _move(self, row: _Extension, event: Event) -> None:
        following = TRANSITIONS[row.state].get(event)
        if following is None:
            raise LocalProtocolError(f"{event.value!r} can't be of what is {row.state.value!r}")
        row.state = following

    def _claim(self, process: int, extension: str) -> None:
        row = self._row(extension)
        if row.owner == process:
            return  # its claim has crossed what came back to it
        self._extensions[extension] = row
        row.claims.append(process)
        self._serve(extension, row)

    def _hand_over(self, process: int, extension: str, rows: Sequence[Row]) -> None:
        row = self._row(extension)
        self._move(row, Event.HANDED_OVER)
        if row.claims:  # else who wanted it is lost
            row.owner = row.claims.popleft()
        if rows:
            self._pool.moved(process, row.owner)
            self._registered[extension] = row.owner
            self._granted_bound.append((row.owner, GrantBound(extension, rows)))
        else:
            self._grant(row.owner, extension)
        self._serve(extension, row)

    def _serve(self, extension: str, row: _Extension) -> None:
        """Do what the first claim needs; forget a row that says the same as none."""
        if row.state is State.FREE and row.claims:
            row.owner = row.claims.popleft()
            self._move(row, Event.GRANTED)
            self._grant(row.owner, extension)
        if row.state is State.OWNED and row.claims:
            self._move(row, Event.RECALLED)
            self._recalled.setdefault(row.owner, []).append(extension)
        if not row.claims and (row.state, row.owner) == self._default(extension):
            self._extensions.pop(extension, None)

    def _grant(self, process: int, extension: str) -> None:
        self._granted.setdefault(process, []).append(extension)
