"""Hiding secrets in every view of the journal (API-1).

Two nets: values that a role named as secret when it made or read them, and the places where
protocols carry secrets (digest responses, OAuth signatures and secrets, password lines and
fields, a phone's passcodes and media keys), whoever sent them.
"""

import re
from urllib.parse import quote

HIDDEN = "•••"
SHORTEST_SECRET = 6
"""Shorter values are not searched for: they would blank out innocent text."""

# "=" and "&" of a form, as they are or percent-encoded once or twice (signature base strings)
_IS = "(?:=|%(?:25){0,2}3D)"
_VALUE = r'(?:(?!%(?:25){0,2}26)[^&\s"])+'

_PLACES = [
    re.compile(r'(?i)(\b(?:response|cnonce)=")[^"]*'),
    re.compile(r'(?i)(\boauth_(?:signature|token|token_secret|verifier)=")[^"]*'),
    re.compile(rf"(?i)(oauth_(?:token_secret|token|verifier|signature){_IS}){_VALUE}"),
    re.compile(rf"(?i)((?:password|passcode|secret){_IS}){_VALUE}"),
    re.compile(r"(?is)(<Parameter>[^<]*password\s*</Parameter>\s*<Value>)[^<]*"),
    re.compile(r"(?im)^(a=crypto:\d+ \S+ inline:)\S+"),
    re.compile(r"(?im)^([ !^]*(?:sip line\d+ |sip )?(?:auth )?password\s*:\s*)\S.*$"),
    re.compile(r"(?im)^([ !^]*(?:admin|user) password\s*:\s*)\S.*$"),
    re.compile(r'(?i)("[a-z_]*(?:password|secret|verifier|token_secret)"\s*:\s*")(?:[^"\\]|\\.)*'),
    re.compile(r'(?i)("[a-z_]*(?:password|secret|verifier)"\s*:\s*)[-\d][^\s,\]}"]*'),
    re.compile(r"(?i)^(authorization:\s*bearer\s+)\S+", re.MULTILINE),
]


class Masker:
    """Replaces the run's secret values, and what stands in secret places, by `•••`."""

    def __init__(self) -> None:
        self._known: dict[str, set[str]] = {}
        """All that is hidden, by its first `SHORTEST_SECRET` characters."""

    def learn(self, *secrets: str) -> None:
        """From now on hide these values, also as they look percent-encoded once and twice."""
        for secret in secrets:
            if len(secret) >= SHORTEST_SECRET:
                once = quote(secret, safe="")
                for form in (secret, once, quote(once, safe="")):
                    self._known.setdefault(form[:SHORTEST_SECRET], set()).add(form)

    def view(self, text: str) -> str:
        """`text` as a person may see it."""
        for place in _PLACES:
            text = place.sub(rf"\g<1>{HIDDEN}", text)
        # The longest first: a secret that holds another one must go as a whole.
        for secret in sorted(self.found(text), key=lambda secret: (-len(secret), secret)):
            text = text.replace(secret, HIDDEN)
        return text

    def found(self, text: str) -> set[str]:
        """The learned secrets that a text holds, in any of the forms that are hidden."""
        # Thousands are known, so they are not tried one by one.
        known = self._known
        return {
            secret
            for start in range(len(text) - SHORTEST_SECRET + 1)
            if (begins := text[start : start + SHORTEST_SECRET]) in known
            for secret in known[begins]
            if text.startswith(secret, start)
        }
