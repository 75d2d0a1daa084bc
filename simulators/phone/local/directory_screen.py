"""The Directory screen: contacts of the phone, narrowed by typing, and of the LDAP server.

Keys go in with `press` and `type_text`; `wanted` is a search that the server is to be asked for,
`chosen` a number to dial, each handed out once.
"""

from collections.abc import Callable

from simulators.errors import LocalProtocolError
from simulators.phone.local.directory import Contact, Directory
from simulators.phone.local.directory_table import SOFTKEYS, TRANSITIONS, Place, Step
from simulators.phone.screen import Screen

MAX_TEXT = 40
SHOWN = 8
"""Lines of the list."""


class DirectoryScreen:
    """The directory of one handset; `contacts` gives those of its lists."""

    def __init__(self, contacts: Callable[[], Directory]) -> None:
        self.place = Place.CLOSED
        self._contacts = contacts
        self._typed = ""
        self._message = ""
        self._selected = 0
        self._results: tuple[Contact, ...] = ()
        self._wanted: str | None = None
        self._chosen = ""

    def open(self) -> None:
        """The Directory key."""
        self._typed, self._message = "", ""
        self._move(Step.OPEN)

    def close(self) -> None:
        """Whatever was going on, it is over."""
        self._move(Step.QUIT)

    def press(self, key: str) -> None:
        """A hard key, or a softkey by its label; one that means nothing here does nothing."""
        self._message = ""
        if key == "Goodbye":
            self._move(Step.QUIT)
        elif key in ("Up", "Down") and self.listed:
            step = 1 if key == "Down" else -1
            self._selected = (self._selected + step) % len(self.listed)
        elif key in ("Dial", "Select") and self.listed and self.place is not Place.SEARCHING:
            self._chosen = self.listed[self._selected].number
            self._move(Step.QUIT)
        elif key not in (*SOFTKEYS[self.place], "Left"):
            return
        elif key == "Backspace":
            self._typed, self._selected = self._typed[:-1], 0
        elif key == "Search":
            self._wanted = self._typed
            self._move(Step.SEARCH)
        elif key in ("Back", "Left"):
            self._wanted = None
            self._move(Step.BACK)

    def touch(self, index: int) -> None:
        """Touch a line of the list, counted from 0 as it is seen: its number is dialled."""
        chosen = self._first + index
        if 0 <= index < SHOWN and chosen < len(self.listed):
            self._selected = chosen
            self.press("Select")

    def type_text(self, text: str) -> None:
        """Narrow the list down."""
        if self.place is Place.LIST:
            printable = "".join(c for c in text if c.isprintable())
            self._typed = (self._typed + printable)[:MAX_TEXT]
            self._message = ""
            self._move(Step.TYPED)

    def answered(self, found: tuple[Contact, ...], reason: str) -> None:
        """What the server said; nobody waits for it any more where the person went on."""
        if self.place is Place.SEARCHING:
            self._results = found
            self._move(Step.FOUND if found else Step.NOBODY)
            self._message = "" if found else (reason or "No match")

    @property
    def listed(self) -> tuple[Contact, ...]:
        """The contacts that can be chosen now."""
        if self.place is Place.LIST:
            return self._contacts().search(self._typed)
        return self._results if self.place is Place.RESULTS else ()

    def wanted(self) -> str | None:
        """A text to ask the server for, once."""
        wanted, self._wanted = self._wanted, None
        return wanted

    def chosen(self) -> str:
        """A number to dial, once; empty when none was chosen."""
        chosen, self._chosen = self._chosen, ""
        return chosen

    def screen(self) -> Screen:
        """What is shown: the contacts around the chosen one, and what was typed as the message."""
        first = self._first
        lines = tuple(f"{c.name} {c.number}" for c in self.listed[first : first + SHOWN])
        selected = self._selected - first if lines else None
        message = self._message or self._typed
        if self.place is Place.SEARCHING:
            message = "Searching"
        return Screen("Directory", lines, selected, SOFTKEYS[self.place], message)

    @property
    def _first(self) -> int:
        return max(0, self._selected - SHOWN + 1)

    def _move(self, step: Step) -> None:
        try:
            self.place = TRANSITIONS[self.place][step]
        except KeyError:
            raise LocalProtocolError(
                f"a directory at {self.place.value} can't take '{step.value}'"
            ) from None
        self._selected = 0
