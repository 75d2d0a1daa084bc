"""Who is the phone that it says it is (``docs/decisions/0021``). Pure.

A MAC is guessable and stands on the box, so it proves nothing. A teleworker's phone is known by a
token that it was handed while its enrolment was open, or by a device certificate; a local phone by
coming from the office's own network, as the PBX itself knows it.
"""

import hmac
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from system.domain.addresses import Location
from system.domain.credentials import Entropy, random_text

TOKEN_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
TOKEN_LENGTH = 22
"""131 bits; it stands in the path of the phone's files and in its URIs, so it has to be short."""

PRIVATE_NETWORKS = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "100.64.0.0/10",
    "fc00::/7",
    "fe80::/10",
    "::1/128",
)
"""Where an office is, unless its administrator says it more closely."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Standing(StrEnum):
    """What a request may have."""

    BOUND = "bound"
    """It has shown the phone's token, or its certificate."""
    ENROLLING = "enrolling"
    """The phone's enrolment is open: it is handed its token with everything else."""
    OFFICE = "office"
    """It comes from the office's own network."""
    STRANGER = "stranger"
    """Nothing speaks for it: it gets what any unknown phone gets."""
    REFUSED = "refused"
    """It has shown a token that is not the phone's. The phone keeps what it has."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What is stored about a phone's enrolment."""

    token: str | None = field(default=None, repr=False)
    bound_at: float | None = None
    enrolment_until: float | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for one request."""

    location: Location
    in_office: bool
    """Its source address is in the office's own networks."""
    token: str = field(default="", repr=False)
    certified: bool = False
    """It came with a device certificate for this very MAC."""


def standing(binding: Binding, evidence: Evidence, now: float) -> Standing:
    """Judge one request; the first line that fits counts."""
    if evidence.certified:
        return Standing.BOUND
    if binding.token and hmac.compare_digest(evidence.token.encode(), binding.token.encode()):
        return Standing.BOUND
    if evidence.location is Location.LOCAL and evidence.in_office:
        return Standing.OFFICE
    if binding.enrolment_until is not None and now < binding.enrolment_until:
        return Standing.ENROLLING
    return Standing.REFUSED if evidence.token else Standing.STRANGER


MAY_HAVE_CREDENTIALS = frozenset({Standing.BOUND, Standing.ENROLLING, Standing.OFFICE})


def opened(binding: Binding, now: float, window_s: float, entropy: Entropy) -> Binding:
    """Enrolment begins: a new token, which whoever asks first is handed; the old one is worthless.

    A phone that is bound stays so as long as nobody opens its enrolment again.
    """
    return Binding(new_token(entropy), None, now + window_s)


def shown(binding: Binding, now: float) -> Binding:
    """The token was shown: from now on it is the only way in."""
    return Binding(binding.token, binding.bound_at or now, None)


def new_token(entropy: Entropy) -> str:
    """A token that nobody guesses."""
    return random_text(entropy, TOKEN_ALPHABET, TOKEN_LENGTH)


def is_token(text: str) -> bool:
    """Whether a text has a token's shape."""
    return len(text) == TOKEN_LENGTH and text.isascii() and text.isalnum()


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks such as ``10.0.0.0/8``.

    Raises:
        ValueError: one of the texts is none.
    """
    return tuple(ipaddress.ip_network(text) for text in texts)


def is_in(address: str, among: Sequence[Network]) -> bool:
    """Whether an address is in one of the networks; what is no address is in none."""
    try:
        place = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(place, ipaddress.IPv6Address) and place.ipv4_mapped is not None:
        place = place.ipv4_mapped
    return any(place in network for network in among)
