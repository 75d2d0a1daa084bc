"""What all faults of a phone have: the phone that they are meant for, and the moment. Pure.

Switched on in one phone's table they are that phone's; in the table that an estate's phones share,
all phones' or, with `mac`, one's.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field

from simulators.faults.fault import Fault
from simulators.phone.life.states import State


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


def _state(words: str) -> str:
    if words not in STATES:
        raise ValueError(f"expected a state of a phone's life, one of {', '.join(STATES)}")
    return words


STATES = [state.value for state in State if state is not State.OFF]
"""In which power or cable may fail."""

StateOfLife = Annotated[
    str,
    Field(description="The state of its life, in the words of docs/states.md."),
    AfterValidator(_state),
]
