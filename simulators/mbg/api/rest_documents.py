"""What the REST API's ICPs and SIP devices look like, read and written (docs/wire.md section 1)."""

from typing import Annotated

from pydantic import Field

from simulators.http_api.routes import Document
from simulators.mbg.api.rest_calls import MAX_PAGE_SIZE, OwnQuery
from simulators.mbg.records.device_fields import LONGEST_TEXT
from simulators.mbg.records.device_records import Availability, Device, DeviceStatus, Icp

Text = Annotated[str, Field(max_length=LONGEST_TEXT, pattern=r"^[^\x00-\x1f]*$")]
Password = Annotated[
    Text, Field(description="written, never read; not shorter than 8, not the user name")
]
PageNumber = Annotated[int, Field(ge=1, le=10**9)]
PageSize = Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE)]


class IcpDocument(Document):
    """An ICP."""

    id: str
    name: str
    address: str
    type: str


class IcpPage(Document):
    """A page of ICPs."""

    items: list[IcpDocument]
    total: int
    page: int
    page_size: int


class IcpFilter(OwnQuery):
    """Which ICPs; `search` is a part of name or address."""

    address: str | None = None
    name: str | None = None
    search: str | None = None
    page: PageNumber = 1
    page_size: PageSize = 100


class DeviceDocument(Document):
    """A SIP device as it is read."""

    id: str
    enabled: bool
    description: str
    icp_id: str
    set_username: str
    icp_username: str
    availability: Availability
    status: DeviceStatus
    status_detail: str
    licensed: bool
    created_by: str


class DevicePage(Document):
    """A page of SIP devices."""

    items: list[DeviceDocument]
    total: int
    page: int
    page_size: int


class DeviceFilter(OwnQuery):
    """Which devices; `search` is a part of a user name or the description."""

    set_username: str | None = None
    icp_username: str | None = None
    icp_id: str | None = None
    status: DeviceStatus | None = None
    search: str | None = None
    page: PageNumber = 1
    page_size: PageSize = 100


class DeviceChange(Document):
    """Fields of a SIP device to change."""

    enabled: bool = True
    description: Text = ""
    icp_id: Text = ""
    set_username: Text = ""
    set_password: Password = ""
    icp_username: Text = ""
    icp_password: Password = ""
    availability: Availability = "everywhere"


class DeviceReplacement(DeviceChange):
    """A SIP device anew; passwords that are left out stay."""

    icp_id: Text = Field(min_length=1)
    set_username: Text = Field(min_length=1)


class NewDevice(DeviceReplacement):
    """A SIP device to create; an empty ICP side copies the set side."""

    set_password: Password = Field(min_length=1)


def icp_document(icp: Icp) -> IcpDocument:
    """An ICP as it is read."""
    return IcpDocument.model_construct(None, **icp.document())


def device_document(device: Device) -> DeviceDocument:
    """A device as it is read."""
    return DeviceDocument.model_construct(
        None, **(device.document() | {"status": device.shown_status})
    )
