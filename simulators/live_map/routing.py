"""Which wires a message of the journal takes over the map: pure.

The journal knows roles and socket addresses; the map knows places. A teleworker's request to the
MCS stands in the journal as one message to the MBG's outside address, and on the map goes over two
wires, through the MBG.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from simulators.journal.entries import Entry, Happened, LostEntry
from simulators.live_map.layout import (
    GATEWAY,
    HOMES,
    INSTALLER,
    MCS,
    OFFICE,
    Wire,
    mbg,
    node,
)

SHARES = {"TCP": "HTTP"}
"""Protocols that run on another one's wire: connections carry what comes over them."""


@dataclass(frozen=True, slots=True)
class Route:
    """The way of one message.

    `hops`: numbers of wires from 1, negative where the wire is gone backwards; `phone`: the role at
    that end which is a phone, or "".
    """

    hops: tuple[int, ...]
    phone: str


class Routes:
    """All ways over one map.

    Args:
        wires: as the drawings have them.
        mbgs: (role, outside, inside) of each MBG, in order.
        nodes: role of each PBX node, in order.
        zone: of an IP address: `home`, `lan`, ...
        roles: further names of places, as an external MCS's address: role -> place.
    """

    def __init__(
        self,
        wires: Sequence[Wire],
        mbgs: Sequence[tuple[str, str, str]],
        nodes: Sequence[str],
        zone: Callable[[str], str],
        roles: Mapping[str, str] | None = None,
    ) -> None:
        self._numbers: dict[tuple[str, str, str], int] = {}
        for number, wire in enumerate(wires, 1):
            self._numbers[wire.a, wire.b, wire.protocol] = number
            self._numbers[wire.b, wire.a, wire.protocol] = -number
        self._places = {"MCS": MCS, "CT Gateway": GATEWAY, "installer": INSTALLER, **(roles or {})}
        self._mbg_at: dict[str, str] = {}
        for number, (role, outside, inside) in enumerate(mbgs, 1):
            self._places[role] = mbg(number)
            self._mbg_at |= {outside: mbg(number), inside: mbg(number)}
        self._places |= {role: node(number) for number, role in enumerate(nodes, 1)}
        self._zone = zone

    def of(self, entry: Entry) -> Route | None:
        """The way of a message; None for an event, or where the map has no such way."""
        if isinstance(entry, Happened):
            return None
        start = self._place(entry.frm, entry.source)
        end = self._place(entry.to, entry.destination)
        protocol = SHARES.get(entry.protocol, entry.protocol)
        hops = self._hops(start, end, protocol, entry)
        phone = next((r for r in (entry.frm, entry.to) if r not in self._places), "")
        return None if hops is None else Route(hops, phone)

    def _place(self, role: str, address: tuple[str, int] | None) -> str:
        if role in self._places:
            return self._places[role]
        zone = "" if address is None else self._zone(address[0])
        return {"home": HOMES, "lan": OFFICE}.get(zone, "")

    def _hops(self, start: str, end: str, protocol: str, entry: Entry) -> tuple[int, ...] | None:
        direct = self._numbers.get((start, end, protocol))
        if direct is not None:
            return (direct,)
        through = self._through(entry)
        if not through:
            return None
        first = self._numbers.get((start, through, protocol))
        last = self._numbers.get((through, end, protocol))
        if first is not None and (last is not None or isinstance(entry, LostEntry)):
            return (first,) if last is None else (first, last)
        return None

    def _through(self, entry: Entry) -> str:
        """The MBG that a message passes: one of its addresses is an end of it."""
        for address in (entry.destination, entry.source):
            if address is not None and address[0] in self._mbg_at:
                return self._mbg_at[address[0]]
        # What is lost never came to one: the first is where it would have gone.
        return mbg(1) if isinstance(entry, LostEntry) else ""
