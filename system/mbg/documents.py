"""What the MBG's resources look like (``docs/wire.md`` section 1), read strictly where it matters.

Members that we do not know are ignored: a later MBG may say more.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

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


class DeviceToWrite(BaseModel):
    """A SIP device as MCS writes it; always whole, so that writing twice is writing once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    description: str
    icp_id: str
    set_username: str
    set_password: SecretStr
    icp_username: str
    icp_password: SecretStr
    availability: Literal["everywhere"] = "everywhere"

    def wire(self) -> dict[str, Any]:
        """The JSON object, passwords in clear."""
        document = self.model_dump(exclude={"set_password", "icp_password"})
        document["set_password"] = self.set_password.get_secret_value()
        document["icp_password"] = self.icp_password.get_secret_value()
        return document
