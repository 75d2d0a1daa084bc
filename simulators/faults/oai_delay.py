"""Fault: the CT Gateway answers late."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from simulators.faults.oai_faults import OaiFault
from simulators.pbx.oai_disturbance import Piece


class OaiDelay(OaiFault):
    """The CT Gateway is slow: each message waits before it goes out, and those behind it, too.

    A client with patience gets its answer; one without must not take a late answer for another's.
    """

    name: ClassVar[str] = "oai-delay"

    delay_s: float = Field(default=5.0, ge=0, le=86_400, description="Seconds before the message.")

    def carry(self, data: bytes) -> Sequence[Piece]:
        return ((self.delay_s, data),)
