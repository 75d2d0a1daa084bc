"""What happened to a phone, and when: a time line of bounded length. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

MOST = 64
"""Entries of one time line; beyond it those in the middle go, the first ones stay."""

KEPT_FIRST = 16


class Happening(NamedTuple):
    """One entry: when (seconds), what, and more about it in words."""

    at: float
    what: str
    detail: str = ""


class TimeLine:
    """The time line of one phone.

    Args:
        most: entries that it keeps, at least 2.
    """

    __slots__ = ("_entries", "_most", "passed_over")

    def __init__(self, most: int = MOST) -> None:
        self.passed_over = 0
        """How many entries in the middle were dropped."""
        self._most = most
        self._entries: list[Happening] = []

    def __iter__(self) -> Iterator[Happening]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def note(self, at: float, what: str, detail: str = "") -> None:
        """Add an entry."""
        if len(self._entries) >= self._most:
            del self._entries[min(KEPT_FIRST, self._most // 2)]
            self.passed_over += 1
        self._entries.append(Happening(at, what, detail))
