"""What a CT Gateway says, field by field (docs/wire.md section 2). Pure.

Each function gives the event and its fields; the session numbers them when they go out. Numbers,
order and meaning of the fields are those of public client code for the System OAI Toolkit, issue
10.20; what is ours says so.
"""

from collections.abc import Iterable
from enum import IntEnum

from simulators.pbx.extensions import Extension
from simulators.pbx.oai import Command, Text, printable

Fields = tuple[str, ...]
"""An event and its fields."""

PROTOCOL = "10.20"

NOT_IN_A_RESYNC, RESYNC_REQUESTED = "", "1"
"""Resync codes: the second field of most events."""

AREA_EXTENSIONS = "1"
"""Database area of `DC` (ours: public sources don't give the numbers)."""


class Outcome(IntEnum):
    """Outcomes of a confirmation (ours but for 0: public sources don't give the numbers)."""

    DONE = 0
    UNKNOWN_COMMAND = 1
    BAD_ARGUMENTS = 2
    NO_SUCH_DEVICE = 4
    TOO_MANY_MONITORS = 5
    NO_MATCH = 6
    """A hot desk extension and its passcode."""


class LinkReason(IntEnum):
    """Why the link between the gateway and a node changed."""

    TCP_FAILURE = 3
    TCP_RECONNECT = 4
    NODE_ADDED = 5
    NODE_DELETED = 6
    TIMED_OUT = 7


def resync(time: str, date: str, release: str) -> Fields:
    """`RS`: reason 0, time hh:mm, date MMDDYY (UTC), protocol, the gateway's release, ...

    and then feature status 0, node 1, networking on, country US, TCP on.
    """
    return ("RS", "0", time, date, PROTOCOL, release, "0", "1", "1", "US", "1")


def ready() -> Fields:
    """`RD`: commands are welcome."""
    return ("RD",)


def resync_ended(extension: str) -> Fields:
    """`RD`: all events of a resync were sent; an empty extension means of all."""
    return ("RD", RESYNC_REQUESTED, extension)


def confirmation(command: Command, outcome: Outcome, results: Iterable[str] = ()) -> Fields:
    """`CF`: the answer to `command`."""
    return ("CF", command.name, command.invoke_id, str(int(outcome)), *results)


def extension_changed(reference: str, node: int, old: str, new: str, device_type: int) -> Fields:
    """`EC`: old empty: added; new empty: removed."""
    return ("EC", NOT_IN_A_RESYNC, reference, str(node), old, new, str(device_type))


def short_extension_changed(old: str, new: str) -> Fields:
    """`EC` as who started a monitor in the short form gets it (ours)."""
    return ("EC", Text(old), Text(new))


def credentials_changed(extension: str) -> Fields:
    """`XC` (ours): the extension has other SIP credentials now."""
    return ("XC", Text(extension))


def hot_desk_changed(hot_desk: str, base: str, *, logged_in: bool) -> Fields:
    """`XH` (ours): somebody logged in at the phone of `base`, or out there."""
    return ("XH", Text(hot_desk), Text(base), str(int(logged_in)))


def database_changed(reference: str, node: int, extension: Extension) -> Fields:
    """`DC`: the extension got another name."""
    return (
        "DC",
        NOT_IN_A_RESYNC,
        reference,
        str(node),
        AREA_EXTENSIONS,
        str(int(extension.device_type)),
        extension.number,
        printable(extension.name),
    )


def device_status(
    reference: str, extension: Extension, *, online: bool, resync_code: str = NOT_IN_A_RESYNC
) -> Fields:
    """`OL`: the device is on-line (1) or off-line (0); off-line, its physical type is 0."""
    kind = str(int(extension.device_type))
    physical = kind if online else "0"
    return ("OL", resync_code, reference, extension.number, str(int(online)), kind, physical)


def link_status(node: int, reason: LinkReason) -> Fields:
    """`LS`: the link to a node is up (1) or down (0), and why."""
    up = reason in (LinkReason.TCP_RECONNECT, LinkReason.NODE_ADDED)
    return ("LS", NOT_IN_A_RESYNC, str(node), str(int(up)), str(int(reason)))


def connection_status(connection: int, node: int | None) -> Fields:
    """`CS`: a node that has never answered since the gateway's start (None), or now has.

    Args:
        connection: the gateway's number for its connection with the node, from 1.
    """
    state, current = ("0", "") if node is None else ("1", str(node))
    return ("CS", NOT_IN_A_RESYNC, str(connection), state, "", current)
