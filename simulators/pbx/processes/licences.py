"""How many Cat-F licences each process of a node holds: the other part of the parent. Pure.

A process holds those that its registered extensions have, and a small stock of free ones, so that a
first registration need not ask. One whose stock is used up asks for more. What the parent has free
serves it, and then what the others give up: who is refused for want of a licence is so after each
of them was asked. One wish is served at a time, the first first.
"""

from collections import deque
from collections.abc import Iterable

from simulators.errors import LocalProtocolError
from simulators.pbx.processes.messages import LicencesAsked, LicencesGranted

SHARE = 2
"""A process that asks gets of what is free beyond its need one part of so many times the
processes."""


class LicencePool:
    """All licences of a node.

    Args:
        total: None for any number: then nobody asks, and nothing is counted.
        processes: their numbers.
    """

    def __init__(self, total: int | None, processes: Iterable[int]) -> None:
        self.total = total
        self._free = total or 0
        self._held = dict.fromkeys(processes, 0)
        self._wishes: deque[tuple[int, int]] = deque()
        self._has_asked = False  # for the first wish
        self._to_answer: set[int] = set()
        self._said: list[tuple[int, LicencesAsked | LicencesGranted]] = []

    def wanted(self, process: int, count: int) -> None:
        """A process needs so many more than it holds."""
        self._wishes.append((process, count))
        self._serve()

    def spared(self, process: int, count: int) -> None:
        """A process that was asked gives so many back.

        Raises:
            LocalProtocolError: it was not asked, or does not hold as many.
        """
        if process not in self._to_answer or not 0 <= count <= self._held[process]:
            raise LocalProtocolError(
                f"process {process} gives back {count} licences: it holds "
                f"{self._held.get(process)}, and still to answer are {sorted(self._to_answer)}"
            )
        self._to_answer.discard(process)
        self._held[process] -= count
        self._free += count
        self._serve()

    def moved(self, process: int, to: int) -> None:
        """A registered extension went to another process, or back, and its licence with it."""
        if self.total is not None:
            self._held[process] -= 1
            self._held[to] += 1

    def lost(self, process: int) -> None:
        """A process has ended: what it held is free."""
        self._free += self._held.pop(process)
        self._to_answer.discard(process)
        if self._wishes and self._wishes[0][0] == process:
            self._has_asked = False
        self._wishes = deque(wish for wish in self._wishes if wish[0] != process)
        self._serve()

    def to_say(self) -> list[tuple[int, LicencesAsked | LicencesGranted]]:
        """Process and message, once."""
        said, self._said = self._said, []
        return said

    # Inside

    def _serve(self) -> None:
        while self._wishes:
            process, count = self._wishes[0]
            if self._free >= count:
                self._grant(process, count)
            elif self._to_answer:
                return
            elif not self._has_asked:
                self._has_asked = True
                self._to_answer = self._held.keys() - {process}
                self._said += [(other, LicencesAsked()) for other in sorted(self._to_answer)]
            else:
                self._grant(process, count)

    def _grant(self, process: int, count: int) -> None:
        """Give it what it needs, as far as there is, and a part of the rest."""
        rest = max(0, self._free - count)
        given = min(self._free, count) + rest // (SHARE * len(self._held))
        self._free -= given
        self._held[process] += given
        self._wishes.popleft()
        self._has_asked = False
        self._said.append((process, LicencesGranted(given)))
