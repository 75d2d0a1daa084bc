"""Fault: SIP messages get lost."""

from typing import ClassVar

from simulators.faults.sip_faults import Delivery, SipFault


class SipLoss(SipFault):
    """A SIP message is lost on the way. Over UDP its sender retransmits, over a stream nobody does.

    A set that hears nothing for 32 s gives its registration up and tries again later.
    """

    name: ClassVar[str] = "sip-loss"

    def play(self, data: bytes, octets: bytes) -> list[Delivery]:
        return []
