"""An XML application on a phone's display: screens over one another, keys, time-outs, pure.

Objects go in with `show`, keys with `press`; the URIs that come of it are fetched with `wishes` and
carried out by the desk. The newest screen is in front; Exit shows the one before. A screen that is
to be destroyed on exit is gone once another one follows it.
"""

from simulators.errors import LocalProtocolError
from simulators.phone.screen import Screen
from simulators.phone.xml import input_fields
from simulators.phone.xml import objects as xml
from simulators.phone.xml.browser_table import KINDS, TRANSITIONS, Place, Step
from simulators.phone.xml.shown import Refresh, Shown
from simulators.phone.xml.uris import SoftKeyAct, read_uri, with_query

MOST_SCREENS = 10
"""Screens that are kept over one another; the oldest goes first."""


class Browser:
    """The screens of one phone."""

    def __init__(self) -> None:
        self.place = Place.NOTHING
        self.notice = ""
        """Why an answer came to nothing, where no screen is left to say it."""
        self.left = 0
        """How often all screens went: an answer that was asked for before is too late."""
        self._screens: list[Shown] = []
        self._wishes: list[str] = []
        self._leave_at: float | None = None

    # What is seen

    @property
    def front(self) -> Shown | None:
        """The screen in front."""
        return self._screens[-1] if self._screens else None

    @property
    def depth(self) -> int:
        """How many screens there are over one another."""
        return len(self._screens)

    def screen(self) -> Screen | None:
        """The picture; None where no screen is there to be seen."""
        waiting = "Loading..." if self.place is Place.WAITING else ""
        if self.front is not None:
            return self.front.picture(waiting)
        return Screen("", message=waiting) if waiting else None

    # What comes

    def asking(self) -> None:
        """An answer is awaited."""
        self._move(Step.ASK)

    def show(self, what: xml.XmlScreen, now: float, refresh: Refresh | None = None) -> None:
        """Another screen comes in front, or in the place of the one that it refreshes."""
        front = self.front
        if front is not None and (front.refreshing or front.head.destroy_on_exit):
            self._screens.pop()
        shown = Shown(what)
        if refresh is not None:
            shown.refresh_at, shown.refresh_url = now + refresh.after_s, refresh.url
        self._screens.append(shown)
        del self._screens[:-MOST_SCREENS]
        self._settle(now)

    def acted(self, now: float, *, destroys: bool = False) -> None:
        """An answer without a screen came; it may destroy the screen that asked."""
        front = self.front
        if destroys and front is not None and front.head.destroy_on_exit:
            self._screens.pop()
        self._settle(now)

    def failed(self, reason: str, now: float) -> None:
        """No usable answer came."""
        self._settle(now)
        if self.front is not None:
            self.front.message = reason
        else:
            self.notice = reason

    def leave(self, now: float) -> None:
        """All screens go."""
        self.left += 1
        self._screens.clear()
        self._settle(now)

    # What people do

    def press(self, key: str, now: float) -> bool:
        """Press a key or a softkey by its label, or type a character; False where it does nothing.

        While an answer is awaited only Goodbye and leaving do something.
        """
        front = self.front
        if front is None:
            if self.place is Place.WAITING and key in ("Goodbye", "Cancel", "Exit"):
                self.leave(now)
                return True
            return False
        self._touched(now)
        front.message, front.refreshing = "", False
        if key == "Goodbye":
            self._goodbye(front, now)
            return True
        if key in front.softkeys:
            self._softkey(front, front.softkeys[key], now)
            return True
        return self._hard_key(front, key, now)

    def touch(self, index: int, now: float) -> None:
        """Touch the line `index`: it is selected, and chosen where it is one of a list."""
        front = self.front
        if front is not None and 0 <= index < len(front.entries):
            front.selected = index
            if not isinstance(front.what, xml.InputScreen):
                self.press("Select", now)

    def wishes(self) -> list[str]:
        """URIs to carry out, in order, once."""
        wishes, self._wishes = self._wishes, []
        return wishes

    # Time

    def timer_at(self) -> float | None:
        """When the screens are left, or the one in front is to be refreshed."""
        refresh_at = self.front.refresh_at if self.front is not None else None
        return min((at for at in (self._leave_at, refresh_at) if at is not None), default=None)

    def handle_timer(self, now: float) -> str:
        """Leave what nobody has touched for too long; returns the address that refreshes it."""
        if self._leave_at is not None and self._leave_at <= now:
            self.leave(now)
        front = self.front
        if front is None or front.refresh_at is None or front.refresh_at > now:
            return ""
        front.refresh_at, front.refreshing = None, True
        return front.refresh_url

    # Inside

    def _goodbye(self, front: Shown, now: float) -> None:
        if not front.head.lock_in:
            self.leave(now)
        elif front.head.goodbye_uri:
            self._wish(front.head.goodbye_uri)

    def _softkey(self, front: Shown, uri: str, now: float) -> None:
        wish = read_uri(uri)
        if isinstance(wish, SoftKeyAct):
            self._act(front, wish.name, now)
        elif uri:
            self._wish(_with_selection(front, uri))

    def _hard_key(self, front: Shown, key: str, now: float) -> bool:
        if key in ("Up", "Down"):
            front.scroll(key)
        elif key == "Left":
            if not front.head.lock_in and front.field is None:
                self._act(front, "exit", now)
        elif key in ("Select", "Right"):
            self._enter(front, key, now)
        elif key == "Backspace" and front.field is not None:
            self._act(front, "backspace", now)
        elif len(key) == 1:
            self._character(front, key)
        elif key == "Speaker" and front.item is not None and front.item.dial:
            self._dial(front.item)
        else:
            return False
        return True

    def _enter(self, front: Shown, key: str, now: float) -> None:
        if front.field is not None:
            if key == "Select":
                self._act(front, "submit", now)
        elif front.entries:
            self._act(front, "select", now)
        elif not front.head.lock_in:
            self._act(front, "done", now)

    def _act(self, front: Shown, name: str, now: float) -> None:
        """What `SoftKey:` can ask for, and what the phone's own softkeys do."""
        match name:
            case "exit" | "done":
                action = front.head.done_action if name == "done" else front.head.cancel_action
                self._screens.pop()
                self._settle(now)
                if action:
                    self._wish(action)
            case "select":
                self._choose(front)
            case "submit":
                self._submit(front)
            case "backspace" if front.field is not None:
                typed = front.typed[front.selected]
                front.typed[front.selected] = input_fields.shortened(front.field, typed)
            case "dot":
                self._character(front, ".")
            case "dial":
                number = (
                    front.item.uri if front.item else "".join(front.typed[front.selected :][:1])
                )
                if number:
                    self._wish(f"Dial:{number}")
            case "dial2" if front.item is not None and front.item.dial:
                self._dial(front.item)

    def _choose(self, front: Shown) -> None:
        if isinstance(front.what, xml.CallLog):
            if front.what.entries and front.what.entries[front.selected].number:
                self._wish(f"Dial:{front.what.entries[front.selected].number}")
        elif front.item is not None and front.item.uri:
            dials = isinstance(front.what, xml.Directory)
            self._wish(f"Dial:{front.item.uri}" if dials else front.item.uri)

    def _submit(self, front: Shown) -> None:
        if not isinstance(front.what, xml.InputScreen):
            return
        answers: list[tuple[str, str]] = []
        for index, field in enumerate(front.what.fields):
            front.message = input_fields.mistake(field, front.typed[index])
            if front.message:
                front.selected = index
                return
            if field.type != "empty":
                answers.append((field.parameter, front.typed[index]))
            if field.selection:
                answers.append(("selection", field.selection))
        self._wish(with_query(front.what.url, answers))

    def _character(self, front: Shown, character: str) -> None:
        field = front.field
        if field is not None:
            typed = front.typed[front.selected]
            if field.type == "IP" and character == "*":
                character = "."
            if input_fields.takes(field, typed, character):
                front.typed[front.selected] = input_fields.appended(field, typed, character)
        elif isinstance(front.what, xml.ImageMenu):
            uri = next((uri for key, uri in front.what.uris if key == character), "")
            if uri:
                self._wish(uri)
        elif character in "123456789" and int(character) <= len(front.entries):
            front.selected = int(character) - 1

    def _dial(self, item: xml.MenuItem) -> None:
        self._wish(f"DialLine:{item.line}:{item.dial}" if item.line else f"Dial:{item.dial}")

    def _wish(self, uri: str) -> None:
        self._wishes.append(uri)

    def _touched(self, now: float) -> None:
        after_s = self.front.leave_after_s if self.front is not None else None
        self._leave_at = None if after_s is None else now + after_s

    def _settle(self, now: float) -> None:
        """What is in front now decides the place and the time-out."""
        self._touched(now)
        front = self.front
        self._move(Step.NOTHING if front is None else KINDS[type(front.what)])

    def _move(self, step: Step) -> None:
        try:
            self.place = TRANSITIONS[self.place][step]
        except KeyError:
            raise LocalProtocolError(
                f"XML screens at {self.place.value} can't take '{step.value}'"
            ) from None


def _with_selection(front: Shown, uri: str) -> str:
    """The address of a softkey, with what is selected where the object names it."""
    chosen = front.item or front.field
    if chosen is None or not chosen.selection or not uri.lower().startswith("http"):
        return uri
    return with_query(uri, (("selection", chosen.selection),))
