"""The location service of a node: which extension is reachable where, and until when.

One contact per extension: a new one replaces the old. A table of `ContactBinding` with the ends
kept in a heap.
"""

import heapq
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ContactBinding:
    """One row: AOR to contact (RFC 3261 section 10.3 step 7).

    Args:
        extension: the AOR's user part.
        contact: URI of the contact, as sent.
        call_id: of the REGISTER that made or refreshed it.
        cseq: of that REGISTER.
        until: when it expires, seconds on the core's time base.
    """

    extension: str
    contact: str
    call_id: str
    cseq: int
    until: float


class Bindings:
    """The table. `get`, `put` and `remove` a row; `expired(now)` takes out what has ended."""

    def __init__(self) -> None:
        self._rows: dict[str, ContactBinding] = {}
        self._ends: list[tuple[float, str]] = []

    def get(self, extension: str) -> ContactBinding | None:
        return self._rows.get(extension)

    def put(self, binding: ContactBinding) -> None:
        self._rows[binding.extension] = binding
        heapq.heappush(self._ends, (binding.until, binding.extension))

    def remove(self, extension: str) -> ContactBinding | None:
        return self._rows.pop(extension, None)

    def __len__(self) -> int:
        return len(self._rows)

    def extensions(self) -> list[str]:
        """All extensions that have a contact, sorted."""
        return sorted(self._rows)

    def first_end(self) -> float | None:
        """When the next binding ends."""
        while self._ends and not self._is_current(*self._ends[0]):
            heapq.heappop(self._ends)  # refreshed or removed meanwhile
        return self._ends[0][0] if self._ends else None

    def expired(self, now: float) -> list[ContactBinding]:
        """Take out the bindings that have ended by `now`, in the order of their ends."""
        gone: list[ContactBinding] = []
        while (end := self.first_end()) is not None and end <= now:
            _, extension = heapq.heappop(self._ends)
            gone.append(self._rows.pop(extension))
        return gone

    def _is_current(self, end: float, extension: str) -> bool:
        row = self._rows.get(extension)
        return row is not None and row.until == end
