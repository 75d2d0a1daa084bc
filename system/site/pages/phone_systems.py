"""Site Settings -> Phone Systems: the list, adding one, changing one (PRE-3, PRE-4)."""

from system.site.declare import Act, Page, Values
from system.site.forms import Form
from system.site.navigation import PHONE_SYSTEMS
from system.site.visit import Visit

ONE = "/phone-systems/{id}"
PATH = PHONE_SYSTEMS + "/{id:[0-9]+}"


async def show_list(visit: Visit) -> Values:
    """All phone systems, and the MBG."""
    return {"found": await visit.listed("/phone-systems")}


async def show_new(visit: Visit) -> Values:
    """An empty form."""
    return {"form": visit.fill("add", {"ct_gateway_port": 4000}), "system": None}


async def add(visit: Visit) -> None:
    """Add it; MCS connects to its CT Gateway at once."""
    answer = await visit.api.post("/phone-systems", _body(visit.sent))
    system = answer.document
    visit.done(f"{system['name']} was added.", at=f"{PHONE_SYSTEMS}/{system['id']}")


async def show_edit(visit: Visit) -> Values:
    """What is stored, but for the password."""
    system = await visit.api.get(ONE)
    form = visit.fill("save", system.document, system)
    return {"form": form, "system": system.document}


async def save(visit: Visit) -> None:
    """Change it."""
    system = (await visit.api.put(ONE, _body(visit.sent), etag=visit.sent.etag)).document
    visit.done(f"{system['name']} was saved.", at=f"{PHONE_SYSTEMS}/{system['id']}")


def _body(form: Form) -> dict[str, object]:
    return {
        "name": form.text("name"),
        "ct_gateway_address": form.text("ct_gateway_address"),
        "ct_gateway_port": form.number("ct_gateway_port"),
        "ct_gateway_password": form.exact("ct_gateway_password") or None,
    }


PAGES = (
    Page(
        path=PHONE_SYSTEMS,
        title="Phone Systems",
        template="phone_systems",
        show=show_list,
        reads="GET /phone-systems",
        live=True,
    ),
    Page(
        path=f"{PHONE_SYSTEMS}/new",
        title="Add a phone system",
        template="phone_system_form",
        show=show_new,
        reads="POST /phone-systems",
        acts=(Act(name="add", do=add, calls="POST /phone-systems"),),
    ),
    Page(
        path=f"{PATH}/edit",
        title="Change a phone system",
        template="phone_system_form",
        show=show_edit,
        reads=f"PUT {ONE}",
        acts=(Act(name="save", do=save, calls=f"PUT {ONE}"),),
    ),
)
