"""[PBX name] -> a SIP extension: the form SIP Authorization (EXT-1 to EXT-6)."""

from system.site.declare import Act, Page, Values
from system.site.pages.phone_systems import ONE, PATH
from system.site.visit import Visit

EXTENSION = f"{ONE}/extensions/{{extension}}"


async def show(visit: Visit) -> Values:
    """The form, and how far the MBG has been told."""
    system = (await visit.api.get(ONE)).document
    found = await visit.api.get(EXTENSION)
    return {
        "title": f"Extension {found.document['extension']}",
        "form": visit.fill("save", found.document, found),
        "system": system,
        "extension": found.document,
    }


async def save(visit: Visit) -> None:
    """Store wish and credentials; provisioning starts by itself."""
    form = visit.sent
    body = {
        "use_remote_credentials": form.checked("use_remote_credentials"),
        "remote_name": form.text("remote_name"),
        "remote_password": form.exact("remote_password"),
    }
    await visit.api.put(EXTENSION, body, etag=form.etag)
    visit.done(f"Extension {visit.name('extension')} was saved.")


PAGES = (
    Page(
        path=f"{PATH}/extensions/{{extension}}",
        title="SIP Authorization",
        template="extension",
        show=show,
        reads=f"GET {EXTENSION}",
        live=True,
        acts=(Act(name="save", do=save, calls=f"PUT {EXTENSION}"),),
    ),
)
