"""REST calls about ICPs and SIP devices (ICP-1, PRV, EXT-4)."""

from aiohttp import web

from simulators.http_api.refused import Refusal
from simulators.http_api.routes import Answer, Route, answered
from simulators.mbg.api.rest_calls import (
    BASE,
    CALLER,
    CHANGES,
    READS,
    STALE,
    TAGGED,
    Parts,
    check_unchanged,
    permitted,
    slice_of,
    tagged,
)
from simulators.mbg.api.rest_documents import (
    DeviceChange,
    DeviceDocument,
    DeviceFilter,
    DevicePage,
    DeviceReplacement,
    IcpDocument,
    IcpFilter,
    IcpPage,
    NewDevice,
    device_document,
    icp_document,
)
from simulators.mbg.records.devices import Device
from simulators.mbg.refusals import not_found

ICPS, DEVICES = f"{BASE}/mbg/v1/icps/", f"{BASE}/mbg/v1/devices/"
SAME = Answer(304, "The client has it", headers=TAGGED)
DUPLICATE = Refusal(409, "duplicate", "another device has the user name; `detail.id` is its id")
UNFIT = Refusal(
    422, "invalid", "`detail.fields` is `{field: reason}`; weak passwords are here, too"
)


class ResourceCalls:
    """The handlers; one object per MBG."""

    def __init__(self, mbg: Parts) -> None:
        self._mbg = mbg

    def routes(self) -> list[Route]:
        """The calls, declared."""
        return [*self._icp_routes(), *self._device_routes()]

    def _icp_routes(self) -> list[Route]:
        page, one = Answer(200, "A page of ICPs", IcpPage), Answer(200, "The ICP", IcpDocument)
        reading = permitted(self._mbg, "MBG/v1/icps", "read")
        return [
            Route("GET", ICPS, "List ICPs", self.list_icps, (page,), guard=reading),
            Route(
                "GET",
                f"{ICPS}{{id}}/",
                "Read an ICP",
                self.read_icp,
                (one, SAME),
                headers=READS,
                guard=reading,
            ),
        ]

    def _device_routes(self) -> list[Route]:
        device = Answer(200, "The device", DeviceDocument, headers=TAGGED)
        created = Answer(
            201, "The device", DeviceDocument, headers={**TAGGED, "Location": "its path"}
        )
        one, page = f"{DEVICES}{{id}}/", Answer(200, "A page of devices", DevicePage)
        reading = permitted(self._mbg, "MBG/v1/devices", "read")
        writing = permitted(self._mbg, "MBG/v1/devices", "write")
        unfit = (DUPLICATE, UNFIT)
        return [
            Route("GET", DEVICES, "List devices", self.list_devices, (page,), guard=reading),
            Route(
                "POST",
                DEVICES,
                "Create a device",
                self.create_device,
                (created,),
                unfit,
                guard=writing,
            ),
            Route(
                "GET",
                one,
                "Read a device",
                self.read_device,
                (device, SAME),
                headers=READS,
                guard=reading,
            ),
            Route(
                "PUT",
                one,
                "Replace a device",
                self.replace_device,
                (device,),
                (*unfit, STALE),
                headers=CHANGES,
                guard=writing,
            ),
            Route(
                "PATCH",
                one,
                "Change fields of a device",
                self.patch_device,
                (device,),
                (*unfit, STALE),
                headers=CHANGES,
                guard=writing,
            ),
            Route(
                "DELETE",
                one,
                "Delete a device",
                self.delete_device,
                (Answer(204, "It is gone"),),
                (STALE,),
                headers=CHANGES,
                guard=writing,
            ),
        ]

    # ICPs

    async def list_icps(self, request: web.Request, *, query: IcpFilter) -> IcpPage:
        found = self._mbg.store.find_icps(
            address=query.address, name=query.name, search=query.search
        )
        return IcpPage(
            items=[icp_document(icp) for icp in slice_of(found, query.page, query.page_size)],
            total=len(found),
            page=query.page,
            page_size=query.page_size,
        )

    async def read_icp(self, request: web.Request) -> web.Response:
        icp = self._mbg.store.icps.get(request.match_info["id"])
        if icp is None:
            raise not_found(f"ICP {request.match_info['id']}")
        return tagged(request, icp_document(icp), icp.etag)

    # Devices

    async def list_devices(self, request: web.Request, *, query: DeviceFilter) -> DevicePage:
        found = self._mbg.store.find(
            set_username=query.set_username,
            icp_username=query.icp_username,
            icp_id=query.icp_id,
            status=query.status,
            search=query.search,
        )
        return DevicePage(
            items=[
                device_document(device) for device in slice_of(found, query.page, query.page_size)
            ],
            total=len(found),
            page=query.page,
            page_size=query.page_size,
        )

    async def create_device(self, request: web.Request, *, body: NewDevice) -> web.Response:
        consumer, _ = request[CALLER]
        device = self._mbg.store.create(body.model_dump(exclude_unset=True), consumer.consumer_id)
        self._learn(device)
        self._mbg.happened("SIP device created", id=device.id, icp_username=device.icp_username)
        headers = {"Location": f"{DEVICES}{device.id}/", "ETag": device.etag}
        return answered(device_document(device), 201, headers)

    async def read_device(self, request: web.Request) -> web.Response:
        device = self._mbg.store.get(request.match_info["id"])
        return tagged(request, device_document(device), device.etag)

    async def replace_device(
        self, request: web.Request, *, body: DeviceReplacement
    ) -> web.Response:
        device_id = self._unchanged(request)
        return self._changed(
            self._mbg.store.replace(device_id, body.model_dump(exclude_unset=True))
        )

    async def patch_device(self, request: web.Request, *, body: DeviceChange) -> web.Response:
        device_id = self._unchanged(request)
        return self._changed(self._mbg.store.patch(device_id, body.model_dump(exclude_unset=True)))

    async def delete_device(self, request: web.Request) -> web.Response:
        self._mbg.remove_device(self._unchanged(request))
        return web.Response(status=204)

    def _unchanged(self, request: web.Request) -> str:
        """The id of the device that a call is about, if it is as the caller thinks."""
        device = self._mbg.store.get(request.match_info["id"])
        check_unchanged(request, device.etag)
        return device.id

    def _changed(self, device: Device) -> web.Response:
        self._learn(device)
        self._mbg.device_changed(device)
        shown = self._mbg.store.get(device.id)  # the border may have noted something
        return answered(device_document(shown), headers={"ETag": shown.etag})

    def _learn(self, device: Device) -> None:
        self._mbg.journal.masker.learn(device.set_password, device.icp_password)
