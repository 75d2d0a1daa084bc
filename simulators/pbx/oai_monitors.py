"""What one client monitors, and which events it therefore gets. Pure.

In the public form (`_MS,<id>,<affected>,<type>,<filters...>`) each monitored station and node has
a cross reference of its own, which its events carry. In the short form (`_MS,<id>,<type>`, ours)
there are none: whatever the type, the client gets `EC`, `XC` and `XH`, for all nodes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from simulators.pbx.extensions import Extension
from simulators.pbx.oai import Text
from simulators.pbx.oai_directory import Directory, find
from simulators.pbx.oai_messages import (
    RESYNC_REQUESTED,
    Fields,
    Outcome,
    credentials_changed,
    database_changed,
    device_status,
    extension_changed,
    hot_desk_changed,
    resync_ended,
    short_extension_changed,
)
from simulators.pbx.oai_queries import check, chosen_nodes

MOST_MONITORS = 50_000
"""Cross references of one client; their confirmation fits into one message."""

_FILTER = re.compile(r"[A-Z]:[0-9A-Fa-f]{1,4}")


class MonitorType(IntEnum):
    """What `_MS` can ask for; those without a comment tell nothing here (there are no calls)."""

    CALL = 0
    DEVICE = 1  # OL of one station
    CALLS_VIA_DEVICE = 2
    ALL_STATIONS = 3  # OL of every station that there is now
    ALL_TRUNKS = 4
    DEVICE_WITH_RESYNC = 5  # the same, and what is off-line now
    ALL_STATIONS_WITH_RESYNC = 6
    AGENT = 7
    CALL_TERMINATION = 8
    ALL_VOICE_MAIL = 9
    ALL_PRIVATE_TRUNKS = 10
    SYSTEM = 11  # EC and DC of each node


ONE_DEVICE = (MonitorType.DEVICE, MonitorType.DEVICE_WITH_RESYNC)
EVERY_STATION = (MonitorType.ALL_STATIONS, MonitorType.ALL_STATIONS_WITH_RESYNC)
WITH_RESYNC = (MonitorType.DEVICE_WITH_RESYNC, MonitorType.ALL_STATIONS_WITH_RESYNC)


@dataclass(frozen=True, slots=True)
class Started:
    """A monitor in the public form.

    Args:
        results: what its confirmation says.
        watched: cross reference and extension of its stations, where it wants a resync.
        subject: the one extension that it was asked for, or empty.
    """

    results: list[str]
    watched: list[tuple[str, str]] | None
    subject: str


class Monitors:
    """The monitors of one client."""

    def __init__(self) -> None:
        self._short = False
        self._stations: dict[str, list[str]] = {}
        self._nodes: dict[int, list[str]] = {}
        self._last = 0

    def __bool__(self) -> bool:
        return self._short or self._last > 0

    def start_short(self, kind: str) -> None:
        """`_MS,<id>,<type>`.

        Raises:
            Refused: there is no such type.
        """
        _monitor_type(kind)
        self._short = True

    def start(self, directory: Directory, affected: str, kind: str, filters: list[str]) -> Started:
        """`_MS,<id>,<affected>,<type>,<filters...>`; an empty type is 1.

        Raises:
            Refused: no such type, filter, device or node; or too many are monitored.
        """
        monitor = _monitor_type(kind or "1")
        check(len(filters) <= 4 and all(_FILTER.fullmatch(each) for each in filters))
        stations, nodes = list[str](), list[int]()
        if monitor in ONE_DEVICE:
            check(find(directory, affected) is not None, Outcome.NO_SUCH_DEVICE)
            stations = [affected]
        else:
            nodes = chosen_nodes(directory, affected)
        if monitor in EVERY_STATION:
            stations = [each for node in nodes for each in directory[node].node.extensions]
        if monitor is not MonitorType.SYSTEM:
            nodes = []
        wanted = len(stations) + len(nodes)
        check(self._last + wanted <= MOST_MONITORS, Outcome.TOO_MANY_MONITORS)
        watched = [(self._reference(), each) for each in stations]
        for reference, extension in watched:
            self._stations.setdefault(extension, []).append(reference)
        results = [f"{wanted:04d}", *(field for pair in watched for field in pair)]
        for node in nodes:
            reference = self._reference()
            self._nodes.setdefault(node, []).append(reference)
            results += [reference, f"{node}:"]
        return Started(
            [*results, *filters],
            watched if monitor in WITH_RESYNC else None,
            affected if monitor in ONE_DEVICE else "",
        )

    def _reference(self) -> str:
        self._last += 1
        return f"{self._last:06d}"

    # Events

    def extension_changed(
        self, node: int, old: Extension | None, new: Extension | None
    ) -> Iterator[Fields]:
        """An extension came, went, or has another number, name or credentials."""
        before, after = (each.number if each else "" for each in (old, new))
        known = new or old
        references = self._nodes.get(node, ())
        if known is None:
            return
        if before != after:
            kind = int(known.device_type)
            yield from (extension_changed(each, node, before, after, kind) for each in references)
        renamed = old is not None and new is not None and old.name != new.name
        if new is not None and renamed:
            yield from (database_changed(each, node, new) for each in references)
        if self._short and (before != after or renamed):
            yield short_extension_changed(before, after)

    def credentials_changed(self, extension: str) -> Iterator[Fields]:
        """An extension has other SIP credentials.

        Only who speaks the short form is told: the public `XC` means something else (a connection
        of a call was cleared).
        """
        if self._short:
            yield credentials_changed(extension)

    def hot_desk_changed(self, hot_desk: str, base: str, *, logged_in: bool) -> Iterator[Fields]:
        """A hot desk extension was logged in or out; ours, and so for the short form alone."""
        if self._short:
            yield hot_desk_changed(hot_desk, base, logged_in=logged_in)

    def device_changed(self, extension: Extension, *, online: bool) -> Iterator[Fields]:
        """An extension's phone came or went."""
        references = self._stations.get(extension.number, ())
        yield from (device_status(each, extension, online=online) for each in references)


def resync(directory: Directory, started: Started) -> Iterator[Fields]:
    """What a monitor with resync says of its stations: who is off-line, then that this was all."""
    if started.watched is None:
        return
    for reference, number in started.watched:
        place = find(directory, number)
        if place is not None and not place[0].node.is_registered(number):
            yield device_status(reference, place[1], online=False, resync_code=RESYNC_REQUESTED)
    yield resync_ended(started.subject)


def _monitor_type(written: str) -> MonitorType:
    check(not isinstance(written, Text) and written.isascii() and written.isdigit())
    check(len(written) <= 2 and int(written) <= max(MonitorType))
    return MonitorType(int(written))
