"""All that XML objects do on one phone, pure: they are read, shown, carried out.

An object comes as octets from somewhere (`Source`), or a URI from a key. What the desk can't do
itself comes out of `outcomes`: to GET an address, to dial, to press a key, to restart, to change
the configuration. Answers come back with `answered` or `failed`.

An object may ask for an address whose answer is an object again: that goes on `MAX_DEPTH` times,
until a person presses a key; so no server can keep a phone busy for ever.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulators.phone.calls.line_table import Lamp
from simulators.phone.screen import Screen
from simulators.phone.xml import objects as xml
from simulators.phone.xml.browser import Browser
from simulators.phone.xml.browser_table import Place
from simulators.phone.xml.media import EndFile, EndStream, Media, PlayFile, Receive, Send
from simulators.phone.xml.objects import SCREENS, Nothing, Unusable
from simulators.phone.xml.reading import read_object
from simulators.phone.xml.shown import Refresh, read_refresh
from simulators.phone.xml.status import StatusLine
from simulators.phone.xml.uris import (
    CLEAR_LOCAL,
    FAST_REBOOT,
    LOCK,
    RESET,
    UNLOCK,
    Command,
    DialNumber,
    NoOperation,
    PressKey,
    PressPlace,
    SetLamp,
    SoftKeyAct,
    Unknown,
    Visit,
    read_uri,
)

MAX_DEPTH = 5
MOST_OUTSTANDING = 8
"""Answers that are awaited at once."""
FOUND = 200


@dataclass(frozen=True, slots=True)
class Get:
    """GET `url`; say `answered` or `failed` with the same `number`."""

    number: int
    url: str
    depth: int


@dataclass(frozen=True, slots=True)
class Restart:
    """A command that restarts the phone: `fastreboot`, `reset`, `clearlocal`."""

    command: str
    source: str


@dataclass(frozen=True, slots=True)
class Reconfigure:
    """Parameters that count at once, by how they are kept (`objects.SET_TYPES`)."""

    values: Mapping[str, Mapping[str, str]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Press:
    """Press a key; `depth` is how deep the object is that wants it."""

    wish: PressKey | PressPlace
    depth: int


@dataclass(frozen=True, slots=True)
class Noted:
    """Something worth a line in the journal."""

    name: str
    facts: Mapping[str, object] = field(default_factory=dict)


Outcome = Get | Restart | Reconfigure | Noted | DialNumber | Press | Media


class Desk:
    """The XML API of one phone in service; made anew, in effect, by `clear` at each restart."""

    def __init__(self) -> None:
        self.browser = Browser()
        self.status = StatusLine()
        self.lamps: dict[str, Lamp] = {}
        self.locked = False
        self.beeps = 0
        self.configurations = 0
        """How many Configuration objects were taken since the phone was made."""
        self._covered = False
        self._in_call = False
        self._outcomes: list[Outcome] = []
        self._outstanding: dict[
            int, tuple[int, int | None]
        ] = {}  # number -> depth, `left` if waited
        self._numbers = 0

    # In

    def open(self, url: str, now: float, depth: int = 0) -> None:
        """A key asks for an address; `depth` is 0 where a person pressed it."""
        self._covered = False
        self._get(url, depth, now, waits=True)

    def show(self, what: xml.XmlScreen, now: float) -> None:
        """Show a list of the phone's own as a screen."""
        self._covered = False
        self.browser.show(what, now)

    def carry_out(self, uri: str, source: str, now: float, depth: int = 0) -> bool:
        """Do what a URI says; False where a restart makes the rest of a list pointless."""
        wish = read_uri(uri)
        match wish:
            case NoOperation():
                pass
            case Command(name):
                return self._command(name, source)
            case Visit(url):
                self._get(url, depth, now, waits=source in ("key", "screen"))
            case SetLamp(key, lamp):
                self._set_lamp(key, lamp)
            case DialNumber():
                self._outcomes.append(wish)
            case PressKey() | PressPlace():
                self._outcomes.append(Press(wish, depth))
            case SoftKeyAct():
                self._note("command not obeyed", uri=uri, reason="no screen asks for it")
            case Receive() | Send() | EndStream() | PlayFile() | EndFile():
                self._media(wish, uri, source)
            case Unknown(unknown):
                self._note("command not obeyed", uri=unknown, source=source)
        return True

    def take(self, data: bytes, source: str, now: float, depth: int = 0, refresh: str = "") -> None:
        """An object came, as octets, with its `Refresh` header; never raises."""
        found = read_object(data)
        if isinstance(found, Unusable):
            self._note(f"{source} not usable", reason=found.reason)
            if self.browser.place is Place.WAITING:
                self.browser.failed("XML error", now)
        elif isinstance(found, Nothing):
            self._acted(now)
        else:
            self._note("XML object", object=type(found).__name__, source=source)
            self._take(found, source, now, depth, read_refresh(refresh))

    def answered(
        self, number: int, status: int, data: bytes, now: float, refresh: str = ""
    ) -> None:
        """The response to a `Get` came."""
        depth, left = self._outstanding.pop(number, (None, None))
        if depth is None:
            return  # forgotten meanwhile
        if left is not None and left != self.browser.left:
            self._note("XML answer too late")  # the person has gone elsewhere
            return
        if status != FOUND:
            self._note("XML answer not usable", reason=f"HTTP status {status}")
            self.browser.failed(f"Error {status}", now)
            return
        self.take(data, "XML answer", now, depth + 1, refresh)

    def failed(self, number: int, reason: str, now: float) -> None:
        """No response to a `Get` came."""
        depth, left = self._outstanding.pop(number, (None, None))
        if depth is not None:
            self._note("XML answer not usable", reason=reason)
            if left == self.browser.left:
                self.browser.failed("Server not reachable", now)

    def press(self, key: str, now: float, depth: int = 0) -> bool:
        """Press a key, or type a character; False where it is nothing to the XML screen."""
        if not self.in_front:
            return False
        done = self.browser.press(key, now)
        self._wishes(now, depth)
        return done

    def touch(self, index: int, now: float) -> None:
        """Touch a line of the screen."""
        if self.in_front:
            self.browser.touch(index, now)
            self._wishes(now)

    def call_began(self) -> None:
        """A call goes before the screens that are there; a later one goes before the call."""
        self._in_call, self._covered = True, True

    def call_ended(self) -> None:
        """The screens are seen again."""
        self._in_call = self._covered = False

    def clear(self, now: float) -> None:
        """A restart: screens, messages, lamps, lock and awaited answers are gone."""
        self.browser.leave(now)
        self.browser.notice = ""
        self.status = StatusLine()
        self.lamps.clear()
        self.locked = self._in_call = self._covered = False
        self._outstanding.clear()
        self._outcomes.clear()

    # Out

    @property
    def in_front(self) -> bool:
        """Whether keys are for an XML screen."""
        return self.browser.place is not Place.NOTHING and not self._covered

    def screen(self) -> Screen | None:
        """The picture of the XML screen in front; None without one."""
        return self.browser.screen() if self.in_front else None

    def call_keys(self) -> tuple[bool, bool]:
        """Whether the screen in front offers the keys to answer, and to drop, a call."""
        front = self.browser.front
        head = front.head if front is not None and self.in_front else xml.Head()
        return head.allow_answer, head.allow_drop

    def outcomes(self) -> list[Outcome]:
        """What is to be done, in order, once."""
        outcomes, self._outcomes = self._outcomes, []
        return outcomes

    def timer_at(self) -> float | None:
        """When `handle_timer` wants to be called."""
        return self.browser.timer_at()

    def handle_timer(self, now: float) -> None:
        """Leave what nobody has touched for too long; an answer that was awaited for it is late.

        What is to be refreshed is asked for, behind the screen that is there.
        """
        url = self.browser.handle_timer(now)
        if url:
            self._get(url, 0, now, waits=True, seen=False)

    # Inside

    def _take(
        self, what: xml.XmlObject, source: str, now: float, depth: int, refresh: Refresh | None
    ) -> None:
        if isinstance(what, SCREENS):
            self.beeps += what.head.beep
            self._covered = False
            self.browser.show(what, now, refresh)
            return
        self.beeps += what.beep
        self._acted(now, destroys=what.trigger_destroy)
        match what:
            case xml.Status():
                self.status.take(what, now)
            case xml.Configuration(items=items):
                self._configure(items)
            case xml.Execute(items=items):
                for item in items:
                    if self._in_call and not item.interrupt_call:
                        self._note("command not obeyed", uri=item.uri, reason="in a call")
                    elif not self.carry_out(item.uri, source, now, depth):
                        break

    def _acted(self, now: float, *, destroys: bool = False) -> None:
        """An object without a screen came; somebody may still wait for another answer."""
        self.browser.acted(now, destroys=destroys)
        if any(left == self.browser.left for _, left in self._outstanding.values()):
            self.browser.asking()

    def _configure(self, items: tuple[xml.ConfigurationItem, ...]) -> None:
        values: dict[str, dict[str, str]] = {}
        for item in items:
            values.setdefault(item.set_type, {})[item.parameter] = item.value
        if values:
            self.configurations += 1
            self._outcomes.append(Reconfigure(values))

    def _command(self, name: str, source: str) -> bool:
        if name in (LOCK, UNLOCK):
            self.locked = name == LOCK
            self._note("locked" if self.locked else "unlocked", source=source)
            return True
        self._outcomes.append(Restart(name, source))
        return name not in (FAST_REBOOT, RESET, CLEAR_LOCAL)

    def _media(self, wish: Media, uri: str, source: str) -> None:
        """Sounds are for an Execute to ask for; as the address of a key they mean nothing."""
        if source in ("key", "screen"):
            self._note("command not obeyed", uri=uri, reason="sounds are for an Execute")
        else:
            self._outcomes.append(wish)

    def _set_lamp(self, key: str, lamp: Lamp) -> None:
        if key == "all":
            self.lamps = {} if lamp is Lamp.OFF else {key: lamp}
        else:
            self.lamps[key] = lamp

    def _get(self, url: str, depth: int, now: float, *, waits: bool, seen: bool = True) -> None:
        """GET an address; `waits`: for the screens that are there, `seen`: keys wait for it."""
        if depth > MAX_DEPTH or len(self._outstanding) >= MOST_OUTSTANDING:
            self._note("XML address not followed", url=url, depth=depth)
            self.browser.failed("Too many XML answers", now)
            return
        self._numbers += 1
        self._outstanding[self._numbers] = depth, self.browser.left if waits else None
        self._outcomes.append(Get(self._numbers, url, depth))
        if waits and seen:
            self.browser.asking()

    def _wishes(self, now: float, depth: int = 0) -> None:
        for uri in self.browser.wishes():
            self.carry_out(uri, "screen", now, depth)

    def _note(self, name: str, /, **facts: object) -> None:
        self._outcomes.append(Noted(name, facts))
