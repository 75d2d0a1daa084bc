"""Phones: the list, and a phone added ahead of its first contact (PHN-4, PHN-6)."""

from system.phones.identity import is_mac, mac_as_typed
from system.site.declare import Act, Page, Values
from system.site.inner import Refused
from system.site.visit import Visit

PHONES = "/phones"
ADD = f"{PHONES}/add"


async def show(visit: Visit) -> Values:
    """A page of phones, those that are searched for."""
    return {"found": await visit.listed(PHONES, search=visit.query("search"))}


async def show_add(visit: Visit) -> Values:
    """The form."""
    return {"form": visit.fill("add")}


async def add(visit: Visit) -> None:
    """Make a MAC known, with its extension if it is decided already."""
    form = visit.sent
    mac = mac_as_typed(form.text("mac"))
    if not is_mac(mac):
        raise Refused(
            422,
            "invalid",
            "A MAC has 12 hex digits, such as 14:00:E9:12:34:56 or 1400E9123456.",
            field="mac",
        )
    if await _known(visit, mac):
        raise Refused(409, "known", f"Phone {mac} is known already.", field="mac")
    body = {"extension": form.optional("extension")} if form.text("extension") else {}
    await visit.api.put("/phones/{mac}", body, mac=mac)
    visit.done(f"Phone {mac} was added.", at=f"{PHONES}/{mac}")


async def _known(visit: Visit, mac: str) -> bool:
    try:
        await visit.api.get("/phones/{mac}", mac=mac)
    except Refused as refused:
        if refused.status != 404:
            raise
        return False
    return True


PAGES = (
    Page(
        path=PHONES,
        title="Phones",
        template="phones",
        show=show,
        reads="GET /phones",
        live=True,
    ),
    Page(
        path=ADD,
        title="Add a phone",
        template="phone_add",
        show=show_add,
        reads="GET /phones",
        acts=(Act(name="add", do=add, calls="PUT /phones/{mac}"),),
    ),
)
