"""The Directory screen as one table: where a person is, and what leads on (texts are chosen)."""

from enum import Enum

HARD_KEYS = ("Goodbye", "Up", "Down", "Select", "Left")


class Place(Enum):
    """Where in the directory a person is."""

    CLOSED = "closed"
    LIST = "list"
    SEARCHING = "searching the server"
    RESULTS = "results of the server"


class Step(Enum):
    """What moves a person on."""

    OPEN = "Directory key"
    TYPED = "character"
    SEARCH = "Search"
    FOUND = "somebody found"
    NOBODY = "nobody found, or no answer"
    BACK = "Back"
    QUIT = "quit, or Dial"


TRANSITIONS: dict[Place, dict[Step, Place]] = {
    Place.CLOSED: {Step.OPEN: Place.LIST, Step.QUIT: Place.CLOSED},
    Place.LIST: {
        Step.TYPED: Place.LIST,
        Step.SEARCH: Place.SEARCHING,
        Step.BACK: Place.CLOSED,
        Step.QUIT: Place.CLOSED,
    },
    Place.SEARCHING: {
        Step.FOUND: Place.RESULTS,
        Step.NOBODY: Place.LIST,
        Step.BACK: Place.LIST,
        Step.QUIT: Place.CLOSED,
    },
    Place.RESULTS: {Step.BACK: Place.LIST, Step.QUIT: Place.CLOSED},
}

SOFTKEYS: dict[Place, tuple[str, ...]] = {
    Place.CLOSED: (),
    Place.LIST: ("Dial", "Search", "Backspace", "Back"),
    Place.SEARCHING: ("Back",),
    Place.RESULTS: ("Dial", "Back"),
}
LABELS = frozenset(label for keys in SOFTKEYS.values() for label in keys)
