"""MiVoice Border Gateway -> Service configuration -> ICPs: the PBX nodes (ICP-1)."""

from collections import Counter

from aiohttp import web

from simulators.mbg.records.devices import Icp
from simulators.mbg.refusals import Refused
from simulators.mbg.site.forms import Form
from simulators.mbg.site.view import FORM, MBG, at, count, done, page

PATH = "/icps"


async def show(request: web.Request) -> web.StreamResponse:
    """GET /icps"""
    store = request.app[MBG].store
    used = Counter(device.icp_id for device in store.devices.values())
    return page(request, "icps", icps=list(store.icps.values()), used=used)


async def show_new(request: web.Request) -> web.StreamResponse:
    """GET /icps/new"""
    return page(request, "icp", icp=None)


async def add(request: web.Request) -> web.StreamResponse:
    """POST /icps/new"""
    form = request[FORM]
    name, address = form.needed("name"), form.host("address")
    _check_unused(request, form, address, None)
    if not form.problems:
        try:
            request.app[MBG].add_icp(name, address)
        except Refused as refused:
            form.refused(refused)
    if form.problems:
        return page(request, "icp", status=422, form=form, icp=None)
    done(request, PATH, f"The ICP {name} was added.")


async def show_one(request: web.Request) -> web.StreamResponse:
    """GET /icps/{id}"""
    icp = _icp(request)
    return page(request, "icp", form=Form({"address": icp.address}.items()), icp=icp)


async def change(request: web.Request) -> web.StreamResponse:
    """POST /icps/{id}"""
    icp, form = _icp(request), request[FORM]
    address = form.host("address")
    _check_unused(request, form, address, icp)
    if not form.problems:
        try:
            request.app[MBG].change_icp(icp.id, address=address)
        except Refused as refused:
            form.refused(refused)
    if form.problems:
        return page(request, "icp", status=422, form=form, icp=icp)
    done(request, PATH, f"The ICP {icp.name} was saved.")


async def ask_to_remove(request: web.Request) -> web.StreamResponse:
    """GET /icps/{id}/remove"""
    icp = _icp(request)
    users = sum(device.icp_id == icp.id for device in request.app[MBG].store.devices.values())
    if users:
        raise Refused(
            409,
            "icp_in_use",
            f"The ICP {icp.name} is the Configured ICP of {count(users, 'SIP device')}: give them "
            "another one, or delete them, first.",
        )
    return page(
        request,
        "confirm",
        title="Remove an ICP",
        question=f"Remove the ICP {icp.name} ({icp.address})?",
        consequence="No SIP device uses it.",
        button="Remove",
        action=request.path,
        back=at(PATH),
    )


async def remove(request: web.Request) -> web.StreamResponse:
    """POST /icps/{id}/remove"""
    icp = request.app[MBG].remove_icp(_icp(request).id)
    done(request, PATH, f"The ICP {icp.name} was removed.")


def _check_unused(request: web.Request, form: Form, address: str, own: Icp | None) -> None:
    for icp in request.app[MBG].store.icps.values():
        if icp.address == address and (own is None or icp.id != own.id):
            form.problems["address"] = f"is the address of the ICP {icp.name} already"


def _icp(request: web.Request) -> Icp:
    icp = request.app[MBG].store.icps.get(request.match_info["id"])
    if icp is None:
        raise Refused(404, "not_found", "There is no such ICP: it was removed, or never here.")
    return icp


ROUTES = [
    web.get(PATH, show),
    web.get(f"{PATH}/new", show_new),
    web.post(f"{PATH}/new", add),
    web.get(f"{PATH}/{{id}}", show_one),
    web.post(f"{PATH}/{{id}}", change),
    web.get(f"{PATH}/{{id}}/remove", ask_to_remove),
    web.post(f"{PATH}/{{id}}/remove", remove),
]
