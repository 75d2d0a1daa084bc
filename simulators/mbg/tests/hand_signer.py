"""An OAuth signer of its own hand, written to make mistakes: no code shared with what it tests.

A mistake is a change of the `Draft` before a step of signing is taken.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from simulators.mbg.services.oauth import HttpRequest

Pair = tuple[str, str]
SAFE = "-._~"
SCHEME, HOST = "https", "mbg.example.test"


def percent(text: str) -> str:
    return quote(text, safe=SAFE)


@dataclass
class Draft:
    """A request about to be signed and sent; sending takes the first fields, signing the rest."""

    consumer_secret: str
    token_secret: str
    method: str = "POST"
    host: str = HOST
    path: str = "/mslrest/mbg/v1/devices/7/"
    query: list[Pair] = field(default_factory=list)
    form: list[Pair] = field(default_factory=list)
    content: bytes = b""
    realm: str = ""
    oauth: dict[str, str] = field(default_factory=dict)
    written: Callable[[bytes], str] = lambda octets: percent(base64.b64encode(octets).decode())
    # what is signed, where it differs from what is sent
    signed_method: str = ""
    signed_uri: str = ""
    signed_pairs: Callable[[list[Pair]], list[Pair]] = lambda pairs: pairs
    encode: Callable[[str], str] = percent
    sort: Callable[[list[Pair]], list[Pair]] = sorted
    frame: Callable[[str], str] = percent
    frame_uri: Callable[[str], str] = percent
    key: Callable[[str, str], str] = lambda consumer, token: f"{percent(consumer)}&{percent(token)}"
    hashing: str = "sha1"

    def sent(self) -> HttpRequest:
        """The request as it goes out."""
        text = "&".join(f"{percent(n)}={percent(v)}" for n, v in self.query)
        uri = f"{SCHEME}://{self.host}{self.path}" + (f"?{text}" if text else "")
        realm = f'realm="{self.realm}", ' if self.realm else ""
        shown = ", ".join(f'{n}="{percent(v)}"' for n, v in self.oauth.items())
        header = f'OAuth {realm}{shown}, oauth_signature="{self.written(self._digest())}"'
        form = "&".join(f"{percent(n)}={percent(v)}" for n, v in self.form).encode()
        return HttpRequest(self.method, uri, header, form, self.content)

    def base_string(self) -> str:
        """What is signed."""
        pairs = self.signed_pairs([*self.oauth.items(), *self.query, *self.form])
        encoded = self.sort([(self.encode(name), self.encode(value)) for name, value in pairs])
        joined = "&".join(f"{name}={value}" for name, value in encoded)
        uri = self.signed_uri or f"{SCHEME}://{self.host}{self.path}"
        return f"{self.signed_method or self.method}&{self.frame_uri(uri)}&{self.frame(joined)}"

    def _digest(self) -> bytes:
        key = self.key(self.consumer_secret, self.token_secret)
        algorithm = getattr(hashlib, self.hashing)
        return hmac.new(key.encode(), self.base_string().encode(), algorithm).digest()


def draft(consumer_secret: str, token_secret: str, nonce: str = "n1", **changes: object) -> Draft:
    """A draft with all OAuth parameters that a call with a token has."""
    made = Draft(consumer_secret, token_secret, **changes)  # type: ignore[arg-type]
    made.oauth = {
        "oauth_consumer_key": "MiVOAppSuite",
        "oauth_token": "the-token",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "1800000000",
        "oauth_nonce": nonce,
    }
    return made
