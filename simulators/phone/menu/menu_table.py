"""The handset's keys, and its menu as one table: where a person is, and what leads on from there.

Diagrams are drawn from `TRANSITIONS`; `SOFTKEYS` says which softkeys each place offers.
"""

from enum import Enum

SECTIONS = ("Network", "SIP Settings", "Configuration Server", "Restart", "Erase Local Config")
DIGITS = tuple("0123456789")
HARD_KEYS = ("Settings", "Goodbye", "Up", "Down", "Left", "Right", "Select", "*", "#", *DIGITS)
SOFT_KEYS = (
    "Advanced",
    "Quit",
    "Enter",
    "Backspace",
    "Cancel",
    "Back",
    "Save",
    "Done",
    "Yes",
    "No",
)
KEYS = frozenset(HARD_KEYS + SOFT_KEYS)


class Place(Enum):
    """Where in the menu a person is."""

    IDLE = "idle"
    SETTINGS = "settings"
    PASSWORD = "password"
    ADVANCED = "advanced"
    FORM = "configuration server"
    EDITING = "editing a field"
    CONFIRM = "restart?"


class Step(Enum):
    """What moves a person on."""

    OPEN = "Settings key"
    ADVANCED = "Advanced"
    RIGHT_PASSWORD = "right password"
    WRONG_PASSWORD = "wrong password"
    TOO_MANY = "third wrong password"
    CHOOSE_FORM = "Configuration Server"
    ASK_RESTART = "restart is asked for"
    EDIT = "edit"
    DONE = "done"
    SAVED = "Save"
    ANSWERED = "answered"
    BACK = "back"
    QUIT = "quit"


TRANSITIONS: dict[Place, dict[Step, Place]] = {
    Place.IDLE: {Step.OPEN: Place.SETTINGS, Step.QUIT: Place.IDLE},
    Place.SETTINGS: {
        Step.ADVANCED: Place.PASSWORD,
        Step.BACK: Place.IDLE,
        Step.QUIT: Place.IDLE,
    },
    Place.PASSWORD: {
        Step.RIGHT_PASSWORD: Place.ADVANCED,
        Step.WRONG_PASSWORD: Place.PASSWORD,
        Step.TOO_MANY: Place.IDLE,
        Step.BACK: Place.SETTINGS,
        Step.QUIT: Place.IDLE,
    },
    Place.ADVANCED: {
        Step.CHOOSE_FORM: Place.FORM,
        Step.ASK_RESTART: Place.CONFIRM,
        Step.BACK: Place.SETTINGS,
        Step.QUIT: Place.IDLE,
    },
    Place.FORM: {
        Step.EDIT: Place.EDITING,
        Step.SAVED: Place.CONFIRM,
        Step.BACK: Place.ADVANCED,
        Step.QUIT: Place.IDLE,
    },
    Place.EDITING: {Step.DONE: Place.FORM, Step.BACK: Place.FORM, Step.QUIT: Place.IDLE},
    Place.CONFIRM: {Step.ANSWERED: Place.IDLE, Step.QUIT: Place.IDLE},
}

SOFTKEYS: dict[Place, tuple[str, ...]] = {
    Place.IDLE: (),
    Place.SETTINGS: ("Advanced", "Quit"),
    Place.PASSWORD: ("Enter", "Backspace", "Cancel"),
    Place.ADVANCED: ("Back", "Quit"),
    Place.FORM: ("Save", "Cancel"),
    Place.EDITING: ("Done", "Backspace", "Cancel"),
    Place.CONFIRM: ("Yes", "No"),
}
