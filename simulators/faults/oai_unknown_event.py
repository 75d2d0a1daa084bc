"""Fault: an event that nobody knows comes between the others."""

from typing import ClassVar

from simulators.faults.oai_faults import OaiFault
from simulators.pbx import oai

UNKNOWN = "ZZZ"


class OaiUnknownEvent(OaiFault):
    """Before a message comes an event that no source names, with the number of that message.

    Newer gateways have newer events: a client has to pass over them.
    """

    name: ClassVar[str] = "oai-unknown-event"

    def garble(self, frame: bytes, octets: bytes) -> bytes:
        sequence = oai.split_fields(frame[4:])[0]
        return oai.frame(oai.join_fields([sequence, UNKNOWN, "", oai.Text("?, what")])) + frame
