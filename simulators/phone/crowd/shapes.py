"""Challenges by their shape, and the words that answer them. Pure.

The challenges of a registrar differ in nothing but their nonces, so each shape is read once, by the
full parser, with a mark in place of the nonce. Where that finds the mark to be the nonce, the shape
fits whatever nonce stands there, if that needs no unescaping.
"""

from simulators.sip.digest import ALGORITHMS, Challenge, MalformedDigest

MOST_SHAPES = 200
_MARK = "nonce in between"


class Shape:
    """A challenge but for its nonce, and all words of its answer that stay the same.

    Args:
        domain: host part of the request URI.
    """

    __slots__ = (
        "after",
        "before",
        "digest",
        "ha2",
        "last",
        "middle",
        "qop",
        "realm",
        "space",
        "stale",
    )

    def __init__(self, challenge: Challenge, domain: str) -> None:
        self.stale = challenge.stale
        self.realm = challenge.realm
        self.qop = challenge.qop
        self.digest = ALGORITHMS[challenge.algorithm]
        self.space = challenge.realm, challenge.algorithm
        self.ha2 = self.digest(f"REGISTER:sip:{domain}".encode()).hexdigest()
        self.before = f'", realm="{escaped(challenge.realm)}", nonce="'
        self.middle = f'", uri="sip:{escaped(domain)}", response="'
        self.after = f'", algorithm={challenge.algorithm}'
        if challenge.qop:
            self.after += f', qop={challenge.qop}, cnonce="'
        self.last = f', opaque="{escaped(challenge.opaque)}"' if challenge.opaque else ""


class Shapes:
    """The shapes that were seen."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, bytes, str], Shape | None] = {}
        self._latest: tuple[bytes, bytes, str, Shape] | None = None

    def read(self, text: bytes, domain: str) -> tuple[Shape, str] | None:
        """Shape and nonce of a challenge (ASCII); None: the full parser has to look."""
        if self._latest is not None:
            before, after, of, shape = self._latest
            if text.startswith(before) and text.endswith(after) and of == domain:
                nonce = text[len(before) : -len(after)]
                if b'"' not in nonce and b"\\" not in nonce:
                    return shape, nonce.decode("ascii")
        return self._looked_up(text, domain)

    def _looked_up(self, text: bytes, domain: str) -> tuple[Shape, str] | None:
        at = text.find(b'nonce="') + 7
        end = text.find(b'"', at)
        if at < 7 or end < 0:
            return None
        nonce = text[at:end]
        key = before, after, _ = text[:at], text[end:], domain
        try:
            shape = self._known[key]
        except KeyError:
            if len(self._known) >= MOST_SHAPES:
                self._known.clear()
            shape = self._known[key] = _shape(before, after, domain)
        if shape is None or b"\\" in nonce:
            return None
        self._latest = before, after, domain, shape
        return shape, nonce.decode("ascii")


def _shape(before: bytes, after: bytes, domain: str) -> Shape | None:
    try:
        challenge = Challenge.parse(f"{before.decode('ascii')}{_MARK}{after.decode('ascii')}")
    except MalformedDigest:
        return None
    return Shape(challenge, domain) if challenge.nonce == _MARK else None


def escaped(text: str) -> str:
    """As it stands between quotes."""
    if "\\" in text or '"' in text:
        return text.replace("\\", "\\\\").replace('"', '\\"')
    return text
