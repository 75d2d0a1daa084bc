"""What a page can do with a phone, as a list of acts that come together and are done in order.

    {"acts": [{"press": "Settings"}, {"text": "22222"}, {"place": ["softkey", 1]}]}

A form without a script sends one act as a field of the same name: `press=Settings`,
`place=softkey 1`. Each act calls what the control API calls for the same.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from simulators.phone.calls.call_screen import DIGITS as KEYPAD
from simulators.phone.handset import Handset

MOST_ACTS = 50
Kind = Literal["topsoftkey", "softkey", "expmod1", "expmod2", "expmod3"]
Place = tuple[Kind, Annotated[int, Field(ge=1, le=999)]]


class Act(BaseModel):
    """One thing that a hand does; exactly one field is there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    press: str | None = Field(default=None, min_length=1, max_length=40)
    place: Place | None = None
    touch: int | None = Field(default=None, ge=0, le=999)
    text: str | None = Field(default=None, min_length=1, max_length=200)
    character: str | None = Field(default=None, min_length=1, max_length=1)
    page: Literal["topsoftkey", "softkey"] | None = None
    power: bool | None = None
    cable: bool | None = None
    dial: str | None = Field(default=None, pattern=r"^[0-9*#]+$", max_length=30)
    restart: bool | None = None

    @model_validator(mode="after")
    def _one(self) -> "Act":
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError("an act is one of " + ", ".join(Act.model_fields))
        return self


class Acts(BaseModel):
    """Acts in the order in which they were done."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    acts: list[Act] = Field(min_length=1, max_length=MOST_ACTS)


def from_form(name: str, value: str) -> Act:
    """The one act that a form's button or field stands for; ValidationError where it is none."""
    if name == "place":
        kind, _, number = value.partition(" ")
        return Act.model_validate({name: (kind, number)})
    return Act.model_validate({name: value})


async def do(phone: Handset, act: Act) -> None:
    """Do it.

    Raises:
        BenchError: it can't be done as asked; the message says why.
    """
    if act.press is not None:
        phone.press(act.press)
    elif act.place is not None:
        phone.press_place(*act.place)
    elif act.touch is not None:
        phone.touch(act.touch)
    elif act.text is not None:
        phone.type_text(act.text)
    elif act.character is not None:
        _typed(phone, act.character)
    elif act.page is not None:
        phone.turn_page(act.page)
    elif act.power is not None:
        await (phone.power_on() if act.power else phone.power_off())
    elif act.cable is not None:
        if act.cable is not phone.cable_in:
            (phone.put_cable_back if act.cable else phone.pull_cable)()
    elif act.dial is not None:
        phone.dial(act.dial)
    elif act.restart:
        phone.restart()


def _typed(phone: Handset, character: str) -> None:
    """One key of a keyboard: a letter where the screen takes text, else a key of the keypad.

    It is decided here, since a page may see the screen a moment later than a fast hand types.
    """
    if phone.scene.takes_text:
        phone.type_text(character)
    elif character in KEYPAD:
        phone.press(character)
