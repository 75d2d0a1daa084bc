"""What the queries of a client ask for, checked, and the results they get. Pure.

Each function takes the arguments of a command and gives the results of its confirmations, made as
they go out. A query that can't be answered is refused at once, with an outcome.
"""

import re
from collections.abc import Iterator

from simulators.pbx import oai_lists
from simulators.pbx.oai import Text, printable
from simulators.pbx.oai_directory import Directory, find
from simulators.pbx.oai_lists import MOST_PER_MESSAGE, NETWORK, STATIONS, Row
from simulators.pbx.oai_messages import Outcome

_NODE = re.compile(r"([0-9]{1,4}):")
_MASK = re.compile(r"[0-9A-Fa-f]{1,4}")
_SIZE = re.compile(r"[0-9]{1,5}")

Arguments = tuple[str, ...]
Results = Iterator[list[str]]

WHOLE, IN_GROUPS = "1", "2"
"""Response modes of `_QX`."""


class Refused(Exception):
    """A command is not done, with the outcome that says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.name)
        self.outcome = outcome


def check(good: bool, outcome: Outcome = Outcome.BAD_ARGUMENTS) -> None:
    """Go on only where `good`."""
    if not good:
        raise Refused(outcome)


def chosen_nodes(directory: Directory, affected: str) -> list[int]:
    """Nodes that an `<affected>` field names: all when empty, one as `2:`, or an extension's.

    Raises:
        Refused: there is no such node or extension, or the gateway does not reach it.
    """
    if not affected:
        return [number for number, linked in directory.items() if linked.is_up]
    if (found := _NODE.fullmatch(affected)) is not None:
        linked = directory.get(int(found[1]))
    else:
        place = find(directory, affected)
        linked = place[0] if place else None
    check(linked is not None and linked.is_up, Outcome.NO_SUCH_DEVICE)
    return [linked.node.number] if linked else []


def query_list(directory: Directory, arguments: Arguments) -> Results:
    """`_QX`: `<affected>,<list>,<hex mask>,<mode>,<size>`, or in the short form (ours) `1`.

    Raises:
        Refused: another list, or arguments that don't fit.
    """
    if len(arguments) == 1:
        check(arguments[0] == str(STATIONS))
        return oai_lists.short_stations(directory)
    check(len(arguments) == 5 and not any(isinstance(each, Text) for each in arguments))
    affected, kind, mask, mode, size = arguments
    check(kind in (str(STATIONS), str(NETWORK)) and mode in (WHOLE, IN_GROUPS))
    check(_MASK.fullmatch(mask) is not None and _SIZE.fullmatch(size) is not None)
    check(mode == WHOLE or int(size) > 0)
    most = MOST_PER_MESSAGE if mode == WHOLE else min(int(size), MOST_PER_MESSAGE)
    rows = oai_lists.stations if kind == str(STATIONS) else oai_lists.network
    messages = rows(directory, chosen_nodes(directory, affected), int(mask, 16), most)
    return _public(kind, mask, messages)


def _public(kind: str, mask: str, messages: Iterator[tuple[bool, list[Row]]]) -> Results:
    """List, mask, message indicator (ours: 1 while more follows), count, and the rows."""
    for more, rows in messages:
        yield [
            *(kind, mask, str(int(more)), str(len(rows))),
            *(value for row in rows for value in row),
        ]


def query_device(directory: Directory, arguments: Arguments) -> Results:
    """`_QI`: extension, name, device type, physical type (0: off-line), node (order ours).

    Raises:
        Refused: the gateway reaches no such extension.
    """
    check(len(arguments) == 1)
    place = find(directory, arguments[0])
    if place is None:
        raise Refused(Outcome.NO_SUCH_DEVICE)
    linked, extension = place
    kind = str(int(extension.device_type))
    physical = kind if linked.node.is_registered(extension.number) else "0"
    name, node = printable(extension.name), str(linked.node.number)
    return iter([[extension.number, name, kind, physical, node]])


def list_nodes(directory: Directory, arguments: Arguments) -> Results:
    """`_XN` (ours).

    Raises:
        Refused: there are arguments.
    """
    check(not arguments)
    return oai_lists.short_nodes(directory)


def list_credentials(directory: Directory, arguments: Arguments) -> Results:
    """`_XC` (ours): of one extension, or of all where it is empty.

    Raises:
        Refused: not one text.
    """
    check(len(arguments) == 1 and isinstance(arguments[0], Text))
    return oai_lists.short_credentials(directory, arguments[0])
