"""Extensions of a PBX node, and the random credentials that the PBX gives each of them.

Names and passwords must survive a line of a configuration file, a URI, a digest header and an OAI
field in pipes, so a password is made of letters, digits and the unreserved marks of RFC 3986 alone.
"""

import string
from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field
from enum import IntEnum

from simulators.core import Entropy
from simulators.errors import LocalProtocolError

PUNCTUATION = "-_.~"
ALPHABET = string.ascii_letters + string.digits + PUNCTUATION
PASSWORD_LENGTH = 16
"""16 of 66 characters hold more than 96 bits."""
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 16


class DeviceType(IntEnum):
    """Device types as OAI numbers them."""

    SIP_PHONE = 38
    SIP_HOT_DESK = 48  # ours: public sources name no number

    @property
    def label(self) -> str:
        """In words, for messages."""
        return {DeviceType.SIP_PHONE: "SIP phone", DeviceType.SIP_HOT_DESK: "SIP hot desk"}[self]


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension of a node.

    Args:
        number: what is dialled, and the user part of its AOR.
        name: of the person.
        device_type: SIP phone or SIP hot desk.
        auth_name: digest user name; the PBX wants it to equal `number` (EXT-6).
        auth_password: digest password; never shown by `repr`.
        passcode: digits that its user types at a phone, for hot desking; never shown by `repr`.
    """

    number: str
    name: str
    device_type: DeviceType
    auth_name: str
    auth_password: str = field(repr=False)
    passcode: str = field(default="", repr=False)

    @property
    def has_weak_password(self) -> bool:
        """Empty or equal to the number: what raises alarm 149 (engineering manual of the PBX)."""
        password = self.auth_password
        return not password or password == self.number


class Extensions(MutableMapping[str, Extension]):
    """Number -> extension, which also finds the owner of an authorization name at once."""

    def __init__(self, extensions: Iterable[Extension] = ()) -> None:
        self._by_number: dict[str, Extension] = {}
        self._by_auth_name: dict[str, str] = {}
        for extension in extensions:
            self[extension.number] = extension

    def owner_of(self, auth_name: str) -> Extension | None:
        """Whose authorization name this is; it need not be the number (EXT-6)."""
        number = self._by_auth_name.get(auth_name)
        return None if number is None else self._by_number[number]

    def password_of(self, auth_name: str) -> str | None:
        """The digest password of an authorization name; None for an unknown one."""
        number = self._by_auth_name.get(auth_name)
        return None if number is None else self._by_number[number].auth_password

    def __contains__(self, number: object) -> bool:
        return number in self._by_number

    def __getitem__(self, number: str) -> Extension:
        return self._by_number[number]

    def __setitem__(self, number: str, extension: Extension) -> None:
        old = self._by_number.get(number)
        if old is not None:
            self._by_auth_name.pop(old.auth_name, None)
        self._by_number[number] = extension
        self._by_auth_name[extension.auth_name] = number

    def __delitem__(self, number: str) -> None:
        self._by_auth_name.pop(self._by_number.pop(number).auth_name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_number)

    def __len__(self) -> int:
        return len(self._by_number)


def make_password(entropy: Entropy, length: int = PASSWORD_LENGTH) -> str:
    """A random password with at least a letter, a digit and a punctuation mark.

    Args:
        length: 12 to 16 characters.

    Raises:
        LocalProtocolError: another length was asked for.
    """
    if not SHORTEST_PASSWORD <= length <= LONGEST_PASSWORD:
        raise LocalProtocolError(
            f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters, not {length}"
        )
    while True:
        password = "".join(_character(entropy) for _ in range(length))
        if is_mixed(password):
            return password


def is_mixed(password: str) -> bool:
    """Whether letters, digits and punctuation all occur."""
    return (
        any(char in string.ascii_letters for char in password)
        and any(char in string.digits for char in password)
        and any(char in PUNCTUATION for char in password)
    )


def _character(entropy: Entropy) -> str:
    limit = 256 - 256 % len(ALPHABET)  # octets above it would favour the alphabet's beginning
    while True:
        octet = entropy(1)[0]
        if octet < limit:
            return ALPHABET[octet % len(ALPHABET)]
