"""Fault: the phone loses its power."""

from typing import ClassVar

from pydantic import Field

from simulators.faults.phone_faults import PhoneEvent, PhoneFault, StateOfLife


class PhonePowerFailure(PhoneFault):
    """The power fails at a chosen moment, and comes back after a while.

    While flashing, the old image stays; whatever was under way is gone.
    """

    name: ClassVar[str] = "phone-power-failure"

    times: int | None = Field(
        default=1, ge=1, le=1_000_000, description="Strike so often and then no more."
    )
    at: StateOfLife = "flashing"
    off_s: float = Field(
        default=5.0, gt=0, le=86_400, description="Seconds of the bench's clock without power."
    )

    def concerns(self, event: object) -> bool:
        return isinstance(event, PhoneEvent) and event.detail == self.at and super().concerns(event)
