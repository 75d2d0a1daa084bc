"""Faults of SIP messages on their way in or out: their scope, and the disturber they act in.

The disturber stands between a core and its sockets (`simulators/sockets/disturbance.py`). It reads
messages only while a SIP fault is listed.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from simulators.core import Address
from simulators.faults.fault import Fault
from simulators.faults.table import FaultTable, Strike
from simulators.sip.headers import NameAddress, Uri
from simulators.sip.message import MalformedMessage, Request, Response, parse

Delivery = tuple[float, bytes]
"""What goes on: after how many seconds, and which octets."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One SIP message as scopes see it.

    Args:
        method: of a request, or of what a response answers (CSeq); "" when it can't be read.
        usernames: the user parts of Request-URI, From and To.
    """

    way: Literal["in", "out"]
    peer: Address
    side: str
    transport: str
    data: bytes
    method: str
    request: bool
    usernames: frozenset[str]


class SipFault(Fault):
    """A fault of SIP messages."""

    way: Literal["", "in", "out"] = Field(
        default="", description="Only messages that come (`in`) or go (`out`)."
    )
    side: Literal["", "outside", "inside"] = Field(
        default="", description="Only on the side of the sets or of the ICPs."
    )
    transport: Literal["", "UDP", "TCP", "TLS"] = Field(
        default="", description="Only over this transport."
    )
    peer: str = Field(
        default="", max_length=50, description="Only from or to this IP address, or address:port."
    )
    method: str = Field(
        default="", max_length=20, description="Only requests of this method and their responses."
    )
    username: str = Field(
        default="", max_length=255, description="Only messages with this user in From, To or URI."
    )

    def concerns(self, event: object) -> bool:
        return (
            isinstance(event, Packet)
            and self.way in ("", event.way)
            and self.side in ("", event.side)
            and self.transport in ("", event.transport)
            and self.peer in ("", event.peer[0], f"{event.peer[0]}:{event.peer[1]}")
            and self.method in ("", event.method)
            and (not self.username or self.username in event.usernames)
        )

    def play(self, data: bytes, octets: bytes) -> list[Delivery]:
        """What becomes of a message; `octets` are 32 octets of chance."""
        raise NotImplementedError


class LastingSipFault(SipFault):
    """A SIP fault whose strike lasts: it takes a peer's messages until something heals it."""

    @abstractmethod
    def holds(self, packet: Packet) -> bool:
        """Whether a strike on this packet's peer takes this packet, too."""

    @abstractmethod
    def heals(self, packet: Packet) -> bool:
        """Whether a strike on this packet's peer ends with this packet."""


class SipDisturber:
    """Lets SIP faults strike; a `Disturber` of the socket driver."""

    def __init__(self, table: FaultTable) -> None:
        self._table = table
        self._struck: dict[int, set[Address]] = {}
        """Peers on which a lasting fault lies, by its number."""

    @property
    def is_calm(self) -> bool:
        """Whether no fault is switched on, and none lies on a peer."""
        return self._table.is_empty and not self._struck

    def carry(
        self,
        data: bytes,
        *,
        way: Literal["in", "out"],
        peer: Address,
        side: str,
        transport: str,
        now: float,
    ) -> Sequence[Delivery]:
        """What goes on instead of `data`; `now` is not asked, faults expire by the calendar."""
        listed = self._table.of(SipFault)
        if not listed:
            self._struck.clear()
            return ((0.0, data),)
        packet = read(data, way=way, peer=peer, side=side, transport=transport)
        if self._is_held(packet, listed):
            return ()
        going: list[Delivery] = [(0.0, data)]
        what = f"{packet.method or '?'} {way} {peer[0]}:{peer[1]} ({transport} {side})"
        for strike in self._table.strikes(SipFault, packet, what):
            self._note(strike, packet)
            going = [
                (delay + more, octets)
                for delay, before in going
                for more, octets in strike.fault.play(before, strike.octets)
            ]
        return going

    def _is_held(self, packet: Packet, listed: list[tuple[int, SipFault]]) -> bool:
        held = False
        for number, fault in listed:
            peers = self._struck.get(number)
            if not peers or packet.peer not in peers or not isinstance(fault, LastingSipFault):
                continue
            if fault.heals(packet):
                peers.discard(packet.peer)
            else:
                held = held or fault.holds(packet)
        return held

    def _note(self, strike: Strike[SipFault], packet: Packet) -> None:
        if isinstance(strike.fault, LastingSipFault):
            self._struck.setdefault(strike.number, set()).add(packet.peer)


def read(
    data: bytes, *, way: Literal["in", "out"], peer: Address, side: str, transport: str
) -> Packet:
    """A message as scopes see it; octets that are no SIP have no method and no users."""
    method, users, request = "", set[str](), False
    try:
        message = parse(data)
        request = isinstance(message, Request)
        users = _users(message)
        method = (message.headers.get("cseq").split() or [""])[-1]
    except MalformedMessage:
        pass
    return Packet(way, peer, side, transport, data, method, request, frozenset(users))


def _users(message: Request | Response) -> set[str]:
    users = {NameAddress.parse(message.headers.get(name)).uri.user for name in ("from", "to")}
    if isinstance(message, Request):
        users.add(Uri.parse(message.uri).user)
    return users
