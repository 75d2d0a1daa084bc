"""The phones that register as a hot desk extension themselves, and which of them counts; pure.

The MCS gives the phone at which somebody logs in the hot desk extension's own credentials
(EXT-7), and cannot take them back at the same instant from a phone that was logged out. So the node
tells the phones apart, by Call-ID and contact: what one of them keeps from one registration to the
next. An MBG has one of each for an extension, whatever set stands behind it.
"""

from dataclasses import dataclass

MOST_LEFT = 8
"""Places of an extension that are remembered as left, the latest ones."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a REGISTER came from: Call-ID and contact URI."""

    call_id: str
    contact: str

    def is_same(self, other: "Place") -> bool:
        """Whether it is the same phone, as far as can be told."""
        return self.call_id == other.call_id or self.contact == other.contact


class HotDeskPhones:
    """For each hot desk extension the place that registered last, and those that were left.

    While somebody is logged in, a place that another one follows is left; a log-out leaves the
    place that came with the log-in. What is left registers no more, until the next log-in.
    """

    def __init__(self) -> None:
        self._logged_in: set[str] = set()
        self._latest: dict[str, Place] = {}
        self._older: set[str] = set()
        self._left: dict[str, list[Place]] = {}

    def is_older(self, hot_desk: str) -> bool:
        """Whether the place that registered last did so before the present log-in."""
        return hot_desk in self._older

    def has_left(self, hot_desk: str, place: Place) -> bool:
        """Whether a phone was logged out there and nobody has logged in since."""
        return any(place.is_same(each) for each in self._left.get(hot_desk, ()))

    def registered(self, hot_desk: str, place: Place) -> None:
        """A phone has registered; a refresh of what was there already is nothing new."""
        latest = self._latest.get(hot_desk)
        if latest is None or not latest.is_same(place):
            self._older.discard(hot_desk)
            if latest is not None and hot_desk in self._logged_in:
                self._leave(hot_desk, latest)
        self._latest[hot_desk] = place

    def logged_in(self, hot_desk: str) -> None:
        """Somebody logged in: any place may be the one, also one that was left before."""
        self._logged_in.add(hot_desk)
        self._left.pop(hot_desk, None)
        if hot_desk in self._latest:
            self._older.add(hot_desk)

    def logged_out(self, hot_desk: str) -> bool:
        """The log-in is over; returns whether a phone had registered for it, which is left now."""
        self._logged_in.discard(hot_desk)
        if hot_desk in self._older:
            self._older.discard(hot_desk)
            return False  # it was there before, and has nothing to do with the log-in
        latest = self._latest.pop(hot_desk, None)
        if latest is not None:
            self._leave(hot_desk, latest)
        return latest is not None

    def forget(self, hot_desk: str) -> None:
        """The extension is no more."""
        for kept in (self._logged_in, self._older):
            kept.discard(hot_desk)
        self._latest.pop(hot_desk, None)
        self._left.pop(hot_desk, None)

    def _leave(self, hot_desk: str, place: Place) -> None:
        left = self._left.setdefault(hot_desk, [])
        left.append(place)
        del left[:-MOST_LEFT]
