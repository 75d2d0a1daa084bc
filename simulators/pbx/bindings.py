"""The location service of a node: which extension is reachable where, and until when.

A table of `ContactBinding`, with the ends kept in a heap. A binding remembers the flow its REGISTER
came over, for requests to the phone go the same way (RFC 5626 section 5.3 in spirit): the same
connection, or through the NAT binding of the same UDP source.
"""

import heapq
from collections.abc import Sequence
from typing import NamedTuple

from simulators.core import Address
from simulators.sip.headers import Uri, parameters
from simulators.sip.message import MalformedMessage

SPARE_ENDS = 64
"""So many more ends than bindings could need twice are kept before outdated ones are dropped."""


class ContactBinding(NamedTuple):
    """One row: AOR to contact (RFC 3261 section 10.3 step 7).

    Args:
        extension: the AOR's user part.
        contact: URI of the contact, as sent.
        call_id: of the REGISTER that made or refreshed it.
        cseq: of that REGISTER.
        until: when it expires, seconds on the core's time base.
        peer: where requests to it are sent, over `transport`.
    """

    extension: str
    contact: str
    call_id: str
    cseq: int
    until: float
    peer: Address
    transport: str


class Bindings:
    """The table; of several bindings of an extension the last one was heard of last."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[ContactBinding, ...]] = {}
        self._ends: list[tuple[float, str]] = []

    def __len__(self) -> int:
        """How many extensions have a contact."""
        return len(self._rows)

    def get(self, extension: str) -> ContactBinding | None:
        """The binding that was heard of last: the one that calls go to."""
        rows = self._rows.get(extension)
        return rows[-1] if rows else None

    def of(self, extension: str) -> tuple[ContactBinding, ...]:
        """All bindings of an extension."""
        return self._rows.get(extension, ())

    def find(self, extension: str, contact: str) -> ContactBinding | None:
        """The binding to this contact, or to one that means the same (section 19.1.4)."""
        rows = self._rows.get(extension, ())
        for row in rows:
            if row.contact == contact:
                return row
        if not rows:
            return None
        wanted = _meaning(contact)
        return next((row for row in rows if _meaning(row.contact) == wanted), None)

    def put(self, binding: ContactBinding, most: int = 1) -> bool:
        """Enter a binding; beyond `most` the first goes.

        Returns:
            whether it took the place of one to the same contact.
        """
        extension = binding.extension
        rows = self._rows.get(extension, ())
        before = self.find(extension, binding.contact) if rows else None
        if before is not None:
            rows = tuple([row for row in rows if row is not before])
        elif len(rows) >= most:
            rows = rows[1:]
        self._rows[extension] = (*rows, binding)
        heapq.heappush(self._ends, (binding.until, extension))
        if len(self._ends) > 2 * most * len(self._rows) + SPARE_ENDS:
            self._ends = [
                (row.until, row.extension) for rows in self._rows.values() for row in rows
            ]
            heapq.heapify(self._ends)
        return before is not None

    def remove(self, binding: ContactBinding) -> None:
        """Take one binding out."""
        extension = binding.extension
        rows = tuple([row for row in self._rows.get(extension, ()) if row != binding])
        if rows:
            self._rows[extension] = rows
        else:
            self._rows.pop(extension, None)

    def remove_all(self, extension: str) -> bool:
        """Take out all that an extension has; returns whether there was anything."""
        return self._rows.pop(extension, None) is not None

    def over(self, transport: str, peer: Address) -> list[ContactBinding]:
        """The bindings whose requests go that way."""
        return [
            row
            for rows in self._rows.values()
            for row in rows
            if row.peer == peer and row.transport == transport
        ]

    def extensions(self) -> list[str]:
        """All extensions that have a contact, sorted."""
        return sorted(self._rows)

    def first_end(self) -> float | None:
        """When the next binding ends."""
        ends = self._ends
        while ends:
            end, extension = ends[0]
            for row in self._rows.get(extension, ()):
                if row.until == end:
                    return end
            heapq.heappop(ends)  # refreshed or removed meanwhile
        return None

    def expired(self, now: float) -> Sequence[ContactBinding]:
        """Take out the bindings that have ended by `now`, in the order of their ends."""
        if not self._ends or self._ends[0][0] > now:
            return ()
        gone: list[ContactBinding] = []
        while self._ends and self._ends[0][0] <= now:
            end, extension = heapq.heappop(self._ends)
            for row in self.of(extension):
                if row.until == end:
                    self.remove(row)
                    gone.append(row)
        return gone


def _meaning(contact: str) -> object:
    """What a contact's URI means: equal for URIs that section 19.1.4 calls equivalent."""
    try:
        uri = Uri.parse(contact)
    except MalformedMessage:
        return contact
    params = frozenset((name, value.lower()) for name, value in parameters(uri.params).items())
    return uri.scheme, uri.user, uri.host.lower(), uri.port, params
