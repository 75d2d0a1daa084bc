"""What an XML application has on the screen, and what moves it on, as one table.

A screen may come at any time, since a server may push one; so every place leads to every kind of
screen. Diagrams are drawn from `TRANSITIONS`.
"""

from enum import Enum

from simulators.phone.xml import objects as xml


class Place(Enum):
    """What is in front."""

    NOTHING = "no XML screen"
    WAITING = "waiting for an answer"
    LIST = "list to choose from"
    TEXT = "text or picture"
    INPUT = "fields to fill in"


class Step(Enum):
    """What moves it on."""

    ASK = "an address is asked for"
    LIST = "a list is shown"
    TEXT = "a text is shown"
    INPUT = "fields are shown"
    NOTHING = "no screen is left"


_SHOWN = {
    Step.LIST: Place.LIST,
    Step.TEXT: Place.TEXT,
    Step.INPUT: Place.INPUT,
    Step.NOTHING: Place.NOTHING,
}
TRANSITIONS: dict[Place, dict[Step, Place]] = {
    place: {Step.ASK: Place.WAITING, **_SHOWN} for place in Place
}

KINDS: dict[type, Step] = {
    xml.TextMenu: Step.LIST,
    xml.Directory: Step.LIST,
    xml.CallLog: Step.LIST,
    xml.TextScreen: Step.TEXT,
    xml.FormattedTextScreen: Step.TEXT,
    xml.ImageScreen: Step.TEXT,
    xml.ImageMenu: Step.TEXT,
    xml.InputScreen: Step.INPUT,
}
"""Which kind of screen each object is."""

SOFTKEYS: dict[type, tuple[tuple[str, str], ...]] = {
    xml.TextMenu: (("Select", "select"), ("Exit", "exit")),
    xml.Directory: (("Dial", "select"), ("Exit", "exit")),
    xml.CallLog: (("Dial", "select"), ("Exit", "exit")),
    xml.TextScreen: (("Done", "done"),),
    xml.FormattedTextScreen: (("Done", "done"),),
    xml.ImageScreen: (("Done", "done"),),
    xml.ImageMenu: (("Exit", "exit"),),
    xml.InputScreen: (("Done", "submit"), ("Backspace", "backspace"), ("Cancel", "exit")),
}
"""Labels and acts of an object that brings no softkeys along; its own take their place."""
LEAVING = ("exit", "done")
"""Acts that a screen that is locked in doesn't offer by itself."""
