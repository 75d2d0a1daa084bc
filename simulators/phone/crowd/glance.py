"""A response to REGISTER read at a glance: the usual ones, without a full parse. Pure.

A registrar lays out its answers always alike: the same headers in the same order. So each layout is
learnt once, by a pattern that takes usual headers in any order, and from then on recognized by a
pattern of its own, which has nothing to try. What is not exactly as usual is left to the full
parser: an unknown header, a folded line, a body, two values where one is expected. So a glance says
what the full parse would, or nothing; the tests hold the two side by side.
"""

import re
from collections import Counter
from collections.abc import Callable

MOST_LAYOUTS = 8
"""For each status, those seen first, or tried first; others are left to the full parser."""

Fits = Callable[[bytes], re.Match[bytes] | None]

_PORT = rb"(?:[1-5]?[0-9]{1,4}|6[0-4][0-9]{3}|65[0-4][0-9]{2})"
_PARAMETERS = {
    b"rport": rb"rport",
    b"rport=": rb"rport=[0-9]{1,5}",
    b"received=": rb"received=[0-9.]+",
    b"branch=": rb"branch=z9hG4bK([0-9a-f]{18})",
}
"""Of a Via: our branch, and what a registrar adds (RFC 3581)."""
_LINES = {
    b"CSeq": rb"CSeq: [0-9]{1,9} REGISTER\r\n",
    b"Content-Length": rb"Content-Length: 0\r\n",
}
_HARMLESS = (
    b"From", b"To", b"Call-ID", b"Server", b"User-Agent", b"Date", b"Expires", b"Allow",
    b"Supported", b"Warning", b"Path", b"Service-Route", b"Allow-Events", b"Max-Forwards",
)  # fmt: skip
_MATTERS = {
    b"200": (b"Contact", rb"(<[^<>\r\n]*+>);expires=([0-9]{1,9})"),
    b"401": (b"WWW-Authenticate", rb"([^\r\n]*+)"),
    b"407": (b"Proxy-Authenticate", rb"([^\r\n]*+)"),
}
"""By status, the header whose value is wanted, and the form of that."""
_USUAL = {b"Via", *_HARMLESS, *_LINES, *(name for name, _ in _MATTERS.values())}

Glance = tuple[int, tuple[bytes, ...]]
"""Status; then the branch without its magic, and of 200 the one contact in its angle brackets and
the seconds granted to it, of others the challenge."""


class Layouts:
    """The layouts that were learnt."""

    def __init__(self) -> None:
        self._known: dict[bytes, list[tuple[Fits, int]]] = {}
        self._tries: Counter[bytes] = Counter()

    def glance(self, data: bytes) -> Glance | None:
        """What a response says; None where the full parser has to look."""
        if not data.isascii():
            return None
        for fits, status in self._known.get(data[:12], ()):
            found = fits(data)
            if found is not None:
                return status, found.groups()
        return self.glance(data) if self._learns(data) else None

    def _learns(self, data: bytes) -> bool:
        """Learn the layout of an answer; False where it isn't a usual one, or already known."""
        status = data[8:11]
        if data[:8] != b"SIP/2.0 " or status not in _MATTERS or self._tries[status] >= MOST_LAYOUTS:
            return False
        matters, wanted = _MATTERS[status]
        lines = [line.partition(b":") for line in data.split(b"\r\n")[1:-2]]
        names = [name for name, _, _ in lines]
        if not _is_usual(names, matters):
            return False
        self._tries[status] += 1
        forms = _LINES | {
            b"Via": _via(lines[names.index(b"Via")][2]),
            matters: matters + b": " + wanted + rb"\r\n",
        }
        form = [forms.get(name, name + rb":.*+\n") for name in names]
        pattern = re.compile(b"".join([rb"SIP/2\.0 ", status, rb" .*+\n", *form, rb"\r\n"]))
        if pattern.fullmatch(data) is None:
            return False
        self._known.setdefault(data[:12], []).append((pattern.fullmatch, int(status)))
        return True


def _is_usual(names: list[bytes], matters: bytes) -> bool:
    """Whether only known headers are there, those looked into once each, and Via before others."""
    once = (b"Via", b"CSeq", matters)
    return (
        all(names.count(name) == 1 for name in once)
        and set(names) <= _USUAL
        and names.index(b"Via") < names.index(matters)
    )


def _via(value: bytes) -> bytes:
    """The pattern of Vias with the same parameters in the same order; none without one branch."""
    if value.count(b";branch=") != 1:
        return rb"(?!)"
    form = [rb"Via: SIP/2\.0/UDP [0-9.]+:" + _PORT]
    for parameter in value.split(b";")[1:]:
        name, sign, _ = parameter.partition(b"=")
        form.append(_PARAMETERS.get(name + sign, rb"(?!)"))
    return b";".join(form) + rb"\r\n"
