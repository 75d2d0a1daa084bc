"""The handset's menu: from the idle screen to the forms of Advanced and back (PHN-2).

Keys go in with `press`, `type_text` and (on models with touch) `touch`; `screen()` says what is
shown, `outcomes()` hands out, once, what was saved and whether to restart. A key that means nothing
where the menu stands does nothing, as on a real handset; a key that no handset has is our own
mistake.
"""

from collections.abc import Callable

from simulators.errors import LocalProtocolError
from simulators.phone.files.config_file import Layers
from simulators.phone.menu import form
from simulators.phone.menu.form import (
    ADMIN_PASSWORD,
    CONFIGURATION_SERVER,
    FORMS,
    NUMERIC,
    FieldKind,
)
from simulators.phone.menu.menu_table import (
    DIGITS,
    KEYS,
    SECTIONS,
    SOFT_KEYS,
    SOFTKEYS,
    TRANSITIONS,
    Place,
    Step,
)
from simulators.phone.menu.outcomes import (
    Erased,
    FactoryDefault,
    Outcome,
    RestartAsked,
    Saved,
)
from simulators.phone.menu.passwords import (
    DEFAULT_PASSWORD,
    TRIES,
    admin_password,
    change,
    guards_menu,
    opens_menu,
)
from simulators.phone.models import Model
from simulators.phone.screen import Screen

__all__ = ["DEFAULT_PASSWORD", "MAX_TEXT", "Erased", "FactoryDefault", "Menu", "Outcome",
           "RestartAsked", "Saved", "admin_password"]  # fmt: skip

MAX_TEXT = 128
"""Characters of a field at most."""
REASONS = {
    "Restart": "restart on the phone",
    "Erase Local Config": "local configuration erased",
    "Factory Default": "factory default",
}
"""Sections that ask for a restart, and its reason."""


class Menu:
    """The menu of one handset.

    Args:
        model: decides whether there is touch.
        layers: gives the phone's configuration as it is now.
        status: gives the lines of Firmware Status.
    """

    def __init__(
        self,
        model: Model,
        layers: Callable[[], Layers],
        status: Callable[[], tuple[str, ...]] = lambda: (),
    ) -> None:
        self.place = Place.IDLE
        self.message = ""
        self._model = model
        self.form = CONFIGURATION_SERVER
        self._layers = layers
        self._status = status
        self._outcomes: list[Outcome] = []
        self._selected = 0
        self._typed = ""
        self._fresh = False
        self._wrong = 0
        self._values: list[str] = []
        self._reason = ""

    # In

    def press(self, key: str) -> None:
        """Press one key once: a hard key, or a softkey by its label.

        Raises:
            LocalProtocolError: no handset has such a key.
        """
        if key not in KEYS:
            raise LocalProtocolError(f"no handset has a key {key!r}")
        if key in SOFT_KEYS and key not in SOFTKEYS[self.place]:
            return
        self.message = ""
        if key in DIGITS or key in ("*", "#"):
            self._character("." if key == "*" and self._takes_dots else key)
        elif key in ("Quit", "Goodbye"):
            self._move(Step.QUIT)
        elif key in ("Cancel", "Back", "Left"):
            self._back(key)
        else:
            _PRESS[self.place](self, key)

    def type_text(self, text: str) -> None:
        """Type characters, as with the digit keys or the keyboard on the screen."""
        self.message = ""
        for character in text:
            self._character(character)

    def touch(self, text: str) -> bool:
        """Touch the line that begins with `text`; False when there is none, or no touch."""
        if not self._model.touch:
            return False
        index = self.find(text)
        if index is None:
            return False
        self.touch_line(index)
        return True

    def touch_line(self, index: int) -> None:
        """Touch a line of a list or form, counted from 0; elsewhere nothing happens.

        What was being typed counts.
        """
        many = len(self.form.fields) if self._in_form else len(SECTIONS)
        if not 0 <= index < many or not (self._in_form or self.place is Place.ADVANCED):
            return
        if self.place is Place.EDITING:
            if index == self._selected:
                return
            self.press("Done")
        self._selected = index
        self.press("Select")

    def find(self, text: str) -> int | None:
        """The index of the list's line `text`, or None where no such line can be selected."""
        if self.place is Place.ADVANCED and text in SECTIONS:
            return SECTIONS.index(text)
        labels = [f.label for f in self.form.fields]
        return labels.index(text) if self.place is Place.FORM and text in labels else None

    def close(self) -> None:
        """Back to idle without a trace, as a reboot does."""
        self.place, self.message = Place.IDLE, ""
        self._typed, self._values, self._selected = "", [], 0

    # Out

    def outcomes(self) -> list[Outcome]:
        """What was decided, in order, once."""
        outcomes, self._outcomes = self._outcomes, []
        return outcomes

    def screen(self) -> Screen:
        """What is shown."""
        lines: tuple[str, ...] = ()
        selected: int | None = None
        title = ""
        match self.place:
            case Place.GUARD:
                title, lines = "Settings", ("Password", "*" * len(self._typed))
            case Place.SETTINGS:
                title = "Settings"
            case Place.PASSWORD:
                title, lines = "Advanced", ("Administrator password", "*" * len(self._typed))
            case Place.ADVANCED:
                title, lines, selected = "Advanced", SECTIONS, self._selected
            case Place.FORM | Place.EDITING:
                title, lines, selected = self.form.title, self._form_lines(), self._selected
            case Place.STATUS:
                title, lines = "Firmware Status", self._status()
            case Place.CONFIRM:
                title, lines = "Restart", ("Restart the phone now?",)
        return Screen(title, lines, selected, SOFTKEYS[self.place], self.message)

    def _form_lines(self) -> tuple[str, ...]:
        fields = self.form.fields
        texts = [f.shown(v) for f, v in zip(fields, self._values, strict=True)]
        if self.place is Place.EDITING:
            texts[self._selected] = f"{fields[self._selected].shown(self._typed)}_"
        return tuple(f"{f.label}: {text}" for f, text in zip(fields, texts, strict=True))

    # Places

    def _at_idle(self, key: str) -> None:
        if key == "Settings":
            self._wrong = 0
            guarded = guards_menu(self._layers().merged)
            self._move(Step.OPEN_GUARDED if guarded else Step.OPEN)

    def _at_settings(self, key: str) -> None:
        if key == "Advanced":
            self._wrong = 0
            self._move(Step.ADVANCED)

    def _at_guard(self, key: str) -> None:
        self._at_prompt(key, opens_menu(self._typed, self._layers().merged))

    def _at_password(self, key: str) -> None:
        self._at_prompt(key, self._typed == admin_password(self._layers().merged))

    def _at_prompt(self, key: str, right: bool) -> None:
        """A password is asked for; `right` says whether what was typed is it."""
        if key == "Backspace":
            self._typed = self._typed[:-1]
        elif key in ("Enter", "Select") and right:
            self._move(Step.RIGHT_PASSWORD)
        elif key in ("Enter", "Select"):
            self._wrong += 1
            self._move(Step.TOO_MANY if self._wrong >= TRIES else Step.WRONG_PASSWORD)
            self.message = "Wrong password"

    def _at_advanced(self, key: str) -> None:
        if key in ("Up", "Down"):
            self._scroll(key, len(SECTIONS))
        elif key in ("Select", "Right"):
            self._choose(SECTIONS[self._selected])

    def _choose(self, section: str) -> None:
        if section in FORMS:
            self.form = FORMS[section]
            self._values = form.present(self._layers().merged, self.form)
            self._move(Step.CHOOSE_FORM)
        elif section == "Firmware Status":
            self._move(Step.CHOOSE_STATUS)
        else:
            self._reason = REASONS[section]
            self._move(Step.ASK_RESTART)

    def _at_status(self, key: str) -> None:
        """Nothing to do here but to go back."""

    def _at_form(self, key: str) -> None:
        if key in ("Up", "Down"):
            self._scroll(key, len(self.form.fields))
        elif key in ("Select", "Right"):
            self._edit()
        elif key == "Save" and self.form is ADMIN_PASSWORD:
            self._change_password()
        elif key == "Save":
            self.message = form.mistake(self._values, self.form)
            if not self.message:
                values = form.changed(self._values, self._layers().merged, self.form)
                self._outcomes.append(Saved(values, self.form.saved))
                self._reason = f"{self.form.saved} saved"
                self._move(Step.SAVED)

    def _change_password(self) -> None:
        merged, layers = self._layers().merged, self._layers()
        self.message = (
            "Locked" if "admin password" in layers.locked else change(self._values, merged)
        )
        if not self.message:
            self._outcomes.append(Saved({"admin password": self._values[1]}, self.form.saved))
            self._move(Step.SAVED_AT_ONCE)
            self.message = "Password Changed"

    def _edit(self) -> None:
        chosen = self.form.fields[self._selected]
        if chosen.parameter in self._layers().locked:
            self.message = "Locked"
        elif chosen.kind is FieldKind.CHOICE:
            self._values[self._selected] = chosen.following(self._values[self._selected])
        else:
            self._move(Step.EDIT)
            self._typed = self._values[self._selected]
            self._fresh = True  # what is typed first replaces the whole, as marked text

    def _at_editing(self, key: str) -> None:
        if key == "Backspace":
            self._typed, self._fresh = self._typed[:-1], False
        elif key in ("Done", "Select"):
            self._values[self._selected] = self._typed.strip()
            self._move(Step.DONE)

    def _at_confirm(self, key: str) -> None:
        if key == "Yes":
            if self._reason == REASONS["Erase Local Config"]:
                self._outcomes.append(Erased())
            if self._reason == REASONS["Factory Default"]:
                self._outcomes.append(FactoryDefault())
            self._outcomes.append(RestartAsked(self._reason))
        if key in ("Yes", "No"):
            self._move(Step.ANSWERED)

    # Shared

    def _character(self, character: str) -> None:
        """One typed character: digits alone for the password and a port, what prints for a text."""
        if self.place in (Place.PASSWORD, Place.GUARD):
            if character not in DIGITS:
                self.message = "Digits only"
            elif len(self._typed) < MAX_TEXT:
                self._typed += character
            return
        kind = self.form.fields[self._selected].kind if self._in_form else None
        if self.place is Place.FORM and kind is not FieldKind.CHOICE:
            self._edit()
        if self.place is not Place.EDITING or not character.isprintable():
            return
        if kind in NUMERIC and character not in DIGITS:
            self.message = "Digits only"
            return
        typed = "" if self._fresh else self._typed
        self._typed, self._fresh = (typed + character)[:MAX_TEXT], False

    @property
    def _takes_dots(self) -> bool:
        """Whether the star key is the dot of an address, which no other key of the keypad is."""
        return self._in_form and self.form.fields[self._selected].kind is FieldKind.TEXT

    @property
    def _in_form(self) -> bool:
        return self.place in (Place.FORM, Place.EDITING)

    def _scroll(self, key: str, length: int) -> None:
        self._selected = (self._selected + (1 if key == "Down" else -1)) % length

    def _back(self, key: str) -> None:
        if Step.BACK in TRANSITIONS[self.place] and not (
            key == "Left" and self.place in (Place.EDITING, Place.PASSWORD, Place.GUARD)
        ):
            self._move(Step.BACK)

    def _move(self, step: Step) -> None:
        before = self.place
        try:
            self.place = TRANSITIONS[before][step]
        except KeyError:
            raise LocalProtocolError(
                f"the menu at {before.value} can't take '{step.value}'"
            ) from None
        self._typed = ""
        if before is not self.place and Place.EDITING not in (before, self.place):
            self._selected = 0


_PRESS: dict[Place, Callable[[Menu, str], None]] = {
    Place.IDLE: Menu._at_idle,
    Place.GUARD: Menu._at_guard,
    Place.SETTINGS: Menu._at_settings,
    Place.PASSWORD: Menu._at_password,
    Place.ADVANCED: Menu._at_advanced,
    Place.FORM: Menu._at_form,
    Place.EDITING: Menu._at_editing,
    Place.STATUS: Menu._at_status,
    Place.CONFIRM: Menu._at_confirm,
}
