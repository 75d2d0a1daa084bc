"""Features -> Images: PNGs for keys and screens of phones."""

from system.phones.images import LARGEST_IMAGE, LARGEST_SIDE
from system.site.declare import Act, Page, Question, Values
from system.site.inner import Refused
from system.site.visit import Visit

IMAGES = "/features/images"
ONE = "/images/{name}"


async def show(visit: Visit) -> Values:
    """All images, with their sizes."""
    names = (await visit.api.get("/images")).document["items"]
    images = [(await visit.api.get(ONE, name=name)).document for name in names]
    return {
        "images": images,
        "form": visit.fill("upload"),
        "largest_kb": LARGEST_IMAGE // 1024,
        "side": LARGEST_SIDE,
    }


async def upload(visit: Visit) -> None:
    """Keep an image under a name of its own; one of that name is never replaced unseen."""
    name, octets = visit.sent.text("name"), visit.files.get("image")
    if not name:
        raise Refused(422, "invalid", "Give it a name.", field="name")
    if octets is None:
        raise Refused(422, "invalid", "Choose a file.", field="image")
    if name in (await visit.api.get("/images")).document["items"]:
        why = "There is an image of that name: delete it first."
        raise Refused(409, "known", why, field="name")
    await visit.api.send("PUT", ONE, octets, name=name)
    visit.done(f"The image {name} was kept.")


async def remove(visit: Visit) -> None:
    """Delete one."""
    await visit.api.delete(ONE, name=visit.sent.argument)
    visit.done(f"The image {visit.sent.argument} was deleted.")


async def ask_remove(visit: Visit) -> Question:
    """Before an image is deleted."""
    return Question(
        title="Delete an image",
        question=f"Delete the image {visit.sent.argument}?",
        consequence="Keys and screens that show it will show none.",
        button="Delete",
    )


PAGES = (
    Page(
        path=IMAGES,
        title="Images",
        template="images",
        show=show,
        reads="GET /images",
        acts=(
            Act(name="upload", do=upload, calls="PUT /images/{name}", largest_file=LARGEST_IMAGE),
            Act(name="remove", do=remove, calls="DELETE /images/{name}", question=ask_remove),
        ),
    ),
)
