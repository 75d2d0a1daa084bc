"""The UAS's side of digest: which nonce is good, stale, used up or none of ours (RFC 2617).

Used by the MBG (set side) and by the PBX, each with its own realm and its own look-up of passwords.
"""

import re
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from simulators.core import Entropy
from simulators.sip.digest import Challenge, Credentials, MalformedDigest, verifies
from simulators.sip.message import Request

NONCE_COUNT = re.compile(r"[0-9a-fA-F]{8}")
"""nc-value of RFC 2617 section 3.2.2."""


class Verdict(Enum):
    """What the check of one request came to."""

    NO_CREDENTIALS = "no credentials"
    STALE_NONCE = "stale nonce"
    REPLAYED = "nonce count already used"
    UNKNOWN_NONCE = "nonce is not ours"
    UNKNOWN_USER = "unknown user"
    WRONG_PASSWORD = "wrong password"
    MALFORMED = "malformed credentials"
    PASSED = "passed"


PASSED = Verdict.PASSED
"""Looked up once: of an `Enum` that costs as much as to judge with it."""


class Check(NamedTuple):
    """A verdict and the user name that was claimed ("" where none was)."""

    verdict: Verdict
    username: str = ""

    @property
    def passed(self) -> bool:
        return self.verdict is PASSED


NOTHING_SAID = Check(Verdict.NO_CREDENTIALS)


class Authenticator:
    """Issues challenges for one realm and checks the answers.

    Args:
        realm: the protection space, as challenged.
        entropy: makes the nonces.
        lookup: password of a user name, or None for an unknown user.
        nonce_life_s: how long a nonce may be used, seconds.
        algorithms: of the challenges, the one we like best first (RFC 8760 section 2.3).
    """

    def __init__(
        self,
        realm: str,
        entropy: Entropy,
        lookup: Callable[[str], str | None],
        *,
        nonce_life_s: float = 300.0,
        algorithms: tuple[str, ...] = ("MD5",),
    ) -> None:
        self.realm = realm
        self._entropy = entropy
        self._lookup = lookup
        self._life = nonce_life_s
        self._algorithms = algorithms
        self._ends: dict[str, float] = {}
        self._uses: dict[str, int] = {}
        """The highest count of a nonce, once it was used."""
        self._issued: deque[str] = deque()
        self._texts = {stale: self._words(stale=stale) for stale in (False, True)}

    def challenge(self, now: float, *, stale: bool = False) -> Challenge:
        """The challenge that we like best, with a fresh nonce."""
        return Challenge.parse(self.challenges(now, stale=stale)[0])

    def challenges(self, now: float, *, stale: bool = False) -> list[str]:
        """The words of one challenge for each algorithm, to be sent in this order.

        All have one fresh nonce.
        """
        self._forget(now)
        nonce = self._entropy(16).hex()
        self._ends[nonce] = now + self._life
        self._issued.append(nonce)
        return [f"{before}{nonce}{after}" for before, after in self._texts[stale]]

    def check(self, request: Request, now: float) -> Check:
        """Judge the request's Authorization header for this realm."""
        return self.check_value(request.headers.get("authorization"), request.method, now)

    def check_value(self, value: Credentials | str | None, method: str, now: float) -> Check:
        """The same, of a request of which only this header and the method are known."""
        if not value:
            return NOTHING_SAID
        try:
            credentials = Credentials.parse(value) if isinstance(value, str) else value
        except MalformedDigest:
            return Check(Verdict.MALFORMED)
        name = credentials.username
        if credentials.realm != self.realm or credentials.algorithm not in self._algorithms:
            return Check(Verdict.MALFORMED, name)
        password = self._lookup(name)
        if password is None:
            return Check(Verdict.UNKNOWN_USER, name)
        if not verifies(credentials, method=method, password=password):
            return Check(Verdict.WRONG_PASSWORD, name)
        return Check(self._nonce_verdict(credentials, now), name)

    def _nonce_verdict(self, credentials: Credentials, now: float) -> Verdict:
        nonce = credentials.nonce
        until = self._ends.get(nonce)
        if until is None:
            # Right password over a nonce that was forgotten: RFC 2617 section 3.2.1 calls it stale.
            return Verdict.UNKNOWN_NONCE
        if now >= until:
            return Verdict.STALE_NONCE
        # Without qop there is no count, so nothing tells a copy from a second use: one use then.
        count = 1
        if credentials.qop:
            if NONCE_COUNT.fullmatch(credentials.nc) is None:
                return Verdict.MALFORMED
            count = int(credentials.nc, 16)
        if count <= self._uses.get(nonce, 0):
            return Verdict.REPLAYED
        self._uses[nonce] = count
        return PASSED

    def _words(self, *, stale: bool) -> list[tuple[str, str]]:
        """What stands before and after the nonce in the challenge of each algorithm."""
        words = []
        for name in self._algorithms:
            text = str(Challenge(self.realm, "nonce", name, stale=stale))
            before, _, after = text.rpartition('nonce="nonce"')
            words.append((f'{before}nonce="', f'"{after}'))
        return words

    def _forget(self, now: float) -> None:
        """Drop nonces that ended; they stand in the order of their ends."""
        issued = self._issued
        while issued and self._ends[issued[0]] + self._life <= now:
            nonce = issued.popleft()
            del self._ends[nonce]
            self._uses.pop(nonce, None)
