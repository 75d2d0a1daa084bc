"""A signature taken apart, so that one step of making it can be done differently, pure.

`Signing` holds what goes into one signature and the five steps of RFC 5849 section 3.4 as fields.
As `of` makes it, it is the signature that the MBG expects; the mistakes in `oauth_mistakes` and
`oauth_key_mistakes` are changes of it.
"""

import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from simulators.mbg.services import oauth
from simulators.mbg.services.oauth import Pairs, SignedRequest, encode


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the MBG knows that a client may have mixed up.

    Args:
        consumer, token: the right secrets; "" for a call without a token.
        of_consumers: ConsumerID -> secret, of all consumers.
        of_tokens: secrets of all tokens of this consumer.
        hosts: other authorities (`name` or `name:port`) that lead to this MBG.
    """

    consumer: str = field(repr=False)
    token: str = field(repr=False)
    of_consumers: Mapping[str, str] = field(default_factory=dict, repr=False)
    of_tokens: Sequence[str] = field(default=(), repr=False)
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signing:
    """Everything that makes one signature.

    Args:
        method: as it is signed.
        uri: the base string URI.
        header, query, form: decoded parameters by where they are in the request.
        key: text, or octets where a mistake makes them.
        encode: encoding of names and values.
        order: puts encoded names and values in their order.
        frame: encoding of the joined parameters as a part of the base string.
        frame_uri: encoding of the URI as a part of it.
        which: more exactly what a mistake changed, for people.
    """

    request: SignedRequest
    secrets: Secrets
    method: str
    uri: str
    header: Pairs
    query: Pairs
    form: Pairs
    key: str | bytes
    algorithm: str
    encode: Callable[[str], str] = encode
    order: Callable[[Iterable[tuple[str, str]]], Iterable[tuple[str, str]]] = sorted
    frame: Callable[[str], str] = encode
    frame_uri: Callable[[str], str] = encode
    which: str = ""

    @property
    def base_string(self) -> str:
        """The signature base string."""
        pairs = [
            (self.encode(name), self.encode(value))
            for name, value in self.header + self.query + self.form
        ]
        text = "&".join(f"{name}={value}" for name, value in self.order(pairs))
        return f"{self.method}&{self.frame_uri(self.uri)}&{self.frame(text)}"

    @property
    def digest(self) -> bytes:
        """The signature's octets."""
        return signed_with(self, self.base_string)


def of(signed: SignedRequest, secrets: Secrets) -> Signing:
    """The signature as it should have been made."""
    return Signing(
        request=signed,
        secrets=secrets,
        method=encode(signed.request.method.upper()),
        uri=oauth.base_string_uri(signed.request.uri.partition("?")[0]),
        header=_signed(signed.header),
        query=_signed(signed.query),
        form=_signed(signed.form),
        key=key(secrets.consumer, secrets.token),
        algorithm=signed.get("signature_method"),
    )


def key(consumer_secret: str, token_secret: str) -> str:
    """The HMAC's key (section 3.4.2)."""
    return f"{encode(consumer_secret)}&{encode(token_secret)}"


def octets(text: str) -> bytes:
    """Text as it was on the wire."""
    return text.encode("utf-8", "surrogateescape")


def _signed(pairs: Pairs) -> Pairs:
    return [pair for pair in pairs if pair[0] != "oauth_signature"]


def signed_with(signing: Signing, base_string: str) -> bytes:
    """The signature's octets of another base string with the same key."""
    secret = signing.key if isinstance(signing.key, bytes) else octets(signing.key)
    return hmac.digest(secret, octets(base_string), oauth.METHODS[signing.algorithm])
