"""Hiding secrets in every view of the journal (API-1).

Two nets: values that a role named as secret when it made or read them, and the places where
protocols carry secrets (digest responses, OAuth signatures and secrets, password lines and
fields), whoever sent them.
"""

import re
from urllib.parse import quote

HIDDEN = "•••"
SHORTEST_SECRET = 6
"""Shorter values are not searched for: they would blank out innocent text."""

_PLACES = [
    re.compile(r'(?i)(\b(?:response|cnonce)=")[^"]*'),
    re.compile(r'(?i)(\boauth_(?:signature|token|token_secret|verifier)=")[^"]*'),
    re.compile(r"(?i)(\boauth_(?:token_secret|token|verifier|signature)=)[^&\s\"]+"),
    re.compile(r"(?im)^([ !^]*(?:sip line\d+ |sip )?(?:auth )?password\s*:\s*)\S.*$"),
    re.compile(r"(?im)^([ !^]*(?:admin|user) password\s*:\s*)\S.*$"),
    re.compile(r'(?i)("[a-z_]*(?:password|secret|verifier|token_secret)"\s*:\s*")(?:[^"\\]|\\.)*'),
    re.compile(r"(?i)^(authorization:\s*bearer\s+)\S+", re.MULTILINE),
]


class Masker:
    """Replaces the run's secret values, and what stands in secret places, by `•••`."""

    def __init__(self) -> None:
        self._known: dict[str, None] = {}
        self._ordered: list[str] | None = None

    def learn(self, *secrets: str) -> None:
        """From now on hide these values, also as they look percent-encoded."""
        for secret in secrets:
            if len(secret) >= SHORTEST_SECRET:
                self._known[secret] = None
                self._known[quote(secret, safe="")] = None
        self._ordered = None

    def view(self, text: str) -> str:
        """`text` as a person may see it."""
        for place in _PLACES:
            text = place.sub(rf"\g<1>{HIDDEN}", text)
        if self._ordered is None:
            # The longest first: a secret that holds another one must go as a whole.
            self._ordered = sorted(self._known, key=len, reverse=True)
        for secret in self._ordered:
            if secret in text:
                text = text.replace(secret, HIDDEN)
        return text
