"""Fault: SIP messages arrive twice."""

from typing import ClassVar

from pydantic import Field

from simulators.faults.sip_faults import Delivery, SipFault


class SipDuplicate(SipFault):
    """A SIP message arrives twice. The transaction layer answers the copy and does nothing anew."""

    name: ClassVar[str] = "sip-duplicate"

    after_s: float = Field(
        default=0.0, ge=0, le=60, description="How much later the copy comes, seconds."
    )

    def play(self, data: bytes, octets: bytes) -> list[Delivery]:
        return [(0.0, data), (self.after_s, data)]
