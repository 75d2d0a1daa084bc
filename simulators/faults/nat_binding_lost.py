"""Fault: the NAT of a home forgets where the set is."""

from typing import ClassVar

from simulators.faults.sip_faults import Delivery, LastingSipFault, Packet


class NatBindingLost(LastingSipFault):
    """The router at home has forgotten the set: what the MBG sends there vanishes.

    It begins with a request of the MBG's (an OPTIONS, a call) and lasts until the set registers
    again from there. A set that sends from another port meets nothing of it.
    """

    name: ClassVar[str] = "nat-binding-lost"

    def concerns(self, event: object) -> bool:
        """Only what the MBG begins: an answer follows the set's own packet through the NAT."""
        return (
            isinstance(event, Packet)
            and event.way == "out"
            and event.side == "outside"
            and event.request
            and super().concerns(event)
        )

    def holds(self, packet: Packet) -> bool:
        return packet.way == "out"

    def heals(self, packet: Packet) -> bool:
        return packet.way == "in" and packet.request and packet.method == "REGISTER"

    def play(self, data: bytes, octets: bytes) -> list[Delivery]:
        return []
