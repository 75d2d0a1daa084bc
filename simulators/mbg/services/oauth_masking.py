"""What the signature debugger may show of a request: no token, verifier or password, pure.

Masked texts keep their length, so that places in base strings stay. What is shown is also cut:
a request may be large, what is kept of it is not.
"""

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote_plus

from simulators.mbg.services.oauth import Pairs, SignedRequest, encode

LONGEST = 4096
"""Characters kept of a base string or URI; larger requests are not diagnosed."""
LONGEST_VALUE = 256
MOST_SHOWN = 50
"""Parameters kept of a request."""
SHORTEST = 4
"""Shorter passwords are hidden by their name alone: they stand in innocent text, too."""

_SECRET_NAME = re.compile(r"(?i)password|secret").search


def json_fields(content: bytes) -> Pairs:
    """The fields of a JSON object as names and texts, none where it is no JSON object."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return []
    if not isinstance(document, dict):
        return []
    return [
        (printable(name), printable(value if isinstance(value, str) else json.dumps(value)))
        for name, value in document.items()
    ]


def printable(text: str) -> str:
    """Text of the same length that any encoding takes: octets that are no UTF-8 become one sign."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


class Mask:
    """Hides tokens, verifiers and passwords of one request wherever they stand in a text.

    Args:
        signed: None where the request could not be read; then nothing is known that it holds.
    """

    def __init__(self, signed: SignedRequest | None) -> None:
        found: dict[str, str] = {}
        for value, shown in _secrets(signed) if signed else ():
            for text in _written(value):
                found.setdefault(text, text[:shown] + "*" * (len(text) - shown))
        # The longest first: one that holds another one must go as a whole.
        self._hidden = sorted(found.items(), key=lambda item: -len(item[0]))
        self._longest = len(self._hidden[0][0]) if self._hidden else 0

    def __call__(self, text: str, most: int = LONGEST) -> str:
        """The start of a text, masked."""
        # What is hidden may stand across the cut: it goes as a whole, then the cut is made.
        text = printable(text[: most + self._longest])
        for value, hidden in self._hidden:
            text = text.replace(value, hidden)
        return text[:most]

    def parameters(self, pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """Names and values; of a password nothing is left, however short it is."""
        for name, value in pairs:
            shown = self(value, LONGEST_VALUE)
            if _SECRET_NAME(name):
                shown = "*" * len(shown)
            yield self(name, LONGEST_VALUE), shown


def _secrets(signed: SignedRequest) -> Iterator[tuple[str, int]]:
    """Values to hide, and how many characters of each may be seen."""
    for name, shown in (("token", 4), ("verifier", 0)):
        if signed.get(name):
            yield signed.get(name)[:LONGEST], shown
    content = signed.request.content
    fields = json_fields(content) if len(content) <= LONGEST else []
    for name, value in signed.header + signed.query + signed.form + fields:
        if _SECRET_NAME(name) and len(value) >= SHORTEST:
            yield value[:LONGEST], 0


def _written(value: str) -> Iterator[str]:
    """A value as it may stand in a URI, in JSON, and in a base string."""
    for text in (value, json.dumps(printable(value))[1:-1]):
        yield from (text, encode(text), encode(encode(text)), quote_plus(printable(text)))
