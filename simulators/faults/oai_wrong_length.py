"""Fault: a frame's length is not that of its payload."""

from typing import ClassVar, Literal

from pydantic import Field

from simulators.faults.oai_faults import OaiFault


class OaiWrongLength(OaiFault):
    """A message comes with a length that is not its own; what follows can't be told apart.

    Too long, it swallows the messages behind it; too short, its rest is read as a length. A client
    must bound what it waits for and begin anew with another connection.
    """

    name: ClassVar[str] = "oai-wrong-length"

    length: Literal["longer", "shorter", "zero", "huge", "negative"] = Field(
        default="longer", description="What the length says: 7 more or less, 0, 2^31 - 1 or -1."
    )

    def garble(self, frame: bytes, octets: bytes) -> bytes:
        real = len(frame) - 4
        said = {
            "longer": real + 7,
            "shorter": max(1, real - 7),
            "zero": 0,
            "huge": 0x7FFF_FFFF,
            "negative": 0xFFFF_FFFF,
        }[self.length]
        return said.to_bytes(4, "little") + frame[4:]
