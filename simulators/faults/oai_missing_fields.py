"""Fault: a message ends too early."""

from typing import ClassVar

from pydantic import Field

from simulators.faults.oai_faults import OaiFault
from simulators.pbx import oai


class OaiMissingFields(OaiFault):
    """The last fields of a message are missing; the frame is whole.

    The rows of a list no longer come out even: a client must not shift the columns.
    """

    name: ClassVar[str] = "oai-missing-fields"

    missing: int = Field(default=1, ge=1, le=10_000, description="Fields left out at the end.")

    def garble(self, frame: bytes, octets: bytes) -> bytes:
        fields = oai.split_fields(frame[4:])
        kept = fields[: max(1, len(fields) - self.missing)]
        return oai.frame(oai.join_fields(kept))
