"""Header values that the cores look into: addresses, Via, CSeq, expiry (RFC 3261 section 20)."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from simulators.sip.message import Headers, MalformedMessage

MAX_EXPIRES = 2**32 - 1

_HOST_PORT = re.compile(r"([^\s:\[\]@<>\"]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5})?)?")
_SENT = re.compile(r"SIP\s*/\s*2\.0\s*/\s*([\w.+-]+)\s+(\S+(?:\s*:\s*\S+)?)", re.IGNORECASE)
_PLAIN_ADDRESS = re.compile(
    r"<(sips?):([A-Za-z0-9\-_.!~*'()]+)@([A-Za-z0-9.-]+)"
    r"(?::([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}))?"
    r"(?:;([A-Za-z0-9;=\-_.]*))?>(?:;expires=([0-9]+))?"
)
"""An address as phones and registrars mostly write it, which needs no closer look."""
_ESCAPED = re.compile("%([0-9A-Fa-f]{2})")
_BARE_NAME = re.compile(r"[\w\-.!%*+`'~ \t]*")
"""Tokens (section 25.1), and letters of all scripts, which phones do not always quote."""
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_USUAL_VIA = re.compile(
    r"SIP/2\.0/[A-Z]+ [A-Za-z0-9.-]+(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}))?"
    r";branch=([A-Za-z0-9]+)(?:;(?:rport|received)=[0-9.]+)*"
)
"""A Via of ours as it comes back in most answers."""
_UNQUOTED = re.compile(r'[^\s"]*+')
_PARAMETER = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*"?)+')


class Uri(NamedTuple):
    """A SIP URI as far as registration needs it: `sip:user@host:port;params`.

    In `user`, what needs no escape has none, so that equal users are equal text (section 19.1.4).
    """

    user: str
    host: str
    port: int | None = None
    scheme: str = "sip"
    params: str = ""

    @classmethod
    def parse(cls, text: str) -> "Uri":
        """Read a SIP URI.

        Raises:
            MalformedMessage: another scheme, no host, or a port that is none.
        """
        scheme, colon, rest = text.strip().partition(":")
        if not colon or scheme.lower() not in ("sip", "sips"):
            raise MalformedMessage(f"expected a sip URI, got {text[:80]!r}")
        user, at, rest = rest.rpartition("@")  # first: a user may hold ';' and '?' (section 25.1)
        if "%" in user:
            user = _ESCAPED.sub(_plain, user)
        place, _, params = rest.partition("?")[0].partition(";")
        if at and not user:
            raise MalformedMessage(f"expected sip:user@host, got {text[:80]!r}")
        host, port = _host_and_port(place)
        return cls(user, host, port, scheme.lower(), params)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, the scheme's default where none is given."""
        return self.host, self.port or (5061 if self.scheme == "sips" else 5060)

    def __str__(self) -> str:
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        params = f";{self.params}" if self.params else ""
        return f"{self.scheme}:{user}{self.host}{port}{params}"


class NameAddress(NamedTuple):
    """`"Name" <uri>;param=value` of From, To and Contact."""

    uri: Uri
    params: dict[str, str]
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> "NameAddress":
        """Read one value.

        Raises:
            MalformedMessage: an open `<` or quote, a name that needs quotes, or no URI.
        """
        plain = _PLAIN_ADDRESS.fullmatch(text)
        if plain is not None:
            scheme, user, host, port, params, expires = plain.groups()
            read = Uri(user, host, int(port) if port else None, scheme, params or "")
            return cls(read, {"expires": expires} if expires else {})
        name, rest = _display_name(text)
        if not rest.startswith("<"):
            uri, _, params = text.partition(";")  # params of a bare URI are the header's
            if "?" in uri:
                raise MalformedMessage(f"expected a URI with '?' in <...>, got {text[:80]!r}")
            return cls(Uri.parse(uri), parameters(params))
        uri, closing, params = rest[1:].partition(">")
        if not closing:
            raise MalformedMessage(f"expected '>' after the URI in {text[:80]!r}")
        return cls(Uri.parse(uri), parameters(params), name)


@dataclass(frozen=True, slots=True)
class Via:
    """One Via value: `SIP/2.0/UDP host:port;branch=...`."""

    transport: str
    host: str
    port: int | None
    params: dict[str, str]

    @classmethod
    def parse(cls, text: str) -> "Via":
        """Read one value.

        Raises:
            MalformedMessage: not SIP/2.0 or no sent-by.
        """
        head, _, params = text.partition(";")
        found = _SENT.fullmatch(head.strip())
        if found is None:
            raise MalformedMessage(f"expected 'SIP/2.0/UDP host:port', got {head[:80]!r}")
        host, port = _host_and_port(re.sub(r"\s", "", found[2]))
        return cls(found[1], host, port, parameters(params))

    @property
    def branch(self) -> str:
        return self.params.get("branch", "")

    def __str__(self) -> str:
        port = f":{self.port}" if self.port else ""
        params = "".join(_parameter(name, value) for name, value in self.params.items())
        return f"SIP/2.0/{self.transport} {self.host}{port}{params}"


def branch_of(via: str) -> str:
    """The branch of a Via value, "" without one.

    Raises:
        MalformedMessage: as `Via.parse`.
    """
    usual = _USUAL_VIA.fullmatch(via)
    return Via.parse(via).branch if usual is None else usual[1]


def parameters(text: str) -> dict[str, str]:
    """`;a=b;c` as {"a": "b", "c": ""}; names in lower case."""
    found: dict[str, str] = {}
    if _UNQUOTED.fullmatch(text) is not None:
        for part in text.split(";"):
            name, _, value = part.partition("=")
            if name:
                found[name.lower()] = value
        return found
    for part in _PARAMETER.findall(text):
        name, _, value = part.partition("=")
        if name.strip():
            found[name.strip().lower()] = _unquoted(value.strip())
    return found


def _parameter(name: str, value: str) -> str:
    """One parameter as it is written; a value that is no token or host goes in quotes."""
    if not value:
        return f";{name}"
    if re.fullmatch(r"[\w\-.!%*+`'~:\[\]]+", value, re.ASCII):
        return f";{name}={value}"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f';{name}="{escaped}"'


def _unquoted(text: str) -> str:
    """The value of a quoted string (section 25.1); other text as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _display_name(text: str) -> tuple[str, str]:
    """The name before an address, and what follows it; a quoted name may hold `<`."""
    text = text.strip()
    quoted = _QUOTED.match(text)
    if quoted is not None:
        return _unquoted(quoted[0]), text[quoted.end() :].lstrip()
    name, angle, rest = text.partition("<")
    if not angle:
        return "", text
    if _BARE_NAME.fullmatch(name) is None:
        raise MalformedMessage(f"expected quotes around the name in {text[:80]!r}")
    return name.strip(), angle + rest


def _plain(escaped: re.Match[str]) -> str:
    """The character that needn't be escaped; others as they are, in upper case."""
    char = chr(int(escaped[1], 16))
    return (
        char if char.isascii() and (char.isalnum() or char in "-_.!~*'()") else escaped[0].upper()
    )


def _host_and_port(text: str) -> tuple[str, int | None]:
    """`host`, `host:port` or `[v6]:port`.

    Raises:
        MalformedMessage: no host, or a port that is none.
    """
    found = _HOST_PORT.fullmatch(text)
    if found is None or (found[2] and int(found[2]) > 65535):
        raise MalformedMessage(f"expected a host and a port up to 65535, got {text[:80]!r}")
    return found[1], int(found[2]) if found[2] else None


def cseq(headers: Headers) -> tuple[int, str]:
    """Sequence number and method.

    Raises:
        MalformedMessage: no number below 2**31, or no method.
    """
    words = headers.get("cseq").split()
    if len(words) != 2 or not (words[0].isascii() and words[0].isdigit()) or len(words[0]) > 10:
        raise MalformedMessage(f"expected 'CSeq: number method', got {headers.get('cseq')[:40]!r}")
    if int(words[0]) >= 2**31:
        raise MalformedMessage(f"CSeq {words[0]} is not below 2**31")
    return int(words[0]), words[1]


def seconds(text: str) -> int | None:
    """A delta-seconds value; None where it is missing or none (RFC 3261 section 20.19)."""
    text = text.strip()
    if not (text.isascii() and text.isdigit()):
        return None
    digits = text.lstrip("0") or "0"
    return min(int(digits[:12]), MAX_EXPIRES)
