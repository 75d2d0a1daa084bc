"""From changes of phones to events of a page: gathered for a moment, then told once.

Nothing is asked of a phone in between: it tells `Handsets.watchers`, and only while a page is
open. The moment is of real time, since a person looks.
"""

import asyncio
from collections.abc import Callable

from simulators.clock import Clock, Timer
from simulators.faces.events import Event
from simulators.faces.handsets.seen import brick, picture
from simulators.faces.stream import Stream
from simulators.phone.handset import Handset
from simulators.phone.handsets import Handsets

ONE_S = 0.03
"""Real seconds that changes of one phone are gathered; a hand doesn't notice."""
WALL_S = 0.2
"""The same for the wall, where thousands may change at once."""
MINUTE_S = 60.0


class Gathered:
    """Calls `tell` once, a moment after the first of several changes."""

    def __init__(self, moment_s: float, tell: Callable[[], None]) -> None:
        self._moment_s = moment_s
        self._tell = tell
        self._waiting: asyncio.TimerHandle | None = None

    def changed(self) -> None:
        """Something did."""
        if self._waiting is None:
            loop = asyncio.get_running_loop()
            self._waiting = loop.call_later(self._moment_s, self._over)

    def close(self) -> None:
        """Tell nothing more."""
        if self._waiting is not None:
            self._waiting.cancel()

    def _over(self) -> None:
        self._waiting = None
        self._tell()


class OneWatched:
    """One phone on one page, from `begin` to `end`."""

    def __init__(self, phone: Handset, phones: Handsets, stream: Stream) -> None:
        self._phone = phone
        self._phones = phones
        self._stream = stream
        self._gathered = Gathered(ONE_S, self._tell)
        self._last: object = None
        self._timer: Timer | None = None

    def begin(self) -> None:
        """Send it as it is, and from here on as it becomes."""
        self._phones.watchers.add(self._changed)
        self._tell()

    def end(self) -> None:
        """The page is gone."""
        self._phones.watchers.discard(self._changed)
        self._gathered.close()
        if self._timer is not None:
            self._timer.cancel()

    def _changed(self, phone: Handset) -> None:
        if phone is self._phone:
            self._gathered.changed()

    def _tell(self) -> None:
        clock = self._phones.clock
        shown = picture(self._phone, clock.now())
        if shown != self._last:
            self._last = shown
            self._stream.put(Event("phone", shown), key="phone")
        if self._timer is not None:
            self._timer.cancel()
        self._timer = clock.call_at_steady(self._next(clock), self._gathered.changed)

    def _next(self, clock: Clock) -> float:
        """Steady time at which the screen changes by itself: a message, or the time of the day."""
        minute = clock.steady() + MINUTE_S - clock.now() % MINUTE_S
        message = self._phone.screen_changes_at()
        return minute if message is None else min(minute, message)


class WallWatched:
    """All phones on one page; only those that look different are sent."""

    def __init__(self, phones: Handsets, stream: Stream) -> None:
        self._phones = phones
        self._stream = stream
        self._gathered = Gathered(WALL_S, self._tell)
        self._changes: dict[str, Handset] = {}
        self._shown: dict[str, list[str]] = {}

    def begin(self) -> None:
        """Send all as they are, and from here on those that change."""
        self._phones.watchers.add(self._changed)
        self._shown = {mac: brick(phone) for mac, phone in self._phones.by_mac.items()}
        self._stream.put(Event("all", list(self._shown.values())))

    def end(self) -> None:
        """The page is gone."""
        self._phones.watchers.discard(self._changed)
        self._gathered.close()

    def _changed(self, phone: Handset) -> None:
        self._changes[phone.identity.mac] = phone
        self._gathered.changed()

    def _tell(self) -> None:
        changes, self._changes = self._changes, {}
        bricks = {mac: brick(phone) for mac, phone in changes.items()}
        news = {mac: one for mac, one in bricks.items() if self._shown.get(mac) != one}
        self._shown |= news
        if news:
            self._stream.put(Event("some", list(news.values())))
