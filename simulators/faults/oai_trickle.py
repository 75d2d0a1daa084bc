"""Fault: the CT Gateway's messages come in drops."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from simulators.faults.oai_faults import OaiFault
from simulators.pbx.oai_disturbance import Piece


class OaiTrickle(OaiFault):
    """The CT Gateway's messages come a few octets at a time, with a pause before each drop.

    A time limit that each octet begins anew never ends; only one for the whole answer helps.
    """

    name: ClassVar[str] = "oai-trickle"

    gap_s: float = Field(default=0.5, gt=0, le=3600, description="Pause before each drop.")
    drop: int = Field(default=1, ge=1, le=65_536, description="Octets in a drop.")

    def carry(self, data: bytes) -> Sequence[Piece]:
        return [
            (self.gap_s, data[start : start + self.drop])
            for start in range(0, len(data), self.drop)
        ]
