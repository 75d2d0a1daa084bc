"""Faults of the CT Gateway's messages to its clients: their scope, and the disturber they act in.

A fault may change the octets of a message (`garble`), and when and how far they go out (`carry`).
Messages are read only while an OAI fault is listed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import Field

from simulators.core import Address
from simulators.faults.fault import Fault
from simulators.faults.table import FaultTable
from simulators.pbx import oai
from simulators.pbx.extensions import Extension
from simulators.pbx.oai_disturbance import Cut, Piece, undisturbed

LISTS = ("_QX", "_XC", "_XN", "_XL")


class Pbx(Protocol):
    """What an OAI fault may change of a node behind the gateway."""

    @property
    def extensions(self) -> Mapping[str, Extension]: ...
    def add_extension(self, number: str, name: str) -> Extension: ...
    def remove_extension(self, number: str) -> None: ...
    def renew_credentials(self, number: str) -> Extension: ...


@dataclass(frozen=True, slots=True)
class OaiMessage:
    """A message of the gateway as scopes see it.

    Args:
        event: `RS`, `CF`, `EC`, ...
        command: what a `CF` confirms; "" of other events.
        more: whether a list goes on after it.
        client: IP address.
    """

    event: str
    command: str
    more: bool
    client: str


class OaiFault(Fault):
    """A fault of the gateway's messages."""

    event: str = Field(
        default="", max_length=20, description="Only messages of this event, such as `CF` or `RS`."
    )
    command: str = Field(
        default="", max_length=20, description="Only confirmations of this command, such as `_QX`."
    )
    only_more: bool = Field(
        default=False, description="Only messages of a list after which the list goes on."
    )
    client: str = Field(
        default="", max_length=50, description="Only messages to the client at this IP address."
    )

    def concerns(self, event: object) -> bool:
        return (
            isinstance(event, OaiMessage)
            and self.event in ("", event.event)
            and self.command in ("", event.command)
            and (event.more or not self.only_more)
            and self.client in ("", event.client)
        )

    def garble(self, frame: bytes, octets: bytes) -> bytes:
        """Which octets there are to send; `octets` are 32 octets of chance."""
        return frame

    def carry(self, data: bytes) -> Sequence[Piece]:
        """When and how far they go out."""
        return ((0.0, data),)

    def meddle(self, nodes: Sequence[Pbx], octets: bytes) -> None:
        """Change the PBX behind the gateway's back, when a message is about to go out."""


class OaiDisturber:
    """Lets OAI faults strike; a `Disturber` of the gateway.

    Args:
        nodes: the nodes behind the gateway, at the time.
    """

    def __init__(self, table: FaultTable, nodes: Callable[[], Sequence[Pbx]]) -> None:
        self._table = table
        self._nodes = nodes

    def disturb(self, payload: bytes, client: Address) -> Sequence[Piece]:
        """What goes out instead of the payload's frame."""
        if not self._table.of(OaiFault):
            return undisturbed(payload)
        message = read(payload, client)
        what = f"{message.event} {message.command}".strip() + f" to {client[0]}:{client[1]}"
        strikes = self._table.strikes(OaiFault, message, what)
        frame = oai.frame(payload)
        for strike in strikes:
            strike.fault.meddle(self._nodes(), strike.octets)
            frame = strike.fault.garble(frame, strike.octets)
        going: list[Piece] = [(0.0, frame)]
        for strike in strikes:
            going = [piece for before in going for piece in _carried(strike.fault, before)]
        return going


def _carried(fault: OaiFault, before: Piece) -> Sequence[Piece]:
    delay_s, data = before
    if isinstance(data, Cut):
        return (before,)
    first, *rest = fault.carry(data) or [(0.0, b"")]
    return [(delay_s + first[0], first[1]), *rest]


def read(payload: bytes, client: Address) -> OaiMessage:
    """A message of ours as scopes see it."""
    message = oai.Message.parse(payload)
    fields = message.fields
    command = fields[0] if message.event == "CF" else ""
    more = False
    if command in LISTS and len(fields) > 3 and fields[2] == "0":
        public = command == "_QX" and len(fields) > 6 and not isinstance(fields[5], oai.Text)
        more = fields[3] == "1" if not public else fields[5] == "1"
    return OaiMessage(message.event, command, more, client[0])
