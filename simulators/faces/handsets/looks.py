"""How each state looks in the wall: a colour, a shape and a letter, so that no one needs colours.

Colours are classes of the style sheet. Shapes say the kind: a circle is fine, a square is at work,
a triangle is in trouble, a ring stands idle or is off.
"""

from dataclasses import dataclass

from simulators.phone.life.states import State


@dataclass(frozen=True, slots=True)
class Look:
    """Of a state: `kind` is the style sheet's class, with shape and colour."""

    letter: str
    kind: str
    means: str


LOOKS: dict[str, Look] = {
    State.REGISTERED.value: Look("R", "good", "registered"),
    State.REGISTERING.value: Look("g", "work", "registering"),
    State.REFUSED.value: Look("X", "bad", "registration refused"),
    State.TIMED_OUT.value: Look("T", "warn", "registration timed out"),
    State.UNREGISTERED.value: Look("U", "warn", "registration ended"),
    State.IDLE.value: Look("I", "idle", "in service without a line"),
    State.NETWORK.value: Look("N", "work", "looking for its network"),
    State.CONFIGURATION.value: Look("C", "work", "asking for its configuration"),
    State.FIRMWARE.value: Look("W", "work", "looking at its firmware"),
    State.FLASHING.value: Look("F", "work", "flashing firmware"),
    State.APPLYING.value: Look("A", "work", "applying its configuration"),
    State.BOOTING.value: Look("B", "work", "booting"),
    State.RESTARTING.value: Look("S", "work", "restarting"),
    State.NO_CABLE.value: Look("c", "warn", "without a network cable"),
    State.MINET.value: Look("M", "idle", "with MiNET firmware"),
    State.BOOT_LOADER.value: Look("L", "idle", "with the boot loader alone"),
    State.OFF.value: Look("O", "off", "off"),
}
"""By the state's word, in the order of the counts."""
