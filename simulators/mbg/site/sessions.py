"""Who is logged in at the MBG's site, and how fast one may guess its password, pure.

Times are calendar time in epoch seconds, so a session ends by the bench's clock (domain: two hours
without a page).
"""

import base64
import hmac
from dataclasses import dataclass, field

from simulators.core import Entropy

TIMEOUT_S = 7200.0
MOST_SESSIONS = 100
MOST_REMEMBERED = 100
"""Submitted forms that a session remembers, so that a double click does nothing twice."""

FREE_GUESSES = 3
LONGEST_WAIT_S = 60.0
MOST_GUESSERS = 1000


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """A consumer's shared secret, waiting to be shown once."""

    consumer_id: str
    secret: str = field(repr=False)


@dataclass(slots=True)
class Session:
    """One log-in.

    Args:
        csrf: what each of its forms must carry.
        password: the one that it was opened with; when that changes, the session ends.
        notes: what the next page shall say.
        shared_secret: what one page may show, once.
        submitted: forms by their number, and where each led.
    """

    csrf: str = field(repr=False)
    password: str = field(repr=False)
    seen_at: float
    notes: list[str] = field(default_factory=list)
    shared_secret: SharedSecret | None = None
    submitted: dict[str, str] = field(default_factory=dict)

    def take_notes(self) -> list[str]:
        """What this page shall say; the next one does not say it again."""
        notes, self.notes = self.notes, []
        return notes

    def leads(self, number: str, where: str) -> None:
        """Remember where a submitted form leads."""
        self.submitted[number] = where
        while len(self.submitted) > MOST_REMEMBERED:
            del self.submitted[next(iter(self.submitted))]


class Sessions:
    """All sessions of one MBG.

    Args:
        entropy: asked once, for a key; what pages show does not shift what the MBG makes later.
    """

    def __init__(self, entropy: Entropy) -> None:
        self._key = entropy(32)
        self._made = 0
        self._open: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._open)

    def token(self) -> str:
        """Something that nobody can guess, safe in cookies and URLs."""
        self._made += 1
        octets = hmac.digest(self._key, str(self._made).encode(), "sha256")
        return base64.urlsafe_b64encode(octets[:24]).decode()

    def open(self, password: str, now: float) -> str:
        """Log in; returns the cookie's value. The oldest of too many sessions ends."""
        while len(self._open) >= MOST_SESSIONS:
            del self._open[next(iter(self._open))]
        cookie = self.token()
        self._open[cookie] = Session(self.token(), password, now)
        return cookie

    def find(self, cookie: str, password: str, now: float) -> Session | None:
        """The session of a cookie, if it lasts; being asked for makes it last two hours more."""
        session = self._open.get(cookie)
        if session is None:
            return None
        changed = not same(session.password, password)
        if changed or now - session.seen_at >= TIMEOUT_S:
            del self._open[cookie]
            return None
        session.seen_at = now
        return session

    def close(self, cookie: str) -> None:
        """Log out."""
        self._open.pop(cookie, None)


@dataclass(slots=True)
class _Guesser:
    wrong: int
    free_at: float


class Guesses:
    """Slows down who enters wrong passwords, by source address; nobody else waits."""

    def __init__(self) -> None:
        self._guessers: dict[str, _Guesser] = {}

    def wait_s(self, source: str, now: float) -> float:
        """How long this source must wait before its next try counts, 0 for not at all."""
        guesser = self._guessers.get(source)
        return max(0.0, guesser.free_at - now) if guesser else 0.0

    def wrong(self, source: str, now: float) -> None:
        """A wrong password came: after three, each doubles the wait, up to a minute."""
        guesser = self._guessers.pop(source, None) or _Guesser(0, now)
        guesser.wrong += 1
        over = guesser.wrong - FREE_GUESSES
        if over >= 0:
            guesser.free_at = now + min(LONGEST_WAIT_S, 2.0 ** min(over, 10))
        while len(self._guessers) >= MOST_GUESSERS:
            del self._guessers[next(iter(self._guessers))]
        self._guessers[source] = guesser

    def right(self, source: str) -> None:
        """The right password came."""
        self._guessers.pop(source, None)


def same(one: str, other: str) -> bool:
    """Compare secrets in constant time."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
