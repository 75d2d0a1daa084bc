"""Signing calls to the MBG: OAuth 1.0a (RFC 5849), HMAC-SHA1, by oauthlib.

Only the consumer's side is here. Time stamp and nonce come from the MCS's own clock and entropy, so
that a run can be repeated; oauthlib does base string and header. What it makes of a kind of call
is kept, with the key, for only nonce, time stamp and signature differ from one to the next.
"""

import hmac
import logging
from base64 import b64encode
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1
from oauthlib.oauth1.rfc5849 import signature
from oauthlib.oauth1.rfc5849.parameters import prepare_headers
from oauthlib.oauth1.rfc5849.utils import escape

from system.clock import Clock
from system.domain.credentials import Entropy

# At DEBUG it shows signed requests with what they are signed with (API-1).
logging.getLogger("oauthlib").setLevel(logging.WARNING)

Method = Literal["GET", "POST", "PUT", "DELETE"]
OUT_OF_BAND = "oob"
"""RFC 5849 section 2.1: the verifier is shown to a person and typed in."""
KINDS_KEPT = 64
"""Methods and URLs of which the unchanging part is kept; what is longest not used goes."""
_MARK = "0"
_ESCAPED = str.maketrans({"+": "%2B", "/": "%2F", "=": "%3D"})
"""RFC 5849 section 3.6, of what base64 has beside letters and digits."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Whom a call is signed as: the consumer, with a temporary or final token if it has one."""

    consumer_id: str
    shared_secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    token_secret: str | None = field(default=None, repr=False)


class _Unsent(NamedTuple):
    """A request as it is signed, cut where its nonce and its time stamp stand."""

    base_string: tuple[str, str, str]
    header: tuple[str, str, str]
    key: bytes
    """Of the HMAC: both secrets (RFC 5849 section 3.4.2)."""


class Signer:
    """Makes ``Authorization`` headers."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy
        # Nine tenths of signing go into what stays the same from call to call of one kind.
        self._unsent = lru_cache(maxsize=KINDS_KEPT)(_unsent)

    def authorization(
        self,
        method: Method,
        url: str,
        credentials: Credentials,
        *,
        callback: str | None = None,
        verifier: str | None = None,
    ) -> str:
        """The header's value for one request.

        ``url`` is exactly what goes on the wire, query included (RFC 5849 section 3.4.1.2). A JSON
        body is not part of the signature (section 3.4.1.3.1), so it is not asked for.
        """
        unsent = self._unsent(method, url, credentials, callback, verifier)
        # Hexadecimal and decimal digits stand for themselves in any encoding.
        nonce, timestamp = self._entropy(16).hex(), str(int(self._clock.now()))
        before, between, after = unsent.base_string
        text = f"{before}{nonce}{between}{timestamp}{after}"
        digest = hmac.digest(unsent.key, text.encode(), "sha1")
        signed = b64encode(digest).decode("ascii").translate(_ESCAPED)
        before, between, after = unsent.header
        return f'{before}{nonce}{between}{timestamp}{after}, oauth_signature="{signed}"'


def _unsent(
    method: Method,
    url: str,
    credentials: Credentials,
    callback: str | None,
    verifier: str | None,
) -> _Unsent:
    key = f"{escape(credentials.shared_secret)}&{escape(credentials.token_secret or '')}".encode()
    parameters = [
        ("oauth_nonce", _MARK),
        ("oauth_timestamp", _MARK),
        ("oauth_version", "1.0"),
        ("oauth_signature_method", SIGNATURE_HMAC_SHA1),
        ("oauth_consumer_key", credentials.consumer_id),
    ]
    more = {"token": credentials.token, "callback": callback, "verifier": verifier}
    parameters += [(f"oauth_{name}", value) for name, value in more.items() if value]
    in_query = signature.collect_parameters(uri_query=urlsplit(url).query)
    # The stubs name a dict here; it takes pairs, and its own caller gives them.
    normalized = signature.normalize_parameters([*in_query, *parameters])  # type: ignore[arg-type]
    uri = signature.base_string_uri(url)
    base_string = signature.signature_base_string(method, uri, normalized)
    header = str(prepare_headers(parameters)["Authorization"])  # type: ignore[no-untyped-call]
    return _Unsent(_cut(base_string, "%3D", "%26"), _cut(header, '="', '"'), key)


def _cut(text: str, before: str, after: str) -> tuple[str, str, str]:
    """The text around the values of nonce and time stamp."""
    head, _, rest = text.partition(f"oauth_nonce{before}{_MARK}{after}")
    middle, _, tail = rest.partition(f"oauth_timestamp{before}{_MARK}{after}")
    return f"{head}oauth_nonce{before}", f"{after}{middle}oauth_timestamp{before}", after + tail
