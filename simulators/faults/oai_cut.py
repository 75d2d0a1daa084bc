"""Fault: the CT Gateway dies, and the connection with it."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from simulators.faults.oai_faults import OaiFault
from simulators.pbx.oai_disturbance import CUT, Piece


class OaiCut(OaiFault):
    """The connection to the CT Gateway is reset before a message, in the middle of it or after it.

    Before `RS` it looks like a wrong password; after a message of a list after which the list goes
    on, half a list has come, which a client must not take for the whole.
    """

    name: ClassVar[str] = "oai-cut"

    where: Literal["before", "middle", "after"] = Field(
        default="middle", description="Where the connection is reset."
    )

    def carry(self, data: bytes) -> Sequence[Piece]:
        kept = {"before": 0, "middle": len(data) // 2, "after": len(data)}[self.where]
        return ((0.0, data[:kept]), (0.0, CUT))
