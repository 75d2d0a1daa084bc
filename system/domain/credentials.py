"""Remote (set-side) credentials: made at random, or checked when typed (EXT-2, API-1).

The alphabet is the unreserved set of RFC 3986, so that a value survives configuration files, URIs,
quoted strings of digest headers and OAI fields without quoting. Randomness comes in.
"""

import math
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

Entropy = Callable[[int], bytes]
"""Returns that many random bytes."""

NAME_ALPHABET = string.ascii_lowercase + string.digits
PASSWORD_PUNCTUATION = "-._~"
PASSWORD_ALPHABET = string.ascii_letters + string.digits + PASSWORD_PUNCTUATION
NAME_PREFIX = "tw"
NAME_RANDOM_LENGTH = 10
PASSWORD_LENGTH = 20
PASSWORD_BITS = PASSWORD_LENGTH * math.log2(len(PASSWORD_ALPHABET))  # about 120; 96 are asked for

_NAME_CHARACTERS = frozenset(string.ascii_letters + string.digits + "-._~")
# '#' starts a comment in a configuration file, '"' and '\' end or escape a digest header's quoted
# string, '|' ends an OAI field, and '$$' starts a variable of the phone.
_PASSWORD_REFUSED = frozenset('#"\\|$')


@dataclass(frozen=True, slots=True)
class Sealed:
    """A credential as it is stored, encrypted: to be stored elsewhere as it is."""

    token: str = field(repr=False)


def random_name(entropy: Entropy) -> str:
    """``tw`` and ten letters or digits, such as ``tw7kq0c2m9xa``."""
    return NAME_PREFIX + random_text(entropy, NAME_ALPHABET, NAME_RANDOM_LENGTH)


def random_password(entropy: Entropy) -> str:
    """20 characters with letters, digits and punctuation; never one the MBG refuses as weak."""
    while True:
        password = random_text(entropy, PASSWORD_ALPHABET, PASSWORD_LENGTH)
        if len(_classes(password)) == 3:
            return password


def random_text(entropy: Entropy, alphabet: str, length: int) -> str:
    """``length`` characters, each equally likely: bytes past the last full round are dropped."""
    table, dropped = _of_bytes(alphabet)
    found = b""
    while len(found) < length:
        found += entropy(2 * length).translate(table, dropped)
    return found[:length].decode("ascii")


@lru_cache
def _of_bytes(alphabet: str) -> tuple[bytes, bytes]:
    """What each byte stands for, and the bytes that stand for nothing (for ``bytes.translate``)."""
    limit = 256 - 256 % len(alphabet)
    table = bytes(ord(alphabet[byte % len(alphabet)]) for byte in range(256))
    return table, bytes(range(limit, 256))


def name_problem(name: str) -> str | None:
    """Why a typed remote name cannot be used, or ``None``."""
    if not 1 <= len(name) <= 64:
        return "a remote name has 1 to 64 characters"
    if not set(name) <= _NAME_CHARACTERS:
        return "a remote name holds letters, digits and - . _ ~ only"
    return None


def password_problem(password: str, name: str) -> str | None:
    """Why a typed remote password cannot be used, or ``None``.

    The first three reasons are the MBG's rule for weak passwords (``docs/wire.md`` section 1).
    """
    if len(password) < 8:
        return "the password is shorter than 8 characters"
    if password == name:
        return "the password equals the remote name"
    if len(_classes(password)) < 2:
        return "the password is of only one of letters, digits and punctuation"
    if len(password) > 128:
        return "the password is longer than 128 characters"
    if any(not "!" <= character <= "~" for character in password):
        return "the password holds a blank or a character that is not plain ASCII"
    if set(password) & _PASSWORD_REFUSED:
        return 'the password holds one of # " \\ | $, which do not survive on the way to the phone'
    return None


def _classes(text: str) -> set[str]:
    return {
        "letter" if character.isalpha() else "digit" if character.isdigit() else "punctuation"
        for character in text
    }
