"""The lists that a client can ask for, cut into messages as they go out. Pure.

Which extensions a list has is fixed when its first message goes out, what they hold when their
message does: an extension that is removed in between is left out, a changed one is told as it is
then. An `EC` or `XC` that comes between two messages of a list says so.

A node that the gateway does not reach has no part in the lists of stations, credentials and hot
desks.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from simulators.pbx.extensions import Extension
from simulators.pbx.oai import Text, printable
from simulators.pbx.oai_directory import Directory, Linked
from simulators.pbx.oai_messages import PROTOCOL

PER_MESSAGE = 50
"""Items of a list in one message, where the client does not say."""

MOST_PER_MESSAGE = 1000
"""Items that fit into one message, whatever the client says."""

STATIONS, NETWORK = 1, 19
"""Numbers of the lists of `_QX`."""

Key = TypeVar("Key")
Row = Sequence[str]
Station = tuple[int, str]
"""Node number and extension."""


def in_messages(
    keys: Sequence[Key], row: Callable[[Key], Row | None], size: int = PER_MESSAGE
) -> Iterator[tuple[bool, list[Row]]]:
    """Whether more follows, and the rows of one message; at least one, for an empty list too.

    Args:
        row: what stands for a key now; None where it is gone.
        size: rows of one message, at most.
    """
    for start in range(0, max(1, len(keys)), size):
        rows = [found for key in keys[start : start + size] if (found := row(key)) is not None]
        yield start + size < len(keys), rows


def short_lists(messages: Iterator[tuple[bool, list[Row]]]) -> Iterator[list[str]]:
    """Results in the short form: `<more 0/1>,<count>` and the rows."""
    for more, rows in messages:
        yield [str(int(more)), str(len(rows)), *(value for row in rows for value in row)]


def short_stations(directory: Directory) -> Iterator[list[str]]:
    """`_QX` 1 in the short form: extension, name, device type, node."""

    def row(linked: Linked, extension: Extension) -> Row:
        kind, node = str(int(extension.device_type)), str(linked.node.number)
        return [Text(extension.number), printable(extension.name), kind, node]

    yield from short_lists(_stations(directory, row))


def short_nodes(directory: Directory) -> Iterator[list[str]]:
    """`_XN` (ours): number, name, address, release of all nodes, reached or not."""

    def row(number: int) -> Row | None:
        if (linked := directory.get(number)) is None:
            return None
        node = linked.node
        return [
            str(number),
            printable(node.name),
            Text(linked.address),
            Text(str(node.release)),
        ]

    yield from short_lists(in_messages(list(directory), row))


def short_credentials(directory: Directory, wanted: str) -> Iterator[list[str]]:
    """`_XC` (ours): extension, authorization name, password; an empty `wanted` means all.

    PRE-3: none of a node below 6.3 SP1.
    """

    def row(linked: Linked, extension: Extension) -> Row:
        values = (extension.number, extension.auth_name, extension.auth_password)
        return [Text(value) for value in values]

    able = [number for number, linked in directory.items() if linked.hands_out_credentials]
    yield from short_lists(_stations(directory, row, wanted=wanted, nodes=able))


def short_hot_desks(directory: Directory) -> Iterator[list[str]]:
    """`_XL` (ours): hot desks that are logged in at nodes that are reached, and their bases."""

    def row(key: Station) -> Row | None:
        linked = directory.get(key[0])
        base = None if linked is None or not linked.is_up else linked.node.hot_desk.get(key[1])
        return None if base is None else [Text(key[1]), Text(base)]

    keys = [
        (number, hot_desk)
        for number, linked in directory.items()
        if linked.is_up
        for hot_desk in linked.node.hot_desk
    ]
    yield from short_lists(in_messages(keys, row))


def stations(
    directory: Directory, nodes: Sequence[int], mask: int, size: int
) -> Iterator[tuple[bool, list[Row]]]:
    """List 1 in the public form: bare extension, then what the mask's bits ask for, in order."""

    def row(linked: Linked, extension: Extension) -> Row:
        kind, name = str(int(extension.device_type)), printable(extension.name)
        node = str(linked.node.number)
        physical = kind if linked.node.is_registered(extension.number) else "0"
        # user name, description, attendant, is administrator, is attendant, day and night class of
        # service, voice mail extension, device type, mailbox node, physical device type
        values = (name, name, "", "0", "0", "0", "0", "", kind, node, physical)
        return [extension.number, *_masked(values, mask)]

    yield from _stations(directory, row, nodes=nodes, size=size)


def network(
    directory: Directory, nodes: Sequence[int], mask: int, size: int
) -> Iterator[tuple[bool, list[Row]]]:
    """List 19 in the public form: node number, then what the mask's bits ask for, in order."""

    def row(number: int) -> Row | None:
        if (linked := directory.get(number)) is None:
            return None
        # description, address, port, both again of its twin, sockets in use and at most, protocol,
        # release, feature status
        release = str(linked.node.release)
        values = (
            *(printable(linked.node.name), Text(linked.address), "", Text(""), ""),
            *("1", "1", PROTOCOL, release, "0"),
        )
        return [str(number), *_masked(values, mask)]

    yield from in_messages(nodes, row, size)


def _masked(values: Row, mask: int) -> Iterator[str]:
    return (value for bit, value in enumerate(values) if mask >> bit & 1)


def _stations(
    directory: Directory,
    row: Callable[[Linked, Extension], Row],
    *,
    wanted: str = "",
    nodes: Sequence[int] | None = None,
    size: int = PER_MESSAGE,
) -> Iterator[tuple[bool, list[Row]]]:
    """Extensions (all, or the `wanted` one) of the nodes that are reached."""

    def of(key: Station) -> Row | None:
        linked = directory.get(key[0])
        if linked is None or not linked.is_up:
            return None
        extension = linked.node.extensions.get(key[1])
        return None if extension is None else row(linked, extension)

    keys = [
        (number, extension)
        for number, linked in directory.items()
        if linked.is_up and (nodes is None or number in nodes)
        for extension in ((wanted,) if wanted else linked.node.extensions)
    ]
    yield from in_messages(keys, of, size)
