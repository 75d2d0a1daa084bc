"""What a person's hands do with configured keys and XML screens, and what can be seen of both."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace

from simulators.clock import Clock
from simulators.errors import BenchError
from simulators.phone.calling import Calling
from simulators.phone.calls import key_states
from simulators.phone.calls.call_screen import DIGITS, SOFTKEYS
from simulators.phone.calls.history import CallHistory
from simulators.phone.calls.line_table import Activity, Lamp
from simulators.phone.files.keys import LINE, MORE, Key, paged
from simulators.phone.life.life import Life
from simulators.phone.menu.menu_table import Place
from simulators.phone.models import Model
from simulators.phone.screen import Screen
from simulators.phone.sound import Sound
from simulators.phone.xml import browser_table
from simulators.phone.xml.desk import Desk
from simulators.phone.xml.objects import InputScreen
from simulators.phone.xml.uris import PressKey, PressPlace

CALL_KEYS = frozenset(("Goodbye", "Hold", "Speaker"))
"""Hard keys that are for a call also where an XML screen is in front of it."""
WHILE_LOCKED = frozenset(("Answer", "Ignore", "Goodbye", "Drop", "Hold"))
BACKSPACES = 128


class KeyHands(Calling):
    """Configured keys, pages, XML screens; what comes of it goes to the desk."""

    model: Model
    history: CallHistory
    _life: Life
    _clock: Clock
    _desk: Desk
    _sound: Sound
    _pages: dict[str, int]
    _pressed_at = -1
    """How deep the XML object was that presses a key; -1 where a person does."""
    notice = ""
    """What the idle screen says of the last key, until the next."""

    @abstractmethod
    def _desk_work(self) -> None:
        """Carry out what the desk wants."""

    @abstractmethod
    async def _until(
        self, there: Callable[[], bool], wanted: str, found: Callable[[], str], within_s: float
    ) -> None:
        """Wait until something is so."""

    # What can be seen

    @property
    def locked(self) -> bool:
        """Whether a server has locked the phone."""
        return self._desk.locked

    @property
    def playing(self) -> str:
        """URL of the wave file that is heard now."""
        return self._sound.playing

    @property
    def status_messages(self) -> tuple[str, ...]:
        """The messages that servers put on the idle screen."""
        return self._desk.status.messages

    @property
    def key_lamps(self) -> dict[str, Lamp]:
        """How each key's lamp burns: `topsoftkey1`, `softkey2`, `expmod1 key3`."""
        return key_states.lamps(self.keys, self.lamps, self._desk.lamps)

    @property
    def top_labels(self) -> tuple[str, ...]:
        """The top softkeys of the page that is seen."""
        return self._page("topsoftkey")

    @property
    def soft_labels(self) -> tuple[str, ...]:
        """The softkeys below the screen that are seen, those of a call first."""
        return self._page("softkey")

    @property
    def page_counts(self) -> dict[str, int]:
        """How many pages of keys there are, of `topsoftkey` and `softkey`."""
        return {kind: len(self._all_pages(kind)) for kind in ("topsoftkey", "softkey")}

    def places(self, kind: str) -> tuple[tuple[str, Key | None], ...]:
        """The keys of `topsoftkey` or `softkey` that are seen: label, and the configured key.

        None where it is More, or a call's own.
        """
        found = self._all_pages(kind)
        return found[self._pages.get(kind, 0) % len(found)]

    def _page(self, kind: str) -> tuple[str, ...]:
        return tuple(label for label, _ in self.places(kind))

    def _all_pages(self, kind: str) -> tuple[tuple[tuple[str, Key | None], ...], ...]:
        own: list[tuple[str, Key | None]] = []
        shown: tuple[Key, ...] = tuple(key for key in self.keys if key.kind == kind)
        if kind != "topsoftkey":
            activity = self.call.activity if self.call is not None else Activity.IDLE
            own = [(label, None) for label in SOFTKEYS[activity]]
            shown = key_states.seen_softkeys(self.keys, activity)
        fits = self.model.top_page if kind == "topsoftkey" else self.model.soft_page
        return paged([*own, *((key.label, key) for key in shown)], fits, self.model, (MORE, None))

    def _with_softkeys(self, screen: Screen) -> Screen:
        """A picture of the phone's own with the softkeys that are seen below it."""
        return replace(screen, softkeys=self.soft_labels)

    # What a key does

    def _call_key(self, key: str) -> bool:
        """Press a key; False where it is the menu's business."""
        self.notice = self._desk.browser.notice = ""
        if self.locked and key not in WHILE_LOCKED and self._pressed_at < 0:
            self.notice = "Phone locked"
            return True
        if key == "Goodbye" and self._sound.playing:
            self._sound.stop()
            return True
        if self._desk.in_front:
            return self._xml_key(key)
        if self.call is None and self._menu.place is not Place.IDLE:
            return super()._call_key(key)
        return self._configured(key) or super()._call_key(key)

    def _xml_key(self, key: str) -> bool:
        """A key while an XML screen is in front: its own, those of a call, those beside it."""
        if self.call is not None:
            answers, drops = self._desk.call_keys()
            for_call = CALL_KEYS | {"Answer", "Ignore"} if answers else CALL_KEYS
            if key in for_call or (drops and key == "Drop"):
                return super()._call_key(key)
        now, depth = self._clock.steady(), self._pressed_at + 1
        if self._desk.press(key, now, depth):
            self._desk_work()
            return True
        if key == "Settings":
            self._desk.browser.press("Goodbye", now)  # a screen that is locked in stays
            self._desk_work()
            return self._desk.in_front
        return self._configured(key, beside=True) or super()._call_key(key)

    def _configured(self, key: str, *, beside: bool = False) -> bool:
        """Press a configured key by its label; False where none that is seen has it.

        Args:
            beside: only those beside the screen are there.
        """
        if self.call is not None and key in SOFTKEYS[self.call.activity]:
            return False
        if not beside and key in self.soft_labels:
            if key == MORE:
                self.turn_page("softkey")
                return True
            activity = self.call.activity if self.call is not None else Activity.IDLE
            shown = key_states.seen_softkeys(self.keys, activity)
            self._act_on(next(each for each in shown if each.label == key))
            return True
        if key == MORE and key in self.top_labels:
            self.turn_page("topsoftkey")
            return True
        around = (
            each
            for each in self.keys
            if each.label == key and each.type != LINE and each.kind != "softkey"
            and (each.kind != "topsoftkey" or key in self.top_labels)
        )  # fmt: skip
        found = next(around, None)
        if found is not None:
            self._act_on(found)
        return found is not None

    def _act_on(self, key: Key) -> None:
        now = self._clock.steady()
        match key.type:
            case "xml":
                if key.value:
                    self._desk.open(key.value, now, self._pressed_at + 1)
                    self._desk_work()
            case "speeddial":
                self._dial_number(key.value, key.line)
            case "redial":
                self._dial_number(self.history.last_dialled)
            case "callers" | "callhistory":
                title = "Callers" if key.type == "callers" else "Call History"
                listed = self.history.listed(title, incoming_only=key.type == "callers")
                self._desk.show(listed, now)
                self._desk_work()
            case "empty":
                pass
            case _:
                self.notice = f"{key.label or key.type}: not on this phone"

    def _dial_number(self, number: str, line: int = 0) -> None:
        """Call a number without typing it, on a line or the first that is idle."""
        digits = "".join(character for character in number if character in DIGITS)
        idle = [n for n, call in self.calls.items() if call.activity is Activity.IDLE]
        chosen = line if line in idle else next(iter(idle), 0) if not line else 0
        if not digits or not chosen:
            self.notice = "No line is free" if digits else "Nothing to dial"
            return
        front = self.call
        if front is not None and front.activity is Activity.CONNECTED:
            self._telephone.hold(front.number)
        self._telephone.off_hook(chosen)
        for digit in digits:
            self._telephone.digit(chosen, digit)
        self._telephone.dial(chosen)

    def _press_wish(self, wish: PressKey | PressPlace) -> None:
        """A key that an XML object presses; one that isn't there is passed over."""
        if isinstance(wish, PressKey):
            if wish.key == "Redial":
                self._dial_number(self.history.last_dialled)
            else:
                self.press(wish.key)
        elif wish.kind == "line":
            if wish.number in self.calls:
                self._line_key(wish.number)
        elif wish.module:
            for key in self.keys:
                if (key.kind, key.number) == (wish.kind, wish.number):
                    self._act_on(key)
        else:
            shown = self.top_labels if wish.kind == "topsoftkey" else self.screen.softkeys
            if wish.number <= len(shown):
                self.press(shown[wish.number - 1])

    # What a person does

    def turn_page(self, kind: str) -> None:
        """Turn to the next page of `topsoftkey` or `softkey` keys: More, or a swipe."""
        self._pages[kind] = (self._pages.get(kind, 0) + 1) % len(self._all_pages(kind))

    def select(self, text: str) -> None:
        """Choose the list's line `text`: by touch, or by D-pad and Select where there is none.

        Raises:
            BenchError: the screen has no such line.
        """
        front = self._desk.browser.front
        if not self._desk.in_front or front is None:
            super().select(text)
            return
        index = front.find(text)
        if index is None:
            raise BenchError(f"expected a line {text!r} on the screen, it shows {self.screen}")
        if self.model.touch:
            self._desk.touch(index, self._clock.steady())
            self._desk_work()
            return
        while front.selected != index:
            self.press("Down")
        if front.field is None:
            self.press("Select")

    async def open_key(self, label: str, within_s: float = 15.0) -> None:
        """Press a configured key, paging to where it is, and wait for the answer to it.

        Raises:
            BenchError: the phone shows no such key, or no answer came.
        """
        for kind in ("softkey", "topsoftkey"):
            for _ in self._all_pages(kind):
                if label in self._page(kind):
                    self.press(label)
                    await self.until_answered(within_s)
                    return
                self.turn_page(kind)
        raise BenchError(f"expected a key {label!r}, the phone has {[k.label for k in self.keys]}")

    async def until_answered(self, within_s: float = 15.0) -> None:
        """Wait until the XML application awaits no answer; `within_s` is real seconds.

        Raises:
            BenchError: it still does.
        """
        place = self._desk.browser
        await self._until(
            lambda: place.place is not browser_table.Place.WAITING,
            "answered", lambda: place.place.value, within_s,
        )  # fmt: skip

    async def hot_desk_log_in(self, extension: str, passcode: str) -> bool:
        """Hot Desk key, extension, passcode, Done (EXT-7); False: the screen says why not."""
        before = self._changes()
        await self.open_key("Hot Desk")
        front = self._desk.browser.front
        if front is None or not isinstance(front.what, InputScreen):
            return False
        for text in (extension, passcode):
            for _ in front.typed[front.selected]:
                self.press("Backspace")
            self.type_text(text)
            self.press("Down")
        self.press("Select")
        await self.until_answered()
        return self._done_since(before)

    async def hot_desk_log_out(self) -> bool:
        """Log Out key; False: the screen says why not."""
        before = self._changes()
        await self.open_key("Log Out")
        return self._done_since(before)

    async def choose_extension(self, extension: str) -> bool:
        """Setup key, the extension in the list, wherever its page is (PHN-6); False: not done."""
        before = self._changes()
        await self.open_key("Setup")
        while (front := self._desk.browser.front) is not None:
            if front.find(extension) is not None:
                self.select(extension)
                await self.until_answered()
                break
            if MORE not in front.softkeys:
                return False
            self.press(MORE)
            await self.until_answered()
        return self._done_since(before)

    def _changes(self) -> tuple[int, int]:
        restarting = not self._menu_is_there()
        return self._desk.configurations, self._life.reboots + restarting

    def _done_since(self, before: tuple[int, int]) -> bool:
        """Whether the phone got other parameters, or restarts; then the screens are left."""
        if self._changes() == before:
            return False
        if self._desk.in_front:
            self.press("Goodbye")
        return True
