"""Control of an MBG's records: ICPs and SIP devices as its site shows them (ICP-1, PRV-4)."""

from typing import Literal

from aiohttp import web
from pydantic import Field

from simulators.control.documents import NOTHING, done
from simulators.http_api.refused import Refusal, Refused
from simulators.http_api.routes import Answer, Document, Route
from simulators.mbg.mbg import Mbg
from simulators.mbg.records.devices import Device, Icp

IN_USE = Refusal(409, "icp_in_use", "SIP devices have it as their Configured ICP")
DUPLICATE = Refusal(409, "duplicate", "another device has that name; `detail.id` says which")


class IcpWish(Document):
    """A PBX node."""

    name: str = Field(min_length=1, max_length=200)
    address: str = Field(min_length=1, max_length=255)


class IcpChange(Document):
    """Its Hostname or IP Address."""

    address: str = Field(min_length=1, max_length=255)


class IcpShown(Document):
    """A PBX node as the MBG knows it."""

    id: str
    name: str
    address: str
    type: str


class IcpsShown(Document):
    """All ICPs."""

    items: list[IcpShown]


class DeviceChange(Document):
    """Fields of a SIP device; what is left out stays. An empty ICP side copies the set side."""

    enabled: bool = True
    description: str = Field(default="", max_length=255)
    icp_id: str = ""
    set_username: str = Field(default="", max_length=255)
    set_password: str = Field(default="", max_length=255)
    icp_username: str = Field(default="", max_length=255)
    icp_password: str = Field(default="", max_length=255)
    availability: Literal["everywhere", "sip devices only", "webrtc only"] = "everywhere"


class DeviceWish(DeviceChange):
    """A SIP device made by hand."""

    icp_id: str = Field(min_length=1)
    set_username: str = Field(min_length=1, max_length=255)
    set_password: str = Field(min_length=1, max_length=255)


class DeviceShown(Document):
    """A SIP device with its state; passwords are never shown."""

    id: str
    enabled: bool
    description: str
    icp_id: str
    set_username: str
    icp_username: str
    availability: str
    status: str
    status_detail: str
    licensed: bool
    created_by: str


class DevicesShown(Document):
    """All SIP devices."""

    items: list[DeviceShown]


class _Records:
    def __init__(self, mbg: Mbg) -> None:
        self._mbg = mbg

    async def list_icps(self, request: web.Request) -> IcpsShown:
        return IcpsShown(items=[_icp(icp) for icp in self._mbg.store.icps.values()])

    async def add_icp(self, request: web.Request, *, body: IcpWish) -> IcpShown:
        return _icp(self._mbg.add_icp(body.name, body.address))

    async def change_icp(self, request: web.Request, *, body: IcpChange) -> IcpShown:
        icp_id = request.match_info["id"]
        if icp_id not in self._mbg.store.icps:
            raise Refused(404, "not_found", f"there is no ICP {icp_id}")
        return _icp(self._mbg.change_icp(icp_id, address=body.address))

    async def remove_icp(self, request: web.Request) -> web.Response:
        self._mbg.remove_icp(request.match_info["id"])
        return done()

    async def list_devices(self, request: web.Request) -> DevicesShown:
        return DevicesShown(items=[_device(d) for d in self._mbg.store.devices.values()])

    async def add_device(self, request: web.Request, *, body: DeviceWish) -> DeviceShown:
        return _device(self._mbg.add_device(**body.model_dump(exclude_unset=True)))

    async def read_device(self, request: web.Request) -> DeviceShown:
        return _device(self._mbg.store.get(request.match_info["id"]))

    async def change_device(self, request: web.Request, *, body: DeviceChange) -> DeviceShown:
        changes = body.model_dump(exclude_unset=True)
        return _device(self._mbg.change_device(request.match_info["id"], **changes))

    async def remove_device(self, request: web.Request) -> web.Response:
        self._mbg.remove_device(request.match_info["id"])
        return done()


def _icp(icp: Icp) -> IcpShown:
    return IcpShown.model_validate(icp.document())


def _device(device: Device) -> DeviceShown:
    return DeviceShown.model_validate(device.document())


def mbg_record_routes(mbg: Mbg) -> list[Route]:
    """ICPs and SIP devices."""
    calls = _Records(mbg)
    shown = (Answer(200, "as it is now", DeviceShown),)
    return [
        Route("GET", "/icps", "List ICPs", calls.list_icps, (Answer(200, "all", IcpsShown),)),
        Route("POST", "/icps", "Add an ICP", calls.add_icp, (Answer(201, "added", IcpShown),)),
        Route(
            "PATCH", "/icps/{id}", "Change an ICP's address", calls.change_icp,
            (Answer(200, "as it is now", IcpShown),),
        ),
        Route(
            "DELETE", "/icps/{id}", "Remove an ICP that no SIP device uses", calls.remove_icp,
            (NOTHING,), (IN_USE,),
        ),
        Route(
            "GET", "/devices", "List SIP devices with their states", calls.list_devices,
            (Answer(200, "all", DevicesShown),),
        ),
        Route(
            "POST", "/devices", "Make a SIP device by hand", calls.add_device,
            (Answer(201, "made", DeviceShown),), (DUPLICATE,),
        ),
        Route("GET", "/devices/{id}", "See one SIP device", calls.read_device, shown),
        Route(
            "PATCH", "/devices/{id}", "Change a SIP device by hand", calls.change_device, shown,
            (DUPLICATE,),
        ),
        Route("DELETE", "/devices/{id}", "Delete a SIP device", calls.remove_device, (NOTHING,)),
    ]  # fmt: skip
