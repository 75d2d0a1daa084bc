"""What a person's hands do with a handset: keys, and what an installer does with them."""

from abc import ABC, abstractmethod

from simulators.errors import BenchError
from simulators.phone.menu.form import FieldKind
from simulators.phone.menu.menu import DEFAULT_PASSWORD, MAX_TEXT, Menu, Outcome
from simulators.phone.menu.menu_table import Place
from simulators.phone.screen import Screen


class Controls(ABC):
    """Keys, typing and touch over one menu; what comes of it goes to `_decided`."""

    def __init__(self, menu: Menu) -> None:
        self._menu = menu

    @property
    @abstractmethod
    def screen(self) -> Screen:
        """What the screen shows."""

    @abstractmethod
    def _menu_is_there(self) -> bool:
        """Whether keys do anything now."""

    @abstractmethod
    def _call_key(self, key: str) -> bool:
        """Press a key that may be about calls; False where it is the menu's business."""

    @abstractmethod
    def _decided(self, outcome: Outcome) -> None:
        """Take what was saved or asked for in the menu."""

    def _after_menu(self) -> None:
        for outcome in self._menu.outcomes():
            self._decided(outcome)

    def press(self, key: str) -> None:
        """Press one key once: a hard key, or a softkey by its label."""
        if self._menu_is_there() and not self._call_key(key):
            self._menu.press(key)
            self._after_menu()

    def type_text(self, text: str) -> None:
        """Type characters."""
        if self._menu_is_there():
            for character in text:
                if not self._call_key(character):
                    self._menu.type_text(character)

    def select(self, text: str) -> None:
        """Choose the list's line `text`: by touch, or by D-pad and Select where there is none.

        Raises:
            BenchError: the screen has no such line.
        """
        index = self._menu.find(text) if self._menu_is_there() else None
        if index is None:
            raise BenchError(f"expected a line {text!r} on the screen, it shows {self.screen}")
        if self._menu.touch(text):
            self._after_menu()
            return
        while self._menu.screen().selected != index:
            self.press("Down")
        self.press("Select")

    def open_advanced(self, password: str = DEFAULT_PASSWORD) -> None:
        """Settings, Advanced, the administrator password, Enter.

        `screen` says whether it got in.
        """
        self.press("Goodbye")
        self.press("Settings")
        self.press("Advanced")
        self.type_text(password)
        self.press("Enter")

    def fill_in(self, field: str, value: str) -> None:
        """Set one field of the form that is open (Configuration Server), as a person does.

        Raises:
            BenchError: no such field on the screen, or the value can't be chosen there.
        """
        fields = self._menu.form.fields
        found = next((f for f in fields if f.label == field), None)
        if found is None:
            raise BenchError(f"expected one of {[f.label for f in fields]}, got {field!r}")
        if found.kind is FieldKind.CHOICE:
            line = f"{field}: {value}"
            for _ in found.choices:
                if line in self.screen.lines:
                    return
                self.select(field)
            if line not in self.screen.lines:
                raise BenchError(
                    f"{field} can't be set to {value!r}; the phone shows {self.screen}"
                )
            return
        self.select(field)
        if value:
            self.type_text(value)
        else:
            for _ in range(MAX_TEXT):
                self.press("Backspace")
        self.press("Done")

    def configure_server(
        self, host: str, port: int = 8202, path: str = "", password: str = DEFAULT_PASSWORD
    ) -> bool:
        """PHN-2 from the first key to the restart; False when the password didn't open the menu."""
        self.open_advanced(password)
        if self._menu.place is not Place.ADVANCED:
            return False
        self.select("Configuration Server")
        self.fill_in("Download Protocol", "HTTPS")
        self.fill_in("HTTPS Server", host)
        self.fill_in("HTTPS Port", str(port))
        if path:
            self.fill_in("HTTPS Path", path)
        self.fill_in("Cert Validation", "false")
        self.press("Save")
        self.press("Yes")
        return True
