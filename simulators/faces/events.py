"""Server-sent events as octets, and one reader's outbox of them: pure.

The form is the one of the HTML standard, section 9.2.6 ("Interpreting an event stream"). An outbox
is what stands between an estate that never waits and a reader that may be slow: it holds a bounded
number of events, newer ones of the same key replace what waits, and what does not fit is dropped,
oldest first, and told.
"""

import json
from collections import OrderedDict
from dataclasses import dataclass

from simulators.errors import LocalProtocolError

MOST_WAITING = 256
"""Events that wait for one reader; a page that is further behind has to begin anew."""

KEEP_ALIVE = b": keep-alive\n\n"
"""A comment: a page does not see it, what lies between keeps the connection open."""

GAP = "gap"
"""Name of the event that says how many were dropped; its data is `{"dropped": n}`."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its name, data that `json.dumps` takes, and an id to go on from, or None."""

    name: str
    data: object
    id: str | None = None

    def octets(self) -> bytes:
        """As it goes over the wire.

        Raises:
            LocalProtocolError: name or id hold a line end or NUL, which would end the field.
        """
        lines = [f"event: {_one_line(self.name)}"]
        if self.id is not None:
            lines.append(f"id: {_one_line(self.id)}")
        lines.append(f"data: {json.dumps(self.data, separators=(',', ':'))}")
        return ("\n".join(lines) + "\n\n").encode()


def _one_line(text: str) -> str:
    if any(character in text for character in "\r\n\0"):
        raise LocalProtocolError(f"expected an event's name or id on one line, got {text!r}")
    return text


class Outbox:
    """Events that wait for one reader.

    Args:
        most: that wait at the same time, 1 or more.
    """

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._waiting: OrderedDict[object, Event] = OrderedDict()
        self._number = 0
        self._dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, event: Event, key: str | None = None) -> None:
        """Add an event at the end; with a key it replaces what waits under the same key."""
        self._number += 1
        place: object = self._number if key is None else key
        self._waiting.pop(place, None)
        self._waiting[place] = event
        while len(self._waiting) > self._most:
            self._waiting.popitem(last=False)
            self._dropped += 1

    def take(self) -> list[Event]:
        """All that waits, in order; first, where some were dropped, how many."""
        gap = [Event(GAP, {"dropped": self._dropped})] if self._dropped else []
        taken = [*gap, *self._waiting.values()]
        self._waiting.clear()
        self._dropped = 0
        return taken
