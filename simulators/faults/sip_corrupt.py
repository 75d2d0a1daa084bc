"""Fault: SIP messages are damaged."""

from typing import ClassVar

from pydantic import Field

from simulators.faults.sip_faults import Delivery, SipFault


class SipCorrupt(SipFault):
    """Some octets of a SIP message arrive as others.

    What comes in damaged is answered 400 or dropped; a damaged digest is a wrong password.
    """

    name: ClassVar[str] = "sip-corrupt"

    damage: int = Field(default=4, ge=1, le=16, description="How many octets are changed, at most.")

    def play(self, data: bytes, octets: bytes) -> list[Delivery]:
        pairs = (octets[2 * place : 2 * place + 2] for place in range(self.damage))
        damaged = bytearray(data)
        for at in {int.from_bytes(pair, "big") % len(data) for pair in pairs} if data else ():
            damaged[at] ^= 0x80  # never the octet that it was, and no ASCII any more
        return [(0.0, bytes(damaged))]
