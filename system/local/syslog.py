"""Lines of phones by syslog (RFC 3164): reading one, and keeping the latest of each phone. Pure."""

import re
from collections import OrderedDict, deque
from dataclasses import dataclass

LINES_KEPT = 200
"""Lines kept of each address."""
ADDRESSES_KEPT = 2000
"""Addresses kept; the one longest silent goes first."""
LONGEST_LINE = 1024
"""Octets of a datagram that are read (RFC 3164 section 4.1)."""

SEVERITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
_USER_NOTICE = 13
"""Priority of a line that gives none (RFC 3164 section 4.3.3)."""

_SHAPE = re.compile(r"(?:<(?P<priority>\d{1,3})>)?(?P<rest>.*)", re.DOTALL)
_HEADER = re.compile(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?P<host>\S+) (?P<text>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """One line; ``at`` is when it came, for a phone's own clock may be wrong."""

    at: float
    facility: int
    severity: str
    text: str


def parse_line(datagram: bytes, at: float) -> Line:
    """Read a datagram; never fails, for a relay has to take any (RFC 3164 section 4.3)."""
    text = datagram[:LONGEST_LINE].decode("utf-8", "replace")
    found = _SHAPE.fullmatch(text)
    assert found is not None
    priority = int(found["priority"]) if found["priority"] else _USER_NOTICE
    rest = found["rest"] if priority < 192 else text
    priority = priority if priority < 192 else _USER_NOTICE
    if (header := _HEADER.fullmatch(rest)) is not None:
        rest = header["text"]
    shown = "".join(c if c.isprintable() else " " for c in rest).strip()
    return Line(at, priority // 8, SEVERITIES[priority % 8], shown)


class Lines:
    """The latest lines of each address."""

    def __init__(self) -> None:
        self._of: OrderedDict[str, deque[Line]] = OrderedDict()

    def add(self, address: str, line: Line) -> None:
        """Keep a line."""
        lines = self._of.setdefault(address, deque(maxlen=LINES_KEPT))
        lines.append(line)
        self._of.move_to_end(address)
        if len(self._of) > ADDRESSES_KEPT:
            self._of.popitem(last=False)

    def of(self, address: str | None) -> list[Line]:
        """The lines of an address, oldest first."""
        return list(self._of.get(address or "", ()))
