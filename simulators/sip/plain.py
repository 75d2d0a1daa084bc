"""Plain REGISTERs over UDP, read at a glance: the form in which nearly all of them come.

A phone lays out its requests always alike: the same headers in the same order. So each layout is
learnt once, and from then on recognized by one pattern, which reads all values in one go. A glance
says what `message.parse` and the look-ups of `headers` and `digest` would say, or nothing: whatever
is not exactly as usual (another header, another form of a value, odd octets, a body) is for those.
That both agree is a property that the tests of its users check.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from simulators.core import UDP, Address
from simulators.sip.digest import Credentials
from simulators.sip.vocabulary import REASONS, USUAL

MOST_LAYOUTS = 32
"""Those seen first, or tried first where they were not quite usual; others are left to the full
parser. To learn one costs some milliseconds."""

_USER, _HOST = r"[A-Za-z0-9\-_.!~*'()]++", r"[A-Za-z0-9.-]++"
_PORT = r"(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3})"
_PLACE = rf"{_HOST}(?::{_PORT})?(?:;[A-Za-z0-9;=\-_.]++)?"
_NAME = r'(?:"[ !#-\[\]-~]*+" )?'
_TEXT = r"[!-~][ -~]*+(?<! )"

_START = rf"REGISTER sips?:(?:{_USER}@)?{_PLACE} SIP/2\.0\r\n"
_VALUES = {
    "Via": rf"SIP/2\.0/UDP (?P<place>{_HOST}(?::{_PORT})?)(?P<before>;rport)?"
    r";branch=(?P<branch>z9hG4bK[A-Za-z0-9.+_-]++)(?P<after>(?(before)(?!)|;rport))?",
    "From": rf"(?P<sender>{_TEXT})",
    "To": rf"(?P<to>{_NAME}<sips?:(?P<user>{_USER})@{_PLACE}>)",
    "Call-ID": rf"(?P<call_id>{_TEXT})",
    "CSeq": r"(?P<cseq>0|[1-9][0-9]{0,8}) REGISTER",
    "Contact": rf"{_NAME}<(?P<contact>sips?:{_USER}@{_PLACE})>(?:;expires=(?P<own>[0-9]{{1,9}}))?",
    "Expires": r"(?P<expires>[0-9]{1,9})",
    "Max-Forwards": r"[0-9]{1,2}",
    "Content-Length": r"0",
}
"""Usual values of the headers that are looked into; of others (`USUAL`) any text is."""

_NEEDED = frozenset(("Via", "From", "To", "Call-ID", "CSeq"))
_UNREAD = frozenset(USUAL) - {"Require"}
"""Headers that don't change how a request is to be read; Require wants a closer look."""

_FIELD = re.compile(r'(\w+)=("?)[^",]*"?(, ?|$)', re.ASCII)
_FIELDS = {
    name: rf'{name}="(?P<{name}>[ !#-\[\]-~]*+)"'
    for name in ("username", "realm", "nonce", "uri", "response", "cnonce", "opaque")
} | {name: rf"{name}=(?P<{name}>[\w-]++)" for name in ("algorithm", "qop", "nc")}
_NEEDED_FIELDS = frozenset(("username", "realm", "nonce", "uri", "response"))

_READ = (
    "place", "before", "branch", "after", "sender", "to", "user", "call_id", "cseq",
    "contact", "own", "expires", "username",
)  # fmt: skip
_CREDENTIALS = (
    "username", "realm", "nonce", "uri", "response", "algorithm", "qop", "cnonce", "nc", "opaque",
)  # fmt: skip


@dataclass(slots=True)
class Plain:
    """A REGISTER as its user needs it, and what an answer repeats of it.

    Args:
        key: of its server transaction, as the transaction layer makes it.
        via: with where it came from (RFC 3581).
        sender, to, call_id: From, To and Call-ID as they came; user: the user part of To.
        contacts: one at most, its URI and the expiry that it asks for itself.
        expires: of the header.
        authorization: its credentials, if it has some.
    """

    key: str
    via: str
    sender: str
    to: str
    user: str
    call_id: str
    cseq: int
    contacts: tuple[tuple[str, int | None], ...]
    expires: int | None
    authorization: Credentials | None
    peer: Address

    transport: ClassVar[str] = UDP

    def answer(
        self, status: int, fields: Iterable[tuple[str, str]], tag: str, reason: str = ""
    ) -> bytes:
        """The octets of a final answer without a body (section 8.2.6)."""
        more = "".join([f"{name}: {value}\r\n" for name, value in fields])
        return (
            f"SIP/2.0 {status} {reason or REASONS[status]}\r\n"
            f"Via: {self.via}\r\nFrom: {self.sender}\r\n"
            f"To: {self.to};tag={tag}\r\nCall-ID: {self.call_id}\r\n"
            f"CSeq: {self.cseq} REGISTER\r\n{more}Content-Length: 0\r\n\r\n"
        ).encode()


class _Layout(NamedTuple):
    """Requests of one form, and which groups are what is read (0: none is)."""

    fits: Callable[[str], re.Match[str] | None]
    read: tuple[int, ...]
    credentials: tuple[int, ...]


class Layouts:
    """The layouts that were learnt."""

    def __init__(self) -> None:
        self._known: list[_Layout] = []
        self._tries_left = MOST_LAYOUTS

    def __len__(self) -> int:
        return len(self._known)

    def glance(self, data: bytes, peer: Address) -> Plain | None:
        """A request that came from `peer`; None where the full parser has to look."""
        try:
            text = data.decode("ascii")
        except UnicodeDecodeError:
            return None
        known = self._known
        for at, layout in enumerate(known):
            found = layout.fits(text)
            if found is not None:
                if at:
                    known.insert(0, known.pop(at))  # what comes often is looked for first
                return _plain(found, layout, peer)
        return self.glance(data, peer) if self._learns(text) else None

    def _learns(self, text: str) -> bool:
        """Learn the layout of a request; False where it isn't a usual one."""
        if not text.startswith("REGISTER ") or not text.endswith("\r\n\r\n"):
            return False
        names: list[str] = []
        forms = [_START]
        for line in text[:-4].split("\r\n")[1:]:
            name, _, value = line.partition(": ")
            usual = _usual(name, value)
            if usual is None:
                return False
            names.append(name)
            # With and without credentials, a request is of the same layout.
            optional = "?" if name == "Authorization" else ""
            forms.append(rf"(?:{name}: {usual}\r\n){optional}")
        if len(set(names)) < len(names) or not _NEEDED.issubset(names):
            return False
        if self._tries_left <= 0:
            return False
        self._tries_left -= 1
        pattern = re.compile("".join([*forms, r"\r\n(?P<none>(?!))?"]))
        if pattern.fullmatch(text) is None:
            return False
        groups = pattern.groupindex
        none = groups["none"]
        layout = _Layout(
            pattern.fullmatch,
            tuple([groups.get(name, none) for name in _READ]),
            tuple([groups.get(name, none) for name in _CREDENTIALS]),
        )
        self._known.insert(0, layout)
        return True


def _usual(name: str, value: str) -> str | None:
    """The pattern of usual values of a header; None where no value is usual."""
    if name == "Authorization":
        return _usual_credentials(value)
    return _VALUES.get(name, "[ -~]*+" if name in _UNREAD else None)


def _usual_credentials(text: str) -> str | None:
    """The pattern of digest credentials with the same fields; None where they are unusual."""
    scheme, _, fields = text.partition(" ")
    names = [found[1] for found in _FIELD.finditer(fields)]
    if (
        scheme != "Digest"
        or len(set(names)) < len(names)
        or not _NEEDED_FIELDS.issubset(names)
        or not _FIELDS.keys() >= set(names)
        or ("qop" in names and not {"cnonce", "nc"}.issubset(names))
    ):
        return None
    return "Digest " + ", ?".join(_FIELDS[name] for name in names)


def _plain(found: re.Match[str], layout: _Layout, peer: Address) -> Plain:
    (
        place, before, branch, after, sender, to, user, call_id, cseq,
        contact, own, expires, username,
    ) = found.group(*layout.read)  # fmt: skip
    rport = f";rport={peer[1]}" if before or after else ""
    via = (
        f"SIP/2.0/UDP {place}{rport};branch={branch};received={peer[0]}"
        if before
        else f"SIP/2.0/UDP {place};branch={branch}{rport};received={peer[0]}"
    )
    authorization = None
    if username is not None:
        _, realm, nonce, uri, response, algorithm, qop, cnonce, nc, opaque = found.group(
            *layout.credentials
        )
        authorization = Credentials(
            username, realm, nonce, uri, response.lower(), (algorithm or "MD5").upper(),
            qop or "", cnonce or "", nc or "", opaque or "",
        )  # fmt: skip
    return Plain(
        f"{branch}/{place}/REGISTER" if ":" in place else f"{branch}/{place}:None/REGISTER",
        via,
        sender,
        to,
        user,
        call_id,
        int(cseq),
        () if contact is None else ((contact, None if own is None else int(own)),),
        None if expires is None else int(expires),
        authorization,
        peer,
    )
