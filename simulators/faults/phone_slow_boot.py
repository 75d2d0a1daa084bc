"""Fault: the phone boots slowly."""

from typing import ClassVar

from pydantic import Field

from simulators.faults.phone_faults import PhoneFault


class PhoneSlowBoot(PhoneFault):
    """The phone takes longer to start: after a power failure it comes back after the others."""

    name: ClassVar[str] = "phone-slow-boot"

    seconds: float = Field(default=60.0, gt=0, le=3600, description="Seconds that it takes longer.")
