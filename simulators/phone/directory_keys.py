"""What a person does with the directory: its key, its screen, and who is it that calls."""

from abc import abstractmethod
from dataclasses import replace

from simulators.clock import Clock
from simulators.journal import Journal
from simulators.phone.browsing import Browsing
from simulators.phone.cable import Cable
from simulators.phone.calls.line_table import Activity
from simulators.phone.errands import Errands
from simulators.phone.ldap_port import look_up
from simulators.phone.life.life import Life
from simulators.phone.local.directory_screen import DirectoryScreen
from simulators.phone.local.directory_table import Place as Directory
from simulators.phone.menu.menu_table import Place
from simulators.phone.screen import Screen

KEY_TYPE = "directory"


class DirectoryKeys(Browsing):
    """The keys of the directory, before those of calls and of the menu."""

    _directory: DirectoryScreen
    _errands: Errands
    _life: Life
    role: str
    home_address: str
    _clock: Clock
    _cable: Cable
    _journal: Journal

    def press(self, key: str) -> None:
        """Press one key once: a hard key, or a softkey by its label."""
        if not self._menu_is_there() or self.call is not None:
            super().press(key)
        elif self._directory.place is not Directory.CLOSED:
            self._in_directory(key)
        elif self._menu.place is Place.IDLE and self._is_directory_key(key):
            self._directory.open()
        else:
            super().press(key)

    def type_text(self, text: str) -> None:
        """Type characters."""
        if self._directory.place is Directory.CLOSED or self.call is not None:
            super().type_text(text)
        else:
            self._directory.type_text(text)

    def name_of(self, number: str) -> str:
        """Whose number it is, by the directories; empty when nobody's."""
        contact = self._life.directory.of_number(number)
        return contact.name if contact is not None else ""

    def _is_directory_key(self, key: str) -> bool:
        return any(k.type == KEY_TYPE and key == k.label for k in self.keys)

    def _in_directory(self, key: str) -> None:
        if len(key) == 1:
            self._directory.type_text(key)
            return
        self._directory.press(key)
        self._after_directory()

    def _after_directory(self) -> None:
        """Ask for what was typed, or call whom was chosen."""
        text, number = self._directory.wanted(), self._directory.chosen()
        if text is not None:
            self._errands.start(self._search(text))
        if number:
            self.dial(number)

    async def _search(self, text: str) -> None:
        found = await look_up(
            self.role, self.home_address, self._life.configuration, text,
            clock=self._clock, network=self._cable, journal=self._journal,
        )  # fmt: skip
        if await self._cable.healed():
            self._directory.answered(tuple(found.found), found.reason)
        else:
            self._directory.answered((), "no answer")
        self._changed()

    @abstractmethod
    def _changed(self) -> None:
        """Something is to be seen that wasn't before."""

    def _named(self, screen: Screen) -> Screen:
        """The screen of a call, with the far end's name from the directories where they know it."""
        call = self.call
        if call is None or call.activity is Activity.DIALING:
            return screen
        name = self.name_of(call.far_end.number)
        return replace(screen, lines=(name, call.far_end.number)) if name else screen
