"""What a CT Gateway hears of one of its nodes: extensions, registrations, hot desks, the link."""

from typing import Protocol

from simulators.pbx.extensions import Extension
from simulators.pbx.node import PbxNode


class Hearer(Protocol):
    """Who is told; `number` is the node's."""

    def extension_changed(
        self, number: int, old: Extension | None, new: Extension | None
    ) -> None: ...
    def device_changed(self, number: int, extension: str, *, online: bool) -> None: ...
    def hot_desk_changed(self, hot_desk: str, base: str, *, logged_in: bool) -> None: ...
    def node_lost(self, number: int) -> None: ...
    def node_back(self, number: int) -> None: ...


class NodeWatch:
    """Listens from the beginning until `end`."""

    def __init__(self, hearer: Hearer, node: PbxNode) -> None:
        self._hearer = hearer
        self._node = node
        node.on_change.append(self._on_change)
        node.on_registration.append(self._on_registration)
        node.on_hot_desk.append(self._on_hot_desk)
        node.on_link.append(self._on_link)

    def end(self) -> None:
        """Listen no more."""
        self._node.on_change.remove(self._on_change)
        self._node.on_registration.remove(self._on_registration)
        self._node.on_hot_desk.remove(self._on_hot_desk)
        self._node.on_link.remove(self._on_link)

    def _on_change(self, old: Extension | None, new: Extension | None) -> None:
        self._hearer.extension_changed(self._node.number, old, new)

    def _on_registration(self, extension: str, online: bool) -> None:
        self._hearer.device_changed(self._node.number, extension, online=online)

    def _on_hot_desk(self, hot_desk: str, base: str, logged_in: bool) -> None:
        self._hearer.hot_desk_changed(hot_desk, base, logged_in=logged_in)

    def _on_link(self, up: bool) -> None:
        if up:
            self._hearer.node_back(self._node.number)
        else:
            self._hearer.node_lost(self._node.number)
