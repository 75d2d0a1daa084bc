"""Habits of a PBX node that can be set; public sources name none of the numbers, so each is ours.

Pure, as all that decides something about SIP is here.
"""

from dataclasses import dataclass

from simulators.errors import ConfigurationError
from simulators.sip.digest import ALGORITHMS


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """How a node treats its extensions.

    Args:
        min_expires_s: shortest expiry granted; below it the answer is 423.
        default_expires_s: granted where the REGISTER asks for none.
        max_expires_s: longest expiry granted; who asks for more gets this.
        contacts_per_extension: one more, and the one that was quiet for longest goes.
        nonce_life_s: how long a digest nonce may be used.
        algorithms: digest algorithms of the challenges, the one liked best first (RFC 8760).
        licences: how many extensions may be registered at a time (Cat-F); None: any number.
        ring_limit_s: how long an extension rings before the caller hears 480.
        hot_desk_code: feature code of hot desk on and off.
    """

    min_expires_s: int = 60
    default_expires_s: int = 3600
    max_expires_s: int = 3600
    contacts_per_extension: int = 1
    nonce_life_s: float = 300.0
    algorithms: tuple[str, ...] = ("MD5",)
    licences: int | None = None
    ring_limit_s: float = 180.0
    hot_desk_code: str = "348"

    def __post_init__(self) -> None:
        if not 0 < self.min_expires_s <= self.default_expires_s <= self.max_expires_s:
            raise ConfigurationError(
                "expected 0 < min_expires_s <= default_expires_s <= max_expires_s, got "
                f"{self.min_expires_s}, {self.default_expires_s}, {self.max_expires_s}"
            )
        if self.contacts_per_extension < 1:
            raise ConfigurationError(
                f"contacts_per_extension is {self.contacts_per_extension}, expected 1 or more"
            )
        if not self.algorithms or any(name not in ALGORITHMS for name in self.algorithms):
            raise ConfigurationError(
                f"algorithms is {self.algorithms}, expected one or more of {', '.join(ALGORITHMS)}"
            )
        if self.licences is not None and self.licences < 0:
            raise ConfigurationError(f"licences is {self.licences}, expected 0 or more, or None")
        if not self.ring_limit_s > 0:
            raise ConfigurationError(f"ring_limit_s is {self.ring_limit_s:g}, expected more than 0")
        if not (self.hot_desk_code.isascii() and self.hot_desk_code.isdigit()):
            raise ConfigurationError(
                f"hot_desk_code is {self.hot_desk_code[:20]!r}, expected digits"
            )
