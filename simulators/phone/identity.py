"""Who a phone is: its MAC in the forms that files, headers and people use (wire contract 3)."""

import re
from dataclasses import dataclass

from simulators.core import Entropy
from simulators.errors import ConfigurationError
from simulators.phone.models import Model

PREFIX = "1400E9"
"""Of the maker's MAC prefixes, the one typical for the 69xx."""

_MAC = re.compile(r"[0-9A-F]{12}")


def clean_mac(text: str) -> str:
    """A MAC as 12 upper-case hex digits, from any usual way to write it.

    Raises:
        ConfigurationError: it is none.
    """
    mac = re.sub(r"[-:. ]", "", text).upper()
    if not _MAC.fullmatch(mac):
        raise ConfigurationError(
            f"a MAC address has 12 hex digits, got {text!r}: write it like 14-00-E9-12-34-56"
        )
    return mac


def dashed(mac: str) -> str:
    """`14-00-E9-12-34-56`."""
    return bytes.fromhex(mac).hex("-").upper()


@dataclass(frozen=True, slots=True)
class Identity:
    """One phone by its MAC: 12 upper-case hex digits, whatever way it was written.

    Raises:
        ConfigurationError: not a MAC.
    """

    mac: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "mac", clean_mac(self.mac))

    @classmethod
    def random(cls, entropy: Entropy) -> "Identity":
        """An identity with the maker's prefix."""
        return cls(PREFIX + entropy(3).hex())

    @property
    def configuration_file(self) -> str:
        """`1400E9123456.cfg`."""
        return f"{self.mac}.cfg"

    @property
    def dashed(self) -> str:
        """`14-00-E9-12-34-56`, as in the User-Agent and on the label."""
        return dashed(self.mac)

    def user_agent(self, model: Model, version: str) -> str:
        """The HTTP User-Agent of SIP firmware `version`."""
        return f"{model.user_agent} MAC:{self.dashed} V:{version}-SIP"

    def headers(self, model: Model, version: str, modules: int = 0) -> dict[str, str]:
        """What an HTTP request says of the phone and of the expansion modules attached to it."""
        attached = {f"X-Aastra-ExpMod{number + 1}": model.module for number in range(modules)}
        return {"User-Agent": self.user_agent(model, version), **attached}
