"""What an MBG knows of one ICP and of one SIP device, pure (ICP-1, PRV-4)."""

import hashlib
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, get_args

Availability = Literal["everywhere", "sip devices only", "webrtc only"]
AVAILABILITIES: tuple[Availability, ...] = get_args(Availability)


class DeviceStatus(Enum):
    """What an administrator sees of a SIP device."""

    NEVER = "never registered"
    REGISTERED = "registered"
    UNREGISTERED = "out of service"
    REFUSED_SET_SIDE = "refused on the set side"
    REFUSED_BY_ICP = "refused by the ICP"
    NO_LICENCE = "no licence"
    ICP_SILENT = "ICP did not answer"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Icp:
    """A PBX node as the MBG knows it.

    Args:
        address: Hostname or IP Address as it was typed, for people and REST.
        ip: the IPv4 address that it stood for when it was saved, for the border.
    """

    id: str
    name: str
    address: str
    ip: str
    type: str = "MiVoice Office 250"

    @property
    def etag(self) -> str:
        """Another one for every other content."""
        return _etag(*self.document().values())

    def document(self) -> dict[str, object]:
        """The ICP as read through REST."""
        return {"id": self.id, "name": self.name, "address": self.address, "type": self.type}


@dataclass(frozen=True, slots=True)
class Device:
    """A SIP device: two pairs of credentials and who made it. Passwords don't show in its repr.

    `status` is what the border found, `status_detail` its reason in words.
    """

    id: str
    icp_id: str
    set_username: str
    set_password: str = field(repr=False)
    icp_username: str
    icp_password: str = field(repr=False)
    enabled: bool = True
    description: str = ""
    availability: str = "everywhere"
    created_by: str = "administrator"
    status: DeviceStatus = DeviceStatus.NEVER
    licensed: bool = False
    status_detail: str = ""

    @property
    def shown_status(self) -> DeviceStatus:
        """What an administrator sees: a disabled device is that, whatever it was before."""
        return self.status if self.enabled else DeviceStatus.DISABLED

    @property
    def etag(self) -> str:
        """Another one for every other content, passwords included."""
        return _etag(*self.document().values(), self.set_password, self.icp_password)

    @property
    def searched(self) -> str:
        """The text that `DeviceStore.find` searches."""
        return f"{self.set_username}\n{self.icp_username}\n{self.description}".lower()

    def document(self) -> dict[str, object]:
        """The device as read through REST: without its passwords."""
        return {
            "id": self.id,
            "enabled": self.enabled,
            "description": self.description,
            "icp_id": self.icp_id,
            "set_username": self.set_username,
            "icp_username": self.icp_username,
            "availability": self.availability,
            "status": self.shown_status.value,
            "status_detail": self.status_detail if self.enabled else "",
            "licensed": self.licensed,
            "created_by": self.created_by,
        }


def _etag(*content: object) -> str:
    """A strong entity tag (RFC 9110 section 8.8.3) that tells nothing of the content."""
    return f'"{hashlib.sha256(repr(content).encode("utf-8", "replace")).hexdigest()[:20]}"'
