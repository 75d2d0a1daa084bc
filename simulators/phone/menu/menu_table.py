"""The handset's keys, and its menu as one table: where a person is, and what leads on from there.

Diagrams are drawn from `TRANSITIONS`; `SOFTKEYS` says which softkeys each place offers.
"""

from enum import Enum

SECTIONS = (
    "Network",
    "SIP Settings",
    "Configuration Server",
    "Firmware Status",
    "Admin Password",
    "Factory Default",
    "Restart",
    "Erase Local Config",
)
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
    GUARD = "options password"
    SETTINGS = "settings"
    PASSWORD = "password"
    ADVANCED = "advanced"
    FORM = "form"
    EDITING = "editing a field"
    STATUS = "firmware status"
    CONFIRM = "restart?"


class Step(Enum):
    """What moves a person on."""

    OPEN = "Settings key"
    OPEN_GUARDED = "Settings key, options password enabled"
    ADVANCED = "Advanced"
    RIGHT_PASSWORD = "right password"
    WRONG_PASSWORD = "wrong password"
    TOO_MANY = "third wrong password"
    CHOOSE_FORM = "section with fields"
    CHOOSE_STATUS = "Firmware Status"
    ASK_RESTART = "restart is asked for"
    EDIT = "edit"
    DONE = "done"
    SAVED = "Save"
    SAVED_AT_ONCE = "Save, no restart needed"
    ANSWERED = "answered"
    BACK = "back"
    QUIT = "quit"


TRANSITIONS: dict[Place, dict[Step, Place]] = {
    Place.IDLE: {
        Step.OPEN: Place.SETTINGS,
        Step.OPEN_GUARDED: Place.GUARD,
        Step.QUIT: Place.IDLE,
    },
    Place.GUARD: {
        Step.RIGHT_PASSWORD: Place.SETTINGS,
        Step.WRONG_PASSWORD: Place.GUARD,
        Step.TOO_MANY: Place.IDLE,
        Step.BACK: Place.IDLE,
        Step.QUIT: Place.IDLE,
    },
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
        Step.CHOOSE_STATUS: Place.STATUS,
        Step.ASK_RESTART: Place.CONFIRM,
        Step.BACK: Place.SETTINGS,
        Step.QUIT: Place.IDLE,
    },
    Place.FORM: {
        Step.EDIT: Place.EDITING,
        Step.SAVED: Place.CONFIRM,
        Step.SAVED_AT_ONCE: Place.ADVANCED,
        Step.BACK: Place.ADVANCED,
        Step.QUIT: Place.IDLE,
    },
    Place.EDITING: {Step.DONE: Place.FORM, Step.BACK: Place.FORM, Step.QUIT: Place.IDLE},
    Place.STATUS: {Step.BACK: Place.ADVANCED, Step.QUIT: Place.IDLE},
    Place.CONFIRM: {Step.ANSWERED: Place.IDLE, Step.QUIT: Place.IDLE},
}

SOFTKEYS: dict[Place, tuple[str, ...]] = {
    Place.IDLE: (),
    Place.GUARD: ("Enter", "Backspace", "Cancel"),
    Place.SETTINGS: ("Advanced", "Quit"),
    Place.PASSWORD: ("Enter", "Backspace", "Cancel"),
    Place.ADVANCED: ("Back", "Quit"),
    Place.FORM: ("Save", "Cancel"),
    Place.EDITING: ("Done", "Backspace", "Cancel"),
    Place.STATUS: ("Back", "Quit"),
    Place.CONFIRM: ("Yes", "No"),
}
