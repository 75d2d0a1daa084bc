"""Fault: the phone flashes slowly."""

from typing import ClassVar

from pydantic import Field

from simulators.faults.phone_faults import PhoneFault


class PhoneSlowFlash(PhoneFault):
    """The phone takes longer to flash an image; the power may fail in the meantime."""

    name: ClassVar[str] = "phone-slow-flash"

    seconds: float = Field(
        default=300.0, gt=0, le=3600, description="Seconds that it takes longer."
    )
