"""Which process owns which extension of a node, and who has a Cat-F licence: the parent's part.

Pure. Messages of the processes come in by `hear`, answers go out by `to_say`. Each extension goes
through the states of `TRANSITIONS`, and one that nobody owns and nobody wants is forgotten. So at
any time one process at most may bind an extension, and licences are counted in one place.
"""

from collections import deque
from collections.abc import Sequence
from enum import Enum

from simulators.errors import LocalProtocolError
from simulators.pbx.processes.messages import (
    Claim,
    FromParent,
    FromProcess,
    Grant,
    GrantBound,
    GrantUnlicensed,
    HandedOver,
    Kept,
    Recall,
    Released,
    Row,
)
from simulators.pbx.registrar import Licences

Many = type[Grant] | type[GrantUnlicensed] | type[Recall]
"""What is said of many extensions at once."""


class State(Enum):
    """Where an extension stands."""

    FREE = "owned by no process"
    DECIDING = "a process decides a REGISTER"
    REGISTERED = "registered in its process"
    MOVING = "asked for from its process"


class Event(Enum):
    """What moves it."""

    GRANTED = "granted to a process"
    KEPT = "registered"
    RECALLED = "another process claims it"
    HANDED_OVER = "handed over with its bindings"
    RELEASED = "not registered (any more)"
    LOST = "its process is lost"


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.FREE: {Event.GRANTED: State.DECIDING},
    State.DECIDING: {
        Event.KEPT: State.REGISTERED,
        Event.RELEASED: State.FREE,
        Event.LOST: State.FREE,
    },
    State.REGISTERED: {
        Event.RECALLED: State.MOVING,
        Event.RELEASED: State.FREE,
        Event.LOST: State.FREE,
    },
    State.MOVING: {
        Event.HANDED_OVER: State.FREE,
        Event.RELEASED: State.FREE,  # it expired while the recall was on its way
        Event.LOST: State.FREE,
    },
}


class _Extension:
    """One extension: its state, the process that owns it, those that want it, in order."""

    __slots__ = ("claims", "licensed", "owner", "registered", "rows", "state")

    def __init__(self) -> None:
        self.state = State.FREE
        self.owner = -1
        self.claims: deque[int] = deque()
        self.rows: Sequence[Row] = ()
        self.licensed = False
        self.registered = False


class Ownership:
    """The table.

    Args:
        licences: how many extensions may be registered at a time (Cat-F); None: any number.
    """

    def __init__(self, licences: int | None = None) -> None:
        self._total = licences
        self._extensions: dict[str, _Extension] = {}
        self._taken = 0
        self._undecided = 0
        self._registered = 0
        self._high_water = 0
        self._short: dict[str, None] = {}
        self._said: dict[tuple[int, Many], list[str]] = {}
        self._moved: list[tuple[int, FromParent]] = []

    @property
    def licences(self) -> Licences:
        """How the Cat-F licences stand, as far as the processes have told."""
        return Licences(self._total, self._registered, self._high_water)

    def registered(self) -> dict[str, int]:
        """Extension -> number of the process that has it registered; sorted by extension."""
        return {
            extension: row.owner
            for extension, row in sorted(self._extensions.items())
            if row.registered
        }

    def hear(self, process: int, message: FromProcess) -> None:
        """Take what a process says.

        Raises:
            LocalProtocolError: it can't be said of such an extension, or not by this process.
        """
        match message:
            case Claim(extensions):
                for extension in extensions:
                    row = self._extensions.setdefault(extension, _Extension())
                    row.claims.append(process)
                    self._serve(extension, row)
            case Kept(extensions):
                for extension in extensions:
                    row = self._owned(process, extension)
                    self._keep(row)
                    self._serve(extension, row)
            case Released(extensions):
                for extension in extensions:
                    row = self._owned(process, extension)
                    self._free(row, Event.RELEASED)
                    self._serve(extension, row)
            case HandedOver(extension, rows):
                row = self._owned(process, extension)
                self._take_over(row, rows, process)
                self._serve(extension, row)
        self._serve_short()

    def lost(self, process: int) -> int:
        """A process has ended: all that it owned is free; returns how many were registered."""
        before = self._registered
        for row in self._extensions.values():
            if process in row.claims:
                row.claims.remove(process)
            if row.state is not State.FREE and row.owner == process:
                self._free(row, Event.LOST)
        for extension, row in list(self._extensions.items()):
            self._serve(extension, row)
        self._serve_short()
        return before - self._registered

    def to_say(self) -> list[tuple[int, FromParent]]:
        """Process and message, once; no two are about the same extension of the same process."""
        said, moved = self._said, self._moved
        self._said, self._moved = {}, []
        return [(process, kind(extensions)) for (process, kind), extensions in said.items()] + moved

    # Inside

    def _say(self, process: int, kind: Many, extension: str) -> None:
        self._said.setdefault((process, kind), []).append(extension)

    def _owned(self, process: int, extension: str) -> _Extension:
        row = self._extensions.get(extension)
        if row is None or row.state is State.FREE or row.owner != process:
            raise LocalProtocolError(
                f"process {process} speaks of extension {extension[:20]}, which it does not own"
            )
        return row

    def _move(self, row: _Extension, event: Event) -> None:
        following = TRANSITIONS[row.state].get(event)
        if following is None:
            raise LocalProtocolError(f"{event.value!r} can't be of what is {row.state.value!r}")
        self._undecided += row.licensed * (
            (following is State.DECIDING) - (row.state is State.DECIDING)
        )
        row.state = following

    def _keep(self, row: _Extension) -> None:
        if not row.licensed:
            raise LocalProtocolError("a process has registered an extension without a licence")
        self._move(row, Event.KEPT)
        if not row.registered:
            row.registered = True
            self._registered += 1
            self._high_water = max(self._high_water, self._registered)

    def _free(self, row: _Extension, event: Event) -> None:
        """It is not registered: its licence serves another."""
        self._move(row, event)
        self._taken -= row.licensed
        self._registered -= row.registered
        row.licensed = row.registered = False
        row.rows = ()

    def _take_over(self, row: _Extension, rows: Sequence[Row], process: int) -> None:
        self._move(row, Event.HANDED_OVER)
        row.rows = rows
        if not row.claims:  # who wanted it is lost
            row.claims.append(process)

    def _serve(self, extension: str, row: _Extension) -> None:
        """Do what the first claim needs."""
        if row.state is State.FREE:
            if row.claims:
                self._grant(extension, row)
            else:
                del self._extensions[extension]
                self._short.pop(extension, None)
        elif row.state is State.REGISTERED and row.claims:
            self._move(row, Event.RECALLED)
            self._say(row.owner, Recall, extension)

    def _grant(self, extension: str, row: _Extension) -> None:
        if not row.licensed and (self._total is None or self._taken < self._total):
            row.licensed = True
            self._taken += 1
        elif not row.licensed and self._undecided:
            self._short[extension] = None  # one that is not decided yet may need no licence
            return
        self._short.pop(extension, None)
        row.owner = row.claims.popleft()
        self._move(row, Event.GRANTED)
        if row.rows:
            self._moved.append((row.owner, GrantBound(extension, row.rows)))
            row.rows = ()
        else:
            self._say(row.owner, Grant if row.licensed else GrantUnlicensed, extension)

    def _serve_short(self) -> None:
        """Ask again for those who wait for a licence, the first first."""
        for extension in list(self._short):
            self._serve(extension, self._extensions[extension])
