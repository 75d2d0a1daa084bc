"""OAuth 1.0a signatures as the MBG checks them (RFC 5849 section 3), pure.

In: method, URI as received, the Authorization header and, where it is form-encoded, the body.
Out: the protocol parameters, the signature base string, the expected signature. No state here:
consumers, tokens and nonces are `web_services`.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from simulators.mbg.refusals import malformed

METHODS = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
SINGLE = (
    "oauth_consumer_key",
    "oauth_token",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_version",
    "oauth_signature",
    "oauth_callback",
    "oauth_verifier",
)
_PART = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*"?)+')
"""One parameter of the header; a quoted realm may hold commas (RFC 9110 section 5.6.4)."""
REQUIRED = (
    "oauth_consumer_key",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_signature",
)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What of an HTTP request takes part in its signature.

    Args:
        uri: scheme, host, port, path and query as the client addressed them.
        authorization: the header's value, "" where there is none.
        form: body octets if its content type is form-encoded, else b"".
    """

    method: str
    uri: str
    authorization: str = ""
    form: bytes = b""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """An OAuth request that was read: its protocol parameters, and everything that was signed."""

    method: str
    uri: str
    protocol: dict[str, str]
    parameters: list[tuple[str, str]]

    @property
    def base_string(self) -> str:
        """The signature base string (section 3.4.1)."""
        return base_string(self.method, self.uri, self.parameters)

    def get(self, name: str) -> str:
        """A protocol parameter by its name without `oauth_`, "" where it is absent."""
        return self.protocol.get(f"oauth_{name}", "")


def encode(text: str) -> str:
    """Percent-encode as section 3.6 says: only unreserved characters stay."""
    return quote(text, safe="-._~")


def base_string_uri(uri: str) -> str:
    """Scheme and host in lower case, no default port, no query (section 3.4.1.2)."""
    parts = urlsplit(uri)
    host = (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"  # an IPv6 address stands in brackets in the Host header, too
    scheme = parts.scheme.lower()
    default = {"http": 80, "https": 443}.get(scheme)
    port = f":{parts.port}" if parts.port and parts.port != default else ""
    return f"{scheme}://{host}{port}{parts.path or '/'}"


def base_string(method: str, uri: str, parameters: list[tuple[str, str]]) -> str:
    """Method, URI and normalized parameters, each encoded, joined by `&` (section 3.4.1)."""
    encoded = sorted((encode(name), encode(value)) for name, value in parameters)
    normalized = "&".join(f"{name}={value}" for name, value in encoded)
    return "&".join((method.upper(), encode(base_string_uri(uri)), encode(normalized)))


def signature(method: str, base: str, consumer_secret: str, token_secret: str) -> str:
    """The signature in base64 (sections 3.4.2; SHA-256 by analogy)."""
    key = f"{encode(consumer_secret)}&{encode(token_secret)}"
    mac = hmac.new(key.encode(), base.encode(), METHODS[method])
    return base64.b64encode(mac.digest()).decode()


def matches(given: str, expected: str) -> bool:
    """Compare two signatures in constant time; an unreadable one matches nothing."""
    try:
        octets = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(octets, base64.b64decode(expected))


def read(request: HttpRequest) -> SignedRequest:
    """Collect the parameters of a signed request (section 3.4.1.3) and check their form.

    Raises:
        Refused: a required parameter is absent, one came twice, or method or version won't do.
    """
    header = _header_parameters(request.authorization)
    query = parse_qsl(_split(request.uri).query, keep_blank_values=True)
    form = parse_qsl(request.form.decode("utf-8", "replace"), keep_blank_values=True)
    everything = header + query + form
    protocol: dict[str, str] = {}
    for name, value in everything:
        if name in SINGLE:
            if name in protocol:
                raise malformed("parameter_rejected", f"{name} came more than once")
            protocol[name] = value
    for name in REQUIRED:
        if not protocol.get(name):
            raise malformed("parameter_absent", f"{name} is missing from the request")
    _check_form(protocol)
    signed = [(n, v) for n, v in everything if n != "oauth_signature"]
    return SignedRequest(request.method, request.uri, protocol, signed)


def _check_form(protocol: dict[str, str]) -> None:
    method = protocol["oauth_signature_method"]
    if method not in METHODS:
        raise malformed(
            "signature_method_rejected", f"expected {' or '.join(METHODS)}, got {method!r}"
        )
    version = protocol.get("oauth_version", "1.0")
    if version != "1.0":
        raise malformed("version_rejected", f"expected oauth_version 1.0, got {version!r}")
    stamp = protocol["oauth_timestamp"]
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise malformed(
            "parameter_rejected", f"expected oauth_timestamp in seconds, got {stamp[:20]!r}"
        )


def _split(uri: str) -> SplitResult:
    """The URI as far as the Host header and the request line were ones."""
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        parts = None
    if parts is None or not uri.isascii():
        raise malformed("parameter_rejected", "expected Host: name:port and an ASCII path")
    return parts


def _header_parameters(header: str) -> list[tuple[str, str]]:
    """The parameters of `Authorization: OAuth a="b", c="d"` (section 3.5.1), decoded."""
    if not header.isascii():
        raise malformed("parameter_rejected", "expected ASCII alone in the Authorization header")
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "oauth":
        return []
    found = []
    for part in _PART.findall(rest):
        name, equals, value = part.strip().partition("=")
        if (not name and not equals) or name.lower() == "realm":
            continue  # the realm is not signed (section 3.4.1.3.1); one in the query is
        if not equals or len(value) < 2 or value[0] != '"' or value[-1] != '"':
            raise malformed("parameter_rejected", f'expected name="value", got {name[:40]!r}')
        found.append((unquote(name), unquote(value[1:-1])))
    return found
