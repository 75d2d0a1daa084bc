"""Fault: the CT Gateway takes everything and says nothing."""

from collections.abc import Sequence
from typing import ClassVar

from simulators.faults.oai_faults import OaiFault
from simulators.pbx.oai_disturbance import Piece


class OaiSilence(OaiFault):
    """The CT Gateway stays connected and says nothing.

    Of all messages, it accepts and never greets; of the event `CF` alone, it stops to answer after
    the log-in. A client needs a time limit of its own for each answer.
    """

    name: ClassVar[str] = "oai-silence"

    def carry(self, data: bytes) -> Sequence[Piece]:
        return ()
