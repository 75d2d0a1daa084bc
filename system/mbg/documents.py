"""What the MBG's resources look like (``docs/wire.md`` section 1), read strictly where it matters.

Members that we do not know are ignored: a later MBG may say more.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

ShortText = Annotated[str, Field(max_length=253)]


class _Document(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class SystemDocument(_Document):
    """``GET /mslrest/mbg/v1/system/``."""

    release: Annotated[str, Field(max_length=64)]
    mode: Annotated[str, Field(max_length=32)]


class TokenDocument(_Document):
    """``GET /mslrest/base/v1/managetoken/``; times are ISO 8601."""

    state: str
    expires_at: str


class IcpDocument(_Document):
    """One ICP: a PBX node as the MBG knows it."""

    id: ShortText
    name: ShortText
    address: ShortText


class DeviceDocument(_Document):
    """One SIP device as read; its passwords are never read."""

    id: Annotated[str, Field(min_length=1, max_length=64)]
    icp_id: ShortText
    set_username: ShortText
    icp_username: ShortText
    created_by: str | None = None
    enabled: bool = True
    description: str = ""
    availability: str = "everywhere"
    status: str = ""
    licensed: bool | None = None
    """Whether it holds a teleworker licence of the MBG now."""


class Page(_Document):
    """One page of a collection."""

    items: list[dict[str, Any]]
    total: Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class DeviceToWrite:
    """A SIP device as MCS writes it; always whole, so that writing twice is writing once."""

    description: str
    icp_id: str
    set_username: str
    set_password: str = field(repr=False)
    icp_username: str
    icp_password: str = field(repr=False)

    def wire(self) -> dict[str, Any]:
        """The JSON object, passwords in clear."""
        return {
            "enabled": True,
            "description": self.description,
            "icp_id": self.icp_id,
            "set_username": self.set_username,
            "set_password": self.set_password,
            "icp_username": self.icp_username,
            "icp_password": self.icp_password,
            "availability": "everywhere",
        }
