"""Digest authentication, both sides' arithmetic (RFC 2617 with RFC 3261 section 22; RFC 8760).

Pure functions over values; who may use which nonce is decided in `authenticator`.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

from simulators.errors import RemoteProtocolError

try:  # Python's own MD5 starts in half the time of OpenSSL's, and texts here are short
    from _md5 import md5 as _md5  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    _md5 = hashlib.md5


class _Digest(Protocol):
    def hexdigest(self) -> str: ...


ALGORITHMS: dict[str, Callable[[bytes], _Digest]] = {"MD5": _md5, "SHA-256": hashlib.sha256}

_FIELD = re.compile(r'([^=]*+)= *+(?:"((?:[^"\\]++|\\.)*+)[^,]*+|([^,]*+)),?+', re.DOTALL)
"""`name="quoted"` or `name=token` with the comma behind it; nothing is tried twice."""

_USUAL = re.compile(
    "Digest (?:(?:"
    + "|".join(
        rf'{name}="(?P<{name}>[^"\\]*)"'
        for name in ("username", "realm", "nonce", "uri", "response", "cnonce", "opaque")
    )
    + "|"
    + "|".join(rf"{name}=(?P<{name}>[\w-]+)" for name in ("algorithm", "qop", "nc"))
    + ")(?:, ?|$))+",
    re.ASCII,
)
"""Credentials as nearly everybody writes them, in any order; what else there is `_FIELD` reads."""

REMEMBERED, LONGEST = 20_000, 200
"""How many hashes of the parts that do not change, and of how long ones, are remembered."""

MOST_FORMS, _MARK = 200, "nonce in between"
"""How many forms of challenges are remembered, and what stands for the nonce in them."""

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class MalformedDigest(RemoteProtocolError):
    """A challenge or credentials that can't be read; says what is missing."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a UAS asks in `WWW-Authenticate`."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    qop: str = "auth"
    stale: bool = False
    opaque: str = ""

    def __str__(self) -> str:
        stale = ", stale=true" if self.stale else ""
        qop = f', qop="{self.qop}"' if self.qop else ""
        opaque = f', opaque="{_escape(self.opaque)}"' if self.opaque else ""
        return (
            f'Digest realm="{_escape(self.realm)}", nonce="{_escape(self.nonce)}", '
            f"algorithm={self.algorithm}{qop}{stale}{opaque}"
        )

    @classmethod
    def parse(cls, text: str) -> "Challenge":
        """Read a challenge.

        Raises:
            MalformedDigest: another scheme, no realm or nonce, or an unknown algorithm.
        """
        before, mark, rest = text.partition('nonce="')
        nonce, quote, after = rest.partition('"')
        if mark and quote and "\\" not in nonce and len(before) + len(after) <= LONGEST:
            # The challenges of a UAS differ in nothing but their nonces, so the rest is kept.
            form = _challenge_but_for_nonce(before, after)
            if form is not None:
                realm, algorithm, qop, stale, opaque = form
                return cls(realm, nonce, algorithm, qop, stale, opaque)
        return cls._parsed(text)

    @classmethod
    def _parsed(cls, text: str) -> "Challenge":
        fields = _fields(text)
        for name in ("realm", "nonce"):
            if name not in fields:
                raise MalformedDigest(f"expected {name} in the challenge, it is missing")
        algorithm = fields.get("algorithm", "MD5").upper()
        if algorithm not in ALGORITHMS:
            raise MalformedDigest(f"expected algorithm MD5 or SHA-256, got {algorithm!r}")
        offered = [q.strip() for q in fields.get("qop", "").split(",")]
        return cls(
            fields["realm"],
            fields["nonce"],
            algorithm,
            "auth" if "auth" in offered else "",
            fields.get("stale", "").lower() == "true",
            fields.get("opaque", ""),
        )


@lru_cache(MOST_FORMS)
def _challenge_but_for_nonce(before: str, after: str) -> tuple[str, str, str, bool, str] | None:
    """All but the nonce of a challenge; None where that can't be told by its words."""
    try:
        read = Challenge._parsed(f'{before}nonce="{_MARK}"{after}')
    except MalformedDigest:
        return None
    if read.nonce != _MARK:
        return None
    return read.realm, read.algorithm, read.qop, read.stale, read.opaque


class Credentials(NamedTuple):
    """What a UAC answers in `Authorization`."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: str = "MD5"
    qop: str = ""
    cnonce: str = ""
    nc: str = ""
    opaque: str = ""

    def __str__(self) -> str:
        text = (
            f'Digest username="{_escape(self.username)}", realm="{_escape(self.realm)}", '
            f'nonce="{_escape(self.nonce)}", uri="{_escape(self.uri)}", '
            f'response="{self.response}", '
            f"algorithm={self.algorithm}"
        )
        if self.qop:
            text += f', qop={self.qop}, cnonce="{_escape(self.cnonce)}", nc={self.nc}'
        if self.opaque:
            text += f', opaque="{_escape(self.opaque)}"'
        return text

    @classmethod
    def parse(cls, text: str) -> "Credentials":
        """Read credentials.

        Raises:
            MalformedDigest: another scheme or a missing field.
        """
        usual = _USUAL.fullmatch(text)
        fields = _fields(text) if usual is None else usual.groupdict()
        for name in ("username", "realm", "nonce", "uri", "response"):
            if fields.get(name) is None:
                raise MalformedDigest(f"expected {name} in the credentials, it is missing")
        qop = fields.get("qop") or ""
        if qop and not (fields.get("cnonce") and fields.get("nc")):
            raise MalformedDigest("expected cnonce and nc with qop, they are missing")
        return cls(
            fields["username"],
            fields["realm"],
            fields["nonce"],
            fields["uri"],
            fields["response"].lower(),
            (fields.get("algorithm") or "MD5").upper(),
            qop,
            fields.get("cnonce") or "",
            fields.get("nc") or "",
            fields.get("opaque") or "",
        )


def answer(
    challenge: Challenge,
    *,
    method: str,
    uri: str,
    username: str,
    password: str,
    cnonce: str,
    count: int,
) -> Credentials:
    """The credentials that answer `challenge`; `count` is how often this nonce was used, from 1."""
    nc = f"{count:08x}" if challenge.qop else ""
    response = _response(
        challenge.algorithm,
        (username, challenge.realm, password),
        method,
        uri,
        (challenge.nonce, nc, cnonce if challenge.qop else "", challenge.qop),
    )
    return Credentials(
        username,
        challenge.realm,
        challenge.nonce,
        uri,
        response,
        challenge.algorithm,
        challenge.qop,
        cnonce if challenge.qop else "",
        nc,
        challenge.opaque,
    )


def verifies(credentials: Credentials, *, method: str, password: str) -> bool:
    """Whether these credentials were made with this password (compared in constant time)."""
    username, realm, nonce, uri, response, algorithm, qop, cnonce, nc, _ = credentials
    if algorithm not in ALGORITHMS:
        return False
    use = nonce, nc, cnonce, qop
    expected = _response(algorithm, (username, realm, password), method, uri, use)
    return hmac.compare_digest(expected.encode(), response.encode())


def _response(
    algorithm: str,
    who: tuple[str, str, str],
    method: str,
    uri: str,
    use: tuple[str, str, str, str],
) -> str:
    username, realm, password = who
    nonce, nc, cnonce, qop = use
    ha1 = _kept(algorithm, f"{username}:{realm}:{password}")
    ha2 = _kept(algorithm, f"{method}:{uri}")
    # Without qop it is RFC 2069's form, still allowed.
    text = f"{ha1}:{nonce}:{nc}:{cnonce}:{qop}:{ha2}" if qop else f"{ha1}:{nonce}:{ha2}"
    return ALGORITHMS[algorithm](text.encode()).hexdigest()


def _kept(algorithm: str, text: str) -> str:
    """A hash that the same phone asks for again and again."""
    return (_remembered if len(text) <= LONGEST else _hash)(algorithm, text)


def _hash(algorithm: str, text: str) -> str:
    return ALGORITHMS[algorithm](text.encode()).hexdigest()


_remembered = lru_cache(REMEMBERED)(_hash)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _fields(text: str) -> dict[str, str]:
    scheme, _, rest = text.strip().partition(" ")
    if scheme.lower() != "digest":
        raise MalformedDigest(f"expected Digest, got {scheme[:20]!r}")
    fields: dict[str, str] = {}
    found = _FIELD.match(rest)
    while found is not None:
        name, quoted, token = found.groups()
        if quoted is None:
            value = token.strip()
        else:
            value = _ESCAPED.sub(r"\1", quoted) if "\\" in quoted else quoted
        fields[name.strip(" ,\t").lower()] = value
        found = _FIELD.match(rest, found.end())
    return fields
