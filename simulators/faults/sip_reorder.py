"""Fault: SIP messages overtake each other."""

from typing import ClassVar

from pydantic import Field

from simulators.faults.sip_faults import Delivery, SipFault


class SipReorder(SipFault):
    """A SIP message is held up, and what was sent after it arrives first."""

    name: ClassVar[str] = "sip-reorder"

    behind_s: float = Field(
        default=0.2, gt=0, le=60, description="How long it is held up, seconds."
    )

    def play(self, data: bytes, octets: bytes) -> list[Delivery]:
        return [(self.behind_s, data)]
