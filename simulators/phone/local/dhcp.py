"""What a DHCP offer tells a phone: where its configuration server is.

An offer is a value of the phone's network. Options 43, 66, 159 and 160 may name the server, as a
URL, or as an address or host name, which means TFTP. The order is 43, 160, 159, 66; the parameter
`dhcp config option override` (on the screen DHCP Download Options) takes one of them alone, or
with -1 none. In option 43, text counts as such, and of encapsulated options (RFC 2132 section 8.4)
the second is the server. Sources: the maker's public administrator guides for the options and the
override, domain reference 3.1 and 3.3; option 43's inside is our reading of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulators.phone.models import Model

PRECEDENCE = (43, 160, 159, 66)
OVERRIDE = "dhcp config option override"
NONE, ANY = "-1", "0"
SERVER_SUBOPTION = 2
OVERRIDES = (NONE, ANY, *(str(option) for option in sorted(PRECEDENCE)))


@dataclass(frozen=True, slots=True)
class Offer:
    """A DHCP offer: its options by number, as octets or text; no options is a home's usual."""

    options: Mapping[int, str | bytes] = field(default_factory=dict)

    def text(self, option: int) -> str:
        """An option as text; empty when it isn't there or can't be read."""
        value = self.options.get(option, "")
        if isinstance(value, str):
            return value.strip()
        if option == 43 and value[:1] and not 0x20 <= value[0] < 0x7F:
            value = _suboption(value, SERVER_SUBOPTION)
        return value.rstrip(b"\0").decode("ascii", "replace").strip()


NO_OFFER = Offer()


def vendor_class(model: Model) -> str:
    """Option 60 of what the phone asks; its ending is by analogy (domain reference 3.1)."""
    return f"MitelIPPhone{model.name}"


def server_url(offer: Offer, configuration: Mapping[str, str]) -> str:
    """The URL of the configuration server that an offer names; empty without one.

    An address or host alone means TFTP.
    """
    override = configuration.get(OVERRIDE, ANY).strip()
    if override == NONE:
        return ""
    chosen = [n for n in PRECEDENCE if str(n) == override] or list(PRECEDENCE)
    for option in chosen:
        text = offer.text(option)
        if text:
            return text if "://" in text else f"tftp://{text}"
    return ""


def _suboption(value: bytes, wanted: int) -> bytes:
    """One of encapsulated options; empty when it isn't there or they are cut short."""
    at = 0
    while at + 2 <= len(value) and value[at] != 255:
        code, length = value[at], value[at + 1]
        if at + 2 + length > len(value):
            return b""
        if code == wanted:
            return value[at + 2 : at + 2 + length]
        at += 2 + length
    return b""
