"""What a phone tells a system log: RFC 3164 lines, as far as its modules' masks let them pass.

`log server ip` and `log server port` name the log, `log module <name>` is a bit mask of levels. The
levels' meaning and which module tells what are chosen: 1 fatal, 2 error, 4 warning, 32 information
(the masks that provisioning systems write, 1, 3, 7, 39 and 65535, are sums of such bits). A module
without a mask tells what is fatal.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from simulators.core import Address
from simulators.hosts import is_destination

DEFAULT_PORT = 514
DEFAULT_MASK = 1
FACILITY = 16
"""local0 (RFC 3164 section 4.1.1)."""
MAX_LINE = 1024
"""Octets of a packet at most (RFC 3164 section 4.1)."""


class Level(IntEnum):
    """Bits of a mask."""

    FATAL = 1
    ERROR = 2
    WARNING = 4
    INFO = 32


SEVERITY = {Level.FATAL: 2, Level.ERROR: 3, Level.WARNING: 4, Level.INFO: 6}
"""Level -> severity (RFC 3164 section 4.1.1: critical, error, warning, informational)."""

NOTES: Mapping[str, tuple[str, Level]] = {
    "registered": ("sip", Level.INFO),
    "unregistered": ("sip", Level.INFO),
    "registration refused": ("sip", Level.ERROR),
    "registration timed out": ("sip", Level.ERROR),
    "registration expired": ("sip", Level.WARNING),
    "configuration problem": ("provis", Level.WARNING),
    "configuration server away": ("provis", Level.ERROR),
    "certificate refused": ("provis", Level.ERROR),
    "firmware refused": ("provis", Level.ERROR),
    "firmware not available": ("provis", Level.ERROR),
    "no configuration server": ("provis", Level.ERROR),
    "phone failed": ("provis", Level.FATAL),
    "cable pulled": ("net", Level.ERROR),
    "cable back": ("net", Level.INFO),
    "poll failed": ("provis", Level.ERROR),
}
"""What happened -> module and level; anything else is information of `provis`."""


@dataclass(frozen=True, slots=True)
class LogServer:
    """Where lines go, and the masks by module."""

    address: Address
    masks: Mapping[str, int]

    def wants(self, module: str, level: Level) -> bool:
        """Whether the module's mask has the level's bit."""
        return bool(self.masks.get(module, DEFAULT_MASK) & level)


def log_server(configuration: Mapping[str, str]) -> LogServer | None:
    """The log that a configuration names; None without an IPv4 address."""
    host = configuration.get("log server ip", "").strip()
    port = _number(configuration.get("log server port", ""), DEFAULT_PORT)
    if not host or host == "0.0.0.0" or not is_destination((host, port)):
        return None
    masks = {
        name.removeprefix("log module ").strip(): _number(value, DEFAULT_MASK)
        for name, value in configuration.items()
        if name.startswith("log module ")
    }
    return LogServer((host, port), masks)


def classify(note: str) -> tuple[str, Level]:
    """Module and level of something that happened."""
    return NOTES.get(note, ("provis", Level.INFO))


def line(
    host: str,
    module: str,
    level: Level,
    now: float,
    note: str,
    facts: Iterable[tuple[str, object]],
) -> bytes:
    """One packet: `<PRI>Mmm dd hh:mm:ss host module: text`; `now` is epoch seconds.

    What doesn't print becomes a blank, and what is too long is cut off.
    """
    moment = datetime.fromtimestamp(now, UTC)
    stamp = f"{moment:%b} {moment.day:2d} {moment:%H:%M:%S}"
    told = " ".join(f"{name}={value}" for name, value in facts)
    text = re.sub(r"[^\x20-\x7e]", " ", f"{note} {told}".strip())
    priority = FACILITY * 8 + SEVERITY[level]
    return f"<{priority}>{stamp} {host} {module}: {text}".encode("ascii")[:MAX_LINE]


def _number(text: str, default: int) -> int:
    text = text.strip()
    usable = text.isascii() and text.isdigit() and 0 < len(text) <= 5
    return int(text) if usable else default
