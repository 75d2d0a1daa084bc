"""Site Settings -> Client Locations -> Local, Remote (ADR-6, ADR-7)."""

from system.site.declare import Act, Page, Values
from system.site.visit import Visit

BELOW = "/site-settings/client-locations"
REMOTE = "/client-locations/remote"


async def show_local(visit: Visit) -> Values:
    """Nothing to enter: a local phone is given the address at which it has reached the MCS."""
    mbg = (await visit.api.get("/settings/mbg")).document
    return {"mbg": mbg, "host": visit.request.url.host}


async def show_remote(visit: Visit) -> Values:
    """NAT IP Address / Full Hostname."""
    location = await visit.api.get(REMOTE)
    form = visit.fill("save", location.document, location)
    return {"form": form, "warnings": location.document["warnings"]}


async def save_remote(visit: Visit) -> None:
    """Store it."""
    form = visit.sent
    body = {"nat_ip_address_or_hostname": form.optional("nat_ip_address_or_hostname")}
    await visit.api.put(REMOTE, body, etag=form.etag)
    visit.done("The remote client location was saved.")


PAGES = (
    Page(
        path=f"{BELOW}/local",
        title="Local",
        template="client_location_local",
        show=show_local,
        reads="GET /settings/mbg",
    ),
    Page(
        path=f"{BELOW}/remote",
        title="Remote",
        template="client_location_remote",
        show=show_remote,
        reads=f"GET {REMOTE}",
        acts=(Act(name="save", do=save_remote, calls=f"PUT {REMOTE}"),),
    ),
)
