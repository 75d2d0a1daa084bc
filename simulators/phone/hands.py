"""All that a person's hands can do with a handset: keys by name or place, text, touch, pages.

Whatever was done, who looks at the phone is told of it. A key that means nothing where the phone
is does nothing; what can't be done at all (to touch a phone without touch) is an error.
"""

from abc import abstractmethod

from simulators.errors import BenchError
from simulators.phone.calls.history import PastCall
from simulators.phone.calls.line_table import Activity, Lamp
from simulators.phone.directory_keys import DirectoryKeys
from simulators.phone.files.keys import LINE, Key
from simulators.phone.fixed_keys import (
    CALL_HISTORY,
    DIRECTORY,
    OWN_KEYS,
    REDIAL,
    VOICEMAIL,
    VOLUME_DOWN,
    VOLUME_UP,
    Volume,
)
from simulators.phone.life.states import State
from simulators.phone.local.directory_table import Place as Directory
from simulators.phone.menu.menu import Menu
from simulators.phone.menu.menu_table import Place
from simulators.phone.screen import Scene
from simulators.phone.xml.browser_table import Place as Xml

MENU_SCENES = {
    Place.IDLE: Scene.IDLE,
    Place.GUARD: Scene.PROMPT,
    Place.SETTINGS: Scene.TEXT,
    Place.PASSWORD: Scene.PROMPT,
    Place.ADVANCED: Scene.LIST,
    Place.FORM: Scene.FORM,
    Place.EDITING: Scene.EDITING,
    Place.STATUS: Scene.TEXT,
    Place.CONFIRM: Scene.TEXT,
}
XML_SCENES = {
    Xml.NOTHING: Scene.IDLE,
    Xml.WAITING: Scene.WAITING,
    Xml.LIST: Scene.LIST,
    Xml.TEXT: Scene.TEXT,
    Xml.INPUT: Scene.FIELDS,
}


class Hands(DirectoryKeys):
    """The way in for people, tests and pages."""

    @property
    @abstractmethod
    def state(self) -> State:
        """Where it is in its life."""

    _seen_call: PastCall | None = None
    """The latest missed call that the person knows of."""

    def __init__(self, menu: Menu) -> None:
        super().__init__(menu)
        self.volume = Volume()

    # Keys

    def press(self, key: str) -> None:
        """Press one key once: a hard key, or a softkey by its label."""
        if key not in OWN_KEYS or self._has_label(key):
            super().press(key)
        elif self._menu_is_there():
            self._fixed(key)
        self._changed()

    def press_place(self, kind: str, number: int) -> None:
        """Press the key at a place, from 1: of `topsoftkey` and `softkey` as they are seen.

        A key of `expmod1` to `expmod3` is known by the number that it is configured with. Where
        nothing is, nothing happens.
        """
        if kind == "softkey" and not self._own_screen:
            labels = self.screen.softkeys
            if number <= len(labels):
                self.press(labels[number - 1])
            return
        found = self._place(kind, number)
        if found is None or not self._menu_is_there():
            return
        label, key = found
        if key is None:
            self.press(label)
        elif self._keys_count():
            self.notice = self._desk.browser.notice = ""
            if key.type == LINE:
                self._line_key(key.line)
            else:
                self._act_on(key)
        self._changed()

    def turn_page(self, kind: str) -> None:
        """Turn to the next page of `topsoftkey` or `softkey` keys: More, or a swipe."""
        super().turn_page(kind)
        self._changed()

    # Text and touch

    def type_text(self, text: str) -> None:
        """Type characters."""
        super().type_text(text)
        self._changed()

    def select(self, text: str) -> None:
        """Choose the list's line `text`: by touch, or by D-pad and Select where there is none.

        Raises:
            BenchError: the screen has no such line.
        """
        super().select(text)
        self._changed()

    def touch(self, index: int) -> None:
        """Touch a line of the screen, counted from 0; nothing happens where it can't be chosen.

        Raises:
            BenchError: the phone has no touch.
        """
        if not self.model.touch:
            raise BenchError(
                f"a {self.model.name} has no touch: use the D-pad and Select, or a 6940 or 6970"
            )
        if not self._menu_is_there() or self.locked:
            return
        if self._desk.in_front:
            self._desk.touch(index, self._clock.steady())
            self._desk_work()
        elif self.call is None and self._directory.place is not Directory.CLOSED:
            self._directory.touch(index)
            self._after_directory()
        elif self.call is None:
            self._menu.touch_line(index)
            self._after_menu()
        self._changed()

    # What is seen

    @property
    def scene(self) -> Scene:
        """What kind of screen it is."""
        if self.state is State.OFF:
            return Scene.OFF
        if not self._menu_is_there():
            return Scene.BOOT
        if self._desk.in_front:
            return XML_SCENES[self._desk.browser.place]
        if self.call is not None:
            return Scene.CALL
        if self._directory.place is not Directory.CLOSED:
            return Scene.DIRECTORY
        return MENU_SCENES[self._menu.place]

    @property
    def message_lamp(self) -> Lamp:
        """The lamp of the phone itself: a call rings, or one was missed since the list was seen."""
        if any(call.activity is Activity.INCOMING for call in self.calls.values()):
            return Lamp.FAST
        missed = next((call for call in self.history.calls if call.missed), None)
        return Lamp.OFF if missed is self._seen_call else Lamp.SLOW

    def screen_changes_at(self) -> float | None:
        """Steady time at which the idle screen says something else, if nothing happens before."""
        if self.scene is not Scene.IDLE:
            return None
        return self._desk.status.changes_at(self._clock.steady())

    # Inside

    @property
    def _own_screen(self) -> bool:
        """Whether what is seen below the screen are the configured keys, and a call's."""
        elsewhere = self._menu.place is not Place.IDLE
        elsewhere |= self._directory.place is not Directory.CLOSED
        return not self._desk.in_front and (self.call is not None or not elsewhere)

    def _keys_count(self) -> bool:
        """Whether configured keys do something now; a locked phone says so."""
        if self.locked:
            self.notice = "Phone locked"
            return False
        return self._desk.in_front or self._own_screen

    def _place(self, kind: str, number: int) -> tuple[str, Key | None] | None:
        if kind in ("topsoftkey", "softkey"):
            seen = self.places(kind)
            return seen[number - 1] if 0 < number <= len(seen) else None
        found = (key for key in self.keys if (key.kind, key.number) == (kind, number))
        return next(((key.label, key) for key in found), None)

    def _has_label(self, label: str) -> bool:
        """Whether a key that is seen is called so: it goes before the printed one."""
        return label in self.screen.softkeys or any(key.label == label for key in self.keys)

    def _fixed(self, key: str) -> None:
        self.notice = self._desk.browser.notice = ""
        if key in (VOLUME_DOWN, VOLUME_UP):
            self.notice = self.volume.turned(key)
        elif self.locked:
            self.notice = "Phone locked"
        elif key not in (DIRECTORY, CALL_HISTORY, VOICEMAIL, REDIAL):
            self.notice = f"{key}: not on this phone"
        elif self.call is None:
            super().press("Goodbye")  # menus and lists are left; a screen that is locked in stays
            if self._own_screen:
                self._open(key)

    def _act_on(self, key: Key) -> None:
        if key.type in ("callers", "callhistory"):
            self._seen_call = next((call for call in self.history.calls if call.missed), None)
        super()._act_on(key)

    def _open(self, key: str) -> None:
        if key == DIRECTORY:
            self._directory.open()
        elif key == CALL_HISTORY:
            self._act_on(Key("softkey", 0, "callhistory", key))
        elif key == REDIAL:
            self._dial_number(self.history.last_dialled)
        else:
            configuration = self._life.configuration
            number = configuration.get("sip line1 vmail") or configuration.get("sip vmail", "")
            self._dial_number(number)
