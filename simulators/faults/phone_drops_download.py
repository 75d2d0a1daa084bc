"""Fault: the phone drops a download."""

from typing import ClassVar

from pydantic import Field

from simulators.faults.phone_faults import PhoneEvent, PhoneFault


class PhoneDropsDownload(PhoneFault):
    """The phone ends a download in the middle: a bad line, or no memory left.

    What was stored before counts; a configuration is asked for again later, firmware at the next
    start.
    """

    name: ClassVar[str] = "phone-drops-download"

    file: str = Field(
        default="", max_length=200, description="Only downloads of this file, as `6930.st`."
    )
    octets: int = Field(
        default=100, ge=0, le=1_000_000_000, description="Octets of the body until it ends."
    )

    def concerns(self, event: object) -> bool:
        return (
            isinstance(event, PhoneEvent)
            and self.file in ("", event.detail)
            and super().concerns(event)
        )
