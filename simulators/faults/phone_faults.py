"""What all faults of a phone have: the phone that they are meant for, and the moment. Pure.

Switched on in one phone's table they are that phone's; in the table that an estate's phones share,
all phones' or, with `mac`, one's.
"""

from dataclasses import dataclass

from pydantic import Field

from simulators.faults.fault import Fault


@dataclass(frozen=True, slots=True)
class PhoneEvent:
    """Something a phone does, where it may fail.

    Args:
        mac: 12 upper-case hex digits.
        name: `boot`, `flash`, `download`, `state`, ...
        detail: which file, which state.
    """

    mac: str
    name: str
    detail: str = ""


class PhoneFault(Fault):
    """A misbehaviour of the phone itself."""

    mac: str = Field(
        default="", pattern="^([0-9A-F]{12})?$", description="Only the phone with this MAC."
    )

    def concerns(self, event: object) -> bool:
        return isinstance(event, PhoneEvent) and self.mac in ("", event.mac)
