"""MiVoice Border Gateway -> Service configuration -> SIP devices (PRV-4).

Password fields are always shown blank; left blank, they keep what there is.
"""

from aiohttp import web

from simulators.errors import BenchError
from simulators.mbg.records.devices import AVAILABILITIES, Device, DeviceStatus
from simulators.mbg.site.forms import Form
from simulators.mbg.site.view import FORM, MBG, asked, at, done, page, page_number

PATH = "/sip-devices"
PAGE_SIZE = 50
AVAILABLE = {
    "everywhere": "Everywhere",
    "sip devices only": "SIP devices only",
    "webrtc only": "WebRTC only",
}
TEXTS = ("description", "set_username", "icp_username")
PASSWORDS = {"set_password": "set_confirm", "icp_password": "icp_confirm"}
LABELS = {
    "description": "Description",
    "icp_id": "Configured ICP",
    "availability": "Availability",
    "set_username": "Set-side username",
    "set_password": "Set-side password",
    "set_confirm": "Confirm",
    "icp_username": "ICP-side username",
    "icp_password": "ICP-side password",
    "icp_confirm": "Confirm",
}
KINDS = {
    DeviceStatus.REGISTERED: "good",
    DeviceStatus.NEVER: "idle",
    DeviceStatus.UNREGISTERED: "idle",
}
"""How a status looks; all others call for help."""


def kind(device: Device) -> str:
    """`good`, `idle`, `off` or `bad`, for the mark before a device's status."""
    return KINDS.get(device.shown_status, "bad") if device.enabled else "off"


async def show(request: web.Request) -> web.StreamResponse:
    """GET /sip-devices: `q` searches, `status` filters, `page` pages."""
    store = request.app[MBG].store
    q, status = asked(request, "q").strip(), asked(request, "status")
    found = [
        device
        for device in store.devices.values()
        if _matches(device, q.casefold()) and status in ("", device.shown_status.value)
    ]
    number, pages = page_number(request, len(found), PAGE_SIZE)
    start = (number - 1) * PAGE_SIZE
    return page(
        request,
        "sip_devices",
        devices=found[start : start + PAGE_SIZE],
        kind=kind,
        total=len(store.devices),
        found=len(found),
        first=start + 1,
        q=q,
        wanted_status=status,
        statuses=[status.value for status in DeviceStatus],
        page=number,
        pages=pages,
    )


async def show_new(request: web.Request) -> web.StreamResponse:
    """GET /sip-devices/new"""
    values = {"enabled": "on", "availability": "everywhere"}
    icps = request.app[MBG].store.icps
    if len(icps) == 1:
        values["icp_id"] = next(iter(icps))
    return _form(request, Form(values.items()), None)


async def add(request: web.Request) -> web.StreamResponse:
    """POST /sip-devices/new"""
    mbg, form = request.app[MBG], request[FORM]
    values = _values(form)
    for name in ("icp_id", "set_username", "set_password"):
        if not values.get(name):
            form.problems.setdefault(name, "is needed")
    if not form.problems:
        try:
            device = mbg.add_device(**values)
        except BenchError as error:
            form.refused(error)
    if form.problems:
        return _form(request, form, None, 422)
    done(request, PATH, f"The SIP device {device.set_username} was added.")


async def show_one(request: web.Request) -> web.StreamResponse:
    """GET /sip-devices/{id}"""
    device = _device(request)
    values = {name: str(getattr(device, name)) for name in (*TEXTS, "icp_id", "availability")}
    if device.enabled:
        values["enabled"] = "on"
    return _form(request, Form(values.items()), device)


async def change(request: web.Request) -> web.StreamResponse:
    """POST /sip-devices/{id}"""
    mbg, form, device = request.app[MBG], request[FORM], _device(request)
    values = _values(form)
    for name in PASSWORDS:
        if not values[name]:
            del values[name]  # blank keeps
    if not values["set_username"]:
        form.problems["set_username"] = "is needed"
    if not form.problems:
        try:
            device = mbg.change_device(device.id, **values)
        except BenchError as error:
            form.refused(error)
    if form.problems:
        return _form(request, form, device, 422)
    done(request, PATH, f"The SIP device {device.set_username} was saved.")


async def ask_to_delete(request: web.Request) -> web.StreamResponse:
    """GET /sip-devices/{id}/delete"""
    device = _device(request)
    name = f"{device.set_username} ({device.description})" if device.description else ""
    return page(
        request,
        "confirm",
        title="Delete a SIP device",
        question=f"Delete the SIP device {name or device.set_username}?",
        consequence="Its phone is unregistered at once, and can't register again. "
        "This can't be taken back.",
        button="Delete",
        action=request.path,
        back=at(PATH),
    )


async def delete(request: web.Request) -> web.StreamResponse:
    """POST /sip-devices/{id}/delete"""
    device = request.app[MBG].remove_device(_device(request).id)
    done(request, PATH, f"The SIP device {device.set_username} was deleted.")


def _values(form: Form) -> dict[str, object]:
    """The fields of the form as a device's document has them."""
    values: dict[str, object] = {name: form.text(name) for name in TEXTS}
    for name, confirm in PASSWORDS.items():
        values[name] = form.exact(name)
        if form.exact(name) != form.exact(confirm):
            form.problems[confirm] = f"is not the same as {LABELS[name]}"
    values["icp_id"] = form.exact("icp_id")
    values["availability"] = form.chosen("availability", AVAILABILITIES)
    values["enabled"] = form.checked("enabled")
    return values


def _form(
    request: web.Request, form: Form, device: Device | None, status: int = 200
) -> web.Response:
    return page(
        request,
        "sip_device",
        status=status,
        form=form,
        device=device,
        kind=kind,
        labels=LABELS,
        icps=[
            (icp.id, f"{icp.name} ({icp.address})") for icp in request.app[MBG].store.icps.values()
        ],
        availabilities=[(name, AVAILABLE[name]) for name in AVAILABILITIES],
    )


def _matches(device: Device, wanted: str) -> bool:
    """Whether a device has the text in one of the fields that people know it by."""
    return not wanted or any(
        wanted in text.casefold()
        for text in (
            device.description,
            device.set_username,
            device.icp_username,
            device.created_by,
        )
    )


def _device(request: web.Request) -> Device:
    return request.app[MBG].store.get(request.match_info["id"])


ROUTES = [
    web.get(PATH, show),
    web.get(f"{PATH}/new", show_new),
    web.post(f"{PATH}/new", add),
    web.get(f"{PATH}/{{id}}", show_one),
    web.post(f"{PATH}/{{id}}", change),
    web.get(f"{PATH}/{{id}}/delete", ask_to_delete),
    web.post(f"{PATH}/{{id}}/delete", delete),
]
