"""The words of the SIP border: its two sides, its habits, and what it tells of devices."""

from dataclasses import dataclass

from simulators.core import STREAMS, TCP, UDP
from simulators.errors import ConfigurationError
from simulators.sip.digest import ALGORITHMS

OUTSIDE = "outside"
INSIDE = "inside"

LONGEST_KEEPALIVE_S = 180


@dataclass(frozen=True, slots=True)
class BorderSettings:
    """Habits of the border, seconds.

    Args:
        realm: digest realm on the set side.
        digest_algorithms: offered to sets, the one we like best first (`SHA-256`, `MD5`; RFC 8760).
        nonce_life_s: how long a set may use a nonce; a later answer to it is stale.
        set_expires_max_s: longest registration granted to a set.
        set_expires_min_s: shortest; less is answered 423.
        set_keepalive_s: how often a registered set is sent OPTIONS, at most 180.
        set_idle_s: a set that sends nothing for so long is out of service.
        upstream_transport: `UDP` or `TCP`.
        upstream_expires_s: what is asked of the ICP.
        upstream_limit_s: how long the ICP may take before the set hears 504.
        upstream_renewal_s: renew upstream this long before the end.
        icp_port: where ICPs take SIP.
        icp_keepalive_s: how often an ICP with registered devices is asked whether it is there.
    """

    realm: str = "mbg"
    digest_algorithms: tuple[str, ...] = ("MD5",)
    nonce_life_s: float = 300.0
    set_expires_max_s: int = 300
    set_expires_min_s: int = 30
    set_keepalive_s: float = 20.0
    set_idle_s: float = 300.0
    upstream_transport: str = UDP
    upstream_expires_s: int = 3600
    upstream_limit_s: float = 10.0
    upstream_renewal_s: float = 300.0
    icp_port: int = 5060
    icp_keepalive_s: float = 30.0

    def __post_init__(self) -> None:
        if not 0 < self.set_keepalive_s <= LONGEST_KEEPALIVE_S:
            raise ConfigurationError(
                f"set_keepalive_s is {self.set_keepalive_s:g}, expected more than 0 and at most "
                f"{LONGEST_KEEPALIVE_S}"
            )
        if self.set_idle_s <= self.set_keepalive_s:
            raise ConfigurationError(
                f"set_idle_s is {self.set_idle_s:g}, expected more than set_keepalive_s "
                f"({self.set_keepalive_s:g}), or every set that is quiet goes out of service"
            )
        unknown = [name for name in self.digest_algorithms if name not in ALGORITHMS]
        if unknown or not self.digest_algorithms:
            raise ConfigurationError(
                f"digest_algorithms is {self.digest_algorithms}, expected one or more of "
                f"{', '.join(ALGORITHMS)}"
            )
        if self.upstream_transport not in (UDP, TCP):
            raise ConfigurationError(
                f"upstream_transport is {self.upstream_transport!r}, expected {UDP} or {TCP}"
            )


@dataclass(slots=True)
class DeviceRegistered:
    """A set is registered, upstream too; it was granted `expires_s` seconds.

    Not frozen: that doubles what one costs to make, and each registration makes one.
    """

    device_id: str
    contact: str
    expires_s: int


@dataclass(frozen=True, slots=True)
class DeviceUnregistered:
    """A set's registration ended, for a reason of `set_registrations.Ending`."""

    device_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeviceRefused:
    """A set was refused: final status and reason as it heard them."""

    username: str
    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class CallBegins:
    """Somebody calls through the border: `direction` is as the device's set sees it.

    `party` is the number that the set dialled, or who calls it.
    """

    device_id: str
    direction: str
    party: str


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """The called end answered."""

    device_id: str
    direction: str
    party: str


@dataclass(frozen=True, slots=True)
class CallEnds:
    """A call is over, for a reason of `sip.call_events.Reason`; `status` is a refusal's."""

    device_id: str
    direction: str
    party: str
    reason: str
    status: int | None


def sip_uri(user: str, host: str, port: int | None = None, transport: str = UDP) -> str:
    """`sip:user@host:port;transport=...`; UDP goes without saying (RFC 3261 section 19.1.2)."""
    name = f"{user}@" if user else ""
    place = f"{host}:{port}" if port else host
    by = f";transport={transport.lower()}" if transport in STREAMS else ""
    return f"sip:{name}{place}{by}"
