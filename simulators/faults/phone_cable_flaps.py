"""Fault: the phone's cable is loose."""

from typing import ClassVar

from pydantic import Field

from simulators.faults.phone_faults import PhoneEvent, PhoneFault, StateOfLife


class PhoneCableFlaps(PhoneFault):
    """The network cable loses contact at a chosen moment, for a while."""

    name: ClassVar[str] = "phone-cable-flaps"

    at: StateOfLife = "configuration"
    out_s: float = Field(
        default=3.0, gt=0, le=86_400, description="Seconds of the bench's clock without network."
    )

    def concerns(self, event: object) -> bool:
        return isinstance(event, PhoneEvent) and event.detail == self.at and super().concerns(event)
