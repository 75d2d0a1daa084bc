"""Features -> Firmware: images by model, what phones are given, which phones run something else."""

from system.phones.firmware import LARGEST_IMAGE, SIP
from system.site.declare import Act, Page, Question, Values
from system.site.inner import Refused
from system.site.visit import Visit

FIRMWARE = "/features/firmware"
ONE = "/firmware/{model}"


async def show(visit: Visit) -> Values:
    """All images, by model."""
    images = (await visit.api.get("/firmware")).document["items"]
    return {"images": images, "form": visit.fill("upload")}


async def upload(visit: Visit) -> None:
    """Keep an image; it becomes what phones of its model are given."""
    model = visit.sent.text("model")
    if not model:
        raise Refused(422, "invalid", "Say for which model it is, such as 6930.", field="model")
    await _keep(visit, model)


async def upload_one(visit: Visit) -> None:
    """The same on the model's own page."""
    await _keep(visit, visit.name("model"))


async def _keep(visit: Visit, model: str) -> None:
    octets = visit.files.get("image")
    if octets is None:
        raise Refused(422, "invalid", "Choose a file.", field="image")
    try:
        answer = await visit.api.send("PUT", ONE, octets, etag=visit.sent.etag, model=model)
    except Refused as refused:
        refused.field = refused.field or "image"
        raise
    version = answer.document["version"]
    note = f"{version} was kept; phones of model {model} are given it from now on."
    visit.done(note, at=f"{FIRMWARE}/{model}")


async def show_one(visit: Visit) -> Values:
    """One model: its images, its target, and the phones that run something else."""
    found = await visit.api.get(ONE)
    model = found.document
    versions = [one["version"] for one in model["images"] if one["kind"] == SIP]
    return {
        "title": f"Firmware for model {model['model']}",
        "model": model,
        "etag": found.etag,
        "form": visit.fill("target", {"version": model["target"]}, found),
        "upload": visit.fill("upload", {}, found),
        "versions": [(one, one) for one in versions],
    }


async def target(visit: Visit) -> None:
    """Choose what phones of the model are given."""
    version = visit.sent.optional("version")
    await visit.api.put(f"{ONE}/target", {"version": version}, etag=visit.sent.etag)
    visit.done(f"Phones are given {version}." if version else "Phones are given no firmware.")


async def remove(visit: Visit) -> None:
    """Delete an image."""
    kind, _, version = visit.sent.argument.partition(" ")
    path = f"{ONE}/{{kind}}/{{version}}"
    await visit.api.delete(path, etag=visit.sent.etag, kind=kind, version=version)
    visit.done(f"{version} was deleted.")


async def ask_remove(visit: Visit) -> Question:
    """Before an image is deleted."""
    kind, _, version = visit.sent.argument.partition(" ")
    return Question(
        title="Delete firmware",
        question=f"Delete {version} ({kind}) for model {visit.name('model')}?",
        consequence="The file is gone; it can be uploaded again.",
        button="Delete",
    )


_PUT = "PUT /firmware/{model}"
PAGES = (
    Page(
        path=FIRMWARE,
        title="Firmware",
        template="firmware",
        show=show,
        reads="GET /firmware",
        acts=(Act(name="upload", do=upload, calls=_PUT, largest_file=LARGEST_IMAGE),),
    ),
    Page(
        path=f"{FIRMWARE}/{{model}}",
        title="Firmware",
        template="firmware_model",
        show=show_one,
        reads="GET /firmware/{model}",
        acts=(
            Act(name="upload", do=upload_one, calls=_PUT, largest_file=LARGEST_IMAGE),
            Act(name="target", do=target, calls="PUT /firmware/{model}/target"),
            Act(
                name="remove",
                do=remove,
                calls="DELETE /firmware/{model}/{kind}/{version}",
                question=ask_remove,
            ),
        ),
    ),
)
