"""Fault: the phone's clock is wrong."""

from typing import ClassVar

from pydantic import Field

from simulators.faults.phone_faults import PhoneFault

YEAR_S = 366 * 86_400
LONGEST_OFFSET_S = 1000 * YEAR_S


class PhoneClockWrong(PhoneFault):
    """The phone's clock is wrong, as of one that no time server has told the time.

    Behind, certificates look as if they were not yet valid; ahead, expired. It strikes whenever the
    phone looks at its clock, which knows no time before 1970.
    """

    name: ClassVar[str] = "phone-clock-wrong"

    offset_s: float = Field(
        default=-40 * YEAR_S,
        ge=-LONGEST_OFFSET_S,
        le=LONGEST_OFFSET_S,
        description="Seconds that it is ahead; negative: behind.",
    )
