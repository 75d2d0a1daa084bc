"""What happened to a phone, and when: a time line for each, of bounded length. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

MOST = 64
"""Entries of one time line; beyond it those in the middle go, the first ones stay."""

KEPT_FIRST = 16


class Happening(NamedTuple):
    """One entry: when (seconds), what, and more about it in words."""

    at: float
    what: str
    detail: str = ""


class TimeLines:
    """The time lines of many, by index.

    Args:
        most: entries of each, at least 2.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._first = min(KEPT_FIRST, most // 2)
        self._of: dict[int, list[Happening]] = {}
        self._passed: dict[int, int] = {}

    def note(self, index: int, at: float, what: str, detail: str = "") -> None:
        """Add an entry."""
        entries = self._of.setdefault(index, [])
        if len(entries) >= self._most:
            del entries[self._first]
            self._passed[index] = self._passed.get(index, 0) + 1
        entries.append(Happening(at, what, detail))

    def of(self, index: int) -> list[Happening]:
        """A phone's entries, in order; none for one of which nothing is known."""
        return list(self._of.get(index, ()))

    def passed_over(self, index: int) -> int:
        """How many entries in the middle were dropped."""
        return self._passed.get(index, 0)

    def indices(self) -> Iterable[int]:
        """Whose time lines there are."""
        return self._of.keys()
