"""The usual mistakes in an HMAC's key, its algorithm, and the writing of the signature, pure."""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote, unquote

from simulators.mbg.services.oauth import METHODS, encode
from simulators.mbg.services.oauth_mistakes import Mistake
from simulators.mbg.services.oauth_signing import Signing, key


def _no_ampersand(s: Signing) -> Iterator[Signing]:
    consumer, token = s.secrets.consumer, s.secrets.token
    yield replace(s, key=encode(consumer) + encode(token))
    yield replace(s, key=consumer + token, which="and both secrets were not encoded")
    if token:
        yield replace(s, key=encode(consumer), which="the consumer's secret alone")
        yield replace(s, key=consumer, which="the consumer's secret alone, not encoded")


def _without_token_secret(s: Signing) -> Iterator[Signing]:
    if s.secrets.token:
        yield replace(s, key=key(s.secrets.consumer, ""))


def _without_consumer_secret(s: Signing) -> Iterator[Signing]:
    yield replace(s, key=key("", s.secrets.token))


def _swapped(s: Signing) -> Iterator[Signing]:
    yield replace(s, key=key(s.secrets.token, s.secrets.consumer))


def _not_encoded(s: Signing) -> Iterator[Signing]:
    yield replace(s, key=f"{s.secrets.consumer}&{s.secrets.token}")


def _encoded_twice(s: Signing) -> Iterator[Signing]:
    yield replace(s, key=key(encode(s.secrets.consumer), encode(s.secrets.token)))
    yield replace(s, key=encode(key(s.secrets.consumer, s.secrets.token)), which="as a whole")


def _blanks(s: Signing) -> Iterator[Signing]:
    consumer, token = s.secrets.consumer, s.secrets.token
    for before, after, which in (
        ("", " ", "a space after"),
        (" ", "", "a space before"),
        (" ", " ", "spaces around"),
        ("", "\n", "a line feed after"),
        ("", "\r\n", "a line end after"),
        ("", "\r", "a carriage return after"),
        ("", "\t", "a tab after"),
        ('"', '"', "quotes around"),
    ):
        around = f"{which} the consumer's secret"
        yield replace(s, key=key(f"{before}{consumer}{after}", token), which=around)
        if token:
            around = f"{which} the token's secret"
            yield replace(s, key=key(consumer, f"{before}{token}{after}"), which=around)


def _copied_badly(s: Signing) -> Iterator[Signing]:
    consumer, token = s.secrets.consumer, s.secrets.token
    for made, which in (
        (lambda secret: secret.rstrip("="), "without its = at the end"),
        (lambda secret: secret.replace("+", " "), "with + turned into a space"),
        (unquote, "with its escapes decoded"),
    ):
        if made(consumer) != consumer:
            yield replace(s, key=key(made(consumer), token), which=f"consumer's, {which}")
        if made(token) != token:
            yield replace(s, key=key(consumer, made(token)), which=f"token's, {which}")


def _decoded(s: Signing) -> Iterator[Signing]:
    try:
        consumer, token = (
            base64.b64decode(secret, validate=True)
            for secret in (s.secrets.consumer, s.secrets.token)
        )
    except binascii.Error:
        return
    yield replace(s, key=consumer + b"&" + token)
    yield replace(s, key=f"{quote(consumer, safe='-._~')}&{quote(token, safe='-._~')}")


def _identifiers(s: Signing) -> Iterator[Signing]:
    consumer_id, token = s.request.get("consumer_key"), s.request.get("token")
    yield replace(s, key=key(consumer_id, s.secrets.token), which="the ConsumerID")
    if token:
        yield replace(s, key=key(s.secrets.consumer, token), which="the token")


def _other_consumer(s: Signing) -> Iterator[Signing]:
    for consumer_id, secret in s.secrets.of_consumers.items():
        if secret != s.secrets.consumer:
            which = f"the secret is that of {consumer_id}"
            yield replace(s, key=key(secret, s.secrets.token), which=which)


def _other_token(s: Signing) -> Iterator[Signing]:
    for secret in s.secrets.of_tokens:
        if secret != s.secrets.token:
            yield replace(s, key=key(s.secrets.consumer, secret))


def _other_algorithm(s: Signing) -> Iterator[Signing]:
    for algorithm in METHODS:
        if algorithm != s.algorithm:
            which = f"{s.algorithm} was named, {algorithm} was used"
            yield replace(s, algorithm=algorithm, which=which)


KEY_MISTAKES = (
    Mistake("other_algorithm", "use the algorithm that is named", _other_algorithm),
    Mistake("ampersand_missing", "the key holds an & even without a token", _no_ampersand),
    Mistake("token_secret_left_out", "the key ends in the token's secret", _without_token_secret),
    Mistake("consumer_secret_left_out", "the key begins with it", _without_consumer_secret),
    Mistake("secrets_swapped", "the consumer's secret comes first", _swapped),
    Mistake("secrets_not_encoded", "percent-encode both secrets in the key", _not_encoded),
    Mistake("secrets_encoded_twice", "percent-encode both secrets once", _encoded_twice),
    Mistake("secret_with_blanks", "a secret was copied with more than itself", _blanks),
    Mistake("secret_copied_badly", "a secret was changed on its way", _copied_badly),
    Mistake("secrets_decoded", "secrets are text: don't decode their base64", _decoded),
    Mistake("identifier_as_secret", "an identifier was taken for its secret", _identifiers),
    Mistake("other_consumer", "use the secret of this ConsumerID", _other_consumer),
    Mistake("other_token", "use the secret that came with this token", _other_token),
)


def readings(given: str) -> Iterator[tuple[str, str, bytes]]:
    """Octets that a badly written signature may mean: name of the mistake, what to do, octets."""
    for name, says, text in (
        ("signature_not_encoded", "encode + in oauth_signature as %2B", given.replace(" ", "+")),
        ("signature_encoded_twice", "encode oauth_signature once", unquote(given)),
        ("signature_unpadded", "end the base64 in =", given + "=" * (-len(given) % 4)),
        ("signature_url_safe", "use + and / in base64", given.translate({45: "+", 95: "/"})),
        ("signature_in_lines", "no blanks in the base64", "".join(given.split())),
    ):
        octets = _base64(text)
        if octets and text != given:
            yield name, says, octets
    for written in (given.encode("utf-8", "surrogateescape"), _base64(given)):
        try:
            octets = bytes.fromhex(written.decode("ascii"))
        except ValueError:
            continue
        yield "signature_in_hex", "base64 of the octets, not of hex digits", octets


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
