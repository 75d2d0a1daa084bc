"""What a session knows of the nodes behind its gateway: a live view, asked anew each time. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from simulators.pbx.extensions import Extension
from simulators.pbx.release import FIRST_WITH_CREDENTIALS, Release


class Link(Enum):
    """State of the gateway's link with a node."""

    NEVER_UP = "never up"
    UP = "up"
    DOWN = "down"


class Node(Protocol):
    """A node as OAI tells of it, and lets its hot desks be moved."""

    @property
    def number(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def release(self) -> Release: ...
    @property
    def extensions(self) -> Mapping[str, Extension]: ...
    @property
    def hot_desk(self) -> Mapping[str, str]: ...
    def is_registered(self, number: str) -> bool:
        """Whether the extension's phone is on-line."""

    def has_passcode(self, hot_desk: str, passcode: str) -> bool: ...
    def log_in(self, hot_desk: str, base: str) -> None: ...
    def log_out(self, hot_desk: str) -> None: ...


@dataclass(slots=True)
class Linked:
    """A node and the gateway's link with it.

    Args:
        connection: the gateway's number for the connection, from 1.
        address: IP address of the node; empty as long as it is not known.
    """

    node: Node
    connection: int
    address: str = ""
    link: Link = Link.NEVER_UP

    @property
    def is_up(self) -> bool:
        return self.link is Link.UP

    @property
    def hands_out_credentials(self) -> bool:
        """PRE-3."""
        return self.is_up and self.node.release >= FIRST_WITH_CREDENTIALS


Directory = Mapping[int, Linked]
"""Node number -> node, in the order in which they were added."""


def find(directory: Directory, extension: str) -> tuple[Linked, Extension] | None:
    """An extension of a node that the gateway reaches."""
    for linked in directory.values():
        if linked.is_up and (found := linked.node.extensions.get(extension)) is not None:
            return linked, found
    return None
