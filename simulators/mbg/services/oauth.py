"""OAuth 1.0a signatures as the MBG checks them (RFC 5849 section 3), pure.

In: method, URI as received, the Authorization header and, where it is form-encoded, the body.
Out: the protocol parameters, the signature base string, whether a signature fits. No state here:
consumers, tokens and nonces are `web_services`. Octets that are no UTF-8 travel as surrogates, so
that what was signed as octets verifies as octets.
"""

import binascii
import hmac
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from simulators.mbg.refusals import Refused, malformed, unauthorized

METHODS = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256"}
REQUIRED = (
    "oauth_consumer_key",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_signature",
)
_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]*").fullmatch
MAX_FORM = 1 << 16
"""Octets of a form body that is signed: no call takes nearly as much."""
MAX_PARAMETERS = 200
"""In one place of a request; each costs time, whoever sent it."""
_PARAMETER = re.compile(
    # name="value", where a realm may hold commas and escapes (RFC 9110 section 5.6.4); or blanks
    # and commas; or, taken whole, what is neither
    r'([^\s=",]+)="((?:[^"\\]|\\.)*)"\s*(?:,|$)|[\s,]+|(.+)',
    re.DOTALL,
)

Pairs = list[tuple[str, str]]
"""Decoded names and values, in the order they came."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """An HTTP request, as far as its signature goes.

    Args:
        uri: scheme, host, port, path and query as the client addressed them.
        authorization: the header's value, "" where there is none.
        form: body octets if its content type is form-encoded, else b"".
        content: body octets of another type; they are not signed.
        caller: IP address it came from.
        claimed: the base string that the client says it signed, "" where it says nothing.
    """

    method: str
    uri: str
    authorization: str = ""
    form: bytes = b""
    content: bytes = b""
    caller: str = ""
    claimed: str = ""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """An OAuth request that was read: its protocol parameters, and everything that was signed.

    Args:
        header, query, form: parameters by where they came, `oauth_signature` among them.
    """

    request: HttpRequest = field(compare=False)
    protocol: dict[str, str]
    header: Pairs
    query: Pairs
    form: Pairs

    @property
    def parameters(self) -> Pairs:
        """Everything that is signed (section 3.4.1.3.1)."""
        everything = self.header + self.query + self.form
        return [pair for pair in everything if pair[0] != "oauth_signature"]

    @property
    def base_string(self) -> str:
        """The signature base string (section 3.4.1)."""
        return base_string(self.request.method, self.request.uri, self.parameters)

    def get(self, name: str) -> str:
        """A protocol parameter by its name without `oauth_`, "" where it is absent."""
        return self.protocol.get(f"oauth_{name}", "")


def encode(text: str) -> str:
    """Percent-encode as section 3.6 says: only unreserved characters stay."""
    return text if _UNRESERVED(text) else _quoted(text)


@lru_cache(maxsize=1024)
def _quoted(text: str) -> str:
    return quote(text, safe="-._~", errors="surrogateescape")


@lru_cache(maxsize=1024)
def base_string_uri(uri: str) -> str:
    """Scheme and host in lower case, no default port, no query (section 3.4.1.2).

    Raises:
        Refused: the Host header or the request line was none.
    """
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        parts, port = None, None
    if parts is None or not uri.isascii():
        raise malformed("parameter_rejected", "expected Host: name:port and an ASCII path")
    host = (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"  # an IPv6 address stands in brackets in the Host header, too
    scheme = parts.scheme.lower()
    default = {"http": 80, "https": 443}.get(scheme)
    shown_port = "" if port is None or port == default else f":{port}"
    return f"{scheme}://{host}{shown_port}{parts.path or '/'}"


def normalized(parameters: Iterable[tuple[str, str]]) -> str:
    """The parameters encoded, sorted by name and value, and joined (section 3.4.1.3.2)."""
    encoded = sorted([(encode(name), encode(value)) for name, value in parameters])
    return "&".join([f"{name}={value}" for name, value in encoded])


def base_string(method: str, uri: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Method, URI and normalized parameters, each encoded, joined by `&` (section 3.4.1)."""
    # Of reserved characters the normalized parameters hold these three alone.
    text = normalized(parameters).replace("%", "%25").replace("&", "%26").replace("=", "%3D")
    where = encode(base_string_uri(uri.partition("?")[0]))
    return f"{encode(method.upper())}&{where}&{text}"


def digest(method: str, base: str, consumer_secret: str, token_secret: str) -> bytes:
    """The octets of the signature (section 3.4.2; SHA-256 by analogy)."""
    key = f"{encode(consumer_secret)}&{encode(token_secret)}"
    return hmac.digest(key.encode(), base.encode(), METHODS[method])


def matches(given: str, expected: bytes) -> bool:
    """Compare a signature in base64 in constant time; an unreadable one matches nothing."""
    try:
        octets = binascii.a2b_base64(given, strict_mode=True)
    except ValueError:
        return False
    return hmac.compare_digest(octets, expected)


def read(request: HttpRequest, methods: Collection[str] = tuple(METHODS)) -> SignedRequest:
    """Collect the parameters of a signed request (section 3.4.1.3) and check their form.

    Raises:
        Refused: there is no OAuth parameter (401), or a required one is absent, one came twice or
            in two places, or signature method or version won't do (400, section 3.2); a form that
            is too large (413).
    """
    if len(request.form) > MAX_FORM:
        raise Refused(413, "too_large", f"expected at most {MAX_FORM} octets in a form body")
    header = header_parameters(request.authorization)
    base_string_uri(request.uri.partition("?")[0])
    query = pairs(request.uri.partition("?")[2])
    form = pairs(request.form.decode("utf-8", "surrogateescape"))
    protocol = _protocol(header, query, form)
    if not protocol:
        raise unauthorized("unsigned", "this call must be signed: OAuth 1.0a, see RFC 5849")
    for name in REQUIRED:
        if not protocol.get(name):
            raise malformed("parameter_absent", f"{name} is missing from the request")
    _check_form(protocol, methods)
    return SignedRequest(request, protocol, header, query, form)


def pairs(text: str) -> Pairs:
    """Form-encoded text, decoded; a name without a value has an empty one.

    Raises:
        Refused: more than `MAX_PARAMETERS`.
    """
    if not text:
        return []
    try:
        return parse_qsl(
            text,
            keep_blank_values=True,
            errors="surrogateescape",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError:
        raise malformed(
            "parameter_rejected", f"expected at most {MAX_PARAMETERS} parameters in query or form"
        ) from None


def header_parameters(header: str) -> Pairs:
    """The parameters of `Authorization: OAuth a="b", c="d"` (section 3.5.1), decoded.

    The realm is left out, since it is not signed (section 3.4.1.3.1).

    Raises:
        Refused: not of that form.
    """
    if not header.isascii():
        raise malformed("parameter_rejected", "expected ASCII alone in the Authorization header")
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "oauth":
        return []
    found = []
    for name, value, junk in _PARAMETER.findall(rest):
        if junk:
            raise malformed("parameter_rejected", f'expected name="value", got {junk[:40]!r}')
        if name and name.lower() != "realm":
            found.append((_decoded(name), _decoded(value)))
    return found


def _decoded(text: str) -> str:
    return unquote(text, errors="surrogateescape") if "%" in text else text


def _protocol(*places: Pairs) -> dict[str, str]:
    """The protocol parameters, each once, and all in one place (section 3.5)."""
    protocol: dict[str, str] = {}
    carrying = 0
    for place in places:
        before = len(protocol)
        for name, value in place:
            if name.startswith("oauth_"):
                if name in protocol:
                    raise malformed("parameter_rejected", f"{_shown(name)} came more than once")
                protocol[name] = value
        carrying += len(protocol) > before
    if carrying > 1:
        raise malformed(
            "parameter_rejected",
            "oauth_ parameters came in two places: use Authorization header, form body or query",
        )
    return protocol


def _check_form(protocol: dict[str, str], methods: Collection[str]) -> None:
    method = protocol["oauth_signature_method"]
    if method not in methods:
        raise malformed(
            "signature_method_rejected", f"expected {' or '.join(methods)}, got {_shown(method)}"
        )
    version = protocol.get("oauth_version", "1.0")
    if version != "1.0":
        raise malformed("version_rejected", f"expected oauth_version 1.0, got {_shown(version)}")
    stamp = protocol["oauth_timestamp"]
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12 and int(stamp) > 0):
        raise malformed(
            "parameter_rejected", f"expected oauth_timestamp in seconds, got {_shown(stamp)}"
        )
    for name, value in protocol.items():
        if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
            raise malformed("parameter_rejected", f"expected UTF-8 in {_shown(name)}")


def _shown(text: str) -> str:
    """What came, short and in ASCII."""
    return ascii(text[:40])
