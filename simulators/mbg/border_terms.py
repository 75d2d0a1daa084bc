"""The words of the SIP border: its two sides, its habits, and what it tells of devices."""

from dataclasses import dataclass

OUTSIDE = "outside"
INSIDE = "inside"


@dataclass(frozen=True, slots=True)
class BorderSettings:
    """Habits of the border, seconds.

    Args:
        realm: digest realm on the set side.
        set_expires_max_s: longest registration granted to a set.
        set_expires_min_s: shortest; less is answered 423.
        upstream_expires_s: what is asked of the ICP.
        upstream_limit_s: how long the ICP may take before the set hears 504.
        upstream_renewal_s: renew upstream this long before the end.
        icp_port: where ICPs take SIP.
        icp_keepalive_s: how often an ICP with registered devices is asked whether it is there.
    """

    realm: str = "mbg"
    set_expires_max_s: int = 300
    set_expires_min_s: int = 30
    upstream_expires_s: int = 3600
    upstream_limit_s: float = 10.0
    upstream_renewal_s: float = 300.0
    icp_port: int = 5060
    icp_keepalive_s: float = 30.0


@dataclass(frozen=True, slots=True)
class DeviceRegistered:
    """A set is registered, upstream too; it was granted `expires_s` seconds."""

    device_id: str
    contact: str
    expires_s: int


@dataclass(frozen=True, slots=True)
class DeviceUnregistered:
    """A set's registration ended: `expired`, `un-registered` or `removed`."""

    device_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeviceRefused:
    """A set was refused: final status and reason as it heard them."""

    username: str
    status: int
    reason: str
