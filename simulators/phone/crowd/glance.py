"""A response to REGISTER read at a glance: the usual ones, without a full parse. Pure.

A registrar lays out its answers always alike: the same headers in the same order. So each layout is
learnt once, by a pattern that takes usual headers in any order, and from then on recognized by a
pattern of its own, which has nothing to try. What is not exactly as usual is left to the full
parser: an unknown header, a folded line, a body, two values where one is expected. So a glance says
what the full parse would, or nothing; the tests hold the two side by side.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

MOST_LAYOUTS = 8
"""For each status, those seen first; others are left to the full parser."""

_NAT = rb"(?:rport(?:=[0-9]{1,5})?|received=[0-9.]+)"
_PORT = rb"(?:[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2})"
_LINES = {
    b"Via": rb"Via: SIP/2\.0/UDP [0-9.]+:" + _PORT + rb";(?:" + _NAT + rb";)*+"
    rb"branch=z9hG4bK([0-9a-f]{18})(?:;" + _NAT + rb")*+\r\n",
    b"CSeq": rb"CSeq: [0-9]{1,9} REGISTER\r\n",
    b"Content-Length": rb"Content-Length: 0\r\n",
}
_HARMLESS = (
    b"From", b"To", b"Call-ID", b"Server", b"User-Agent", b"Date", b"Expires", b"Allow",
    b"Supported", b"Warning", b"Path", b"Service-Route", b"Allow-Events", b"Max-Forwards",
)  # fmt: skip
_MATTERS = {b"200": b"Contact", b"401": b"WWW-Authenticate", b"407": b"Proxy-Authenticate"}
"""By status, the header whose value is wanted."""

Glance = tuple[int, bytes, bytes]
"""Status, branch without its magic, and the value of the header that matters."""


class Layout(NamedTuple):
    """Answers of one registrar of one status: their form, and which group is the branch."""

    fits: Callable[[bytes], re.Match[bytes] | None]
    status: int
    branch: int


class Layouts:
    """The layouts that were learnt."""

    def __init__(self) -> None:
        self._known: dict[bytes, list[Layout]] = {}

    def glance(self, data: bytes) -> Glance | None:
        """What a response says; None where the full parser has to look."""
        if not data.isascii():
            return None
        for fits, status, branch in self._known.get(data[:12], ()):
            found = fits(data)
            if found is not None:
                return status, found[branch], found[3 - branch]
        return self.glance(data) if self._learns(data) else None

    def _learns(self, data: bytes) -> bool:
        """Learn the layout of an answer; False where it isn't a usual one, or already known."""
        status = data[8:11]
        layouts = self._known.setdefault(data[:12], []) if status in _MATTERS else []
        if data[:8] != b"SIP/2.0 " or status not in _MATTERS or len(layouts) >= MOST_LAYOUTS:
            return False
        matters = _MATTERS[status]
        names = [line.partition(b":")[0] for line in data.split(b"\r\n")[1:-2]]
        if not _is_usual(names, matters):
            return False
        lines = _LINES | {matters: matters + rb": ([^\r\n]*+)\r\n"}
        form = [lines.get(name, name + rb":.*+\n") for name in names]
        pattern = re.compile(b"".join([rb"SIP/2\.0 ", status, rb" .*+\n", *form, rb"\r\n"]))
        if pattern.fullmatch(data) is None:
            return False
        branch = 1 if names.index(b"Via") < names.index(matters) else 2
        layouts.append(Layout(pattern.fullmatch, int(status), branch))
        return True


def _is_usual(names: list[bytes], matters: bytes) -> bool:
    """Whether only known headers are there, and each that is looked into once."""
    once = (b"Via", b"CSeq", matters)
    others = {*_HARMLESS, *_LINES, *_MATTERS.values()}
    return all(names.count(name) == 1 for name in once) and set(names) <= others


_EXPIRES = re.compile(rb";expires=([0-9]{1,9})")


def granted(contact: bytes, own: bytes) -> int | None:
    """Seconds granted to our own contact; None where the full parser has to look.

    Args:
        own: our contact with its angle brackets, as we wrote it.
    """
    if not contact.startswith(own):
        return None
    found = _EXPIRES.fullmatch(contact, len(own))
    return None if found is None else int(found[1])
