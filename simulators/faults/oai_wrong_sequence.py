"""Fault: a message's sequence number is not the next one."""

from typing import ClassVar

from pydantic import Field

from simulators.faults.oai_faults import OaiFault


class OaiWrongSequence(OaiFault):
    """A message's sequence number jumps, as if messages had been lost.

    A client that watches the numbers (000 to 999) reads everything anew; one that does not misses
    what was lost.
    """

    name: ClassVar[str] = "oai-wrong-sequence"

    jump: int = Field(default=5, ge=1, le=999, description="How far the number is ahead.")

    def garble(self, frame: bytes, octets: bytes) -> bytes:
        said = (int(frame[4:7]) + self.jump) % 1000
        return frame[:4] + f"{said:03d}".encode() + frame[7:]
