"""Fault: a message holds an octet that is no ASCII."""

from typing import ClassVar

from simulators.faults.oai_faults import OaiFault


class OaiNotAscii(OaiFault):
    """One octet of a message, somewhere, has its highest bit set; the frame is whole.

    A client can leave the message out or begin anew; it must not fall over.
    """

    name: ClassVar[str] = "oai-not-ascii"

    def garble(self, frame: bytes, octets: bytes) -> bytes:
        place = 4 + int.from_bytes(octets[:4], "big") % max(1, len(frame) - 5)
        return frame[:place] + bytes([frame[place] | 0x80]) + frame[place + 1 :]
